// SPDX-License-Identifier: MIT
// A plan in words.
#pragma once

#include <simplealloc/simplealloc.hpp>

#include <iosfwd>

/// The candidates with the criteria that ranked them, then what was rejected and why, or the
/// conflict.
void print_plan(std::ostream& out, const simplealloc::Plan& plan);
