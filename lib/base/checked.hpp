// SPDX-License-Identifier: MIT
// 64-bit arithmetic that remembers an overflow, so that a formula is checked once, at its end.
#pragma once

#include <cstdint>
#include <numeric>

namespace simplealloc::solver {

/// A sum or product; once it overflowed it stays not ok.
struct Checked {
    std::uint64_t value = 0;
    bool ok = true;

    constexpr Checked() = default;
    constexpr Checked(std::uint64_t number) : value(number) {}
    constexpr Checked(std::uint64_t number, bool fits) : value(number), ok(fits) {}

    friend constexpr Checked operator+(Checked a, Checked b) {
        Checked sum;
        sum.ok = !__builtin_add_overflow(a.value, b.value, &sum.value) && a.ok && b.ok;
        return sum;
    }
    friend constexpr Checked operator*(Checked a, Checked b) {
        Checked product;
        product.ok = !__builtin_mul_overflow(a.value, b.value, &product.value) && a.ok && b.ok;
        return product;
    }
};

/// `b` must not be 0.
constexpr std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
    return a / b + (a % b != 0 ? 1 : 0);
}

constexpr Checked divide_up(Checked a, std::uint64_t b) {
    a.value = divide_up(a.value, b);
    return a;
}

/// A multiple of 0 stands for no rule, like 1.
constexpr Checked round_up(Checked value, Checked multiple) {
    if (multiple.value == 0)
        return value;
    // The common case, without a division: an open lower limit under a divisor.
    if (value.value <= 1)
        return {value.value * multiple.value, value.ok && multiple.ok};
    return divide_up(value, multiple.value) * multiple;
}

/// A divisor of 0 stands for no rule, like 1.
constexpr Checked common_multiple(Checked a, Checked b) {
    if (a.value <= 1 || b.value <= 1) {
        Checked other = a.value <= 1 ? b : a;
        other.value = other.value == 0 ? 1 : other.value;
        other.ok = a.ok && b.ok;
        return other;
    }
    Checked product = Checked{a.value / std::gcd(a.value, b.value)} * b;
    product.ok = product.ok && a.ok;
    return product;
}

} // namespace simplealloc::solver
