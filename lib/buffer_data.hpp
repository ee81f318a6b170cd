// SPDX-License-Identifier: MIT
// What a Buffer holds.
#pragma once

#include "lib/cache_flush.hpp"

#include <simplealloc/buffer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace simplealloc {

struct BufferData {
    std::vector<UniqueFd> fds;
    std::vector<DmaBuf> dmabufs; ///< fd borrowed from `fds`
    Layout layout;
    std::string source;
    bool mappable = true;
    std::shared_ptr<const CacheFlush> flush; ///< null: none is needed
    std::vector<Fact> facts;
    std::vector<DeviceUse> uses;
    std::vector<Verification> verified;
    std::vector<Attempt> attempts;
};

} // namespace simplealloc
