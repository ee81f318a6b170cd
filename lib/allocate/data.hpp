// SPDX-License-Identifier: MIT
// What an Allocator holds.
#pragma once

#include "lib/allocate/inventory.hpp"
#include "lib/allocate/paddings.hpp"
#include "lib/allocate/refusals.hpp"
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
    Inventory inventory;
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

    /// All sources of the machine that the uses' devices, those that are listed and nobody give.
    [[nodiscard]] Result<std::vector<SourceRecord>> sources(const std::vector<DeviceUse>& uses);
    /// Those of all listed devices.
    [[nodiscard]] Result<std::vector<SourceRecord>> all_sources();
    /// The source of that name, which may be bound to a device of the uses or another; nothing when
    /// there is none.
    [[nodiscard]] Result<std::optional<SourceRecord>>
    find_source(const std::string& name, const std::vector<DeviceUse>& uses);
};

} // namespace simplealloc
