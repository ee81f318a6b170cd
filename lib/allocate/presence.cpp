// SPDX-License-Identifier: MIT
// Whether what a plan or buffer was made for is still there.
#include "lib/allocate/presence.hpp"
#include "lib/base/internal.hpp"

#include "lib/allocate/data.hpp"
#include "lib/allocate/plan_data.hpp"
#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <simplealloc/allocator.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace simplealloc {

namespace {

Error gone(const DeviceRecord& device, int sys_errno, std::string detail) {
    return failure(Stage::discover, Cause::gone, sys_errno, device.path, std::move(detail),
                   "ask for the device again (Allocator::device) and plan again");
}

bool says_gone(int result) {
    return result == -ENOENT || result == -ENOTDIR || result == -ENXIO || result == -ENODEV;
}

/// What plans of a request choose from, in an order of its own.
std::vector<std::pair<std::string, bool>> choice_of(const std::vector<SourceRecord>& sources) {
    std::vector<std::pair<std::string, bool>> choice;
    for (const SourceRecord& source : sources)
        choice.emplace_back(source.input.name, source.input.usable);
    std::sort(choice.begin(), choice.end());
    return choice;
}

} // namespace

Result<void> check_present(const DeviceRecord& device) {
    kernel::Stat stat;
    if (!device.place.syspath.empty()) {
        // The kernel makes a new sysfs folder for whatever is plugged in, under the old name too.
        const int result = questions::stat(device.place.syspath, stat);
        if (says_gone(result))
            return gone(device, -result, "the device is gone");
        if (result >= 0 && stat.inode != device.place.inode)
            return gone(device, 0, "another device has taken its place");
    }
    // A process that was handed a descriptor need not see the node.
    if (device.described || device.caller_fd)
        return {};
    const int result = questions::stat(device.path, stat);
    if (says_gone(result))
        return gone(device, -result, "the device is gone");
    if (result >= 0 && stat.rdev != device.devnum)
        return gone(device, 0, "another device has taken its place");
    return {};
}

Result<void> check_present(const std::vector<DeviceUse>& uses) {
    for (const DeviceUse& use : uses)
        if (auto present = check_present(Internal::data(use.device)); !present)
            return present;
    return {};
}

Result<bool> Allocator::is_current(const Plan& plan) const {
    const std::vector<DeviceUse>& uses = plan.request().uses;
    return questions::ask_all([&]() -> Result<bool> {
        if (const auto present = check_present(uses); !present)
            return false;
        const auto sources = data_->sources(uses);
        if (!sources)
            return sources.error();
        return choice_of(*sources) == choice_of(Internal::data(plan).sources);
    });
}

} // namespace simplealloc
