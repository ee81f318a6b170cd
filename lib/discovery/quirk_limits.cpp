// SPDX-License-Identifier: MIT
// One row per key that is a number of Constraints.
#include "lib/discovery/quirk_limits.hpp"

#include "lib/discovery/quirk_keys.hpp"

#include <algorithm>

namespace simplealloc {

namespace {

struct Limit {
    const char* key;
    std::uint64_t Constraints::*number;
    ConstraintKind kind;
};

constexpr Limit limits[] = {
    {"stride-align", &Constraints::stride_align, ConstraintKind::stride_align},
    {"offset-align", &Constraints::offset_align, ConstraintKind::offset_align},
    {"size-align", &Constraints::size_align, ConstraintKind::size_align},
    {"width-align", &Constraints::width_align, ConstraintKind::width_align},
    {"height-align", &Constraints::height_align, ConstraintKind::height_align},
    {"tail-padding", &Constraints::tail_padding, ConstraintKind::tail_padding},
    {"max-stride", &Constraints::max_stride, ConstraintKind::max_stride},
    {"max-width", &Constraints::max_width, ConstraintKind::max_width},
    {"max-height", &Constraints::max_height, ConstraintKind::max_height},
    {"max-segments", &Constraints::max_segments, ConstraintKind::max_segments},
    {"max-segment-size", &Constraints::max_segment_size, ConstraintKind::max_segment_size},
};

} // namespace

std::optional<QuirkValue> use_quirk(const DeviceRecord& device, Use use, Fourcc fourcc,
                                    const std::string& key) {
    const bool m2m = device.v4l2 && device.v4l2->m2m;
    for (const QuirkRowPtr& row : device.quirks) {
        const auto value = row->values.find(key);
        if (value != row->values.end() && counts_for(*row, use, fourcc, m2m))
            return QuirkValue{value->second, row->origin, row->confidence};
    }
    return std::nullopt;
}

void add_quirk_limits(const DeviceRecord& device, Use use, Fourcc fourcc,
                      solver::CapabilitySet& set) {
    if (device.quirks.empty())
        return;
    for (const Limit& limit : limits)
        if (const auto value = use_quirk(device, use, fourcc, limit.key)) {
            set.constraints.*limit.number = number_of(value->text);
            set.evidence[limit.kind] = {value->confidence, value->origin};
        }
    if (const auto value = use_quirk(device, use, fourcc, "single-allocation");
        value && value->text == "yes") {
        set.constraints.placements =
            Placements::of(Placement::single) | Placements::of(Placement::packed);
        set.evidence[ConstraintKind::placement] = {value->confidence, value->origin};
    }
}

} // namespace simplealloc
