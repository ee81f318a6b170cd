// SPDX-License-Identifier: MIT
// What holds together of a device's limits and formats; a use offers a list of such alternatives.
#pragma once

#include <simplealloc/constraints.h>
#include <simplealloc/fact.h>

SIMPLEALLOC_BEGIN_C

/// A fourcc that a device takes, with its modifiers in order of preference.
struct simplealloc_format_support {
    size_t size;               ///< of this struct
    uint32_t fourcc;           ///< the pixel format
    bool without_modifier;     ///< also takes LINEAR that is known only from an interface
    size_t modifier_count;     ///< 0: the device knows no modifiers
    const uint64_t* modifiers; ///< DRM_FORMAT_MOD_*, best first
};

/// No format yet; LINEAR by interface.
#define SIMPLEALLOC_FORMAT_SUPPORT_INIT                                                            \
    { sizeof(struct simplealloc_format_support), SIMPLEALLOC_FOURCC_BYTES, true, 0, NULL }

/// How a constraint of a capability set is known.
struct simplealloc_evidence {
    size_t size;                            ///< of this struct
    enum simplealloc_constraint constraint; ///< which
    enum simplealloc_confidence confidence; ///< how sure it is
    const char* origin;                     ///< see simplealloc_fact
};

/// `known`, of the first constraint.
#define SIMPLEALLOC_EVIDENCE_INIT                                                                  \
    {                                                                                              \
        sizeof(struct simplealloc_evidence), SIMPLEALLOC_CONSTRAINT_STRIDE_ALIGN,                  \
            SIMPLEALLOC_CONFIDENCE_KNOWN, NULL                                                     \
    }

/// Constraints and formats that hold together: one of a device's ways of taking a buffer. Lists
/// have NULL behind the last; a NULL list is an empty one.
struct simplealloc_capability_set {
    size_t size;                                             ///< of this struct
    const struct simplealloc_constraints* constraints;       ///< NULL: limits nothing
    const struct simplealloc_format_support* const* formats; ///< best first; empty: any, linear
    enum simplealloc_import_path import_path;                ///< how it gets at the buffer
    /// For the constraints that the set really limits. What the caller gives without evidence is
    /// `known`, by `caller`.
    const struct simplealloc_evidence* const* evidence;
    const char* label; ///< which of a device's ways it is, e.g. `NM12`; may be NULL
};

/// Takes any format, linear, and limits nothing.
#define SIMPLEALLOC_CAPABILITY_SET_INIT                                                            \
    {                                                                                              \
        sizeof(struct simplealloc_capability_set), NULL, NULL, SIMPLEALLOC_IMPORT_PATH_DMA, NULL,  \
            NULL                                                                                   \
    }

/// A list of alternatives that a function hands out. Strings and lists in it are never NULL but
/// simplealloc_constraints::exporters.
struct simplealloc_capabilities {
    const struct simplealloc_capability_set* const* sets; ///< best first
};

/// Frees such a list with all in it; NULL is fine.
SIMPLEALLOC_API void simplealloc_capabilities_free(struct simplealloc_capabilities* capabilities);

SIMPLEALLOC_END_C
