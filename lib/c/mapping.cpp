// SPDX-License-Identifier: MIT
// The CPU's turns of C.
#include "lib/c/mapping.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/layout.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

namespace simplealloc::c {

Access read_access(const simplealloc_access& access) {
    const Access read = checked(access, Access::read_write, "access");
    if (read == Access{})
        refuse("access", "is neither to read nor to write");
    return read;
}

static simplealloc_plane_view to_c(const PlaneView& view, Arena& /*arena*/) {
    return {to_c(view.plane), view.bytes.data(), view.bytes.size(), view.rows, view.row_bytes};
}

} // namespace simplealloc::c

simplealloc_mapped_planes::simplealloc_mapped_planes(MappedPlanes what)
    : planes(std::move(what)), views(arena.list(planes.planes())),
      none(arena.list(std::span<const PlaneView>())) {}

void* simplealloc_mapping_get_data(const simplealloc_mapping* mapping, std::size_t* size) {
    const auto bytes = got(mapping, [](const auto& m) { return m.mapping.bytes(); });
    if (size != nullptr)
        *size = bytes.size();
    return bytes.data();
}

int simplealloc_mapping_finish(simplealloc_mapping* mapping, simplealloc_error** error) {
    return guarded(error, [&] { return need(mapping, "mapping").mapping.finish(); });
}

void simplealloc_mapping_free(simplealloc_mapping* mapping) {
    delete mapping;
}

const simplealloc_plane_view* const*
simplealloc_mapped_planes_get_views(const simplealloc_mapped_planes* planes) {
    return got(planes, [](const auto& p) { return p.views; });
}

int simplealloc_mapped_planes_finish(simplealloc_mapped_planes* planes, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& ended = need(planes, "planes");
        ended.views = ended.none;
        return ended.planes.finish();
    });
}

void simplealloc_mapped_planes_free(simplealloc_mapped_planes* planes) {
    delete planes;
}
