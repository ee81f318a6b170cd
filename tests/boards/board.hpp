// SPDX-License-Identifier: MIT
// A machine as one text file describes it, and what the library is expected to decide on it.
#pragma once

#include <simplealloc/device.hpp>
#include <simplealloc/result.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace simplealloc::boards {

/// A zone of the kernel's page allocator, by CPU physical addresses.
struct Zone {
    std::string name;
    std::uint64_t start = 0;
    std::uint64_t end = 0; ///< exclusive
};

struct Heap {
    std::string name;
    bool cma_area = false; ///< /sys/kernel/mm/cma has an area of this name
};

struct IonHeap {
    std::string name;
    std::uint32_t type = 0;
    std::uint32_t id = 0;
};

/// What does DMA: a folder below /sys/devices with a driver.
struct Hardware {
    std::string path;
    std::string subsystem;
    std::string driver; ///< empty: none is bound
    std::optional<unsigned> dma_mask_bits;
    std::optional<unsigned> iommu_group;
    std::string iommu_type;
    std::string of_node; ///< path in the device tree
};

struct PlaneFormats {
    std::string type; ///< primary, overlay, cursor
    /// By DRM code in the driver's order; no modifiers for all of them: the plane has no
    /// IN_FORMATS.
    std::vector<std::pair<std::uint32_t, std::vector<std::uint64_t>>> formats;
};

struct Card {
    std::optional<unsigned> card;   ///< N of cardN
    std::optional<unsigned> render; ///< N of renderDN
    std::string on;                 ///< Hardware::path
    std::string name;               ///< by DRM_IOCTL_VERSION
    std::vector<std::string> connectors;
    std::vector<PlaneFormats> planes;
    std::uint32_t max_width = 0;
    std::uint32_t max_height = 0;
    std::array<std::uint32_t, 2> cursor{64, 64};
    bool modifiers = false; ///< DRM_CAP_ADDFB2_MODIFIERS
    bool dumb = true;
    std::optional<bool> discrete; ///< what amdgpu's or xe's call says; nothing: it fails
};

/// What one direction of a V4L2 node takes, and what TRY_FMT makes of a wish.
struct Queue {
    std::vector<std::uint32_t> raw;        ///< pixel formats
    std::vector<std::uint32_t> compressed; ///< pixel formats
    std::set<std::string> buffers;         ///< mmap, userptr, dmabuf
    std::uint32_t stride_align = 1;        ///< bytes
    bool padding = false;                  ///< a longer stride than the least is kept
    std::uint32_t max_stride = 0xffffffff;
    std::uint32_t width_step = 1; ///< pixels; sizes are rounded up
    std::uint32_t height_step = 1;
    std::uint32_t max_width = 65535;
    std::uint32_t max_height = 65535;
    std::vector<std::array<std::uint32_t, 2>> sizes; ///< not empty: the only ones
    std::uint32_t macroblock_bytes = 0;              ///< behind a picture, for each 16x16 pixels
    bool own_strides = false; ///< each memory plane's lines are rounded for themselves
    std::vector<std::uint64_t> extra_lines; ///< behind each memory plane
};

struct Video {
    unsigned number = 0; ///< N of videoN
    std::string on;      ///< Hardware::path
    std::string name;    ///< by sysfs
    std::string driver;  ///< by QUERYCAP
    bool multiplanar = false;
    bool metadata = false; ///< its queues hold no pictures
    std::optional<Queue> capture;
    std::optional<Queue> output; ///< with capture: memory to memory
};

/// A node of the accel subsystem.
struct Accelerator {
    unsigned number = 0; ///< N of accelN
    std::string on;      ///< Hardware::path
    std::string name;    ///< by DRM_IOCTL_VERSION
};

/// A character device of any other class.
struct Character {
    std::string path;       ///< below /dev
    std::string node_class; ///< by sysfs
    std::string on;         ///< Hardware::path; empty: sysfs shows none
};

struct ExpectedRejection {
    std::string source;
    std::string constraint;
    std::vector<std::string> by; ///< `PATH:USE`
    auto operator<=>(const ExpectedRejection&) const = default;
};

struct ExpectedConflict {
    std::string constraint;
    std::vector<std::string> by;
    auto operator<=>(const ExpectedConflict&) const = default;
};

/// What a caller describes (Device::described).
struct Described {
    std::string name;
    Constraints constraints;
};

/// One request with the decision that an expert would take.
struct Row {
    std::string title;
    std::string because;
    std::string image; ///< as of the tool's --image; empty: bytes
    std::uint64_t bytes = 0;
    std::vector<std::string> uses; ///< `PATH:USE`
    /// What the caller knows of a use (EGL, dma-buf feedback).
    std::map<std::string, std::vector<FormatSupport>> formats;
    std::string cpu = "none";
    bool strict = false;
    bool any_device = false;
    /// What the library lacks to decide so: until then its decision must differ.
    std::string pending;
    std::string error; ///< a part of the message of a request that can't be planned
    std::vector<std::string> candidates;     ///< all of them, best first
    std::vector<std::string> unproven;       ///< which of them
    std::vector<ExpectedRejection> rejected; ///< all of them, in any order
    std::vector<ExpectedConflict> conflict;
    std::vector<std::uint64_t> strides; ///< of the first candidate's planes; empty: not looked at
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint64_t> sizes; ///< of its dma-bufs
    std::string modifier;
};

struct ExpectedFact {
    std::string of; ///< path of a device, or name of a source
    std::string name;
    std::string value;
    std::string confidence;
    std::string origin; ///< a part of it
};

struct Board {
    std::string file;
    std::string title;
    std::string machine;
    std::string kernel;
    std::vector<Zone> zones;
    std::uint64_t available_mib = 0;
    std::uint64_t cma_mib = 0; ///< 0: no CMA
    std::uint64_t page_size = 4096;
    std::string device_tree; ///< in the syntax of dtc, see device_tree.hpp
    std::map<std::string, std::string> files;
    std::vector<Heap> heaps;
    std::optional<unsigned> udmabuf_limit_mib; ///< nothing: no udmabuf
    std::string ion_abi;                       ///< legacy, legacy-query, modern, modular
    std::vector<IonHeap> ion_heaps;
    std::vector<Hardware> hardware;
    std::vector<Card> cards;
    std::vector<Video> videos;
    std::vector<Accelerator> accelerators;
    std::vector<Character> characters;
    std::vector<Described> described;
    std::vector<ExpectedFact> facts;
    std::vector<Row> rows;
};

/// Fails with invalid, naming file, line and key: what is not understood is an error.
Result<Board> read_board(const std::string& path);

} // namespace simplealloc::boards
