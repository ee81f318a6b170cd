// SPDX-License-Identifier: MIT
// A strict reader of UTF-8.
#include "lib/base/plain_text.hpp"

#include <cstddef>
#include <cstdint>

namespace simplealloc::wire {
namespace {

/// Length of the sequence that starts with `lead`, 0 when none does.
std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0) // 0xc0 and 0xc1 would not be the shortest form
        return 2;
    if (lead >= 0xe0 && lead < 0xf0)
        return 3;
    return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

bool is_shown(std::uint32_t point, std::size_t length) {
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    return !control && !surrogate && point >= least[length] && point <= 0x10ffff;
}

} // namespace

bool is_plain_text(std::string_view text) {
    while (!text.empty()) {
        const auto lead = static_cast<unsigned char>(text.front());
        const std::size_t length = sequence_length(lead);
        if (length == 0 || length > text.size())
            return false;
        // The lead byte keeps 7, 5, 4 or 3 bits, each that follows 6.
        std::uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
        for (std::size_t i = 1; i < length; ++i) {
            const auto next = static_cast<unsigned char>(text[i]);
            if ((next & 0xc0U) != 0x80)
                return false;
            point = point << 6U | (next & 0x3fU);
        }
        if (!is_shown(point, length))
            return false;
        text.remove_prefix(length);
    }
    return true;
}

} // namespace simplealloc::wire
