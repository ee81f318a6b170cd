// SPDX-License-Identifier: MIT
// Owners of libgbm's objects; its failures as Errors.
#include "backends/gbm/device.hpp"

#include "lib/base/failure.hpp"

#include <cerrno>
#include <fmt/format.h>

namespace simplealloc::gbm {

namespace {

std::string flags_text(std::uint32_t flags) {
    std::string text;
    const auto add = [&](std::uint32_t flag, const char* name) {
        if ((flags & flag) != 0)
            text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
    };
    add(GBM_BO_USE_SCANOUT, "scanout");
    add(GBM_BO_USE_RENDERING, "rendering");
    add(GBM_BO_USE_LINEAR, "linear");
    return text.empty() ? "no particular use" : text;
}

Result<Bo> taken(gbm_bo* bo, int sys_errno, const std::string& node, const ImageSize& size,
                 const std::string& how) {
    if (bo == nullptr)
        return failure(Stage::allocate, gbm_cause(sys_errno), sys_errno, node,
                       fmt::format("create a GBM buffer of {}x{} {} ({})", size.width, size.height,
                                   to_string(size.fourcc), how));
    return Bo(bo);
}

} // namespace

Cause gbm_cause(int sys_errno) noexcept {
    const Cause cause = cause_of(sys_errno);
    return cause == Cause::our_bug ? Cause::unsupported : cause;
}

Result<Device> Device::open(UniqueFd fd, std::string node) {
    if (auto loaded = load_library(); !loaded)
        return std::move(loaded).error();
    errno = 0;
    gbm_device* device = library().create_device(fd.get());
    const int sys_errno = errno;
    if (device == nullptr) {
        // ENOENT is about the driver's file: the node is open.
        const bool no_driver = sys_errno == ENOENT || sys_errno == ENOSYS || sys_errno == 0;
        return failure(Stage::open, no_driver ? Cause::unsupported : gbm_cause(sys_errno),
                       sys_errno, std::move(node), "create a GBM device",
                       no_driver ? "install the device's user-space driver (Debian: "
                                   "libgl1-mesa-dri)"
                                 : "");
    }
    return Device(std::move(fd), device, std::move(node));
}

Result<Bo> Device::create(const ImageSize& size, std::uint32_t flags) const {
    errno = 0;
    gbm_bo* bo =
        library().bo_create(device_.get(), size.width, size.height, size.fourcc.value, flags);
    const int sys_errno = errno;
    return taken(bo, sys_errno, node_, size, flags_text(flags));
}

Result<Bo> Device::create(const ImageSize& size, std::uint32_t flags,
                          std::span<const std::uint64_t> modifiers) const {
    errno = 0;
    gbm_bo* bo = library().bo_create_with_modifiers2(
        device_.get(), size.width, size.height, size.fourcc.value, modifiers.data(),
        static_cast<unsigned>(modifiers.size()), flags);
    const int sys_errno = errno;
    return taken(bo, sys_errno, node_, size,
                 fmt::format("{}, one of {} modifiers", flags_text(flags), modifiers.size()));
}

} // namespace simplealloc::gbm
