// SPDX-License-Identifier: MIT
// Text forms of modifiers.
#include <simplealloc/format.hpp>

#include <charconv>
#include <fmt/format.h>

namespace simplealloc {

std::optional<Modifier> Modifier::parse(std::string_view text) {
    if (text == "LINEAR")
        return Modifier::named(0);
    if (text == "INVALID")
        return Modifier::implicit();
    const bool hex = text.substr(0, 2) == "0x" || text.substr(0, 2) == "0X";
    if (hex)
        text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, hex ? 16 : 10);
    if (text.empty() || error != std::errc() || stop != end)
        return std::nullopt;
    if (value == Modifier::implicit().value)
        return Modifier::implicit();
    return Modifier::named(value);
}

std::string to_string(Modifier modifier) {
    if (modifier.state == Modifier::State::implicit)
        return "INVALID";
    if (modifier.value == 0)
        return "LINEAR";
    return fmt::format("0x{:016x}", modifier.value);
}

} // namespace simplealloc
