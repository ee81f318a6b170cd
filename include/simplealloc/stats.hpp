// SPDX-License-Identifier: MIT
// What an Allocator has given and refused.
#pragma once

#include <simplealloc/error.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace simplealloc {

/// Of one source, or of all together, since the Allocator was opened. Adopted buffers count
/// nowhere, and a Buffer lives until its destructor or Buffer::release().
struct SourceStats {
    std::string source;             ///< e.g. `dma-heap:system`; empty for all together
    std::uint64_t bytes = 0;        ///< of living Buffers
    std::uint64_t peak_bytes = 0;   ///< most at once
    std::uint64_t buffers = 0;      ///< alive
    std::uint64_t peak_buffers = 0; ///< most at once
    std::uint64_t allocations = 0;  ///< Buffers that were handed out
    std::uint64_t fallbacks = 0;    ///< of these, after other candidates of the plan had failed
    /// Test imports into devices; see Verification.
    /// @{
    std::uint64_t imports_passed = 0;
    std::uint64_t imports_refused = 0;
    std::uint64_t imports_untested = 0; ///< could not be tested
    /// @}
    /// Of a source: tries that failed, by their cause. Of all together: allocations that failed
    /// since every candidate had, by the cause of their Error.
    std::map<Cause, std::uint64_t> failures = {};
};

/// Numbers of one moment.
struct Stats {
    SourceStats total;                ///< over all sources
    std::vector<SourceStats> sources; ///< those that were ever tried, in the order of their names
};

} // namespace simplealloc
