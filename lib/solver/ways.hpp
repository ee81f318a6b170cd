// SPDX-License-Identifier: MIT
// In which of its ways a use takes the request's format: sorted out once, then looked up for each
// source and modifier, so that a device with thousands of pairs costs no more than one with few.
#pragma once

#include "lib/solver/layout.hpp"
#include "lib/solver/merge.hpp"
#include "lib/solver/model.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace simplealloc::solver {

/// An alternative that takes the fourcc with some modifier.
struct Way {
    std::size_t alternative;
    Constraints constraints; ///< normal, without what is irrelevant for the format
    Shape shape;             ///< theirs
};

/// Borrows nothing of the use but its place among the inputs.
class Ways {
public:
    Ways(const UseInput& use, const FormatInfo& format);

    /// The ways that take the modifier, in the order of the alternatives. `own`: the memory is the
    /// device's own.
    [[nodiscard]] std::vector<const Way*> taking(Modifier modifier, bool own) const;
    /// Whether that alternative takes the modifier.
    [[nodiscard]] bool takes(std::size_t alternative, Modifier modifier, bool own) const;
    /// The way of that alternative, which takes the fourcc.
    [[nodiscard]] const Way& of(std::size_t alternative) const;

private:
    using Indices = std::vector<std::uint32_t>; // into all_, ascending

    std::vector<Way> all_; // in the order of the alternatives
    Indices any_;          // without a list of formats
    Indices by_interface_; // LINEAR that no device was told of
    std::vector<std::pair<std::uint64_t, std::uint32_t>> named_; // modifier, index; sorted
    bool draws_;
    bool bytes_;
};

/// The limits that mean something for the format: bytes have no lines, and with one plane all
/// placements are the same.
Constraints relevant(Constraints constraints, const FormatInfo& format);

/// What Ways finds out for all sets, asked for one.
bool takes_format(const UseInput& use, const CapabilitySet& set, Fourcc fourcc, Modifier modifier,
                  bool own);

} // namespace simplealloc::solver
