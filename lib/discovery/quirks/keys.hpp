// SPDX-License-Identifier: MIT
// The one table of keys that a quirk row may have.
#pragma once

#include <cstdint>
#include <string_view>

namespace simplealloc {

/// What a key is about.
enum class KeyScope : std::uint8_t {
    row,    ///< the row itself: conditions and where its facts are from
    driver, ///< the driver's names, or a machine's heaps: no device is looked at
    device, ///< the whole device
    use,    ///< one use of the device, so its row may have conditions `role` and `format`
    limit,  ///< a number that limits one use; its row may have the condition `modifier`, too
};

struct QuirkKey {
    std::string_view name;
    KeyScope scope;
    std::string_view subsystem; ///< empty: of any
    bool (*valid)(std::string_view value);
    std::string_view expected; ///< what is valid, in words
};

/// Null when there is no such key.
const QuirkKey* find_quirk_key(std::string_view name);

/// Whether it is of one use.
bool is_of_use(KeyScope scope);

/// A number that was found valid: `0x…` or decimal.
std::uint64_t number_of(std::string_view value);

} // namespace simplealloc
