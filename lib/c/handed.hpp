// SPDX-License-Identifier: MIT
// A struct that the library hands out and the caller gives back.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/result.hpp>

#include <memory>

namespace simplealloc::c {

/// C sees its base alone, so the struct may grow at its end.
template <typename C>
struct Handed final : C {
    Arena arena;
};

template <typename C, typename T>
C* hand_out(const T& value) {
    auto handed = std::make_unique<Handed<C>>();
    static_cast<C&>(*handed) = to_c(value, handed->arena);
    return handed.release();
}

template <typename C, typename T>
Result<void> give_struct(C*& out, Result<T>&& made) {
    if (!made)
        return std::move(made).error();
    out = hand_out<C>(*made);
    return {};
}

template <typename C>
void take_back(C* handed) noexcept {
    delete static_cast<Handed<C>*>(handed);
}

} // namespace simplealloc::c
