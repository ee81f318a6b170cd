// SPDX-License-Identifier: MIT
// Everything that discovery found out about a device.
#pragma once

#include "lib/base/address_range.hpp"
#include "lib/discovery/quirks/quirks.hpp"
#include "lib/discovery/record/learned.hpp"
#include "lib/kernel/device_tree.hpp"
#include "lib/model/model.hpp"

#include <simplealloc/device.hpp>
#include <simplealloc/unique_fd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace simplealloc {

/// Memory that the device tree gives to a device, for what its driver allocates.
struct DevicePool {
    std::string name; ///< of the node below /reserved-memory
    std::string node;
    bool cma =
        false; ///< an area that the kernel shares, which may have a heap; else the device's alone
    std::optional<AddressRange> range; ///< where it is
    std::optional<std::uint64_t> size; ///< bytes
    std::string origin;                ///< the device's property
};

/// How the device reaches memory.
struct Reach {
    std::string bus;         ///< pci, platform, usb, virtio, virtual…
    bool translated = false; ///< behind an IOMMU domain that translates
    /// Its driver maps what it imports once more, by a domain of its own: any pages become one run,
    /// but the kernel's mapping before keeps to the mask.
    bool own_domain = false;
    /// Lowest and highest bus address; no_limit when unknown or unlimited (then `mask_known` tells
    /// which).
    std::uint64_t min_address = 0;
    std::uint64_t max_address = no_limit;
    bool mask_known = false;
    Confidence mask_confidence = Confidence::known;
    std::string mask_origin;
    bool coherent =
        true; ///< snoops CPU caches: always on x86, elsewhere by dma-coherent of the device tree
    /// Nodes of the device tree: the buses that its DMA passes first.
    std::vector<std::string> buses;
    std::optional<DevicePool> pool;

    /// Whether scattered pages are one run for it.
    [[nodiscard]] bool makes_one_run() const { return translated || own_domain; }
};

struct DrmPlane {
    std::uint32_t id = 0;
    std::string type; ///< primary, overlay, cursor
    std::vector<FormatSupport> formats;
};

/// The dumb buffers of a card.
struct DumbBuffers {
    bool offered = false; ///< GET_CAP DUMB_BUFFER
    /// What CREATE_DUMB rounds lines to, where it was asked; 1: nothing. At most one is above 1.
    std::uint64_t asked_pitch_align = 1; ///< bytes
    std::uint64_t asked_width_align = 1; ///< pixels
    std::string asked_pitch_origin;
    // By quirk rows, each by its own.
    /// Which bpp CREATE_DUMB takes, nothing: any.
    Learned<std::optional<std::vector<std::uint32_t>>> bpp;
    Learned<std::uint64_t> pitch_align{1}; ///< bytes
    Learned<std::uint64_t> width_align{1}; ///< pixels
    Learned<solver::CpuCaching> caching{solver::CpuCaching::unknown};
    Learned<MemoryKind> memory{MemoryKind::system};
    Learned<solver::OfferContiguity> contiguity{solver::OfferContiguity::unknown};
    Learned<std::optional<bool>> zeroed;
};

struct DrmInfo {
    std::string card_node;   ///< empty when there is none
    std::string render_node; ///< empty when there is none
    bool is_render_node = false;
    bool has_connectors = false;  ///< by sysfs
    std::optional<bool> discrete; ///< has VRAM of its own; nothing: nobody says
    bool opened = false;          ///< caps and planes were asked
    bool kms = false;             ///< has CRTCs and planes
    bool addfb2_modifiers = false;
    std::uint64_t cursor_width = 0;
    std::uint64_t cursor_height = 0;
    std::uint32_t max_width = 0; ///< of mode resources; 0 unknown
    std::uint32_t max_height = 0;
    std::vector<DrmPlane> planes;
    DumbBuffers dumb;
    Learned<bool> gbm_attachable{true}; ///< unless it is said, as DeviceRecord::attachable
};

/// The kind of vb2 memory of a V4L2 driver.
enum class V4l2Memory : std::uint8_t { unknown, dma_contig, dma_sg, vmalloc };

struct V4l2Queue {
    std::uint32_t buf_type = 0;              ///< V4L2_BUF_TYPE_*
    std::vector<std::uint32_t> pixelformats; ///< by ENUM_FMT
    bool mmap = false;                       ///< by CREATE_BUFS with count 0
    bool dmabuf = false;
    bool userptr = false;
    bool capabilities_known = false;
    std::uint32_t max_buffers = 32; ///< VIDEO_MAX_FRAME, unless the driver says another
    std::string max_buffers_origin = "VIDEO_MAX_FRAME";
    std::uint32_t min_buffers = 0; ///< that the driver works with; 0: nobody says
    bool any_raw = false;          ///< has formats that are not compressed
    bool any_compressed = false;   ///< has formats that are
};

struct V4l2Info {
    bool opened = false;
    std::string name; ///< by sysfs, e.g. vivid-000-vid-cap
    std::string card;
    std::string bus_info;
    std::uint32_t device_caps = 0;
    bool m2m = false;
    std::vector<V4l2Queue> queues;
    V4l2Memory memory = V4l2Memory::unknown;
    Confidence memory_confidence = Confidence::unknown;
    std::string memory_origin;
    unsigned index = 0; ///< among the driver's instances, as its module parameter arrays count
};

/// The folder of a node in sysfs. Another node that comes later, under whatever name, has another
/// inode.
struct SysfsPlace {
    std::string syspath; ///< empty: sysfs does not show it
    ino_t inode = 0;
};

struct DeviceRecord {
    std::string id;
    std::string path;
    std::string subsystem;
    std::string driver;
    dev_t devnum = 0; ///< of `path`, see devnum_of()
    SysfsPlace place; ///< unless it is only listed
    std::vector<Fact> facts;
    std::vector<Use> uses;
    Reach reach;
    bool readable = true; ///< whether this process may open the node
    std::string denied_reason;
    std::string denied_remedy;

    std::optional<DrmInfo> drm;
    std::optional<V4l2Info> v4l2;
    bool accel = false;  ///< imports by PRIME as a DRM node does, and has nothing else to ask
    bool by_row = false; ///< a quirk row alone says that the node imports, by calls of its own
    std::optional<DeviceDescription> described;

    bool imports = true;            ///< takes other devices' dma-bufs (quirk imports=no clears it)
    Learned<bool> exports{true};    ///< gives its memory away as dma-bufs (quirk)
    Learned<bool> attachable{true}; ///< others can attach its exports (quirk)
    Learned<bool> vmap_stable{true};
    /// Its driver maps device memory of others, and lets them map its own, where that is (quirk).
    bool peer_to_peer = false;
    Confidence import_confidence = Confidence::known;
    std::string import_origin;
    DeviceIdentity identity;
    std::vector<QuirkRowPtr> quirks; ///< that are for the device, the strongest first

    UniqueFd caller_fd; ///< a duplicate of what the caller handed over, or none
    QueueAccess queue_access = QueueAccess::none;

    /// Of one of its nodes: the one that was looked up; 0 (any) of those that udev names with it.
    [[nodiscard]] dev_t devnum_of(const std::string& node) const {
        return node == path ? devnum : 0;
    }
};

/// `/dev/video0 (capture)`.
std::string party_name(const DeviceRecord& device, Use use);

} // namespace simplealloc
