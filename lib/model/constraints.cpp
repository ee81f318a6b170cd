// SPDX-License-Identifier: MIT
// The names of the constraints, as rejections and conflicts show them.
#include <simplealloc/constraints.hpp>

#include <algorithm>

namespace simplealloc {
namespace {

/// In the order of ConstraintKind.
constexpr std::array<std::string_view, 36> names{
    "stride-align", "stride-align-pixels", "offset-align",   "size-align",       "address-align",
    "width-align",  "height-align",        "min-stride",     "min-size",         "min-width",
    "min-height",   "tail-padding",        "max-stride",     "max-offset",       "max-size",
    "max-width",    "max-height",          "max-segments",   "max-segment-size", "segment-boundary",
    "max-buffers",  "contiguity",          "address-window", "placement",        "starts-at-zero",
    "memory-kind",  "protected-memory",    "exporter",       "format",           "attach",
    "cpu-access",   "request-size",        "quota",          "search-limit",     "access",
    "policy",
};

static_assert(names[static_cast<std::size_t>(ConstraintKind::exporter)] == "exporter");
static_assert(names.size() == static_cast<std::size_t>(ConstraintKind::policy) + 1 &&
              names.back() == "policy");

} // namespace

std::string_view to_string(ConstraintKind kind) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    return index < names.size() ? names[index] : "unknown";
}

std::optional<ConstraintKind> parse_constraint_kind(std::string_view text) noexcept {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end())
        return std::nullopt;
    return static_cast<ConstraintKind>(found - names.begin());
}

} // namespace simplealloc
