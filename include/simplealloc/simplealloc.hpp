// SPDX-License-Identifier: MIT
// Everything, in one include.
#pragma once

#include <simplealloc/allocator.hpp>
#include <simplealloc/log.hpp>
#include <simplealloc/version.hpp>
