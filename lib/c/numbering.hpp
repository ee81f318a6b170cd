// SPDX-License-Identifier: MIT
// C++ orders what it enumerates by meaning; in C what is new comes at the end, so that numbers
// stay.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace simplealloc::c {

/// Of an enumeration of `Count` that begins with 0: those that are `later` come last in C.
template <typename Kind, std::size_t Count, std::size_t Later>
class Numbering {
public:
    explicit constexpr Numbering(const std::array<Kind, Later>& later) {
        std::size_t next = 0;
        for (std::size_t i = 0; i < Count; ++i)
            if (const auto kind = static_cast<Kind>(i);
                std::find(later.begin(), later.end(), kind) == later.end())
                kinds_[next++] = kind;
        for (const Kind kind : later)
            kinds_[next++] = kind;
    }

    /// By its number in C. A number that stands for nothing stays what it is.
    [[nodiscard]] constexpr Kind kind(std::size_t number) const {
        return number < Count ? kinds_[number] : static_cast<Kind>(number);
    }
    [[nodiscard]] constexpr std::size_t number(Kind kind) const {
        return static_cast<std::size_t>(std::find(kinds_.begin(), kinds_.end(), kind) -
                                        kinds_.begin());
    }

private:
    std::array<Kind, Count> kinds_ = {};
};

} // namespace simplealloc::c
