// SPDX-License-Identifier: MIT
// Which modifiers a source with a layout of its own (GBM) may use, best first.
#include "lib/solver/search/own_layout.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <tuple>

namespace simplealloc::solver {
namespace {

bool draws(Use use) {
    return use == Use::render || use == Use::sample;
}

/// What a use of the source's device lists, and the others, in the order of preference.
class Wishes {
public:
    explicit Wishes(Spending& spending) : spending_(spending) {}

    /// `asked`: false where it counts only that something is listed.
    void add(const UseInput& use, Fourcc fourcc, bool asked) {
        if (!complete_)
            return;
        std::uint64_t pairs = 0;
        for_each(use, fourcc,
                 [&](const FormatSupport& format) { pairs += format.modifiers.size(); });
        any_ = any_ || pairs > 0;
        complete_ = spending_.afford(2 * sorting(pairs)) &&
                    spending_.hold(pairs * (sizeof(Wish) + 2 * sizeof(Modifier)));
        if (!complete_ || !asked)
            return;
        wishes_.reserve(wishes_.size() + pairs);
        for_each(use, fourcc, [&](const FormatSupport& format) {
            for (const std::uint64_t modifier : format.modifiers)
                if (modifier != 0)
                    wishes_.push_back({modifier, wishes_.size()});
        });
    }
    [[nodiscard]] bool any() const { return any_; }
    [[nodiscard]] bool complete() const { return complete_; }

    /// Each once.
    std::vector<Modifier> list() && {
        std::sort(wishes_.begin(), wishes_.end());
        const auto same = [](const Wish& a, const Wish& b) { return a.modifier == b.modifier; };
        wishes_.erase(std::unique(wishes_.begin(), wishes_.end(), same), wishes_.end());
        std::sort(wishes_.begin(), wishes_.end(),
                  [](const Wish& a, const Wish& b) { return a.place < b.place; });
        std::vector<Modifier> modifiers;
        modifiers.reserve(wishes_.size() + 2);
        for (const Wish& wish : wishes_)
            modifiers.push_back(Modifier::named(wish.modifier));
        return modifiers;
    }

private:
    struct Wish {
        std::uint64_t modifier;
        std::size_t place;
        auto operator<=>(const Wish&) const = default;
    };

    template <typename Each>
    static void for_each(const UseInput& use, Fourcc fourcc, Each each) {
        for (const CapabilitySet& set : use.alternatives)
            for (const FormatSupport& format : set.formats)
                if (format.fourcc == fourcc)
                    each(format);
    }

    Spending& spending_;
    std::vector<Wish> wishes_;
    bool any_ = false;
    bool complete_ = true;
};

/// The uses whose wishes count first: of the source's device before others, then those with most
/// traffic; the request's order decides nothing.
std::vector<const UseInput*> by_weight(const Input& input, const Scope& scope,
                                       const std::string& device) {
    const auto weight = [&](const UseInput* use) {
        return std::tuple(use->device != device, -traffic(use->use), std::string_view(use->party));
    };
    std::vector<const UseInput*> uses;
    for (const std::size_t index : scope.uses)
        uses.push_back(&input.uses[index]);
    std::sort(uses.begin(), uses.end(),
              [&](const UseInput* a, const UseInput* b) { return weight(a) < weight(b); });
    return uses;
}

bool may_be_implicit(const Input& input, const Scope& scope, const std::string& device) {
    const auto own = [&](std::size_t i) { return input.uses[i].device == device; };
    const auto drawn = [&](std::size_t i) { return draws(input.uses[i].use); };
    return std::all_of(scope.uses.begin(), scope.uses.end(), own) &&
           std::any_of(scope.uses.begin(), scope.uses.end(), drawn);
}

} // namespace

int traffic(Use use) {
    switch (use) {
    case Use::render:
    case Use::sample:
        return 4;
    case Use::scanout:
        return 3;
    case Use::encode:
    case Use::decode:
    case Use::m2m_in:
    case Use::m2m_out:
        return 2;
    case Use::capture:
    case Use::read:
    case Use::write:
        return 1;
    case Use::cursor:
        break;
    }
    return 0;
}

std::optional<std::vector<Modifier>> modifiers_by_preference(const Input& input, const Scope& scope,
                                                             const SourceInput& source,
                                                             Spending& spending) {
    if (input.request.modifier)
        return std::vector{*input.request.modifier};
    if (scope.cpu != CpuAccess::none)
        return std::vector{Modifier::linear()};
    Wishes wishes(spending);
    bool any_modifier = false;
    for (const UseInput* use : by_weight(input, scope, source.offer.device)) {
        // A tiling stays on the device whose list it is: what GBM of this device may be asked
        // for is not what another one shows.
        const bool asked = !source.offer.own_layout || use->device == source.offer.device;
        any_modifier = any_modifier || use->any_modifier;
        if (!use->any_modifier) {
            wishes.add(*use, input.request.fourcc, asked);
        } else if (asked) {
            for (const UseInput& other : input.uses)
                wishes.add(other, input.request.fourcc, true);
            break;
        }
    }
    if (!wishes.complete())
        return std::nullopt;
    const bool implicit = !wishes.any() && !any_modifier;
    std::vector<Modifier> list = std::move(wishes).list();
    if (implicit && may_be_implicit(input, scope, source.offer.device))
        list.push_back(Modifier::implicit());
    list.push_back(Modifier::linear());
    return list;
}

bool names_modifiers(const CapabilitySet& set, Fourcc fourcc) {
    const auto found = std::find_if(set.formats.begin(), set.formats.end(),
                                    [&](const FormatSupport& f) { return f.fourcc == fourcc; });
    return found != set.formats.end() && !found->without_modifier;
}

} // namespace simplealloc::solver
