// SPDX-License-Identifier: MIT
// What quirk files say of a device, and whether a quirk file is right.
#pragma once

#include <simplealloc/device.h>
#include <simplealloc/file_report.h>

SIMPLEALLOC_BEGIN_C

/// A key that a row of a quirk file gives for a device.
struct simplealloc_applied_quirk {
    const char* key;   ///< e.g. `stride-align`
    const char* value; ///< as it was written
    /// What restricts it to some uses or formats, e.g. `role = capture; format = NV12`; empty: it
    /// counts for all.
    const char* scope;
    enum simplealloc_confidence confidence; ///< as the row says
    const char* file;                       ///< a path, or the name of a file that is compiled in
    size_t line;                            ///< of the row's section
    const char* origin;                     ///< as facts name it: `quirk FILE [SECTION]`
    const char* source;                     ///< where the row has it from, e.g. a kernel file
    bool overridden;                        ///< a stronger row gives the same key another value
};

/// Every key of every row that is for a device.
struct simplealloc_applied_quirks {
    const struct simplealloc_applied_quirk* const* quirks; ///< the stronger row first
};

/// Frees the list; NULL is fine.
SIMPLEALLOC_API void simplealloc_applied_quirks_free(struct simplealloc_applied_quirks* quirks);

/// The list is empty for a described device. Thread-safe.
SIMPLEALLOC_API int simplealloc_device_quirks(const struct simplealloc_device* device,
                                              struct simplealloc_applied_quirks** quirks,
                                              struct simplealloc_error** error);

/// Reads a quirk file and uses nothing of it. Fails with gone, denied or limit (more than 1 MiB)
/// when it can't be read. Thread-safe.
SIMPLEALLOC_API int simplealloc_check_quirk_file(const char* path,
                                                 struct simplealloc_file_report** report,
                                                 struct simplealloc_error** error);

SIMPLEALLOC_END_C
