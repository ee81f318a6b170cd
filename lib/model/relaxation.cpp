// SPDX-License-Identifier: MIT
// Words for what is given up.
#include <simplealloc/relaxation.hpp>

namespace simplealloc {

std::string_view to_string(RelaxationKind kind) noexcept {
    switch (kind) {
    case RelaxationKind::crop:
        return "crop";
    case RelaxationKind::modifier:
        return "modifier";
    case RelaxationKind::left_out:
        return "left-out";
    case RelaxationKind::strict:
        return "strict";
    case RelaxationKind::any_device:
        return "any-device";
    case RelaxationKind::alpha:
        return "alpha";
    case RelaxationKind::placement:
        return "placement";
    case RelaxationKind::format:
        return "format";
    case RelaxationKind::cpu_access:
        return "cpu-access";
    case RelaxationKind::count:
        return "count";
    case RelaxationKind::size:
        return "size";
    case RelaxationKind::device:
        return "device";
    }
    return "unknown";
}

} // namespace simplealloc
