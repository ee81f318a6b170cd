// SPDX-License-Identifier: MIT
// Text forms of fourccs.
#include "lib/model/formats.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace simplealloc {

namespace {

constexpr std::string_view drm_prefix = "DRM_FORMAT_";
constexpr std::string_view v4l2_prefix = "v4l2:";
constexpr std::string_view big_endian_suffix = "-BE";
constexpr std::uint32_t big_endian = 1U << 31U; ///< v4l2_fourcc_be(), DRM_FORMAT_BIG_ENDIAN

std::optional<std::uint32_t> parse_characters(std::string_view text) {
    const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (text.empty() || text.size() > 4 || text.front() == ' ' || text.back() == ' ' ||
        !std::all_of(text.begin(), text.end(), printable))
        return std::nullopt;
    std::array<char, 4> code;
    code.fill(' ');
    std::copy(text.begin(), text.end(), code.begin());
    return Fourcc(code[0], code[1], code[2], code[3]).value;
}

std::string characters(std::uint32_t code) {
    std::string text;
    for (unsigned shift = 0; shift < 32; shift += 8)
        text += static_cast<char>((code >> shift) & 0xffU);
    while (text.size() > 1 && text.back() == ' ')
        text.pop_back();
    return text;
}

std::string v4l2_text(std::uint32_t pixelformat) {
    std::string text{v4l2_prefix};
    text += characters(pixelformat & ~big_endian);
    if ((pixelformat & big_endian) != 0)
        text += big_endian_suffix;
    return text;
}

} // namespace

std::optional<Fourcc> Fourcc::parse(std::string_view text) {
    if (text.starts_with(drm_prefix))
        return solver::format_named(text.substr(drm_prefix.size()));
    if (!text.starts_with(v4l2_prefix)) {
        if (const auto named = solver::format_named(text))
            return named;
        const auto code = parse_characters(text);
        return code ? std::optional(Fourcc(*code)) : std::nullopt;
    }
    text.remove_prefix(v4l2_prefix.size());
    const bool swapped = text.ends_with(big_endian_suffix);
    if (swapped)
        text.remove_suffix(big_endian_suffix.size());
    const auto code = parse_characters(text);
    return code ? std::optional(v4l2(*code | (swapped ? big_endian : 0))) : std::nullopt;
}

std::string to_string(Fourcc fourcc) {
    if (fourcc == fourcc::bytes)
        return "bytes";
    std::string text = fourcc.is_v4l2() ? v4l2_text(fourcc.v4l2_code()) : characters(fourcc.value);
    if (Fourcc::parse(text) != fourcc)
        return fmt::format("0x{:08x}", fourcc.value);
    return text;
}

} // namespace simplealloc
