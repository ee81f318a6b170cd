// SPDX-License-Identifier: MIT
// What a plan has cost so far, and whether it can afford the next step.
#pragma once

#include "lib/model/model.hpp"

#include <simplealloc/budget.hpp>

#include <cstdint>
#include <limits>
#include <span>

namespace simplealloc::solver {

/// Work and bytes of one plan. Steps are paid for before they are taken, coarse ones by what they
/// cost at most: see cost. Who can't afford a step says that it doesn't know.
class Spending {
public:
    explicit Spending(Budget budget = {}) : budget_(budget), ceiling_(budget.work) {}
    Spending(const Spending&) = delete;
    Spending& operator=(const Spending&) = delete;

    /// Pays for a step; false, and nothing is paid, where that is more than is left.
    [[nodiscard]] bool afford(std::uint64_t work) {
        if (work > left())
            return false;
        work_ += work;
        return true;
    }
    /// Whether so much may be held beside what is held; it then is.
    [[nodiscard]] bool hold(std::uint64_t bytes) {
        if (bytes > budget_.bytes - held_)
            return false;
        held_ += bytes;
        return true;
    }

    void give_back(std::uint64_t bytes) { held_ -= bytes; }

    [[nodiscard]] std::uint64_t left() const { return work_ < ceiling_ ? ceiling_ - work_ : 0; }
    [[nodiscard]] std::uint64_t work() const { return work_; }
    [[nodiscard]] std::uint64_t held() const { return held_; }

    /// Gives back what is held since it was made.
    class Memory {
    public:
        explicit Memory(Spending& spending) : spending_(spending), before_(spending.held_) {}
        ~Memory() { spending_.held_ = before_; }
        Memory(const Memory&) = delete;
        Memory& operator=(const Memory&) = delete;

    private:
        Spending& spending_;
        std::uint64_t before_;
    };

    /// One part in `parts` of what is left, so that something is left for what comes after.
    class Share {
    public:
        Share(Spending& spending, std::uint64_t parts)
            : spending_(spending), before_(spending.ceiling_) {
            spending.ceiling_ = spending.work_ + spending.left() / parts;
        }
        ~Share() { spending_.ceiling_ = before_; }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

    private:
        Spending& spending_;
        std::uint64_t before_;
    };

private:
    Budget budget_;
    std::uint64_t ceiling_;
    std::uint64_t work_ = 0;
    std::uint64_t held_ = 0;
};

/// For what is no plan of a stranger's.
inline constexpr Budget unbounded{std::numeric_limits<std::uint64_t>::max(),
                                  std::numeric_limits<std::uint64_t>::max()};

/// What steps cost at most, in instructions as g++ 12 makes them with -O2.
namespace cost {
inline constexpr std::uint64_t block = 300;      ///< of memory, allocated, filled and freed
inline constexpr std::uint64_t bytes_copied = 8; ///< for one instruction
inline constexpr std::uint64_t pair = 12;        ///< looked at
inline constexpr std::uint64_t compared = 16;    ///< of two in a sort
inline constexpr std::uint64_t set = 4'000;      ///< a capability set, all its constraints once
inline constexpr std::uint64_t merge = 3'000;    ///< of two sets of constraints
inline constexpr std::uint64_t multiple = 600;   ///< the least common one, in a merge
inline constexpr std::uint64_t text = 2'500;     ///< a constraint's words
inline constexpr std::uint64_t accepted = 400;   ///< a way against a source
inline constexpr std::uint64_t name = 60;        ///< compared with another
inline constexpr std::uint64_t listed = 900;     ///< a name copied and sorted in
inline constexpr std::uint64_t looked_up = 250;  ///< in a sorted list
inline constexpr std::uint64_t comparison = 500; ///< of two shapes
inline constexpr std::uint64_t blamed = 60'000;  ///< told what it has to do with a layout
inline constexpr std::uint64_t layout = 9'000;   ///< made, or not and why
inline constexpr std::uint64_t source = 20'000;  ///< looked at, apart from the uses
inline constexpr std::uint64_t use = 3'000;      ///< likewise, apart from its ways
inline constexpr std::uint64_t unit = 400;       ///< of a conflict, in a question
inline constexpr std::uint64_t driver = 20'000;  ///< asked for a format, in this process
} // namespace cost

/// How much there is to read.
struct Extent {
    std::uint64_t sets = 0;
    std::uint64_t pairs = 0;  ///< of format and modifier, and formats
    std::uint64_t names = 0;  ///< of exporters
    std::uint64_t blocks = 0; ///< of memory
    std::uint64_t bytes = 0;  ///< of it, with what the allocator takes

    Extent& operator+=(const Extent& other);
    /// What a copy takes.
    [[nodiscard]] std::uint64_t copying() const {
        return blocks * cost::block + bytes / cost::bytes_copied;
    }
    /// What it takes to look at all constraints once.
    [[nodiscard]] std::uint64_t reading() const { return sets * cost::set + names * cost::listed; }
};

/// Alternatives and pairs of all uses, counted without a look at the rest.
std::uint64_t count_pairs(const Input& input);

Extent extent_of(const CapabilitySet& set);
/// The same with these formats of its own.
Extent extent_of(const CapabilitySet& set, std::span<const FormatSupport> formats);
Extent extent_of(const std::vector<CapabilitySet>& sets);
/// Of all that Input holds.
Extent extent_of(const Input& input);

/// The same for one set, without a look at its formats.
std::uint64_t reading(const Constraints& constraints);

/// What sorting so many takes.
std::uint64_t sorting(std::uint64_t count);

} // namespace simplealloc::solver
