// SPDX-License-Identifier: MIT
// The answer to a request before anything is allocated: what would be used, what not, and why.
#pragma once

#include <simplealloc/policy.h>
#include <simplealloc/request.h>

SIMPLEALLOC_BEGIN_C

/// What candidates are ranked by, the weightiest first.
enum simplealloc_criterion_kind {
    SIMPLEALLOC_CRITERION_PROVEN,       ///< whether it rests on something that nobody knows
    SIMPLEALLOC_CRITERION_LAYOUT,       ///< the modifier, and how near it is to who moves most
    SIMPLEALLOC_CRITERION_CPU_FIT,      ///< how the CPU's mapping suits its access
    SIMPLEALLOC_CRITERION_SCARCITY,     ///< whether others need this memory more
    SIMPLEALLOC_CRITERION_SIDE_EFFECTS, ///< what using it does to others
    SIMPLEALLOC_CRITERION_POLICY,       ///< the order that is preferred
    SIMPLEALLOC_CRITERION_NAME,         ///< the last tie-breaker
};

/// Kebab-case, e.g. `cpu-fit`; static.
SIMPLEALLOC_API const char*
simplealloc_criterion_kind_to_string(enum simplealloc_criterion_kind kind);

/// A line of the ranking table. Candidates are ordered by the first criterion in which they differ;
/// a lower rank wins.
struct simplealloc_criterion {
    enum simplealloc_criterion_kind kind; ///< which one
    const char* value;                    ///< in words
    int64_t rank;                         ///< lower is better
};

/// A limit that a candidate's layout and memory keep to, and all who set it.
struct simplealloc_merged_constraint {
    enum simplealloc_constraint constraint; ///< e.g. `stride-align`
    const char* value; ///< in words: what follows from all contributors together
    const struct simplealloc_contributor* const* contributors; ///< uses, the CPU, the source
};

/// Why a candidate is not the first one.
struct simplealloc_lost {
    const char* to;                            ///< the source that won
    enum simplealloc_criterion_kind criterion; ///< the first in which they differ
    const char* value;                         ///< the loser's, in words
    const char* better_value;                  ///< the winner's
    int64_t rank;                              ///< the loser's
    int64_t better_rank;                       ///< the winner's
    const char* const* parties; ///< who is behind the criterion: uses, the CPU, the caller
    const struct simplealloc_remedy* remedy; ///< what would turn it round
};

/// A source that satisfies every use, with the layout that will be asked of it.
struct simplealloc_candidate {
    const char* source;  ///< e.g. `dma-heap:system`
    const char* backend; ///< e.g. `dma-heap`
    const char* driver;  ///< behind a device-bound source, else the backend's name
    const struct simplealloc_layout* layout; ///< what will be asked for
    bool exact;    ///< false: stride and size are a prediction, checked after allocation
    bool unproven; ///< rests on an unknown; see facts of the devices
    const struct simplealloc_criterion* const* criteria; ///< in the order of their weight
    const struct simplealloc_merged_constraint* const* constraints; ///< what it keeps to
    const struct simplealloc_lost* lost;                            ///< NULL for the first
};

/// One memory plane of a V4L2 setup. This struct never grows.
struct simplealloc_v4l2_plane {
    uint32_t dmabuf;       ///< index of the buffer's dma-buf
    uint32_t bytesperline; ///< bytes
    uint32_t sizeimage;    ///< bytes
    uint32_t length;       ///< bytes, for v4l2_buffer and v4l2_plane; never 0
};

/// A part of an image, in pixels. This struct never grows.
struct simplealloc_crop {
    uint32_t left;   ///< columns before it
    uint32_t top;    ///< lines above it
    uint32_t width;  ///< columns of it
    uint32_t height; ///< lines of it
};

/// What an application programs into V4L2 for one use (struct v4l2_format and v4l2_plane).
struct simplealloc_v4l2_setup {
    uint32_t pixelformat; ///< V4L2_PIX_FMT_*
    bool multiplanar;     ///< use the _MPLANE buffer type
    uint32_t width;       ///< pixels; of a codec the coded size, in whole blocks
    uint32_t height;      ///< pixels; likewise
    size_t plane_count;   ///< memory planes: 1 for single-planar
    const struct simplealloc_v4l2_plane* planes; ///< so many
    /// The picture in the image (crop_width and crop_height of the request), for VIDIOC_S_SELECTION
    /// where it is smaller than width and height: V4L2_SEL_TGT_CROP on an output queue,
    /// V4L2_SEL_TGT_COMPOSE on a capture queue.
    struct simplealloc_crop crop;
};

