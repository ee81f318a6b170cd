// SPDX-License-Identifier: MIT
// Device tree source as the files below /sys/firmware/devicetree/base.
#pragma once

#include <simplealloc/result.hpp>

#include <map>
#include <string>

namespace simplealloc::boards {

/// Every property by its path from the root (`/soc/csi@7e801000/compatible`), as the kernel shows
/// it: cells big-endian, strings ended by a zero. Understands what `dtc -I fs -O dts` writes and
/// people write by hand: labels, `<…>` cells with numbers and `&label`, strings, `[…]`
/// bytes, both kinds of comments. A node that something refers to gets a phandle; `name` is added
/// to each node. Fails with invalid, with the line.
Result<std::map<std::string, std::string>> read_device_tree(const std::string& text);

} // namespace simplealloc::boards
