// SPDX-License-Identifier: MIT
// Groups pairs by fourcc in the order in which they come.
#include <simplealloc/format_lists.hpp>

#include "lib/base/failure.hpp"

#include <cstring>
#include <fmt/format.h>
#include <map>
#include <set>
#include <string>
#include <sys/sysmacros.h>
#include <utility>

namespace simplealloc {

namespace {

/// How an entry of the format table lies in memory.
struct TableEntry {
    std::uint32_t fourcc;
    std::uint32_t unused;
    std::uint64_t modifier;
};
static_assert(sizeof(TableEntry) == 16);

/// Collects the formats of a set, each pair once: lists of drivers have had duplicates.
class Formats {
public:
    void add(Fourcc fourcc, std::uint64_t modifier) {
        if (!seen_.emplace(fourcc, modifier).second)
            return;
        FormatSupport& format = at(fourcc);
        if (modifier == Modifier::implicit().value)
            format.without_modifier = true;
        else
            format.modifiers.push_back(modifier);
    }
    void add_without_modifier(Fourcc fourcc) { add(fourcc, Modifier::implicit().value); }

    /// Nothing where there are no formats: such a set would take all of them.
    void append_to(std::vector<CapabilitySet>& sets, std::string label, std::string origin) {
        if (formats_.empty())
            return;
        CapabilitySet& set = sets.emplace_back();
        set.formats = std::move(formats_);
        set.label = std::move(label);
        set.evidence[ConstraintKind::format] = {Confidence::known, std::move(origin)};
    }

private:
    FormatSupport& at(Fourcc fourcc) {
        const auto [known, added] = index_.try_emplace(fourcc, formats_.size());
        if (added)
            formats_.push_back({fourcc, {}, false});
        return formats_[known->second];
    }

    std::vector<FormatSupport> formats_;
    std::map<Fourcc, std::size_t> index_;
    std::set<std::pair<Fourcc, std::uint64_t>> seen_;
};

TableEntry entry_at(std::span<const std::byte> table, std::size_t index) {
    TableEntry entry = {};
    std::memcpy(&entry, table.data() + index * sizeof entry, sizeof entry);
    return entry;
}

Error bad_feedback(std::string detail) {
    return failure(Stage::request, Cause::invalid, 0, "dmabuf feedback", std::move(detail));
}

std::string device_number(std::uint64_t device) {
    return fmt::format("{}:{}", major(static_cast<dev_t>(device)),
                       minor(static_cast<dev_t>(device)));
}

} // namespace

Result<std::vector<CapabilitySet>> from_dmabuf_feedback(const DmabufFeedback& feedback) {
    if (feedback.table.size() % sizeof(TableEntry) != 0)
        return bad_feedback(fmt::format("a table of {} bytes holds no whole number of pairs",
                                        feedback.table.size()));
    const std::size_t count = feedback.table.size() / sizeof(TableEntry);
    std::vector<CapabilitySet> sets;
    for (const DmabufFeedback::Tranche& tranche : feedback.tranches) {
        Formats formats;
        for (const std::uint16_t index : tranche.formats) {
            if (index >= count)
                return bad_feedback(
                    fmt::format("index {} is outside of a table of {}", index, count));
            const TableEntry entry = entry_at(feedback.table, index);
            formats.add(Fourcc(entry.fourcc), entry.modifier);
        }
        const std::string whose =
            (tranche.scanout ? "scanout " : "") + device_number(tranche.target_device);
        formats.append_to(sets, whose,
                          fmt::format("dmabuf feedback for {}, main device {}", whose,
                                      device_number(feedback.main_device)));
    }
    return sets;
}

std::vector<CapabilitySet> from_egl(std::span<const EglFormat> formats, bool external) {
    Formats taken;
    for (const EglFormat& format : formats) {
        if (format.modifiers.empty())
            taken.add_without_modifier(format.fourcc);
        for (const EglFormat::Entry& entry : format.modifiers)
            if (external || !entry.external_only)
                taken.add(format.fourcc, entry.modifier);
    }
    std::vector<CapabilitySet> sets;
    taken.append_to(sets, external ? "external texture" : "", "eglQueryDmaBufModifiersEXT");
    return sets;
}

std::vector<CapabilitySet> from_vulkan(std::span<const VulkanFormat> formats,
                                       std::uint64_t features) {
    constexpr std::uint64_t disjoint_bit = 0x00400000; // VK_FORMAT_FEATURE_DISJOINT_BIT
    constexpr std::uint32_t most_planes = 4;
    constexpr const char* origin = "VkDrmFormatModifierPropertiesListEXT";
    Formats disjoint;
    Formats together;
    for (const VulkanFormat& format : formats)
        for (const VulkanFormat::Entry& entry : format.modifiers) {
            if ((entry.features & features) != features || entry.plane_count > most_planes)
                continue;
            const bool any = entry.plane_count == 1 || (entry.features & disjoint_bit) != 0;
            (any ? disjoint : together).add(format.fourcc, entry.modifier);
        }
    std::vector<CapabilitySet> sets;
    disjoint.append_to(sets, "", origin);
    const std::size_t before = sets.size();
    together.append_to(sets, "not disjoint", origin);
    if (sets.size() > before) {
        sets.back().constraints.placements =
            Placements::of(Placement::single) | Placements::of(Placement::packed);
        sets.back().evidence[ConstraintKind::placement] = {Confidence::known,
                                                           "no VK_FORMAT_FEATURE_DISJOINT_BIT"};
    }
    return sets;
}

} // namespace simplealloc
