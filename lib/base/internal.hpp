// SPDX-License-Identifier: MIT
// The way into the public classes: what they keep private is one pointer, from which they are made.
#pragma once

#include <utility>

namespace simplealloc {

class Internal {
public:
    template <typename T, typename... Parts>
    static T make(Parts&&... parts) {
        return T(std::forward<Parts>(parts)...);
    }

    template <typename T>
    static auto& data(T& object) {
        return *object.data_;
    }
    template <typename T>
    static const auto& data(const T& object) {
        return *object.data_;
    }

    /// To share it.
    template <typename T>
    static const auto& pointer(const T& object) {
        return object.data_;
    }
};

} // namespace simplealloc
