// SPDX-License-Identifier: MIT
// Opening the device that was looked up, and no other.
#pragma once

#include <simplealloc/result.hpp>
#include <simplealloc/unique_fd.hpp>

#include <string>
#include <sys/types.h>

namespace simplealloc {

/// A description of our own of the character device `devnum` (0: whichever the path leads to). It
/// has O_NONBLOCK, since without it some devices wait for a signal or another opener. Fails with
/// gone where the path leads to anything else by now: a symbolic link is as good as its owner.
Result<UniqueFd> open_device_node(const std::string& path, int flags, dev_t devnum);

} // namespace simplealloc
