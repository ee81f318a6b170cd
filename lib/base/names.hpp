// SPDX-License-Identifier: MIT
// The names of an enumeration, to text and back.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace simplealloc {

/// Of one whose values count from 0; a row for each, in their order.
template <typename Enum, std::size_t N>
class Names {
public:
    explicit consteval Names(const std::pair<Enum, std::string_view> (&rows)[N]) {
        for (std::size_t i = 0; i < N; ++i) {
            if (static_cast<std::size_t>(rows[i].first) != i)
                throw "a row is not in its place";
            names_[i] = rows[i].second;
        }
    }

    [[nodiscard]] constexpr std::string_view of(Enum value) const noexcept {
        const auto index = static_cast<std::size_t>(value);
        return index < N ? names_[index] : "unknown";
    }
    [[nodiscard]] constexpr std::optional<Enum> parse(std::string_view text) const noexcept {
        for (std::size_t i = 0; i < N; ++i)
            if (names_[i] == text)
                return static_cast<Enum>(i);
        return std::nullopt;
    }

private:
    std::array<std::string_view, N> names_ = {};
};

} // namespace simplealloc
