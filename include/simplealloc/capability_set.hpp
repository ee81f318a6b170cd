// SPDX-License-Identifier: MIT
// What holds together of a device's limits and formats; a use offers a list of such alternatives.
#pragma once

#include <simplealloc/constraints.hpp>
#include <simplealloc/fact.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace simplealloc {

/// A fourcc that a device takes, with its modifiers in order of preference.
struct FormatSupport {
    Fourcc fourcc; ///< the pixel format
    std::vector<std::uint64_t>
        modifiers; ///< explicit ones, best first; empty: the device knows no modifiers
    bool without_modifier = true; ///< also takes LINEAR that is known only from an interface

    bool operator==(const FormatSupport&) const = default;
};

/// How a constraint of a capability set is known.
struct Evidence {
    Confidence confidence = Confidence::known; ///< how sure it is
    std::string origin;                        ///< see Fact::origin

    bool operator==(const Evidence&) const = default;
};

/// Constraints and formats that hold together: one of a device's ways of taking a buffer. A
/// default-constructed one takes any format, linear, and limits nothing.
struct CapabilitySet {
    Constraints constraints;                  ///< what the device needs of the memory
    std::vector<FormatSupport> formats;       ///< best first; empty: any format, linear
    ImportPath import_path = ImportPath::dma; ///< how it gets at the buffer
    /// For the constraints that the set really limits. What the caller gives without evidence is
    /// `known`, by `caller`.
    std::map<ConstraintKind, Evidence> evidence;
    /// Which of a device's ways of being programmed this is; e.g. `NV12`, `NM12`. May be empty.
    std::string label;

    bool operator==(const CapabilitySet&) const = default;
};

} // namespace simplealloc
