// SPDX-License-Identifier: MIT
// What the administrator wants of allocations, from a file; simplealloc-policy(5) has the format.
#pragma once

#include <simplealloc/error.h>
#include <simplealloc/file_report.h>

SIMPLEALLOC_BEGIN_C

/// How much the buffers of one allocator may hold at a time. This struct never grows.
struct simplealloc_quota {
    const char* of; ///< a backend, a source by any name, or NULL or empty: everything together
    uint64_t bytes; ///< at most
};

/// How much of a quota is used, at one moment.
struct simplealloc_quota_state {
    const char* of;             ///< see simplealloc_quota::of; empty: everything together
    uint64_t bytes;             ///< at most
    uint64_t held;              ///< bytes that buffers hold of it
    uint64_t left;              ///< bytes that are left
    const char* const* sources; ///< of the plan, those that it counts, with NULL behind the last
    const char* origin;         ///< see simplealloc_policy_value
    const char* remedy;         ///< what leaves more: whose line in which file to change
};

/// One value that is in force, and who gave it.
struct simplealloc_policy_value {
    const char* section; ///< of the file: `policy`, `quota`, or a device's, e.g. `drm:vc4`
    const char* key;     ///< e.g. `order`
    const char* value;   ///< as it would be written in a file
    const char* origin;  ///< `caller`, `SIMPLEALLOC_DISABLE`, `policy FILE [SECTION]`, `built-in`
};

/// The policy that is in force.
struct simplealloc_policy {
    const struct simplealloc_policy_value* const* values; ///< value by value
};

/// Frees what simplealloc_allocator_policy() handed out; NULL is fine.
SIMPLEALLOC_API void simplealloc_policy_free(struct simplealloc_policy* policy);

/// Reads a policy file and uses nothing of it. Fails with gone, denied or limit (more than 1 MiB)
/// when it can't be read. Thread-safe.
SIMPLEALLOC_API int simplealloc_check_policy_file(const char* path,
                                                  struct simplealloc_file_report** report,
                                                  struct simplealloc_error** error);

SIMPLEALLOC_END_C
