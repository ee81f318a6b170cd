// SPDX-License-Identifier: MIT
// PRIME import, AddFB2, what is kept of it, and a commit that only tests.
#include "lib/base/internal.hpp"
#include "lib/discovery/setup.hpp"
#include "lib/verify/parts.hpp"

#include "lib/buffer/data.hpp"
#include "lib/verify/commit.hpp"
#include "lib/verify/framebuffer.hpp"

#include <simplealloc/drm_import.hpp>

#include <cerrno>

namespace simplealloc {

namespace {

std::string how_imported(DrmPlace place) {
    switch (place) {
    case DrmPlace::own_node:
        break;
    case DrmPlace::lease:
        return "PRIME import on a lease";
    case DrmPlace::caller:
        return "PRIME import on the caller's descriptor";
    }
    return "PRIME import";
}

bool wants_framebuffer(Use use) {
    return use == Use::scanout || use == Use::cursor;
}

/// Without an errno it is not the kernel that refuses. ENODEV is a driver without import, unless
/// the device is gone: the importer knows.
template <typename T>
void take_answer(const Result<T>& answer, const std::string& what, Verification& result) {
    Trial trial = trial_of(answer ? 0 : -answer.error().sys_errno, what);
    if (!answer && answer.error().sys_errno == ENODEV && answer.error().cause == Cause::refused)
        trial.passed = false;
    result.imported = trial.passed;
    result.reason = std::move(trial.reason);
}

/// Where the device has no description but the caller's, others may have handles of what they have
/// seen on it, or get one meanwhile.
Result<DrmImporter> importer_for(const DeviceUse& use, const Buffer& buffer) {
    auto apart = DrmImporter::open(use.device);
    if (apart || !Internal::data(use.device).caller_fd || !Internal::data(buffer).unseen)
        return apart;
    return DrmImporter::open(use.device, DrmHandles::callers);
}

/// Framebuffer and commit; `test` has what came before, `fd` is what it was imported on.
void verify_display(const DeviceUse& use, const DrmSetup& setup, DrmImport& import, int fd,
                    TestImport& test) {
    Verification& result = test.verification;
    const auto framebuffer = import.framebuffer();
    result.how += ", AddFB2";
    take_answer(framebuffer, framebuffer ? "" : framebuffer.error().detail, result);
    test.refused_layout = !framebuffer && framebuffer.error().sys_errno == EINVAL;
    if (!framebuffer)
        return;
    if (auto kept = read_back(fd, setup, *framebuffer, import.handles())) {
        result.how += ", GETFB2";
        result.imported = kept->passed;
        result.reason = std::move(kept->reason);
        test.refused_layout = result.imported == std::optional(false);
        if (test.refused_layout)
            return;
    }
    const DeviceRecord& record = Internal::data(use.device);
    if (!record.caller_fd)
        return;
    const CommitTrial tried = test_commit(record.caller_fd.get(), use.use, setup, *framebuffer);
    if (!tried.how.empty())
        result.how += ", " + tried.how;
    // Without a verdict the import and AddFB2 still count.
    if (tried.trial.passed == std::optional(false))
        result.imported = false;
    result.reason = tried.trial.reason;
}

} // namespace

TestImport verify_drm(const DeviceUse& use, const Buffer& buffer) {
    const DeviceRecord& record = Internal::data(use.device);
    TestImport test{{party_name(record, use.use), std::nullopt, "", ""}};
    Verification& result = test.verification;
    const auto importer = importer_for(use, buffer);
    if (!importer) {
        result.reason = importer.error().message();
        return test;
    }
    auto import = importer->import(buffer);
    if (!import && import.error().sys_errno == 0) {
        result.reason = import.error().message();
        return test;
    }
    result.how = how_imported(importer->place());
    take_answer(import, "import", result);
    if (!import || !wants_framebuffer(use.use) || buffer.fourcc() == fourcc::bytes)
        return test;
    const auto setup = make_drm_setup(record, buffer.layout());
    if (!setup) {
        result.imported = false;
        result.reason = setup.error().message();
        return test;
    }
    verify_display(use, *setup, *import, importer->fd(), test);
    return test;
}

} // namespace simplealloc
