// SPDX-License-Identifier: MIT
// Chooses the test import that fits the device.
#include "lib/verify/verify.hpp"
#include "lib/base/internal.hpp"

#include "lib/verify/parts.hpp"

#include <cerrno>
#include <system_error>

namespace simplealloc {

namespace {

bool is_lasting(const Error& error) {
    if (error.sys_errno != 0)
        return is_refusal(error.sys_errno);
    switch (error.cause) {
    case Cause::exhausted:
    case Cause::denied:
    case Cause::gone:
    case Cause::fd_limit:
    case Cause::interrupted:
    case Cause::busy:
        return false;
    default:
        return true;
    }
}

/// The caller knows what its errors mean: each is a refusal of this buffer.
TestImport verify_described(const DeviceUse& use, const Buffer& buffer) {
    const DeviceDescription& description = *Internal::data(use.device).described;
    TestImport test{{party_name(Internal::data(use.device), use.use), std::nullopt, "", ""}};
    Verification& result = test.verification;
    if (!description.verify) {
        result.reason = "the caller gave no way to test it";
        return test;
    }
    result.how = "the caller's test";
    const auto answer = description.verify(buffer);
    result.imported = answer.has_value();
    if (!answer) {
        result.reason = answer.error().message();
        test.lasting = is_lasting(answer.error());
    }
    return test;
}

} // namespace

bool is_refusal(int sys_errno) {
    switch (sys_errno) {
    case EINVAL:
    case EOPNOTSUPP:
    case ENOSYS:
    case ERANGE: // drm_framebuffer.c, drm_plane.c: beyond 32 bits, beyond the screen
    case E2BIG:  // i915_gem_dmabuf.c
    case EFBIG:
        return true;
    default:
        return false;
    }
}

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
    const DeviceRecord& record = Internal::data(use.device);
    if (record.described)
        return verify_described(use, buffer);
    if (record.by_row)
        return {{party_name(record, use.use), std::nullopt, "",
                 "nothing could be tested: only calls of its own driver import"}};
    if (record.v4l2)
        return {verify_v4l2(use, buffer, borrow_idle_queues)};
    return verify_drm(use, buffer);
}

} // namespace simplealloc