/// What an application programs into DRM for one use (struct drm_mode_fb_cmd2).
struct simplealloc_drm_setup {
    uint32_t fourcc;                          ///< for pixel_format
    uint32_t width;                           ///< pixels
    uint32_t height;                          ///< pixels
    uint32_t plane_count;                     ///< how many entries of the arrays are used
    uint32_t dmabufs[SIMPLEALLOC_MAX_PLANES]; ///< index of the dma-buf to be made a handle
    uint32_t pitches[SIMPLEALLOC_MAX_PLANES]; ///< bytes
    uint32_t offsets[SIMPLEALLOC_MAX_PLANES]; ///< bytes
    uint64_t modifier;                        ///< DRM_FORMAT_MOD_*, the same for all planes
    bool pass_modifier;                       ///< set DRM_MODE_FB_MODIFIERS and fill modifier[]
    /// The picture in the image (crop_width and crop_height of the request), for SRC_X, SRC_Y,
    /// SRC_W and SRC_H of a plane.
    struct simplealloc_crop crop;
    size_t kms_plane_count; ///< of kms_planes; 0 where they are not known
    /// Ids of the planes that take format and modifier for the use, primary before overlay planes.
    const uint32_t* kms_planes;
    /// No primary plane is among them: it shows above another image, and not by SETCRTC.
    bool overlay_only;
};

/// What to program for one use. The one that fits the device is not NULL.
struct simplealloc_setup {
    const struct simplealloc_v4l2_setup* v4l2; ///< for a V4L2 node
    const struct simplealloc_drm_setup* drm;   ///< for a DRM node
};

/// Frees a setup that was handed out; NULL is fine.
SIMPLEALLOC_API void simplealloc_setup_free(struct simplealloc_setup* setup);

/// Ranked candidates, rejections with reasons, and the conflict when there is no candidate.
/// Immutable, so safe to use from several threads. It can be allocated from many times, while its
/// devices exist: simplealloc_allocator_is_current() tells when to plan again.
struct simplealloc_plan;

/// Frees the handle; NULL is fine.
SIMPLEALLOC_API void simplealloc_plan_free(struct simplealloc_plan* plan);
/// Another handle of the same plan, which lives on its own.
SIMPLEALLOC_API int simplealloc_plan_copy(const struct simplealloc_plan* plan,
                                          struct simplealloc_plan** copy,
                                          struct simplealloc_error** error);

/// Best first; empty when nothing satisfies all uses. What is borrowed from a plan lives as long as
/// the handle. The lists and the request are made when one of them is first asked for; while there
/// is no memory for that, the lists are empty and the request is NULL.
SIMPLEALLOC_API const struct simplealloc_candidate* const*
simplealloc_plan_get_candidates(const struct simplealloc_plan* plan);
/// Why the other sources can't serve the request; a source with several reasons is here several
/// times.
SIMPLEALLOC_API const struct simplealloc_rejection* const*
simplealloc_plan_get_rejections(const struct simplealloc_plan* plan);
/// What can't hold together; empty while there is a candidate.
SIMPLEALLOC_API const struct simplealloc_conflict* const*
simplealloc_plan_get_conflicts(const struct simplealloc_plan* plan);
/// What to give up so that a source serves, best first; empty while there is a candidate.
SIMPLEALLOC_API const struct simplealloc_relaxation* const*
simplealloc_plan_get_relaxations(const struct simplealloc_plan* plan);
/// The quotas that count any of its sources, as they were when it was made: an allocation checks
/// them once more.
SIMPLEALLOC_API const struct simplealloc_quota_state* const*
simplealloc_plan_get_quotas(const struct simplealloc_plan* plan);
/// What was planned.
SIMPLEALLOC_API const struct simplealloc_request*
simplealloc_plan_get_request(const struct simplealloc_plan* plan);

/// What to program for the request's `use_index`-th use, with the given candidate's layout. Fails
/// with invalid when an index is out of range, or the use is of a described device.
SIMPLEALLOC_API int simplealloc_plan_setup(const struct simplealloc_plan* plan, size_t use_index,
                                           size_t candidate, struct simplealloc_setup** setup,
                                           struct simplealloc_error** error);

SIMPLEALLOC_END_C
