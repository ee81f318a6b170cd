// SPDX-License-Identifier: MIT
// Nodes for the fake kernel that answer as Linux 6.12 does, and lie where a test wants it.
#pragma once

#include "tests/support/fake_kernel.hpp"

#include <linux/videodev2.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

struct drm_mode_fb_cmd2;

namespace simplealloc::test {

/// Memory that runs out.
struct FakePool {
    std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t used = 0;

    /// A charge that is given back when its last owner dies; null when the pool has not enough.
    static std::shared_ptr<void> take(const std::shared_ptr<FakePool>& pool, std::uint64_t bytes);
};

/// Comes first when set: answers an ioctl, or leaves it to the device with nothing.
using Override = std::function<std::optional<int>(unsigned long request, void* argument)>;

struct FakeHeap {
    std::string name; ///< the node is /dev/dma_heap/NAME, the exporter NAME
    bool contiguous = false;
    bool mappable = true;
    unsigned char old_data = 0; ///< what fresh memory is full of
    std::shared_ptr<FakePool> pool = std::make_shared<FakePool>();
    Override override = {};
    bool in_udev = true;
    /// Taken off the size of each dma-buf, so that the kernel seems to give less than asked.
    std::uint64_t missing = 0;
};
std::shared_ptr<FakeHeap> add_dma_heap(FakeKernel& kernel, FakeHeap heap);

/// /dev/udmabuf with its two module parameters; the limit is what the parameter's file says.
void add_udmabuf(FakeKernel& kernel, unsigned size_limit_mb = 64, unsigned list_limit = 1024);

/// One CRTC with a mode and its primary plane.
struct FakeScreen {
    static constexpr std::uint32_t crtc = 41;
    static constexpr std::uint32_t plane = 31;
    std::uint32_t width = 640; ///< pixels of the mode
    std::uint32_t height = 480;
    bool active = true;
    bool atomic = true; ///< the driver's
    int commit_errno = 0;

    // State
    std::vector<std::map<std::string, std::uint64_t>> commits = {}; ///< properties of each
};

/// A node of class simple_allocator.
struct FakeSimpleAllocator {
    std::string name = "cma0"; ///< the node is /dev/NAME
    unsigned char old_data = 0xa5;
    /// A dma-buf has the size that was asked, not whole pages, and takes 4096 times that.
    bool v1 = false;
    std::shared_ptr<FakePool> pool = std::make_shared<FakePool>();
    Override override = {};
};
std::shared_ptr<FakeSimpleAllocator> add_simple_allocator(FakeKernel& kernel,
                                                          FakeSimpleAllocator node = {});

struct FakeCard {
    unsigned index = 0;
    bool render_node = false; ///< also renderD128 + index
    bool accel = false;       ///< of the accel subsystem: one node, without mode setting
    std::string driver = "vkms";
    std::string parent = "platform";
    bool kms = true; ///< GET_CAP answers; vgem makes dumb buffers without it
    bool dumb = true;
    bool imports = true;
    bool attachable = true;
    std::string exporter = "drm";
    bool contiguous = false;
    std::set<std::uint32_t> bpps = {}; ///< empty: all multiples of 8
    std::shared_ptr<FakePool> pool = std::make_shared<FakePool>();
    /// The pitch for a width in pixels and a bpp; nothing: width times bpp / 8.
    std::function<std::uint32_t(std::uint32_t width, std::uint32_t bpp)> pitch = {};
    /// The size of the memory that is really given for pitch and height; nothing: their product.
    std::function<std::uint64_t(std::uint64_t pitch, std::uint64_t height)> size = {};
    /// What the driver makes of the pitches, offsets and modifier of a framebuffer.
    std::function<void(drm_mode_fb_cmd2&)> keep = {};
    bool getfb2 = true; ///< Linux 5.7
    /// How GETFB2 fills handles in for a master: by new ones, or by those that there are.
    bool new_handles = true;
    Override override = {};
    std::shared_ptr<FakeScreen> screen = {}; ///< answers mode setting, when there is one
    bool leases = true;
    bool timelines = false;      ///< the driver has syncobjs with timelines
    bool timeline_events = true; ///< Linux 6.6
    /// DROP_MASTER without CAP_SYS_ADMIN is EACCES whoever asks, as before Linux 5.8.
    bool drop_needs_admin = false;

