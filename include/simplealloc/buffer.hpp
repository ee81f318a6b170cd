// SPDX-License-Identifier: MIT
// An allocated buffer: one or several dma-bufs and the planes in them.
#pragma once

#include <simplealloc/fence.hpp>
#include <simplealloc/mapped_planes.hpp>
#include <simplealloc/plan.hpp>
#include <simplealloc/unique_fd.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace simplealloc {

/// One dma-buf of a Buffer.
struct DmaBuf {
    int fd = -1;            ///< borrowed: the Buffer closes it
    std::uint64_t size = 0; ///< bytes, as the kernel says

    /// Whether both are the same dma-buf, by whatever descriptors: the kernel is asked. Before
    /// Linux 5.3 only the same descriptor is known to be.
    [[nodiscard]] SIMPLEALLOC_API bool is_same(const DmaBuf& other) const;
};

/// What the kernel says of a dma-buf when it is asked.
struct DmaBufInfo {
    std::string exporter; ///< exp_name of fdinfo: a debugging aid, not ABI; empty when unreadable
    std::uint64_t inode = 0; ///< unique per dma-buf on this boot
};

/// Whether a device could import the fresh buffer.
struct Verification {
    std::string device;           ///< e.g. `/dev/video0 (capture)`
    std::optional<bool> imported; ///< nothing: could not be tested
    std::string how;              ///< e.g. `PRIME import, AddFB2`
    std::string reason;           ///< why it failed or could not be tested
};

struct BufferData;

/// Owns its dma-bufs: they are closed with it, while devices that imported them keep the memory.
/// Move-only; const functions may be called from several threads at once, and different Buffers are
/// independent.
class SIMPLEALLOC_API Buffer {
public:
    Buffer(Buffer&&) noexcept;
    Buffer& operator=(Buffer&&) noexcept;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer();

    /// A Buffer for dma-bufs of which only the layout is known: from a Wayland client, EGL, another
    /// library. Allocator::adopt() takes more knowledge, share.hpp brings it along.
    ///
    /// The descriptors are duplicated: the caller keeps its own, and may close them. `layout`
    /// counts them in their order; several of one dma-buf become one. Left out, `dmabuf_sizes` are
    /// asked, and a plane's size of 0 stands for what follows from the rest. An implicit modifier
    /// says that only the device which made the image knows how it lies: it can be handed on to
    /// that device, and sizes alone are checked, as with every layout that is not linear.
    ///
    /// Fails with invalid where a descriptor is no dma-buf, a plane is not inside of its dma-buf,
    /// two overlap, an offset or stride is not one that the format can have, or the modifier makes
    /// no sense; with fd_limit where no descriptor is left.
    static Result<Buffer> import(std::span<const int> fds, Layout layout);

    /// Whether both have the same dma-bufs in the same order, whatever the layouts; see DmaBuf. A
    /// Buffer without dma-bufs is the same as itself only.
    [[nodiscard]] bool is_same(const Buffer& other) const;

    /// One or, with Placement::per_plane, several; empty after release(). Whatever is returned by
    /// reference or as a span lives as long as the Buffer.
    [[nodiscard]] std::span<const DmaBuf> dmabufs() const noexcept;
    /// Asks the kernel. Fails with invalid for a wrong index.
    [[nodiscard]] Result<DmaBufInfo> info(std::size_t dmabuf = 0) const;
    /// Where the planes lie in the dma-bufs.
    [[nodiscard]] std::span<const Plane> planes() const noexcept;
    /// As the kernel made it, not as it was planned.
    [[nodiscard]] const Layout& layout() const noexcept;
    /// Of layout(): width and height in pixels, 0 for plain bytes.
    /// @{
    [[nodiscard]] Fourcc fourcc() const noexcept { return layout().fourcc; }
    [[nodiscard]] Modifier modifier() const noexcept { return layout().modifier; }
    [[nodiscard]] std::uint32_t width() const noexcept { return layout().width; }
    [[nodiscard]] std::uint32_t height() const noexcept { return layout().height; }
    /// @}
    /// Where the memory came from, e.g. `dma-heap:system`.
    [[nodiscard]] const std::string& source() const noexcept;
    /// What the source guarantees of it: contiguity, caching, zeroing.
    [[nodiscard]] std::span<const Fact> facts() const noexcept;
    /// One for each use of the request; empty for an adopted Buffer and when
    /// AllocateOptions::verify was off.
    [[nodiscard]] std::span<const Verification> verified() const noexcept;
    /// Sources that failed before this one.
    [[nodiscard]] std::span<const Attempt> attempts() const noexcept;

    /// What to program for the request's `use_index`-th use, with the real layout.
    [[nodiscard]] Result<Setup> setup(std::size_t use_index) const;
    /// The same for a use that the request did not have. Whether the device takes the buffer is
    /// another question: Allocator::check.
    [[nodiscard]] Result<Setup> setup(const DeviceUse& use) const;

    /// Begins the CPU's turn on a dma-buf. It is mapped by the first turn, and stays so as long as
    /// the Buffer or a turn lives. A turn that no open one covers waits until devices have done
    /// with the dma-buf: without limit, so wait() first. Fails with unsupported where the memory
    /// can't be mapped (protected, no mmap), with denied to write through a read-only descriptor,
    /// with exhausted where the address space is used up, with limit where it is too small for the
    /// dma-buf, with invalid for a wrong index.
    [[nodiscard]] Result<Mapping> map(Access access, std::size_t dmabuf = 0) const;
    /// The same for all dma-bufs, and the planes in them.
    [[nodiscard]] Result<MappedPlanes> map_planes(Access access) const;
    /// Waits until devices are done with what forbids such an access: their writes before a read,
    /// all they do before a write. False when the time ran out first. Works on every kernel, but
    /// only for devices that leave fences on the dma-buf: GPUs do, V4L2 and KMS do not.
    [[nodiscard]] Result<bool> wait(Access access, Timeout timeout = default_timeout) const;
    /// The same for an event loop: one dma-buf, and the events that say that it is free.
    [[nodiscard]] Result<Pollable> pollable(Access access, std::size_t dmabuf = 0) const;
    /// What wait() would wait for, as a snapshot that other APIs can wait for, too. Fails with
    /// unsupported before Linux 6.0.
    [[nodiscard]] Result<Fence> export_sync_file(Access access, std::size_t dmabuf = 0) const;
    /// Lets everyone who waits for a dma-buf of this Buffer also wait for work that accesses it so:
    /// who writes waits for all work, who reads waits for work that writes. `sync_file` is
    /// borrowed. Fails with invalid where it is none, with unsupported before Linux 6.0; some
    /// dma-bufs may have it then.
    [[nodiscard]] Result<void> import_sync_file(int sync_file, Access access) const;

    /// A new close-on-exec descriptor that the caller owns. It does not keep the Buffer's share of
    /// a quota.
    [[nodiscard]] Result<UniqueFd> dup_fd(std::size_t dmabuf = 0) const;
    /// Hands all descriptors, in order, to the caller and leaves the Buffer without dma-bufs and
    /// without a share of a quota: nobody could tell when the caller closes them.
    [[nodiscard]] std::vector<UniqueFd> release();

private:
    friend class Internal;
    explicit Buffer(std::unique_ptr<BufferData> data) noexcept;
    std::unique_ptr<BufferData> data_;
};

} // namespace simplealloc
