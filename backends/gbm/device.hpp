// SPDX-License-Identifier: MIT
// Owners of libgbm's objects; its failures as Errors.
#pragma once

#include "backends/gbm/library.hpp"

#include <simplealloc/error.hpp>
#include <simplealloc/modifier.hpp>
#include <simplealloc/result.hpp>
#include <simplealloc/unique_fd.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace simplealloc::gbm {

/// libgbm passes on what its driver left in errno. What no driver is known to mean is unsupported:
/// another source may still serve.
Cause gbm_cause(int sys_errno) noexcept;

struct DestroyBo {
    void operator()(gbm_bo* bo) const noexcept { library().bo_destroy(bo); }
};
/// Its memory lives on in exported dma-bufs; must not outlive its device.
using Bo = std::unique_ptr<gbm_bo, DestroyBo>;

struct ImageSize {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    Fourcc fourcc;
};

class Device {
public:
    /// libgbm borrows the descriptor for as long as the device lives, so it is kept here. `node` is
    /// what errors name.
    static Result<Device> open(UniqueFd fd, std::string node);

    /// `flags` are GBM_BO_USE_*. The layout is the driver's choice, and nobody else knows it unless
    /// the flags say linear.
    [[nodiscard]] Result<Bo> create(const ImageSize& size, std::uint32_t flags) const;
    /// The driver picks one of the modifiers. ENOSYS where it knows none at all.
    [[nodiscard]] Result<Bo> create(const ImageSize& size, std::uint32_t flags,
                                    std::span<const std::uint64_t> modifiers) const;
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& node() const noexcept { return node_; }

private:
    struct Destroy {
        void operator()(gbm_device* device) const noexcept { library().device_destroy(device); }
    };
    Device(UniqueFd fd, gbm_device* device, std::string node)
        : fd_(std::move(fd)), device_(device), node_(std::move(node)) {}

    UniqueFd fd_; ///< destroyed after the device
    std::unique_ptr<gbm_device, Destroy> device_;
    std::string node_;
};

} // namespace simplealloc::gbm
