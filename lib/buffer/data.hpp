// SPDX-License-Identifier: MIT
// What a Buffer holds.
#pragma once

#include "lib/buffer/cpu_memory.hpp"
#include "lib/policy/ledger.hpp"
#include "lib/source/backend.hpp"

#include <simplealloc/buffer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace simplealloc {

/// Where a buffer comes from: the same for all that were allocated in the same way, which share it.
struct BufferOrigin {
    SourceRecord source;
    std::vector<Fact> facts;
    /// As the policy has completed it. Of an adopted buffer it says what is known of its users.
    Request request = Request::bytes(0);
    std::vector<Criterion> criteria; ///< of the candidate that it came from
};

struct BufferData {
    Charge charge; ///< first, so that the memory is gone when its share is given back
    std::vector<UniqueFd> fds;
    std::vector<DmaBuf> dmabufs; ///< fd borrowed from `fds`
    std::shared_ptr<const Layout> layout;
    std::shared_ptr<const BufferOrigin> origin;
    std::shared_ptr<const CacheFlush> flush; ///< null: none is needed
    CpuMemories cpu;
    std::vector<Verification> verified;
    std::vector<Attempt> attempts;
    /// No descriptor of it has left the library, so nobody has a GEM handle of it anywhere.
    bool unseen = false;
};

/// Whether the CPU may map it, as far as its source knows.
inline bool is_mappable(const BufferData& buffer) {
    return buffer.origin->source.input.offer.caching != solver::CpuCaching::unmappable;
}

} // namespace simplealloc
