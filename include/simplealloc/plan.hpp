// SPDX-License-Identifier: MIT
// The answer to a request before anything is allocated: what would be used, what not, and why.
#pragma once

#include <simplealloc/policy.hpp>
#include <simplealloc/request.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// What candidates are ranked by, the weightiest first.
enum class CriterionKind : std::uint8_t {
    proven,       ///< whether it rests on something that nobody knows
    layout,       ///< the modifier, and how near the memory is to who moves most
    cpu_fit,      ///< how the CPU's mapping suits its access
    scarcity,     ///< whether others need this memory more
    side_effects, ///< what using it does to others
    policy,       ///< the order that the caller, quirks and the library prefer
    name,         ///< the last tie-breaker
};

/// Kebab-case, e.g. `cpu-fit`.
SIMPLEALLOC_API std::string_view to_string(CriterionKind kind) noexcept;

/// A line of the ranking table. Candidates are ordered by the first criterion in which they differ;
/// a lower rank wins.
struct Criterion {
    CriterionKind kind = CriterionKind::name; ///< which one
    std::string value;                        ///< in words
    std::int64_t rank = 0;                    ///< lower is better
};

/// A limit that a candidate's layout and memory keep to, and all who set it.
struct MergedConstraint {
    ConstraintKind constraint = ConstraintKind::format; ///< e.g. stride_align
    std::string value; ///< in words: what follows from all contributors together
    std::vector<Contributor> contributors; ///< uses in the request's order, the CPU, the source
};

/// Why a candidate is not the first one.
struct Lost {
    std::string to;                                ///< the source that won
    CriterionKind criterion = CriterionKind::name; ///< the first in which they differ
    std::string value;                             ///< the loser's, in words
    std::string better_value;                      ///< the winner's
    std::int64_t rank = 0;                         ///< the loser's
    std::int64_t better_rank = 0;                  ///< the winner's
    std::vector<std::string> parties; ///< who is behind the criterion: uses, the CPU, the caller
    Remedy remedy;                    ///< what would turn it round
};

/// A source that satisfies every use, with the layout that will be asked of it.
struct Candidate {
    std::string source;    ///< e.g. `dma-heap:system`
    std::string backend;   ///< e.g. `dma-heap`
    std::string driver;    ///< the driver behind a device-bound source, else the backend's name
    Layout layout;         ///< what will be asked for
    bool exact = true;     ///< false: stride and size are a prediction, checked after allocation
    bool unproven = false; ///< rests on an unknown; see facts of the devices
    std::vector<Criterion> criteria; ///< in the order of their weight
    /// What the layout and the memory keep to: put into words by each call.
    std::function<std::vector<MergedConstraint>()> constraints = [] {
        return std::vector<MergedConstraint>();
    };
    std::optional<Lost> lost = {}; ///< nothing for the first candidate
};

/// A part of an image, in pixels.
struct Crop {
    std::uint32_t left = 0;   ///< columns before it
    std::uint32_t top = 0;    ///< lines above it
    std::uint32_t width = 0;  ///< columns of it
    std::uint32_t height = 0; ///< lines of it
};

/// What an application programs into V4L2 for one use (struct v4l2_format and v4l2_plane).
struct V4l2Setup {
    std::uint32_t pixelformat = 0; ///< V4L2_PIX_FMT_*
    bool multiplanar = false;      ///< use the _MPLANE buffer type
    std::uint32_t width = 0;       ///< pixels; of a codec the coded size, in whole blocks
    std::uint32_t height = 0;      ///< pixels; likewise
    /// One memory plane.
    struct PlaneSetup {
        std::uint32_t dmabuf = 0;       ///< index of the Buffer's dma-buf
        std::uint32_t bytesperline = 0; ///< bytes
        std::uint32_t sizeimage = 0;    ///< bytes
        std::uint32_t length =
            0; ///< bytes, for v4l2_buffer/v4l2_plane; never 0, which would mean the whole dma-buf
    };
    std::vector<PlaneSetup> planes; ///< memory planes: one for single-planar
    /// The picture in the image (see Request::crop), for VIDIOC_S_SELECTION where it is smaller
    /// than width and height: V4L2_SEL_TGT_CROP on an output queue, V4L2_SEL_TGT_COMPOSE on a
    /// capture queue.
    Crop crop = {};
};

/// What an application programs into DRM for one use (struct drm_mode_fb_cmd2).
struct DrmSetup {
    Fourcc fourcc;                 ///< for pixel_format
    std::uint32_t width = 0;       ///< pixels
    std::uint32_t height = 0;      ///< pixels
    std::uint32_t plane_count = 0; ///< how many entries of the arrays are used
    std::array<std::uint32_t, 4>
        dmabufs{}; ///< index of the Buffer's dma-buf, to be imported to a handle
    std::array<std::uint32_t, 4> pitches{}; ///< bytes
    std::array<std::uint32_t, 4> offsets{}; ///< bytes
    std::uint64_t modifier = 0;             ///< DRM_FORMAT_MOD_*, the same for all planes
    bool pass_modifier = false;             ///< set DRM_MODE_FB_MODIFIERS and fill modifier[]
    /// The picture in the image (see Request::crop), for SRC_X, SRC_Y, SRC_W and SRC_H of a plane.
    Crop crop = {};
    /// Ids of the planes that take format and modifier for the use, primary before overlay planes;
    /// empty where they are not known.
    std::vector<std::uint32_t> planes = {};
    /// No primary plane is among them: it shows above another image, and not by SETCRTC.
    bool overlay_only = false;
};

/// The one that fits the device is set.
struct Setup {
    std::optional<V4l2Setup> v4l2; ///< for a V4L2 node
    std::optional<DrmSetup> drm;   ///< for a DRM node
};

struct PlanData;

/// Ranked candidates, rejections with reasons, and the conflict when there is no candidate. Cheap
/// to copy; immutable, so safe to use from several threads. It can be allocated from many times,
/// while its devices exist: Allocator::is_current tells when to plan again.
class SIMPLEALLOC_API Plan {
public:
    /// Best first; empty when nothing satisfies all uses.
    [[nodiscard]] std::span<const Candidate> candidates() const noexcept;
    /// Why the other sources can't serve the request; a source with several reasons is here several
    /// times.
    [[nodiscard]] std::span<const Rejection> rejections() const noexcept;
    /// Empty while there is a candidate.
    [[nodiscard]] std::span<const Conflict> conflict() const noexcept;
    /// What to give up so that a source serves, best first; empty while there is a candidate. Each
    /// was planned as if it had been asked for.
    [[nodiscard]] std::span<const Relaxation> relaxations() const noexcept;
    /// The quotas that count any of its sources, as they were when it was made: what is allocated
    /// since then is not in them, so an allocation checks them once more.
    [[nodiscard]] std::span<const QuotaState> quotas() const noexcept;
    /// What was planned.
    [[nodiscard]] const Request& request() const noexcept;

    /// What to program for the request's `use_index`-th use, with the given candidate's layout.
    /// Fails with invalid when an index is out of range, or the use is of a described device.
    [[nodiscard]] Result<Setup> setup(std::size_t use_index, std::size_t candidate = 0) const;

private:
    friend class Internal;
    explicit Plan(std::shared_ptr<const PlanData> data) noexcept;
    std::shared_ptr<const PlanData> data_;
};

} // namespace simplealloc
