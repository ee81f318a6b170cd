// SPDX-License-Identifier: MIT
// fmt, compiled in: its shared library has another name with each release, and programs that use
// this one would have to follow. fmt's own src/format.cc does the same, but no package has it.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

// What fmt/format.h says is instantiated elsewhere.
template FMT_API auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl(locale_ref) -> char;

} // namespace detail
FMT_END_NAMESPACE
