// SPDX-License-Identifier: MIT
// Tells when devices and sources of memory come, go or change.
#pragma once

#include <simplealloc/allocator.h>

SIMPLEALLOC_BEGIN_C

/// What happened to the machine.
enum simplealloc_hotplug_kind {
    SIMPLEALLOC_HOTPLUG_ADDED,   ///< a node has come
    SIMPLEALLOC_HOTPLUG_REMOVED, ///< a node has gone
    SIMPLEALLOC_HOTPLUG_CHANGED, ///< a node is another than before
    SIMPLEALLOC_HOTPLUG_RESCAN,  ///< events were lost: everything has to be asked again
};

/// What a node is for.
enum simplealloc_hotplug_subject {
    SIMPLEALLOC_HOTPLUG_DEVICE,  ///< a node that devices stand for
    SIMPLEALLOC_HOTPLUG_HEAP,    ///< memory alone can come from it
    SIMPLEALLOC_HOTPLUG_MACHINE, ///< all of them, with SIMPLEALLOC_HOTPLUG_RESCAN
};

/// Kebab-case, e.g. `added`; static.
SIMPLEALLOC_API const char* simplealloc_hotplug_kind_to_string(enum simplealloc_hotplug_kind kind);
/// Kebab-case, e.g. `device`; static.
SIMPLEALLOC_API const char*
simplealloc_hotplug_subject_to_string(enum simplealloc_hotplug_subject subject);

/// One change. With SIMPLEALLOC_HOTPLUG_RESCAN the names of the node are empty.
struct simplealloc_hotplug_event {
    enum simplealloc_hotplug_kind kind;       ///< what happened
    enum simplealloc_hotplug_subject subject; ///< to what
    const char* path;                         ///< e.g. `/dev/video0`
    const char* name;                         ///< the kernel's, e.g. `video0`
    const char* subsystem;                    ///< e.g. `video4linux`
    const char* id; ///< the device's id that the node has or had; the sysfs path of a heap
    /// Names of sources that have come and gone since the event before; docs/monitor.md.
    /// @{
    const char* const* sources_added;
    const char* const* sources_removed;
    /// @}
};

/// Frees an event; NULL is fine.
SIMPLEALLOC_API void simplealloc_hotplug_event_free(struct simplealloc_hotplug_event* event);

/// Listens to the kernel's hotplug events. It has no thread: the caller waits for its descriptor
/// and calls simplealloc_monitor_next(), which may be called from several threads: each event goes
/// to one of them. It may outlive its allocator.
struct simplealloc_monitor;

/// From now on. Fails with fd-limit, or where sysfs can't be listed.
SIMPLEALLOC_API int simplealloc_allocator_monitor(const struct simplealloc_allocator* allocator,
                                                  struct simplealloc_monitor** monitor,
                                                  struct simplealloc_error** error);
/// Ends listening; NULL is fine.
SIMPLEALLOC_API void simplealloc_monitor_free(struct simplealloc_monitor* monitor);

/// Readable (POLLIN, level-triggered) while something waits to be read; borrowed.
SIMPLEALLOC_API int simplealloc_monitor_get_fd(const struct simplealloc_monitor* monitor);
/// `udev` or `kernel`; static.
SIMPLEALLOC_API const char*
simplealloc_monitor_get_origin(const struct simplealloc_monitor* monitor);
/// Returns 1 and the next event, or 0 and NULL when none waits. Never blocks. Fails where the
/// socket or the machine can't be asked (fd-limit, exhausted); it may be called again then, and no
/// event is lost without a rescan.
SIMPLEALLOC_API int simplealloc_monitor_next(struct simplealloc_monitor* monitor,
                                             struct simplealloc_hotplug_event** event,
                                             struct simplealloc_error** error);

SIMPLEALLOC_END_C
