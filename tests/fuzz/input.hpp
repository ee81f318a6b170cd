// SPDX-License-Identifier: MIT
// What a fuzzer has made, taken apart piece by piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

namespace simplealloc::fuzz {

/// At its end everything is 0 or empty.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size)
        : rest_(reinterpret_cast<const std::byte*>(data), size) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    std::span<const std::byte> bytes(std::size_t most) {
        const auto taken = rest_.first(std::min(most, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    template <typename T>
    T number() {
        T value{};
        const auto taken = bytes(sizeof(value));
        if (!taken.empty())
            std::memcpy(&value, taken.data(), taken.size());
        return value;
    }
    std::string text(std::size_t most = SIZE_MAX) {
        const auto taken = bytes(most);
        return {reinterpret_cast<const char*>(taken.data()), taken.size()};
    }

private:
    std::span<const std::byte> rest_;
};

/// What has to hold whatever the input is.
inline void require(bool holds) {
    if (!holds)
        std::abort();
}

} // namespace simplealloc::fuzz
