// SPDX-License-Identifier: MIT
// Whether one use, in one of its ways, accepts the memory of one source: everything that doesn't
// depend on the other uses or on the layout.
#pragma once

#include "lib/model/model.hpp"
#include "lib/model/objection.hpp"
#include "lib/model/offered.hpp"

#include <optional>
#include <span>

namespace simplealloc::solver {

/// What is asked of a source, apart from the uses.
struct Wanted {
    Fourcc fourcc;
    Modifier modifier; ///< linear but for sources with a layout of their own
    CpuAccess cpu = CpuAccess::none;
    bool strict = false;
    std::uint32_t count = 1; ///< buffers at a time
    /// Who shows the memory and needs it where it is, see shown_in_place().
    const UseInput* shown_by = nullptr;
};

struct Acceptance {
    bool accepted = false;
    unsigned passed = 0;   ///< checks before the one that failed: how near it was
    bool unproven = false; ///< rests on something that nobody knows
};

/// What the memory itself is worth to the use: importing, contiguity, addresses, kind. The set
/// takes the format, see Ways.
Acceptance accept(const UseInput& use, const CapabilitySet& set, const SourceInput& source,
                  const Wanted& wanted);

/// The first thing, format included, that stands against the source; there must be one. Texts are
/// made here and not in accept(), which is asked far more often. `sources`: all of the machine,
/// which its remedy may name.
Objection objection_to(const UseInput& use, const CapabilitySet& set, const SourceInput& source,
                       const Wanted& wanted, std::span<const SourceInput> sources);

} // namespace simplealloc::solver
