// SPDX-License-Identifier: MIT
// Text forms of fourccs.
#include <simplealloc/fourcc.hpp>

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace simplealloc {

std::optional<Fourcc> Fourcc::parse(std::string_view text) {
    const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (text.empty() || text.size() > 4 || text.front() == ' ' || text.back() == ' ' ||
        !std::all_of(text.begin(), text.end(), printable))
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

} // namespace simplealloc
