// SPDX-License-Identifier: MIT
// Monitors of C.
#include "lib/c/allocator.hpp"
#include "lib/c/arguments.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"

#include <simplealloc/monitor.h>
#include <simplealloc/monitor.hpp>

using namespace simplealloc;
using namespace simplealloc::c;

struct simplealloc_monitor {
    Monitor monitor;
};

namespace simplealloc::c {

static simplealloc_hotplug_event to_c(const HotplugEvent& event, Arena& arena) {
    return {static_cast<simplealloc_hotplug_kind>(event.kind),
            static_cast<simplealloc_hotplug_subject>(event.subject),
            arena.text(event.path),
            arena.text(event.name),
            arena.text(event.subsystem),
            arena.text(event.id),
            arena.texts(event.sources_added),
            arena.texts(event.sources_removed)};
}

} // namespace simplealloc::c

void simplealloc_hotplug_event_free(simplealloc_hotplug_event* event) {
    take_back(event);
}

int simplealloc_allocator_monitor(const simplealloc_allocator* allocator,
                                  simplealloc_monitor** monitor, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(monitor, "monitor");
        return give(out, need(allocator, "allocator").allocator.monitor());
    });
}

void simplealloc_monitor_free(simplealloc_monitor* monitor) {
    delete monitor;
}

int simplealloc_monitor_get_fd(const simplealloc_monitor* monitor) {
    return monitor == nullptr ? -1 : monitor->monitor.fd();
}

const char* simplealloc_monitor_get_origin(const simplealloc_monitor* monitor) {
    return got(monitor, [](const auto& m) { return m.monitor.origin().data(); });
}

int simplealloc_monitor_next(simplealloc_monitor* monitor, simplealloc_hotplug_event** event,
                             simplealloc_error** error) {
    return guarded(error, [&]() -> Result<bool> {
        auto& out = emptied(event, "event");
        auto next = need(monitor, "monitor").monitor.next();
        if (!next)
            return std::move(next).error();
        if (*next)
            out = hand_out<simplealloc_hotplug_event>(**next);
        return out != nullptr;
    });
}

const char* simplealloc_hotplug_kind_to_string(simplealloc_hotplug_kind kind) {
    return to_string(unchecked<HotplugKind>(kind)).data();
}

const char* simplealloc_hotplug_subject_to_string(simplealloc_hotplug_subject subject) {
    return to_string(unchecked<HotplugSubject>(subject)).data();
}
