// SPDX-License-Identifier: MIT
// Timelines of C.
#include "lib/c/arguments.hpp"
#include "lib/c/device.hpp"
#include "lib/c/fence.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/timeout.hpp"

#include <simplealloc/timeline.h>
#include <simplealloc/timeline.hpp>

using namespace simplealloc;
using namespace simplealloc::c;

struct simplealloc_timeline {
    Timeline timeline;
};

namespace {

const Timeline& read(const simplealloc_timeline* timeline) {
    return need(timeline, "timeline").timeline;
}

PointState read(const simplealloc_point_state& state) {
    return checked(state, PointState::over, "state");
}

} // namespace

int simplealloc_timeline_create(const simplealloc_device* device, simplealloc_timeline** timeline,
                                simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(timeline, "timeline");
        out = new simplealloc_timeline{Timeline::create(need(device, "device").device).value()};
    });
}

int simplealloc_timeline_create_fd(int node, simplealloc_timeline** timeline,
                                   simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(timeline, "timeline");
        out = new simplealloc_timeline{Timeline::create(node).value()};
    });
}

int simplealloc_timeline_import(const simplealloc_device* device, int syncobj,
                                simplealloc_timeline** timeline, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(timeline, "timeline");
        const Device& on = need(device, "device").device;
        out = new simplealloc_timeline{Timeline::import(on, syncobj).value()};
    });
}

int simplealloc_timeline_import_fd(int node, int syncobj, simplealloc_timeline** timeline,
                                   simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(timeline, "timeline");
        out = new simplealloc_timeline{Timeline::import(node, syncobj).value()};
    });
}

void simplealloc_timeline_free(simplealloc_timeline* timeline) {
    delete timeline;
}

int simplealloc_timeline_export_fd(const simplealloc_timeline* timeline,
                                   simplealloc_error** error) {
    return guarded(error, [&] { return read(timeline).export_fd().value().release(); });
}

int simplealloc_timeline_signal(const simplealloc_timeline* timeline, std::uint64_t point,
                                simplealloc_error** error) {
    return guarded(error, [&] { read(timeline).signal(point).value(); });
}

int simplealloc_timeline_import_sync_file(const simplealloc_timeline* timeline, int sync_file,
                                          std::uint64_t point, simplealloc_error** error) {
    return guarded(error, [&] { read(timeline).import_sync_file(sync_file, point).value(); });
}

int simplealloc_timeline_export_sync_file(const simplealloc_timeline* timeline, std::uint64_t point,
                                          simplealloc_fence** fence, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(fence, "fence");
        out = new simplealloc_fence{read(timeline).export_sync_file(point).value()};
    });
}

int simplealloc_timeline_wait(const simplealloc_timeline* timeline, std::uint64_t point,
                              std::int64_t timeout_ns, simplealloc_point_state state,
                              simplealloc_error** error) {
    return guarded(error, [&]() -> int {
        return read(timeline).wait(point, to_timeout(timeout_ns), read(state)).value();
    });
}

int simplealloc_timeline_event(const simplealloc_timeline* timeline, std::uint64_t point,
                               simplealloc_point_state state, simplealloc_error** error) {
    return guarded(error,
                   [&] { return read(timeline).event(point, read(state)).value().release(); });
}

int simplealloc_timeline_last_point(const simplealloc_timeline* timeline,
                                    simplealloc_point_state state, std::uint64_t* point,
                                    simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = need(point, "point");
        out = read(timeline).last_point(read(state)).value();
    });
}

int simplealloc_timeline_get_fd(const simplealloc_timeline* timeline) {
    return timeline == nullptr ? -1 : timeline->timeline.fd();
}

std::uint32_t simplealloc_timeline_get_handle(const simplealloc_timeline* timeline) {
    return timeline == nullptr ? 0 : timeline->timeline.handle();
}
