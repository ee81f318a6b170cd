// SPDX-License-Identifier: MIT
// Work of devices that is over when a test says so: sw_sync's, and vgem's on a buffer.
#pragma once

#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/buffer.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <thread>
#include <utility>
#include <xf86drm.h>

namespace guest {

// drivers/dma-buf/sw_sync.c: in no header that is installed.
struct SwSyncFence {
    std::uint32_t value;
    char name[32];
    std::int32_t fence;
};
inline constexpr unsigned long sw_sync_create_fence = _IOWR('W', 0, SwSyncFence);
inline constexpr unsigned long sw_sync_increment = _IOW('W', 1, std::uint32_t);

// drm/vgem_drm.h, which libdrm does not install.
struct VgemAttach {
    std::uint32_t handle;
    std::uint32_t flags;
    std::uint32_t out_fence;
    std::uint32_t pad;
};
struct VgemSignal {
    std::uint32_t fence;
    std::uint32_t flags;
};
inline constexpr std::uint32_t vgem_write = 1;
inline constexpr unsigned long vgem_attach = DRM_IOWR(DRM_COMMAND_BASE + 1, VgemAttach);
inline constexpr unsigned long vgem_signal = DRM_IOW(DRM_COMMAND_BASE + 2, VgemSignal);

/// Work that is over when the test says so.
class SwTimeline {
public:
    SwTimeline()
        : fd_(simplealloc::UniqueFd::adopt(
              open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC))) {
        REQUIRE(fd_);
    }
    /// Work that is over after one more step() than the last.
    simplealloc::Fence next() {
        SwSyncFence request = {++last_, "test", -1};
        REQUIRE(ioctl(fd_.get(), sw_sync_create_fence, &request) == 0);
        auto fence = simplealloc::Fence::adopt(simplealloc::UniqueFd::adopt(request.fence));
        REQUIRE(fence);
        return *std::move(fence);
    }
    void step() const {
        std::uint32_t steps = 1;
        if (ioctl(fd_.get(), sw_sync_increment, &steps) != 0)
            std::abort(); // threads call it, too
    }
    /// Work that was not over fails.
    void fail() { fd_.reset(); }

private:
    simplealloc::UniqueFd fd_;
    std::uint32_t last_ = 0;
};

/// A buffer as vgem sees it.
class Vgem {
public:
    explicit Vgem(const simplealloc::Buffer& buffer)
        : node_(
              simplealloc::UniqueFd::adopt(open(guest::card("vgem").c_str(), O_RDWR | O_CLOEXEC))) {
        REQUIRE(node_);
        REQUIRE(drmPrimeFDToHandle(node_.get(), buffer.dmabufs()[0].fd, &handle_) == 0);
    }
    std::uint32_t attach(std::uint32_t flags) const {
        VgemAttach request = {handle_, flags, 0, 0};
        REQUIRE(drmIoctl(node_.get(), vgem_attach, &request) == 0);
        return request.out_fence;
    }
    void signal(std::uint32_t fence) const {
        VgemSignal request = {fence, 0};
        if (drmIoctl(node_.get(), vgem_signal, &request) != 0)
            std::abort();
    }

private:
    simplealloc::UniqueFd node_;
    std::uint32_t handle_ = 0;
};

/// Does something in another thread, in a moment.
class Later {
public:
    template <typename Work>
    explicit Later(Work work)
        : thread_([work] {
              std::this_thread::sleep_for(delay);
              work();
          }) {}
    ~Later() { thread_.join(); }
    Later(const Later&) = delete;
    Later& operator=(const Later&) = delete;
    static constexpr std::chrono::milliseconds delay{100};

private:
    std::thread thread_;
};

} // namespace guest
