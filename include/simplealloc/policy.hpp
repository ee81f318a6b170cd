// SPDX-License-Identifier: MIT
// What the administrator wants of allocations, from a file; simplealloc-policy(5) has the format.
#pragma once

#include <simplealloc/constraints.hpp>
#include <simplealloc/file_report.hpp>
#include <simplealloc/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace simplealloc {

/// How much the Buffers of one Allocator may hold at a time. Counted are whole dma-bufs, from their
/// allocation until their Buffer is destroyed or released; what a device or a duplicated descriptor
/// keeps alive after that is not.
struct Quota {
    /// A backend, a source by any of its names (`dma-heap:linux,cma` where the heap is called
    /// `reserved`), or empty: everything together.
    std::string of;
    std::uint64_t bytes = no_limit; ///< at most

    bool operator==(const Quota&) const = default;
};

/// How much of a quota is used, at one moment.
struct QuotaState {
    Quota quota;                      ///< what and how much
    std::uint64_t held = 0;           ///< bytes that Buffers hold of it
    std::vector<std::string> sources; ///< of the plan, those that it counts, by whichever name
    std::string origin;               ///< see PolicyValue
    std::string remedy;               ///< what leaves more: whose line in which file to change

    /// Bytes that are left.
    [[nodiscard]] std::uint64_t left() const noexcept {
        return held < quota.bytes ? quota.bytes - held : 0;
    }
};

/// One value that is in force, and who gave it.
struct PolicyValue {
    std::string section; ///< of the policy file: `policy`, `quota`, or a device's, e.g. `drm:vc4`
    std::string key;     ///< e.g. `order`
    std::string value;   ///< as it would be written in a file
    std::string origin;  ///< `caller`, `SIMPLEALLOC_DISABLE`, `policy FILE [SECTION]`, `built-in`

    bool operator==(const PolicyValue&) const = default;
};

/// Reads a policy file and uses nothing of it. Fails with gone, denied or limit (more than 1 MiB)
/// when it can't be read. Thread-safe.
SIMPLEALLOC_API Result<FileReport> check_policy_file(const std::string& path);

} // namespace simplealloc
