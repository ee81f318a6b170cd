// SPDX-License-Identifier: MIT
// The names of the constraints, as rejections and conflicts show them.
#include "lib/model/constraint_table.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace simplealloc {
namespace {

#define NAME(KIND, ...) solver::detail::name_of_##KIND.text,
constexpr std::string_view names[] = {SIMPLEALLOC_LIMITS(NAME) SIMPLEALLOC_OTHER_KINDS(NAME)};
#define IN_ORDER(KIND, ...) ConstraintKind::KIND,
constexpr ConstraintKind order[] = {SIMPLEALLOC_LIMITS(IN_ORDER) SIMPLEALLOC_OTHER_KINDS(IN_ORDER)};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < std::size(order); ++i)
        if (order[i] != static_cast<ConstraintKind>(i))
            return false;
    return order[std::size(order) - 1] == ConstraintKind::policy;
}
static_assert(is_in_order());

} // namespace

std::string_view to_string(ConstraintKind kind) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    return index < std::size(names) ? names[index] : "unknown";
}

std::optional<ConstraintKind> parse_constraint_kind(std::string_view text) noexcept {
    const auto found = std::find(std::begin(names), std::end(names), text);
    if (found == std::end(names))
        return std::nullopt;
    return static_cast<ConstraintKind>(found - std::begin(names));
}

} // namespace simplealloc
