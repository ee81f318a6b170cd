// SPDX-License-Identifier: MIT
// What the machine has, kept from one plan to the next.
#pragma once

#include "lib/discovery/discovery.hpp"
#include "lib/kernel/uevents.hpp"
#include "lib/source/backend.hpp"

#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace simplealloc {

using DeviceRecords = std::vector<std::shared_ptr<const DeviceRecord>>;

/// The devices and sources that there are. Kept as long as no event says that the machine has
/// changed, and what changes without one, asked again, is as it was: an answer is always what a new
/// look would give. Keeps no device of the caller's alive. Inside of questions::ask_all().
/// Thread-safe.
class Inventory {
public:
    explicit Inventory(Discovery discovery) : discovery_(std::move(discovery)) {}

    [[nodiscard]] const Discovery& discovery() const noexcept { return discovery_; }

    /// Discovery::list_givers().
    [[nodiscard]] Result<DeviceRecords> givers();
    /// All sources of the machine that `devices` and nobody give.
    [[nodiscard]] Result<std::vector<SourceRecord>> sources(const DeviceRecords& devices);

private:
    /// A finding, and what it rests on.
    template <typename T>
    struct Kept {
        Edition edition;
        questions::Answers silent; ///< what changes without an event
        T found;
    };
    template <typename T>
    using Place = std::shared_ptr<const Kept<T>>;
    struct BoundSources {
        std::vector<std::weak_ptr<const DeviceRecord>> devices;
        std::vector<SourceRecord> sources;  ///< without their devices
        std::vector<std::size_t> device_of; ///< of each source, an index into devices
    };

    /// What is kept in the place if it is fit and still true, else what `look` finds now.
    template <typename T, typename Fits, typename Look>
    Result<std::shared_ptr<const T>> find(Place<T>& place, Fits is_fit, Look look);
    [[nodiscard]] BoundSources look_for_bound(const DeviceRecords& devices) const;

    Discovery discovery_;
    std::mutex mutex_; ///< of what follows
    Place<DeviceRecords> givers_;
    Place<std::vector<SourceRecord>> free_;
    Place<BoundSources> bound_;
};

} // namespace simplealloc
