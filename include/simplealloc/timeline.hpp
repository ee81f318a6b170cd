// SPDX-License-Identifier: MIT
// A timeline: points in the order in which work ends, as a DRM syncobj of the kernel.
#pragma once

#include <simplealloc/device.hpp>
#include <simplealloc/fence.hpp>

#include <cstdint>
#include <utility>

namespace simplealloc {

/// How far a point of a Timeline has come.
enum class PointState : std::uint8_t {
    submitted, ///< there is a fence for it: it can be exported
    over,      ///< its work is over, well or not
};

/// Owns a handle of a DRM syncobj with a timeline, as linux-drm-syncobj-v1 and Vulkan's timeline
/// semaphores have it, and a descriptor of the node that the handle is on. Points are numbers from
/// 1; each is submitted once, after all smaller ones, and is over when its work and that of all
/// smaller ones is. Move-only; its const functions may be called from several threads at once, but
/// who submits points to one timeline has to agree with the others on their order. A moved-from
/// Timeline fails with invalid. A forked child must not let it be destroyed: it has the same
/// handles.
class SIMPLEALLOC_API Timeline {
public:
    /// A new one without points on a DRM device or accelerator of Allocator::device. Fails with
    /// unsupported where its driver has no timelines, with denied where the node can't be opened.
    static Result<Timeline> create(const Device& device);
    /// The same on an open node, which is duplicated: handle() is one of the caller's description.
    static Result<Timeline> create(int node);

    /// The timeline behind the descriptor `syncobj`, which stays the caller's. It may be of any
    /// device. Fails with invalid when it is no syncobj, else as create().
    /// @{
    static Result<Timeline> import(const Device& device, int syncobj);
    static Result<Timeline> import(int node, int syncobj);
    /// @}

    Timeline(Timeline&& other) noexcept;
    Timeline& operator=(Timeline&& other) noexcept;
    Timeline(const Timeline&) = delete;
    Timeline& operator=(const Timeline&) = delete;
    ~Timeline();

    /// A descriptor of the syncobj, e.g. for another process, wp_linux_drm_syncobj_manager_v1 or
    /// VkImportSemaphoreFdInfoKHR.
    [[nodiscard]] Result<UniqueFd> export_fd() const;

    /// Submits `point` as over. Fails with invalid where it is not larger than all that have been
    /// submitted: the kernel would take it, and the timeline lose its order.
    [[nodiscard]] Result<void> signal(std::uint64_t point) const;
    /// Submits `point` as work that is over when `sync_file` is, which is borrowed. Fails as
    /// signal(), and with invalid when it is no sync_file.
    [[nodiscard]] Result<void> import_sync_file(int sync_file, std::uint64_t point) const;
    /// The work up to `point`. Fails with busy while it is not submitted.
    [[nodiscard]] Result<Fence> export_sync_file(std::uint64_t point) const;

    /// Whether `point` has come so far: false when the time ran out first. Waits for points that
    /// nobody has submitted yet, too. A signal does not end the wait, nor make it longer.
    [[nodiscard]] Result<bool> wait(std::uint64_t point, Timeout timeout = default_timeout,
                                    PointState state = PointState::over) const;
    /// An eventfd for an event loop: readable once `point` has come so far. Whoever closes it
    /// earlier is not told. Fails with unsupported before Linux 6.6.
    [[nodiscard]] Result<UniqueFd> event(std::uint64_t point,
                                         PointState state = PointState::over) const;
    /// The largest point that has come so far: 0 when none has.
    [[nodiscard]] Result<std::uint64_t> last_point(PointState state = PointState::over) const;

    /// The node, borrowed: -1 when there is none.
    [[nodiscard]] int fd() const noexcept { return node_.get(); }
    /// For calls on fd(), e.g. a driver's submission; 0 when there is none. Never to be destroyed
    /// by the caller.
    [[nodiscard]] std::uint32_t handle() const noexcept { return handle_; }

private:
    friend class Internal;
    /// `handle` is a syncobj's on `node`.
    Timeline(UniqueFd node, std::uint32_t handle) noexcept
        : node_(std::move(node)), handle_(handle) {}
    UniqueFd node_;
    std::uint32_t handle_ = 0;
};

} // namespace simplealloc
