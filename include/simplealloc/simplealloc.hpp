// SPDX-License-Identifier: MIT
// Everything, in one include.
#pragma once

/// @namespace simplealloc
/// Picks the best place to allocate a buffer that several devices share; begin with
/// simplealloc::Allocator. Threads: a class says its rule. What is called a value here, and every
/// struct, is like a std::vector: reading from several threads is fine, changing needs a lock.

#include <simplealloc/allocator.hpp>
#include <simplealloc/drm_import.hpp>
#include <simplealloc/format_lists.hpp>
#include <simplealloc/log.hpp>
#include <simplealloc/monitor.hpp>
#include <simplealloc/pool.hpp>
#include <simplealloc/quirks.hpp>
#include <simplealloc/share.hpp>
#include <simplealloc/timeline.hpp>
#include <simplealloc/v4l2_import.hpp>
#include <simplealloc/version.hpp>
#include <simplealloc/wire.hpp>
