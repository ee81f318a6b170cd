// SPDX-License-Identifier: MIT
#include "lib/discovery/setup.hpp"

#include "lib/base/failure.hpp"
#include "lib/discovery/drm/planes.hpp"
#include "lib/discovery/v4l2/choice.hpp"
#include "lib/discovery/v4l2/try_format.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace simplealloc {

namespace {

/// The fields of both interfaces are 32 bits wide.
class Narrowing {
public:
    std::uint32_t operator()(std::uint64_t value) {
        if (value > std::numeric_limits<std::uint32_t>::max())
            too_large_ = std::max(too_large_, value);
        return static_cast<std::uint32_t>(value);
    }
    [[nodiscard]] std::uint64_t too_large() const { return too_large_; }

private:
    std::uint64_t too_large_ = 0;
};

Error too_large(std::string party, std::uint64_t value) {
    return failure(Stage::layout, Cause::limit, 0, std::move(party),
                   fmt::format("{} bytes do not fit the interface's 32 bits", value));
}

/// End of the last image plane in a dma-buf; nothing on overflow.
std::optional<std::uint64_t> payload(const Layout& layout, std::uint32_t dmabuf) {
    std::uint64_t end = 0;
    for (const Plane& plane : layout.planes) {
        std::uint64_t plane_end = 0;
        if (plane.dmabuf != dmabuf)
            continue;
        if (__builtin_add_overflow(plane.offset, plane.size, &plane_end))
            return std::nullopt;
        end = std::max(end, plane_end);
    }
    return end;
}

Crop crop_of(const Layout& layout, const Crop& visible) {
    if (visible.width == 0 || visible.height == 0)
        return {0, 0, layout.width, layout.height};
    return {0, 0, std::min(visible.width, layout.width), std::min(visible.height, layout.height)};
}

/// The planes for the use that take the setup's format, primary ones first.
void add_planes(const DrmInfo& drm, Use use, DrmSetup& setup) {
    if (use != Use::scanout && use != Use::cursor)
        return;
    const auto add = [&](std::string_view type) {
        const std::size_t before = setup.planes.size();
        for (const DrmPlane& plane : drm.planes)
            if (plane.type == type && takes(plane, setup))
                setup.planes.push_back(plane.id);
        return setup.planes.size() > before;
    };
    if (use == Use::cursor) {
        add("cursor");
        return;
    }
    const bool by_primary = add("primary");
    setup.overlay_only = add("overlay") && !by_primary;
}

Result<Setup> v4l2_setup(const DeviceRecord& device, const DeviceUse& use, const Layout& layout) {
    const auto choice = choose_format(*device.v4l2, use.use, layout);
    if (!choice || layout.planes.empty())
        return failure(Stage::layout, Cause::unsupported, 0, party_name(device, use.use),
                       fmt::format("no queue has a pixel format for {} {}",
                                   to_string(layout.fourcc), to_string(layout.modifier)));
    V4l2Setup v4l2;
    v4l2.pixelformat = choice->format.pixelformat;
    v4l2.multiplanar = is_multiplanar(*choice->queue);
    v4l2.width = layout.width;
    v4l2.height = layout.height;

    // A driver may want a larger image than the planes are, and refuses a buffer of less.
    const auto tried = ask_try_format(device, use.use, *choice, layout);
    if (tried && is_coded_size(*tried, use.use, layout)) {
        v4l2.width = tried->width;
        v4l2.height = tried->height;
    }
    Narrowing narrow;
    const std::size_t count = choice->format.per_plane ? layout.planes.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
        const Plane& plane = layout.planes[i];
        const auto used = payload(layout, plane.dmabuf);
        if (!used || plane.dmabuf >= layout.dmabuf_sizes.size())
            return failure(Stage::layout, Cause::invalid, 0, party_name(device, use.use),
                           fmt::format("plane {} lies outside of every dma-buf", i));
        const std::uint64_t wanted = tried && i < tried->planes.size() ? tried->planes[i].size : 0;
        const std::uint64_t size =
            wanted <= layout.dmabuf_sizes[plane.dmabuf] ? std::max(*used, wanted) : *used;
        v4l2.planes.push_back({plane.dmabuf, narrow(plane.stride), narrow(size), narrow(size)});
    }
    if (narrow.too_large() != 0)
        return too_large(party_name(device, use.use), narrow.too_large());
    Setup setup;
    setup.v4l2 = std::move(v4l2);
    return setup;
}

} // namespace

Result<DrmSetup> make_drm_setup(const DeviceRecord& device, const Layout& layout) {
    if (layout.fourcc == fourcc::bytes)
        return failure(Stage::layout, Cause::invalid, 0, device.path,
                       "plain bytes have no format to program");
    DrmSetup drm;
    if (layout.planes.size() > drm.pitches.size())
        return failure(Stage::layout, Cause::invalid, 0, device.path,
                       fmt::format("a framebuffer has 4 planes, not {}", layout.planes.size()));
    Narrowing narrow;
    drm.fourcc = layout.fourcc;
    drm.width = layout.width;
    drm.height = layout.height;
    drm.plane_count = static_cast<std::uint32_t>(layout.planes.size());
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        drm.dmabufs[i] = layout.planes[i].dmabuf;
        drm.pitches[i] = narrow(layout.planes[i].stride);
        drm.offsets[i] = narrow(layout.planes[i].offset);
    }
    drm.modifier = layout.modifier.value;
    drm.pass_modifier =
        layout.modifier.state == Modifier::State::named && device.drm->addfb2_modifiers;
    if (narrow.too_large() != 0)
        return too_large(device.path, narrow.too_large());
    return drm;
}

Result<Setup> make_setup(const DeviceRecord& device, const DeviceUse& use, const Layout& layout,
                         const Crop& visible) {
    if (layout.fourcc == fourcc::bytes)
        return failure(Stage::request, Cause::invalid, 0, party_name(device, use.use),
                       "plain bytes have no format to program");
    if (device.drm) {
        auto drm = make_drm_setup(device, layout);
        if (!drm)
            return std::move(drm).error();
        drm->crop = crop_of(layout, visible);
        add_planes(*device.drm, use.use, *drm);
        return Setup{{}, std::move(*drm)};
    }
    if (device.v4l2) {
        auto setup = v4l2_setup(device, use, layout);
        if (setup)
            setup->v4l2->crop = crop_of(layout, visible);
        return setup;
    }
    return failure(Stage::request, Cause::invalid, 0, party_name(device, use.use),
                   device.described ? "is described by the caller, who knows how to program it"
                                    : "is programmed by calls of its own driver");
}

} // namespace simplealloc
