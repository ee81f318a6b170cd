// SPDX-License-Identifier: MIT
// The kernel's pattern for lists of unknown length: ask how many, then for as many.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace simplealloc {

inline std::uint64_t user_pointer(const void* pointer) {
    return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(pointer));
}

/// `ask(count)` says how many entries there are and fills as many as fit. Repeated until the number
/// stands still, as hotplug may change it in between.
template <typename Element, typename Ask>
int read_list(std::vector<Element>& out, Ask ask) {
    constexpr std::size_t max_rounds = 8;
    constexpr std::uint32_t max_entries = 1U << 20U;
    out.clear();
    for (std::size_t round = 0; round < max_rounds; ++round) {
        auto count = static_cast<std::uint32_t>(out.size());
        const int result = ask(count);
        if (result < 0)
            return result;
        if (count == out.size())
            return 0;
        if (count > max_entries)
            return -E2BIG;
        out.assign(count, Element{});
    }
    return -EAGAIN;
}

} // namespace simplealloc
