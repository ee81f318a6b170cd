// SPDX-License-Identifier: MIT
// What can't hold together in a request that nothing satisfies.
#pragma once

#include <simplealloc/contributor.hpp>

#include <string>
#include <vector>

namespace simplealloc {

/// A constraint of the smallest set that can't hold together, and who needs it. The set is minimal:
/// without any one of all contributors' constraints, a source would serve.
struct Conflict {
    ConstraintKind constraint = ConstraintKind::format; ///< e.g. exporter
    std::vector<std::string> parties;                   ///< e.g. `/dev/video0 (capture)`
    /// The same in detail. A constraint that this one collides with (`max-stride` with
    /// `stride-align`) is among them under its own kind.
    std::vector<Contributor> contributors = {};
};

} // namespace simplealloc
