// SPDX-License-Identifier: MIT
// Little-endian bytes, written and read: what all messages of this library are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace simplealloc::wire {

/// Flags of an entry.
inline constexpr std::uint16_t must_understand = 1;

class Writer {
public:
    template <typename Number>
    void number(Number value) {
        for (std::size_t i = 0; i < sizeof value; ++i)
            bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
    }
    void text(std::string_view text) {
        for (const char c : text)
            bytes_.push_back(static_cast<std::byte>(c));
    }
    /// Leaves room for the length of what comes next, and says where.
    [[nodiscard]] std::size_t open() {
        number(std::uint32_t{0});
        return bytes_.size();
    }
    void close(std::size_t start) { put_length(start - 4, bytes_.size() - start); }
    /// `Entry` is an enumeration of 16 bits.
    template <typename Entry>
    [[nodiscard]] std::size_t begin(Entry entry, std::uint16_t flags) {
        number(static_cast<std::uint16_t>(entry));
        number(flags);
        return open();
    }
    void put_length(std::size_t at, std::size_t length) {
        for (std::size_t i = 0; i < 4; ++i)
            bytes_[at + i] = static_cast<std::byte>(length >> (8 * i));
    }
    [[nodiscard]] std::vector<std::byte>& bytes() { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

/// Takes bytes from the front of a range, never more than there are.
class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

    template <typename Number>
    bool number(Number& value) {
        std::span<const std::byte> bytes;
        if (!take(sizeof value, bytes))
            return false;
        value = 0;
        for (std::size_t i = 0; i < sizeof value; ++i)
            value = static_cast<Number>(
                value | static_cast<Number>(static_cast<Number>(bytes[i]) << (8 * i)));
        return true;
    }
    bool take(std::size_t count, std::span<const std::byte>& bytes) {
        if (count > rest_.size())
            return false;
        bytes = rest_.first(count);
        rest_ = rest_.subspan(count);
        return true;
    }
    bool text(std::size_t count, std::string_view& text) {
        std::span<const std::byte> bytes;
        if (!take(count, bytes))
            return false;
        text = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        return true;
    }
    std::string_view remaining_text() {
        std::string_view all;
        (void)text(rest_.size(), all);
        return all;
    }
    [[nodiscard]] std::size_t size() const { return rest_.size(); }
    [[nodiscard]] bool empty() const { return rest_.empty(); }

private:
    std::span<const std::byte> rest_;
};

} // namespace simplealloc::wire
