// SPDX-License-Identifier: MIT
// Buffers as GEM handles and framebuffers of a DRM device.
#pragma once

#include <simplealloc/buffer.hpp>

#include <cstdint>
#include <memory>
#include <span>

namespace simplealloc {

/// On which file description of a device GEM handles are made: they mean something on that one
/// only, where each object has one handle, whoever asked for it.
enum class DrmPlace : std::uint8_t {
    own_node, ///< the node, opened once more, never as master
    lease,    ///< an empty lease of the caller's, where the node can't be opened
    caller,   ///< the caller's own, with DrmHandles::callers
};

/// What DrmImporter::open may do.
enum class DrmHandles : std::uint8_t {
    /// A description of the importer's own. Nobody else's handles can be closed on it, and
    /// framebuffers serve the caller's description as well.
    apart,
    /// The caller's, because it gives handles to its driver itself. Handles that are there already
    /// are not touched. The caller makes sure that nobody else (EGL, GBM) imports the same dma-bufs
    /// there later: who closes the one handle first closes it for all.
    callers,
};

struct DrmImporterData;
struct DrmImportData;

/// A Buffer inside of a DRM device. Owns what it says: at the end of life the framebuffer goes
/// first, then each GEM handle that no other import of the same dma-buf has. The memory lives as
/// long, whether or not the Buffer does. Move-only; one thread at a time, but different imports are
/// independent.
class SIMPLEALLOC_API DrmImport {
public:
    DrmImport(DrmImport&& other) noexcept;
    DrmImport& operator=(DrmImport&& other) noexcept;
    DrmImport(const DrmImport&) = delete;
    DrmImport& operator=(const DrmImport&) = delete;
    ~DrmImport();

    /// One for each plane, for calls on DrmImporter::fd(); planes in one dma-buf have the same.
    /// Never to be closed by the caller.
    [[nodiscard]] std::span<const std::uint32_t> handles() const noexcept;

    /// The framebuffer's id, made by the first call (AddFB2, with the modifier where the driver
    /// takes them) and removed with this object: a screen that still shows it goes dark. Ids are
    /// one for the device, so that each of its descriptions can show it.
    ///
    /// Fails with invalid for plain bytes, with unsupported on a render node or a driver without
    /// displays, with refused where the driver takes no such framebuffer.
    [[nodiscard]] Result<std::uint32_t> framebuffer();

private:
    friend class Internal;
    explicit DrmImport(std::unique_ptr<DrmImportData> data) noexcept;
    std::unique_ptr<DrmImportData> data_;
};

/// Imports Buffers into one DRM device and keeps account of the GEM handles. Cheap to copy: copies
/// share the account, and whoever imports on the same description must share it. Thread-safe. A
/// forked child must not use it, or let it be destroyed: it has the same file description.
class SIMPLEALLOC_API DrmImporter {
public:
    /// `device` is a DRM device or accelerator of Allocator::device. Fails with invalid for any
    /// other, with denied or gone where it can't be opened and the caller's descriptor, if there is
    /// one, leads to no other description.
    static Result<DrmImporter> open(const Device& device, DrmHandles handles = DrmHandles::apart);
    /// The same for an open node, which is duplicated: the caller keeps its own, and may close it.
    static Result<DrmImporter> open(int fd, DrmHandles handles = DrmHandles::apart);

    /// On which description the handles are.
    [[nodiscard]] DrmPlace place() const noexcept;
    /// That description, borrowed.
    [[nodiscard]] int fd() const noexcept;

    /// Imports all dma-bufs of `buffer`, which is not needed afterwards. A dma-buf that is imported
    /// already gives the same handles.
    ///
    /// On the caller's description a dma-buf of which somebody else has a handle there is refused
    /// (unsupported): that handle would be closed. So is every one where the device neither makes
    /// dumb buffers nor takes memory of the system heap, as then nothing shows whose a handle is.
    /// Fails with refused where the driver does not take the memory, with gone where the device is.
    [[nodiscard]] Result<DrmImport> import(const Buffer& buffer) const;

private:
    friend class Internal;
    explicit DrmImporter(std::shared_ptr<DrmImporterData> data) noexcept;
    std::shared_ptr<DrmImporterData> data_;
};

} // namespace simplealloc
