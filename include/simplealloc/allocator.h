// SPDX-License-Identifier: MIT
// The entry point: finds devices and sources, plans, allocates.
#pragma once

#include <simplealloc/check.h>
#include <simplealloc/offer.h>
#include <simplealloc/policy.h>
#include <simplealloc/prepared.h>
#include <simplealloc/stats.h>

SIMPLEALLOC_BEGIN_C

/// Bounds a plan with all that is told about it: candidates, rejections, the conflict and what to
/// give up. The default is what a compositor's main loop can bear: some 10 ms of CPU. The kernel's
/// and drivers' part is not counted, nor is what discovery finds on the machine itself.
///
/// A request whose alternatives can't even be read within it fails with limit, stage request. Where
/// it is spent later, sources that are not decided are rejected by `search-limit`, a conflict may
/// not be minimal or is `search-limit` itself, and fewer relaxations are offered. Nothing is called
/// impossible for want of budget, and every candidate is as valid as without a bound.
struct simplealloc_budget {
    /// About one instruction of a 64-bit CPU each, charged by what a step costs at most. 0: the
    /// default, 40 million.
    uint64_t work;
    /// Held at a time, the plan's own copy of the request and the plan included. 0: the default,
    /// 16 MiB.
    uint64_t bytes;
};

/// Settings for all requests of an allocator. What a request says counts first, then what is said
/// here, then the policy file. Nothing of it is needed after the call. Lists have NULL behind the
/// last; a NULL list is an empty one.
struct simplealloc_allocator_options {
    size_t size;                ///< of this struct
    const char* const* without; ///< backends or sources that are never used
    const char* const* order;   ///< what ranks first; empty: as the policy file says
    enum simplealloc_choice
        any_device; ///< as in simplealloc_request; by default as the policy file says
    enum simplealloc_choice strict;         ///< likewise
    size_t quota_count;                     ///< how many `quotas`
    const struct simplealloc_quota* quotas; ///< each replaces that of the same name in the file
    /// The policy file; NULL or empty: /etc/libsimplealloc/policy.conf, if there is one.
    const char* policy_path;
    /// Quirk files, and folders of *.quirks files, separated by colons. They are read after the
    /// built-in rows and those of SIMPLEALLOC_QUIRKS, so theirs win; may be NULL.
    const char* quirk_path;
    /// What each plan may cost at most, also those of check, prepared and pool functions. Who plans
    /// for strangers leaves it as it is.
    struct simplealloc_budget budget;
};

/// Says nothing; what NULL stands for.
#define SIMPLEALLOC_ALLOCATOR_OPTIONS_INIT                                                         \
    {                                                                                              \
        sizeof(struct simplealloc_allocator_options), NULL, NULL, SIMPLEALLOC_CHOICE_DEFAULT,      \
            SIMPLEALLOC_CHOICE_DEFAULT, 0, NULL, NULL, NULL, {                                     \
            0, 0                                                                                   \
        }                                                                                          \
    }

/// A place that memory can come from.
struct simplealloc_source {
    const char* name;                            ///< e.g. `dma-heap:system`
    const char* backend;                         ///< e.g. `dma-heap`
    const char* path;                            ///< the node
    bool usable;                                 ///< whether this process may allocate from it
    const char* reason;                          ///< why not
    const char* remedy;                          ///< what would make it usable; may be empty
    const struct simplealloc_fact* const* facts; ///< what it guarantees, and how that is known
    struct simplealloc_source_offer offer;       ///< the same as values
};

/// All sources of a machine.
struct simplealloc_sources {
    const struct simplealloc_source* const* sources; ///< with NULL behind the last
};

/// All devices of a machine.
struct simplealloc_devices {
    const struct simplealloc_device* const* devices; ///< with NULL behind the last
};

/// Frees the list; NULL is fine.
SIMPLEALLOC_API void simplealloc_sources_free(struct simplealloc_sources* sources);
/// Frees the list with its devices (see simplealloc_device_copy()); NULL is fine.
SIMPLEALLOC_API void simplealloc_devices_free(struct simplealloc_devices* devices);

/// Thread-safe: all functions but simplealloc_allocator_free() may be called from several threads
/// at once.
struct simplealloc_allocator;

/// Environment: SIMPLEALLOC_DISABLE names backends or sources to leave out, separated by commas or
/// blanks; SIMPLEALLOC_QUIRKS names further quirk files and folders, separated by colons. A set-uid
/// program ignores the environment. `options` may be NULL.
///
/// Fails with invalid where a quirk or policy file is wrong or an option names no backend, and with
/// gone or denied where one can't be read.
SIMPLEALLOC_API int simplealloc_allocator_open(const struct simplealloc_allocator_options* options,
                                               struct simplealloc_allocator** allocator,
                                               struct simplealloc_error** error);
/// Frees it; what was made with it lives on. NULL is fine.
SIMPLEALLOC_API void simplealloc_allocator_free(struct simplealloc_allocator* allocator);

/// Asks a DRM or V4L2 node, opened and closed again; accelerators and nodes that quirk rows name
/// are not opened. That this process may not open it is a fact of the device, not an error. Fails
/// with gone (no such node) or invalid (not such a device).
SIMPLEALLOC_API int simplealloc_allocator_device(const struct simplealloc_allocator* allocator,
                                                 const char* path,
                                                 struct simplealloc_device** device,
                                                 struct simplealloc_error** error);
