// SPDX-License-Identifier: MIT
// The rules of docs/wire.md.
#include "lib/share/wire/check.hpp"

#include "lib/base/failure.hpp"
#include "lib/base/plain_text.hpp"

#include <simplealloc/wire.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc::wire {
namespace {

Result<void> check_format(const FormatSupport& format) {
    if (format.fourcc == fourcc::bytes)
        return invalid("formats", "0 is no fourcc");
    if (format.modifiers.size() > max_modifiers)
        return too_many("modifiers", format.modifiers.size(), max_modifiers);
    std::vector<std::uint64_t> sorted = format.modifiers;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
        return invalid("modifiers", fmt::format("{} has one twice", to_string(format.fourcc)));
    if (std::binary_search(sorted.begin(), sorted.end(), Modifier::implicit().value))
        return invalid("modifiers", fmt::format("{} has DRM_FORMAT_MOD_INVALID, which names none",
                                                to_string(format.fourcc)));
    return {};
}

Result<void> check_formats(const std::vector<FormatSupport>& formats) {
    if (formats.size() > max_formats)
        return too_many("formats", formats.size(), max_formats);
    std::vector<Fourcc> codes;
    for (const FormatSupport& format : formats) {
        if (auto checked = check_format(format); !checked)
            return checked;
        codes.push_back(format.fourcc);
    }
    std::sort(codes.begin(), codes.end());
    const auto twice = std::adjacent_find(codes.begin(), codes.end());
    if (twice != codes.end())
        return invalid("formats", fmt::format("{} comes twice", to_string(*twice)));
    return {};
}

Result<void> check_planes(const Constraints& c) {
    for (const PlaneLimits& plane : c.planes)
        for (const solver::LimitRow& number : plane_numbers)
            if (plane.*number.of_plane < number.least)
                return invalid(
                    number.of_plane_name,
                    fmt::format("{} is less than {}", plane.*number.of_plane, number.least));
    return {};
}

} // namespace

Error broken(Cause cause, std::string object, std::string detail) {
    return failure(Stage::request, cause, 0, std::move(object), std::move(detail));
}

Error invalid(std::string object, std::string detail) {
    return broken(Cause::invalid, std::move(object), std::move(detail));
}

Error too_many(const char* what, std::size_t number, std::size_t most) {
    return broken(Cause::limit, what, fmt::format("{} are more than {}", number, most));
}

Result<void> check_text(const char* what, std::string_view text) {
    if (text.size() > max_text)
        return too_many(what, text.size(), max_text);
    if (!is_plain_text(text))
        return invalid(what, "it is not UTF-8 without control characters");
    return {};
}

Result<void> check_number(const NumberEntry& row, std::uint64_t value) {
    if (value < row.least || value > row.most)
        return invalid(row.name,
                       fmt::format("{} is not from {} to {}", value, row.least, row.most));
    return {};
}

Result<void> check(const CapabilitySet& set) {
    for (const NumberEntry& row : number_entries())
        if (auto checked = check_number(row, row.get(set)); !checked)
            return checked;
    const Constraints& c = set.constraints;
    if (c.min_address > c.max_address)
        return invalid("max_address", fmt::format("the window from {:#x} ends at {:#x}",
                                                  c.min_address, c.max_address));
    if (auto checked = check_planes(c); !checked)
        return checked;
    if (auto checked = check_formats(set.formats); !checked)
        return checked;
    if (c.exporters && c.exporters->size() > max_exporters)
        return too_many("exporters", c.exporters->size(), max_exporters);
    if (c.exporters)
        for (const std::string& exporter : *c.exporters)
            if (auto checked = check_text("exporters", exporter); !checked)
                return checked;
    for (const auto& [kind, evidence] : set.evidence)
        if (auto checked = check_text("evidence", evidence.origin); !checked)
            return checked;
    return check_text("label", set.label);
}

} // namespace simplealloc::wire
