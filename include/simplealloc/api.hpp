// SPDX-License-Identifier: MIT
// Which symbols the shared library exports.
#pragma once

/// Marks what the shared library exports.
#if defined(__GNUC__)
#define SIMPLEALLOC_API __attribute__((visibility("default")))
#else
#define SIMPLEALLOC_API
#endif
