// SPDX-License-Identifier: MIT
// What an Allocator holds.
#pragma once

#include "lib/allocate/paddings.hpp"
#include "lib/allocate/refusals.hpp"
#include "lib/discovery/discovery.hpp"
#include "lib/discovery/record/device_record.hpp"
#include "lib/policy/ledger.hpp"
#include "lib/policy/policy.hpp"
#include "lib/source/backend.hpp"

#include <simplealloc/budget.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace simplealloc {

struct AllocatorData {
    Policy policy;
    Discovery discovery;
    std::shared_ptr<Ledger> ledger;
    Budget budget; ///< of each plan

    Refusals refusals;
    Paddings paddings;

    /// A capture queue has one format and one set of buffers, which an allocation or a test changes
    /// for a while and puts back: two at a time would put back each other's.
    std::mutex queues;

    /// Events that Monitors have read. One, so that nobody has seen as many from the start.
    std::atomic<std::uint64_t> hotplugs = 1;

    std::unique_lock<std::mutex> hold_queues(const DeviceRecord* device) {
        return device != nullptr && device->v4l2 ? std::unique_lock(queues)
                                                 : std::unique_lock<std::mutex>();
    }

    /// What the uses name goes first and is known best; the rest of the machine is only listed.
    [[nodiscard]] Result<std::vector<std::shared_ptr<const DeviceRecord>>>
    devices(const std::vector<DeviceUse>& uses) const;
    /// All sources of the machine that `devices` and nobody give.
    [[nodiscard]] std::vector<SourceRecord>
    sources(std::span<const std::shared_ptr<const DeviceRecord>> devices) const;
    /// Those of all listed devices.
    [[nodiscard]] Result<std::vector<SourceRecord>> all_sources() const;
    /// The source of that name, which may be bound to a device of the uses or another; nothing when
    /// there is none.
    [[nodiscard]] Result<std::optional<SourceRecord>>
    find_source(const std::string& name, const std::vector<DeviceUse>& uses) const;
};

} // namespace simplealloc
