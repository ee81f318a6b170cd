// SPDX-License-Identifier: MIT
// Why a source can't serve a request.
#pragma once

#include <simplealloc/constraints.hpp>
#include <simplealloc/remedy.hpp>

#include <string>
#include <vector>

namespace simplealloc {

/// A source that can't serve a request, found out without touching it.
struct Rejection {
    std::string source;                                 ///< e.g. `dma-heap:system`
    ConstraintKind constraint = ConstraintKind::format; ///< what it fails, e.g. contiguity
    std::string reason;                                 ///< in words, with the numbers
    std::vector<std::string> required_by; ///< the uses that need it, e.g. `/dev/video0 (capture)`
    std::vector<Remedy> remedies;         ///< each would unblock it; may be empty
    /// What is needed and what the source offers, with units, where the two can be set against each
    /// other (`100 MiB`, `64 MiB`); the reason is made of them.
    /// @{
    std::string needed = {};
    std::string offered = {};
    /// @}
};

} // namespace simplealloc
