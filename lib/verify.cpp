// SPDX-License-Identifier: MIT
// Chooses the test import that fits the device.
#include "lib/verify.hpp"

#include "lib/verify_parts.hpp"

namespace simplealloc {

namespace {

Verification verify_described(const DeviceUse& use, const Buffer& buffer) {
    const DeviceDescription& description = *use.device.record().described;
    Verification result{party_name(use.device.record(), use.use), std::nullopt, "", ""};
    if (!description.verify) {
        result.reason = "the caller gave no way to test it";
        return result;
    }
    result.how = "the caller's test";
    const auto answer = description.verify(buffer);
    result.imported = answer.has_value();
    if (!answer)
        result.reason = answer.error().message();
    return result;
}

} // namespace

Verification verify_import(const DeviceUse& use, const Buffer& buffer, std::size_t use_index,
                           const std::string& source_device, bool borrow_idle_queues) {
    const DeviceRecord& record = use.device.record();
    if (record.described)
        return verify_described(use, buffer);
    if (record.v4l2)
        return verify_v4l2(use, buffer, use_index, borrow_idle_queues);
    return verify_drm(use, buffer, use_index, source_device);
}

} // namespace simplealloc
