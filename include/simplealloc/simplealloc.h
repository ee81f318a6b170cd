// SPDX-License-Identifier: MIT
// Everything of the C API, in one include; docs/c-api.md.
#pragma once

/// @file
/// The C API: C99 and C++, the same core as namespace simplealloc; begin with
/// simplealloc_allocator_open().
///
/// Functions that can fail return a negative errno, one for each simplealloc_cause, and 0 or more
/// on success. Their last argument, which may be NULL, gets an error to be freed, or NULL on
/// success; what they would hand out is NULL then. Objects are freed by the function of their name
/// that ends in _free, which takes NULL; none needs another to stay alive unless it is called
/// borrowed. Arguments are not NULL unless it says so: functions that can fail return -EINVAL, the
/// others answer nothing (an empty string or list, NULL, 0, false; -1 where it is a descriptor).
///
/// Structs that the caller fills in begin with their size, which their _INIT macro sets. One of an
/// older header is understood; one of a newer header is refused (-E2BIG) where it uses a field that
/// this library does not know, and so is one of more than 4096 bytes. Any other size, and a bool
/// that is neither 0 nor 1, is invalid. Structs that are handed out are only to be read and may
/// grow at their end, so they are never copied. Strings in them are never NULL, and lists of
/// pointers are never NULL and have NULL behind the last.
///
/// Threads: an object says its rule. What is handed out as a struct may be read from several
/// threads. Never throws; callbacks of the caller must not let exceptions through either.

#include <simplealloc/allocator.h>
#include <simplealloc/drm_import.h>
#include <simplealloc/format_lists.h>
#include <simplealloc/log.h>
#include <simplealloc/monitor.h>
#include <simplealloc/pool.h>
#include <simplealloc/quirks.h>
#include <simplealloc/share.h>
#include <simplealloc/timeline.h>
#include <simplealloc/v4l2_import.h>
#include <simplealloc/version.h>
#include <simplealloc/wire.h>
