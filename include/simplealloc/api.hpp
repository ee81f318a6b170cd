// SPDX-License-Identifier: MIT
// Which symbols the shared library exports.
#pragma once

#if defined(__GNUC__)
#define SIMPLEALLOC_API __attribute__((visibility("default")))
#else
#define SIMPLEALLOC_API
#endif
