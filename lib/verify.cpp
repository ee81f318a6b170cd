// SPDX-License-Identifier: MIT
// Chooses the test import that fits the device.
#include "lib/verify.hpp"

#include "lib/verify_parts.hpp"

#include <cerrno>
#include <system_error>

namespace simplealloc {

namespace {

bool is_refusal(int sys_errno) {
    switch (sys_errno) {
    case EACCES:
    case EPERM:
    case EBUSY:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EINTR:
    case EAGAIN:
    case ENOTTY:
        return false;
    default:
        return true;
    }
}

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

Trial trial_of(int result, const std::string& what) {
    if (result >= 0)
        return {true, {}};
    Trial trial;
    if (is_refusal(-result))
        trial.passed = false;
    trial.reason = what + ": " + std::generic_category().message(-result);
    return trial;
}

TestImport verify_import(const DeviceUse& use, const Buffer& buffer, bool borrow_idle_queues) {
    const DeviceRecord& record = use.device.record();
    if (record.described)
        return {verify_described(use, buffer)};
    if (record.by_row)
        return {{party_name(record, use.use), std::nullopt, "",
                 "nothing could be tested: only calls of its own driver import"}};
    if (record.v4l2)
        return {verify_v4l2(use, buffer, borrow_idle_queues)};
    return verify_drm(use, buffer);
}

} // namespace simplealloc
