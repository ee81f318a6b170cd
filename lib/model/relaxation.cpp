// SPDX-License-Identifier: MIT
// Words for what is given up.
#include <simplealloc/relaxation.hpp>

#include "lib/base/names.hpp"

namespace simplealloc {

namespace {

constexpr Names<RelaxationKind, 12> kinds({
    {RelaxationKind::crop, "crop"},
    {RelaxationKind::modifier, "modifier"},
    {RelaxationKind::left_out, "left-out"},
    {RelaxationKind::strict, "strict"},
    {RelaxationKind::any_device, "any-device"},
    {RelaxationKind::alpha, "alpha"},
    {RelaxationKind::placement, "placement"},
    {RelaxationKind::format, "format"},
    {RelaxationKind::cpu_access, "cpu-access"},
    {RelaxationKind::count, "count"},
    {RelaxationKind::size, "size"},
    {RelaxationKind::device, "device"},
});

} // namespace

std::string_view to_string(RelaxationKind kind) noexcept {
    return kinds.of(kind);
}

} // namespace simplealloc
