// SPDX-License-Identifier: MIT
// Formats and layouts from and to C.
#include "lib/c/layout.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/guard.hpp"

#include <simplealloc/constraints.hpp>

#include <algorithm>
#include <span>

static_assert(SIMPLEALLOC_MAX_PLANES == simplealloc::max_planes);
static_assert(SIMPLEALLOC_MODIFIER_INVALID == simplealloc::Modifier::implicit().value);

namespace simplealloc::c {

simplealloc_modifier to_c(Modifier modifier) {
    return {modifier.value, static_cast<simplealloc_modifier_state>(modifier.state)};
}

simplealloc_plane to_c(const Plane& plane) {
    return {plane.dmabuf, plane.offset, plane.stride, plane.size};
}

simplealloc_layout to_c(const Layout& layout) {
    simplealloc_layout out = SIMPLEALLOC_LAYOUT_INIT;
    out.width = layout.width;
    out.height = layout.height;
    out.fourcc = layout.fourcc.value;
    out.modifier = to_c(layout.modifier);
    out.placement = static_cast<simplealloc_placement>(layout.placement);
    out.plane_count = static_cast<std::uint32_t>(std::min(layout.planes.size(), max_planes));
    out.dmabuf_count = static_cast<std::uint32_t>(std::min(layout.dmabuf_sizes.size(), max_planes));
    for (std::size_t i = 0; i < out.plane_count; ++i)
        out.planes[i] = to_c(layout.planes[i]);
    std::copy_n(layout.dmabuf_sizes.begin(), out.dmabuf_count, out.dmabuf_sizes);
    return out;
}

Modifier read_modifier(const simplealloc_modifier& modifier) {
    return {modifier.value, checked(modifier.state, Modifier::State::implicit, "modifier state")};
}

Layout read_layout(const simplealloc_layout* layout) {
    const auto given =
        read_struct(&need(layout, "layout"), simplealloc_layout SIMPLEALLOC_LAYOUT_INIT, "layout");
    if (given.plane_count > max_planes)
        refuse("plane_count", "is above SIMPLEALLOC_MAX_PLANES");
    if (given.dmabuf_count > max_planes)
        refuse("dmabuf_count", "is above SIMPLEALLOC_MAX_PLANES");
    Layout out;
    out.width = given.width;
    out.height = given.height;
    out.fourcc = Fourcc(given.fourcc);
    out.modifier = read_modifier(given.modifier);
    out.placement = checked(given.placement, Placement::per_plane, "placement");
    for (const simplealloc_plane& plane : std::span(given.planes, given.plane_count))
        out.planes.push_back({plane.dmabuf, plane.offset, plane.stride, plane.size});
    out.dmabuf_sizes.assign(given.dmabuf_sizes, given.dmabuf_sizes + given.dmabuf_count);
    return out;
}

namespace {

/// As snprintf().
int print(const std::string& value, char* text, std::size_t size) {
    if (size != 0) {
        const std::size_t count = std::min(value.size(), size - 1);
        need(text, "text");
        value.copy(text, count);
        text[count] = '\0';
    }
    return static_cast<int>(value.size());
}

template <typename T>
T parsed(const char* text) {
    const auto value = T::parse(&need(text, "text"));
    if (!value)
        refuse("text", "names none");
    return *value;
}

} // namespace

} // namespace simplealloc::c

using namespace simplealloc;
using namespace simplealloc::c;

int simplealloc_fourcc_parse(const char* text, std::uint32_t* fourcc) {
    return guarded(nullptr, [&] { need(fourcc, "fourcc") = parsed<Fourcc>(text).value; });
}

int simplealloc_fourcc_to_string(std::uint32_t fourcc, char* text, std::size_t size) {
    return guarded(nullptr, [&] { return print(to_string(Fourcc(fourcc)), text, size); });
}

int simplealloc_modifier_parse(const char* text, simplealloc_modifier* modifier) {
    return guarded(nullptr, [&] { need(modifier, "modifier") = to_c(parsed<Modifier>(text)); });
}

int simplealloc_modifier_to_string(simplealloc_modifier modifier, char* text, std::size_t size) {
    return guarded(nullptr, [&] { return print(to_string(read_modifier(modifier)), text, size); });
}
