// SPDX-License-Identifier: MIT
// An allocated buffer: one or several dma-bufs and the planes in them.
#pragma once

#include <simplealloc/mapping.hpp>
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
/// Move-only; one thread at a time, but different Buffers are independent.
class SIMPLEALLOC_API Buffer {
public:
    Buffer(Buffer&&) noexcept;
    Buffer& operator=(Buffer&&) noexcept;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer();

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

    /// Maps a dma-buf and begins the CPU's turn on it. Fails with unsupported where the memory
    /// can't be mapped, with invalid for a wrong index.
    [[nodiscard]] Result<Mapping> map(Access access, std::size_t dmabuf = 0) const;
    /// A new close-on-exec descriptor that the caller owns. It does not keep the Buffer's share of
    /// a quota.
    [[nodiscard]] Result<UniqueFd> dup_fd(std::size_t dmabuf = 0) const;
    /// Hands all descriptors, in order, to the caller and leaves the Buffer without dma-bufs and
    /// without a share of a quota: nobody could tell when the caller closes them.
    [[nodiscard]] std::vector<UniqueFd> release();

    // Library-internal.
    explicit Buffer(std::unique_ptr<BufferData> data) noexcept;
    [[nodiscard]] const BufferData& data() const noexcept { return *data_; }
    void set_verified(std::vector<Verification> verified);
    void set_attempts(std::vector<Attempt> attempts);

private:
    std::unique_ptr<BufferData> data_;
};

} // namespace simplealloc
