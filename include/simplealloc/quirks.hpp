// SPDX-License-Identifier: MIT
// What quirk files say of a device, and whether a quirk file is right.
#pragma once

#include <simplealloc/device.hpp>
#include <simplealloc/fact.hpp>
#include <simplealloc/file_report.hpp>
#include <simplealloc/result.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace simplealloc {

/// A key that a row of a quirk file gives for a device.
struct AppliedQuirk {
    std::string key;   ///< e.g. `stride-align`
    std::string value; ///< as it was written
    /// What restricts it to some uses or formats, e.g. `role = capture; format = NV12`; empty: it
    /// counts for all.
    std::string scope;
    Confidence confidence = Confidence::known; ///< as the row says
    std::string file;        ///< a path, or the name of a file that is compiled in
    std::size_t line = 0;    ///< of the row's section
    std::string origin;      ///< as facts name it: `quirk FILE [SECTION]`
    std::string source;      ///< where the row has it from, e.g. a kernel file
    bool overridden = false; ///< a stronger row gives the same key another value
};

/// Every key of every row that is for the device, the stronger row first; empty for a described
/// device. Thread-safe.
SIMPLEALLOC_API std::vector<AppliedQuirk> applied_quirks(const Device& device);

/// Reads a quirk file and uses nothing of it. Fails with gone, denied or limit (more than 1 MiB)
/// when it can't be read. Thread-safe.
SIMPLEALLOC_API Result<FileReport> check_quirk_file(const std::string& path);

} // namespace simplealloc