/// The same for an open node. The descriptor is duplicated: the caller keeps its own, and may close
/// it.
SIMPLEALLOC_API int simplealloc_allocator_device_fd(const struct simplealloc_allocator* allocator,
                                                    int fd, enum simplealloc_queue_access access,
                                                    struct simplealloc_device** device,
                                                    struct simplealloc_error** error);
/// The same by number: a dev_t of stat() or makedev(), as linux-dmabuf's main_device and
/// VK_EXT_physical_device_drm name devices. Fails with gone where no character device has it, or
/// where the node that udev names does not lead to it in this process's /dev (a sandbox).
SIMPLEALLOC_API int
simplealloc_allocator_device_number(const struct simplealloc_allocator* allocator, uint64_t number,
                                    struct simplealloc_device** device,
                                    struct simplealloc_error** error);
/// All nodes that are devices, from sysfs and udev. A V4L2 node of which those don't tell what it
/// is for is opened where that is allowed, and asked by VIDIOC_QUERYCAP; no other is.
SIMPLEALLOC_API int simplealloc_allocator_devices(const struct simplealloc_allocator* allocator,
                                                  struct simplealloc_devices** devices,
                                                  struct simplealloc_error** error);
/// All sources of this machine; those bound to a device are listed for every device. No node is
/// opened.
SIMPLEALLOC_API int simplealloc_allocator_sources(const struct simplealloc_allocator* allocator,
                                                  struct simplealloc_sources** sources,
                                                  struct simplealloc_error** error);

/// The policy that is in force, value by value; a request may still say otherwise.
SIMPLEALLOC_API int simplealloc_allocator_policy(const struct simplealloc_allocator* allocator,
                                                 struct simplealloc_policy** policy,
                                                 struct simplealloc_error** error);
/// How many bytes living buffers of this allocator hold, as its quotas count them. `of` is a
/// backend, a source, or NULL or empty for everything.
SIMPLEALLOC_API int simplealloc_allocator_held(const struct simplealloc_allocator* allocator,
                                               const char* of, uint64_t* bytes,
                                               struct simplealloc_error** error);
/// What came from which source and what failed, since this allocator was opened.
SIMPLEALLOC_API int simplealloc_allocator_stats(const struct simplealloc_allocator* allocator,
                                                struct simplealloc_stats** stats,
                                                struct simplealloc_error** error);

/// Allocates nothing. A request that nothing satisfies still gives a plan, with the conflict; an
/// error means that the request itself is wrong.
SIMPLEALLOC_API int simplealloc_allocator_plan(const struct simplealloc_allocator* allocator,
                                               const struct simplealloc_request* request,
                                               struct simplealloc_plan** plan,
                                               struct simplealloc_error** error);
/// Returns 1 when a plan that is made now would have the same devices and sources to choose from,
/// and 0 when not.
SIMPLEALLOC_API int simplealloc_allocator_is_current(const struct simplealloc_allocator* allocator,
                                                     const struct simplealloc_plan* plan,
                                                     struct simplealloc_error** error);
/// Tries the plan's candidates in order, each once; one that would exceed a quota fails with limit.
/// On failure nothing is left behind, and the error's `attempts` have every try. `options` may be
/// NULL.
SIMPLEALLOC_API int simplealloc_allocator_allocate(
    const struct simplealloc_allocator* allocator, const struct simplealloc_plan* plan,
    const struct simplealloc_allocate_options* options, struct simplealloc_buffer** buffer,
    struct simplealloc_error** error);
/// Plans and allocates.
SIMPLEALLOC_API int simplealloc_allocator_allocate_request(
    const struct simplealloc_allocator* allocator, const struct simplealloc_request* request,
    const struct simplealloc_allocate_options* options, struct simplealloc_buffer** buffer,
    struct simplealloc_error** error);
/// For many allocations of one plan; opens nothing yet.
SIMPLEALLOC_API int simplealloc_allocator_prepare(
    const struct simplealloc_allocator* allocator, const struct simplealloc_plan* plan,
    const struct simplealloc_allocate_options* options, struct simplealloc_prepared** prepared,
    struct simplealloc_error** error);

/// A buffer for dma-bufs that something else allocated, to map, set up and check like one's own. It
/// has no share of a quota. Fails with invalid where layout and dma-bufs don't fit together, or
/// this machine has no such source.
SIMPLEALLOC_API int simplealloc_allocator_adopt(const struct simplealloc_allocator* allocator,
                                                const struct simplealloc_foreign_buffer* foreign,
                                                struct simplealloc_buffer** buffer,
                                                struct simplealloc_error** error);
/// Whether a buffer serves one more use; see simplealloc_check. Nothing is allocated, and nothing
/// changes but for test imports, which are taken back. An error means that the use itself is wrong
/// or the buffer has no layout that could be judged. `options` may be NULL.
SIMPLEALLOC_API int simplealloc_allocator_check(const struct simplealloc_allocator* allocator,
                                                const struct simplealloc_buffer* buffer,
                                                const struct simplealloc_device_use* use,
                                                const struct simplealloc_check_options* options,
                                                struct simplealloc_check** check,
                                                struct simplealloc_error** error);

SIMPLEALLOC_END_C
