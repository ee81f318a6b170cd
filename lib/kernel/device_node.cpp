// SPDX-License-Identifier: MIT
// Identified after it is open: what a path leads to may change at any time before.
#include "lib/kernel/device_node.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace simplealloc {

Result<UniqueFd> open_device_node(const std::string& path, int flags, dev_t devnum) {
    const int opened = kernel::open(path.c_str(), flags | O_NONBLOCK);
    if (opened < 0)
        return failure(Stage::open, cause_of_open(-opened), -opened, path, "open");
    UniqueFd fd = UniqueFd::adopt(opened);
    kernel::Stat stat;
    const int result = kernel::fstat(opened, stat);
    if (result < 0)
        return failure(Stage::open, cause_of(-result), -result, path, "identify");
    if (!S_ISCHR(stat.mode) || (devnum != 0 && stat.rdev != devnum))
        return failure(Stage::open, Cause::gone, 0, path, "it is another device now");
    return fd;
}

} // namespace simplealloc