    // State
    bool has_master = false; ///< some open file of the card node is master
    std::size_t framebuffers = 0;
    std::uint32_t last_framebuffer = 0; ///< ids are not given twice
    std::size_t lessees = 0;
    std::size_t ended_leases = 0; ///< each sends a uevent
    std::string card_path() const {
        return (accel ? "/dev/accel/accel" : "/dev/dri/card") + std::to_string(index);
    }
    std::string render_path() const { return "/dev/dri/renderD" + std::to_string(128 + index); }
};
/// Mode setting calls of a screen on a description that did or did not enable atomic; nothing for
/// other calls.
std::optional<int> screen_ioctl(FakeKernel& kernel, FakeScreen& screen, bool atomic,
                                unsigned long request, void* argument);
std::shared_ptr<FakeCard> add_drm_card(FakeKernel& kernel, FakeCard card = {});

struct FakeVideo {
    unsigned index = 0;
    std::string driver = "vim2m";
    std::string kernel_driver = {}; ///< as sysfs shows it; empty: the same
    std::string parent = "platform";
    bool m2m = true; ///< every open has its own queues; else one capture queue with an owner
    bool multiplanar = false;
    std::string exporter = "videobuf2_vmalloc";
    bool contiguous_only = false; ///< what PREPARE_BUF imports
    std::shared_ptr<FakePool> pool = std::make_shared<FakePool>();
    std::uint32_t pixelformat = V4L2_PIX_FMT_YUYV;
    std::uint32_t width = 640;
    std::uint32_t height = 480;
    std::uint32_t bytes_per_pixel = 2;
    bool create_bufs = true;
    std::uint32_t capabilities = V4L2_BUF_CAP_SUPPORTS_MMAP | V4L2_BUF_CAP_SUPPORTS_DMABUF |
                                 V4L2_BUF_CAP_SUPPORTS_ORPHANED_BUFS;
    /// What a queue gives at most for a buffer, however large a sizeimage was asked.
    std::uint32_t max_length = std::numeric_limits<std::uint32_t>::max();
    Override override = {};
    std::string udev_capabilities = {}; ///< ID_V4L_CAPABILITIES; empty: udev has no v4l_id

    // State
    struct Queue {
        v4l2_format format = {};
        struct Buffer {
            std::shared_ptr<FakeDmaBuf> memory; ///< never installed itself: EXPBUF makes new ones
            std::shared_ptr<Counted> counted;
        };
        std::vector<Buffer> buffers;
        std::uint32_t memory = 0;    ///< V4L2_MEMORY_* of the buffers
        const void* owner = nullptr; ///< the open file that made the buffers
    };
    std::map<std::uint32_t, Queue> shared = {}; ///< of a node that is not m2m, by buffer type
    std::string path() const { return "/dev/video" + std::to_string(index); }
};
std::shared_ptr<FakeVideo> add_v4l2(FakeKernel& kernel, FakeVideo video = {});

/// A character device of a class that is no subsystem of devices; every ioctl is ENOTTY.
struct FakeCharacter {
    std::string path = "/dev/hailo0";
    std::string node_class = "hailo_chardev";
    std::string parent = "/sys/devices/pci0000:00/0000:01:00.0"; ///< empty: it has none
    std::string bus = "pci";
    std::string driver = "hailo";
    unsigned major = 240;
    unsigned minor = 0;
    mode_t mode = 0660;
    bool in_udev = true;
};
udev::Node add_character(FakeKernel& kernel, const FakeCharacter& node = {});

/// `wide`: some vendors' handles of 64 bits, which leave nothing of the handle ABI's numbers but
/// that of ALLOC.
enum class FakeIonAbi { legacy, legacy_query, modern, modular, wide };

struct FakeIonHeap {
    std::string name;
    std::uint32_t type = 0;
    std::uint32_t id = 0;
    bool contiguous = false;
    bool mappable = true;
    bool refuses_cached = false;
    std::shared_ptr<FakePool> pool = std::make_shared<FakePool>();
    /// Taken off the size of each dma-buf, so that the kernel seems to give less than asked.
    std::uint64_t missing = 0;
};

/// /dev/ion. Handles belong to the open file; memory lives as long as a handle or dma-buf of it.
struct FakeIon {
    FakeIonAbi abi = FakeIonAbi::modern;
    std::vector<FakeIonHeap> heaps = {};
    Override override = {};
    bool in_udev = true;
    bool wide_query = false; ///< 64-bit handles, and a list of heaps all the same

    // State
    struct Allocation {
        std::uint32_t mask;
        std::uint32_t flags;
        std::uint64_t align; ///< legacy alone
    };
    std::vector<Allocation> allocations = {};
    std::shared_ptr<std::size_t> handles = std::make_shared<std::size_t>(0); ///< live ones
    std::vector<ino_t> synced = {}; ///< dma-bufs of ION_IOC_SYNC
};
std::shared_ptr<FakeIon> add_ion(FakeKernel& kernel, FakeIon ion);

} // namespace simplealloc::test
