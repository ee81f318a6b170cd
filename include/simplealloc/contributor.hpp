// SPDX-License-Identifier: MIT
// Who sets a limit, and how that is known.
#pragma once

#include <simplealloc/constraints.hpp>
#include <simplealloc/fact.hpp>

#include <string>

namespace simplealloc {

/// One party's share in a merged constraint or in a conflict.
struct Contributor {
    std::string party; ///< a use (`/dev/video0 (capture)`), a source, `cpu (read-often)`, `request`
    ConstraintKind constraint = ConstraintKind::format; ///< that it has, e.g. stride_align
    std::string value; ///< in words, with unit, e.g. `stride a multiple of 64 bytes`
    Confidence confidence = Confidence::known; ///< how sure it is
    /// Sysfs path, ioctl, `quirk FILE [SECTION]`, `caller`, `default for …`; empty when nobody
    /// says.
    std::string origin;

    bool operator==(const Contributor&) const = default;
};

} // namespace simplealloc
