// SPDX-License-Identifier: MIT
// Imports that devices refused, and mappings that the CPU did not get.
#pragma once

#include "lib/base/latest.hpp"
#include "lib/model/model.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace simplealloc {

/// Remembers the latest refusals until something is hotplugged: of memory that the allocator made
/// from a source that it found itself, never of what somebody else made and named. A success is
/// never remembered: it proves one buffer only. Thread-safe.
class Refusals {
public:
    using Refusal = solver::Input::Refusal;
    static constexpr std::size_t most = Latest<Refusal>::most;

    [[nodiscard]] solver::Input::Refusals current();
    void remember(Refusal refusal);
    /// Something was hotplugged, which current() sees by itself where sysfs can be read.
    void forget();
    /// What one of the uses or the CPU has against such a buffer; a plan that is older does not
    /// know of it.
    [[nodiscard]] std::optional<Refusal> find(const std::string& source,
                                              const std::string& layout_class,
                                              const std::vector<DeviceUse>& uses,
                                              CpuAccess cpu = CpuAccess::none);

private:
    std::atomic<bool> any_ = false; ///< refusals_ has some: mostly none, and then nobody locks
    std::mutex mutex_;
    Latest<Refusal> refusals_;
    std::string since_;
};

} // namespace simplealloc
