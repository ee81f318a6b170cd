// SPDX-License-Identifier: MIT
// The names of the constraints, as rejections and conflicts show them.
#include <simplealloc/constraints.hpp>

namespace simplealloc {

std::string_view to_string(ConstraintKind kind) noexcept {
    switch (kind) {
    case ConstraintKind::stride_align:
        return "stride-align";
    case ConstraintKind::stride_align_pixels:
        return "stride-align-pixels";
    case ConstraintKind::offset_align:
        return "offset-align";
    case ConstraintKind::size_align:
        return "size-align";
    case ConstraintKind::address_align:
        return "address-align";
    case ConstraintKind::width_align:
        return "width-align";
    case ConstraintKind::height_align:
        return "height-align";
    case ConstraintKind::min_stride:
        return "min-stride";
    case ConstraintKind::min_size:
        return "min-size";
    case ConstraintKind::min_width:
        return "min-width";
    case ConstraintKind::min_height:
        return "min-height";
    case ConstraintKind::tail_padding:
        return "tail-padding";
    case ConstraintKind::max_stride:
        return "max-stride";
    case ConstraintKind::max_offset:
        return "max-offset";
    case ConstraintKind::max_size:
        return "max-size";
    case ConstraintKind::max_width:
        return "max-width";
    case ConstraintKind::max_height:
        return "max-height";
    case ConstraintKind::max_segments:
        return "max-segments";
    case ConstraintKind::max_segment_size:
        return "max-segment-size";
    case ConstraintKind::segment_boundary:
        return "segment-boundary";
    case ConstraintKind::contiguity:
        return "contiguity";
    case ConstraintKind::address_window:
        return "address-window";
    case ConstraintKind::placement:
        return "placement";
    case ConstraintKind::starts_at_zero:
        return "starts-at-zero";
    case ConstraintKind::memory_kind:
        return "memory-kind";
    case ConstraintKind::protected_memory:
        return "protected-memory";
    case ConstraintKind::exporter:
        return "exporter";
    case ConstraintKind::format:
        return "format";
    case ConstraintKind::attach:
        return "attach";
    case ConstraintKind::cpu_access:
        return "cpu-access";
    case ConstraintKind::request_size:
        return "request-size";
    case ConstraintKind::search_limit:
        return "search-limit";
    case ConstraintKind::access:
        return "access";
    case ConstraintKind::policy:
        return "policy";
    }
    return "unknown";
}

} // namespace simplealloc
