// SPDX-License-Identifier: MIT
// Capability sets as bytes, so that a client and a compositor can negotiate; docs/wire.md.
#pragma once

#include <simplealloc/capability_set.h>
#include <simplealloc/error.h>

SIMPLEALLOC_BEGIN_C

/// The version that is written and read. New kinds of entries do not change it.
#define SIMPLEALLOC_WIRE_VERSION 1

/// What a message may hold at most; both functions fail with SIMPLEALLOC_CAUSE_LIMIT above it.
/// @{
#define SIMPLEALLOC_WIRE_MAX_MESSAGE ((size_t)1 << 20) ///< bytes
#define SIMPLEALLOC_WIRE_MAX_SETS 256                  ///< of a message
#define SIMPLEALLOC_WIRE_MAX_FORMATS 1024              ///< of a set
#define SIMPLEALLOC_WIRE_MAX_MODIFIERS 1024            ///< of a format
#define SIMPLEALLOC_WIRE_MAX_EXPORTERS 64              ///< of a set
#define SIMPLEALLOC_WIRE_MAX_TEXT 1024                 ///< bytes of an origin, label or exporter
/// @}

/// Bytes for another process.
struct simplealloc_message {
    const uint8_t* data; ///< the bytes
    size_t size;         ///< how many
};

/// Frees a message; NULL is fine.
SIMPLEALLOC_API void simplealloc_message_free(struct simplealloc_message* message);

/// The alternatives in their order. Fails with limit above the bounds and with invalid (object: the
/// field) for what simplealloc_wire_decode() refuses.
SIMPLEALLOC_API int simplealloc_wire_encode(const struct simplealloc_capability_set* const* sets,
                                            struct simplealloc_message** message,
                                            struct simplealloc_error** error);

/// Reads what simplealloc_wire_encode() wrote, here or elsewhere. The bytes may come from anybody.
/// Fails with unsupported for another version and for an entry that must be understood and is not,
/// with limit above the bounds, and with invalid for everything else that is wrong.
SIMPLEALLOC_API int simplealloc_wire_decode(const void* data, size_t size,
                                            struct simplealloc_capabilities** capabilities,
                                            struct simplealloc_error** error);

SIMPLEALLOC_END_C
