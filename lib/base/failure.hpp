// SPDX-License-Identifier: MIT
// Makes Errors, and maps the errnos that mean the same everywhere.
#pragma once

#include <simplealloc/error.hpp>

#include <string>

namespace simplealloc {

/// `sys_errno` is positive, or 0 when no system call failed. A limit on descriptors has the same
/// remedy at every stage, where none is given.
Error failure(Stage stage, Cause cause, int sys_errno, std::string object, std::string detail,
              std::string remedy = {});

/// For errnos that no backend gives another meaning. `sys_errno` is positive.
Cause cause_of(int sys_errno) noexcept;
/// The same of open(): its arguments are always right, so EINVAL is the driver's (a GPU or codec
/// that runtime power management can't wake answers it).
Cause cause_of_open(int sys_errno) noexcept;

/// Whether another candidate may still work after one failed so.
bool goes_on(Cause cause) noexcept;

} // namespace simplealloc
