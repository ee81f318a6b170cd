// SPDX-License-Identifier: MIT
// Numbers in text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace simplealloc {

/// The number that `text` is, and nothing but digits of `base`; nothing where it does not fit.
template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
    Number value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

} // namespace simplealloc
