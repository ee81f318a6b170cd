// SPDX-License-Identifier: MIT
// What every header of the C API needs.
#pragma once

#include <simplealloc/api.hpp> // nothing but the preprocessor's

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Around declarations of C functions.
/// @{
#ifdef __cplusplus
#define SIMPLEALLOC_BEGIN_C extern "C" {
#define SIMPLEALLOC_END_C }
#else
#define SIMPLEALLOC_BEGIN_C
#define SIMPLEALLOC_END_C
#endif
/// @}

/// Stands for no upper limit.
#define SIMPLEALLOC_NO_LIMIT UINT64_MAX

/// The only timeout without limit. 0 and less only looks, such as what is left of a time that is
/// over.
#define SIMPLEALLOC_FOREVER INT64_MAX
