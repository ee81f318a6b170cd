// SPDX-License-Identifier: MIT
// Text forms of fourccs and modifiers.
#include <simplealloc/format.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace simplealloc {

std::optional<Fourcc> Fourcc::parse(std::string_view text) {
    const auto printable = [](char c) { return c > ' ' && c <= '~'; };
    if (text.empty() || text.size() > 4 || !std::all_of(text.begin(), text.end(), printable))
        return std::nullopt;
    std::array<char, 4> code;
    code.fill(' ');
    std::copy(text.begin(), text.end(), code.begin());
    return Fourcc(code[0], code[1], code[2], code[3]);
}

std::string to_string(Fourcc fourcc) {
    if (fourcc == fourcc::bytes)
        return "bytes";
    std::string text;
    for (unsigned shift = 0; shift < 32; shift += 8)
        text += static_cast<char>((fourcc.value >> shift) & 0xffU);
    while (text.size() > 1 && text.back() == ' ')
        text.pop_back();
    if (Fourcc::parse(text) != fourcc)
        return fmt::format("0x{:08x}", fourcc.value);
    return text;
}

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
