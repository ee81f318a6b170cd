// SPDX-License-Identifier: MIT
// In which of its ways a use takes the request's format: sorted out once, then looked up for each
// source and modifier, so that a device with thousands of pairs costs no more than one with few.
#pragma once

#include "lib/model/layout.hpp"
#include "lib/model/merge.hpp"
#include "lib/model/model.hpp"
#include "lib/model/work.hpp"

#include <compare>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace simplealloc::solver {

/// An alternative that takes the fourcc with some modifier.
struct Way {
    std::size_t alternative;
    Constraints constraints; ///< normal, without what is irrelevant for the format
    Shape shape;             ///< theirs

    Way(std::size_t which, Constraints limits)
        : alternative(which), constraints(std::move(limits)), shape(constraints) {}
};

/// Borrows nothing of the use but its place among the inputs.
class Ways {
public:
    class Matches;

    Ways(const UseInput& use, const FormatInfo& format, Spending& spending);

    /// false: they could not be afforded, and there are none.
    [[nodiscard]] bool complete() const { return complete_; }
    /// Alternatives and formats that were looked at.
    [[nodiscard]] std::uint64_t pairs() const { return pairs_; }

    /// The ways that take the modifier. `own`: the memory is the device's own.
    [[nodiscard]] Matches matches(Modifier modifier, bool own) const;
    /// Whether that alternative takes the modifier.
    [[nodiscard]] bool takes(std::size_t alternative, Modifier modifier, bool own) const;
    /// The way of that alternative, which takes the fourcc.
    [[nodiscard]] const Way& of(std::size_t alternative) const;

private:
    using Indices = std::vector<std::uint32_t>; // into all_, ascending
    struct Named {
        std::uint64_t modifier;
        std::uint32_t index;
        auto operator<=>(const Named&) const = default;
    };

    std::vector<Way> all_;     // in the order of the alternatives
    Indices any_;              // whose list of formats does not count, or is missing
    Indices by_interface_;     // LINEAR that no device was told of
    std::vector<Named> named_; // sorted
    bool draws_;
    bool bytes_;
    bool any_modifier_;
    bool complete_ = true;
    std::uint64_t pairs_ = 0;

    [[nodiscard]] bool takes_without_list(Modifier modifier, bool own) const;
};

/// Ways in the order of the alternatives, each once. Borrows them.
class Ways::Matches {
public:
    /// The next one; null at the end.
    const Way* next();
    /// No more than that are left.
    [[nodiscard]] std::size_t most() const {
        return any_.size() + by_interface_.size() + named_.size();
    }

private:
    friend class Ways;
    explicit Matches(const Way* ways) : ways_(ways) {}

    const Way* ways_;
    std::span<const std::uint32_t> any_;
    std::span<const std::uint32_t> by_interface_;
    std::span<const Named> named_; // with the modifier
};

/// The limits that mean something for the format: bytes and opaque images have no lines, and with
/// one plane all placements are the same.
Constraints relevant(Constraints constraints, const FormatInfo& format);

/// What Ways finds out for all sets, asked for one.
bool takes_format(const UseInput& use, const CapabilitySet& set, Fourcc fourcc, Modifier modifier,
                  bool own);

} // namespace simplealloc::solver
