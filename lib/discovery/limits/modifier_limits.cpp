// SPDX-License-Identifier: MIT
// Limits that hold together with some modifiers are another way of taking the format.
#include "lib/discovery/limits/modifier_limits.hpp"

#include "lib/base/failure.hpp"
#include "lib/discovery/limits/quirk_limits.hpp"
#include "lib/discovery/quirks/keys.hpp"
#include "lib/model/merge.hpp"
#include "lib/model/work.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace simplealloc {

namespace {

constexpr std::uint64_t linear = 0;

/// By the rows' keys, what rows for modifiers say of one of them.
using Limits = std::map<std::string, QuirkValue>;

class Splitter {
public:
    Splitter(const DeviceRecord& device, Use use, Fourcc fourcc)
        : device_(device), use_(use), fourcc_(fourcc) {}

    /// Whether any row is for modifiers at all.
    [[nodiscard]] bool needed() const {
        return fourcc_ != fourcc::bytes &&
               std::any_of(device_.quirks.begin(), device_.quirks.end(),
                           [](const QuirkRowPtr& row) { return !row->modifiers.empty(); });
    }

    /// At most each modifier is a way of its own.
    [[nodiscard]] bool afford(const solver::CapabilitySet& set, solver::Spending& spending) const {
        const solver::Extent extent = solver::extent_of(set);
        const std::uint64_t rows = device_.quirks.size() * quirk_limits().size();
        const std::uint64_t ways = std::min<std::uint64_t>(extent.pairs + 1, rows + 1);
        return spending.afford(extent.pairs * (rows + ways) * solver::cost::name +
                               ways * (extent.copying() + extent.reading())) &&
               spending.hold(ways * (extent.bytes + 2 * sizeof(set)));
    }

    /// Appends the ways that `set` falls into. Returns what can't hold together in one of them.
    std::optional<ConstraintKind> split(const solver::CapabilitySet& set,
                                        std::vector<solver::CapabilitySet>& ways) const {
        std::optional<ConstraintKind> conflict;
        for (const auto& [limits, support] : groups_of(set)) {
            solver::CapabilitySet way = set;
            for (FormatSupport& format : way.formats)
                if (format.fourcc == fourcc_)
                    format = support;
            if (const auto failed = add(limits, way))
                conflict = failed;
            else
                ways.push_back(std::move(way));
        }
        return conflict;
    }

private:
    struct Group {
        Limits limits;
        FormatSupport support;
    };

    /// The strongest row decides key by key, whether it is for modifiers or for all.
    [[nodiscard]] Limits limits_of(std::uint64_t modifier) const {
        const bool m2m = device_.v4l2 && device_.v4l2->m2m;
        Limits limits;
        for (const QuirkLimit& limit : quirk_limits())
            for (const QuirkRowPtr& row : device_.quirks) {
                const auto value = row->values.find(limit.key);
                if (value == row->values.end() || !counts_for(*row, use_, fourcc_, m2m, modifier))
                    continue;
                if (!row->modifiers.empty())
                    limits[limit.key] = {value->second, row->origin, row->confidence, row->decides};
                break;
            }
        return limits;
    }

    [[nodiscard]] std::vector<Group> groups_of(const solver::CapabilitySet& set) const {
        const auto support =
            std::find_if(set.formats.begin(), set.formats.end(),
                         [&](const FormatSupport& format) { return format.fourcc == fourcc_; });
        // A set that takes anything takes it linear.
        if (set.formats.empty())
            return {Group{limits_of(linear), {}}};
        if (support == set.formats.end())
            return {Group{}};
        std::vector<Group> groups;
        const auto group_for = [&](std::uint64_t modifier) -> FormatSupport& {
            Limits limits = limits_of(modifier);
            for (Group& group : groups)
                if (same(group.limits, limits))
                    return group.support;
            groups.push_back({std::move(limits), {fourcc_, {}, false}});
            return groups.back().support;
        };
        for (const std::uint64_t modifier : support->modifiers)
            group_for(modifier).modifiers.push_back(modifier);
        if (support->without_modifier)
            group_for(linear).without_modifier = true;
        if (groups.empty())
            groups.push_back({{}, *support});
        return groups;
    }

    static bool same(const Limits& one, const Limits& other) {
        return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                          [](const auto& a, const auto& b) {
                              return a.first == b.first && a.second.text == b.second.text &&
                                     a.second.origin == b.second.origin;
                          });
    }

    /// An administrator's value replaces what is there, another counts where it is stricter.
    static std::optional<ConstraintKind> add(const Limits& limits, solver::CapabilitySet& way) {
        for (const QuirkLimit& limit : quirk_limits()) {
            const auto value = limits.find(limit.key);
            if (value == limits.end())
                continue;
            const QuirkValue& said = value->second;
            std::uint64_t& number = way.constraints.*limit.number;
            Constraints wanted;
            wanted.*limit.number = number_of(said.text);
            Constraints merged = said.decides ? Constraints() : way.constraints;
            if (const auto conflict = solver::merge(merged, wanted))
                return conflict;
            if (said.decides || merged.*limit.number != number)
                way.evidence[limit.kind] = {said.confidence, said.origin};
            number = merged.*limit.number;
        }
        return std::nullopt;
    }

    const DeviceRecord& device_;
    Use use_;
    Fourcc fourcc_;
};

} // namespace

CapabilitySets split_by_modifier(const DeviceRecord& device, Use use, Fourcc fourcc,
                                 std::vector<solver::CapabilitySet> sets,
                                 solver::Spending& spending) {
    const Splitter splitter(device, use, fourcc);
    if (!splitter.needed())
        return sets;
    std::vector<solver::CapabilitySet> ways;
    std::optional<ConstraintKind> conflict;
    for (const solver::CapabilitySet& set : sets) {
        if (!splitter.afford(set, spending))
            return failure(Stage::request, Cause::limit, 0, party_name(device, use),
                           "its modifiers are more than the budget of a plan allows",
                           "give it fewer, or the plan more budget (AllocatorOptions::budget)");
        if (const auto failed = splitter.split(set, ways))
            conflict = failed;
    }
    if (ways.empty() && conflict)
        return unsupported_use(
            device, use,
            fmt::format("no modifier goes together with its limits: {}", to_string(*conflict)));
    return ways;
}

} // namespace simplealloc
