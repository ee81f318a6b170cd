// SPDX-License-Identifier: MIT
// The names of the constraints, as rejections and conflicts show them.
#include "lib/base/names.hpp"
#include "lib/model/constraint_table.hpp"

namespace simplealloc {
namespace {

#define ROW(KIND, ...) {ConstraintKind::KIND, solver::detail::name_of_##KIND.text},
constexpr Names<ConstraintKind, static_cast<std::size_t>(ConstraintKind::policy) + 1>
    names({SIMPLEALLOC_LIMITS(ROW) SIMPLEALLOC_OTHER_KINDS(ROW)});
#undef ROW

} // namespace

std::string_view to_string(ConstraintKind kind) noexcept {
    return names.of(kind);
}

std::optional<ConstraintKind> parse_constraint_kind(std::string_view text) noexcept {
    return names.parse(text);
}

} // namespace simplealloc
