// SPDX-License-Identifier: MIT
// What DRM planes and GPUs accept.
#include "lib/discovery/limits/capabilities.hpp"
#include "lib/discovery/limits/memory_limits.hpp"
#include "lib/model/v4l2_formats.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace simplealloc {

namespace {

constexpr std::uint64_t linear = 0;

/// What any of the planes takes; the order of the first plane that has it is kept.
void add_formats(const std::vector<FormatSupport>& more, std::vector<FormatSupport>& formats) {
    for (const FormatSupport& format : more) {
        const auto known = std::find_if(formats.begin(), formats.end(), [&](const auto& other) {
            return other.fourcc == format.fourcc;
        });
        if (known == formats.end()) {
            formats.push_back(format);
            continue;
        }
        known->without_modifier = known->without_modifier || format.without_modifier;
        for (const std::uint64_t modifier : format.modifiers)
            if (std::find(known->modifiers.begin(), known->modifiers.end(), modifier) ==
                known->modifiers.end())
                known->modifiers.push_back(modifier);
    }
}

/// A plane may list modifiers that framebuffers can't be given.
void drop_modifiers_unless_supported(const DrmInfo& drm, std::vector<FormatSupport>& formats) {
    if (drm.addfb2_modifiers)
        return;
    std::erase_if(formats, [](const FormatSupport& format) { return !format.without_modifier; });
    for (FormatSupport& format : formats)
        format.modifiers.clear();
}

std::vector<FormatSupport> formats_of(const DrmInfo& drm,
                                      std::initializer_list<const char*> types) {
    std::vector<FormatSupport> formats;
    for (const char* type : types)
        for (const DrmPlane& plane : drm.planes)
            if (plane.type == type)
                add_formats(plane.formats, formats);
    drop_modifiers_unless_supported(drm, formats);
    return formats;
}

void limit_size(solver::CapabilitySet& set, std::uint64_t width, std::uint64_t height,
                const char* origin) {
    if (width != 0 && width < set.constraints.max_width) {
        set.constraints.max_width = width;
        set.evidence[ConstraintKind::max_width] = {Confidence::known, origin};
    }
    if (height != 0 && height < set.constraints.max_height) {
        set.constraints.max_height = height;
        set.evidence[ConstraintKind::max_height] = {Confidence::known, origin};
    }
}

const FormatSupport* find_format(const std::vector<FormatSupport>& formats, Fourcc fourcc) {
    const auto found = std::find_if(formats.begin(), formats.end(),
                                    [&](const FormatSupport& one) { return one.fourcc == fourcc; });
    return found == formats.end() ? nullptr : &*found;
}

/// What overlay planes take of the format beyond what primary planes do.
FormatSupport beyond(const FormatSupport& overlay, const FormatSupport* primary) {
    FormatSupport more = overlay;
    if (primary == nullptr)
        return more;
    more.without_modifier = more.without_modifier && !primary->without_modifier;
    std::erase_if(more.modifiers, [&](std::uint64_t modifier) {
        return std::find(primary->modifiers.begin(), primary->modifiers.end(), modifier) !=
               primary->modifiers.end();
    });
    return more;
}

/// Alone on the screen is what a primary plane shows: SETCRTC takes no other (drm_mode_setcrtc()).
/// So a format or modifier of overlay planes alone is a way of its own, the worse one.
std::vector<solver::CapabilitySet> scanout_ways(const DrmInfo& drm, Fourcc fourcc,
                                                solver::CapabilitySet set) {
    limit_size(set, drm.max_width, drm.max_height, "DRM_IOCTL_MODE_GETRESOURCES");
    const bool sees_primary = std::any_of(drm.planes.begin(), drm.planes.end(),
                                          [](const auto& p) { return p.type == "primary"; });
    if (!sees_primary) {
        set.evidence[ConstraintKind::format] = {Confidence::unknown,
                                                "this descriptor does not show the primary planes"};
        return {std::move(set)};
    }
    const std::vector<FormatSupport> primary = formats_of(drm, {"primary"});
    const std::vector<FormatSupport> overlay = formats_of(drm, {"overlay"});
    const FormatSupport* shown = find_format(primary, fourcc);
    const FormatSupport* above = find_format(overlay, fourcc);
    set.formats = formats_of(drm, {"primary", "overlay"});
    set.evidence[ConstraintKind::format] = {Confidence::known, "DRM planes, IN_FORMATS"};
    const FormatSupport more =
        above != nullptr ? beyond(*above, shown) : FormatSupport{fourcc, {}, false};
    if (!more.without_modifier && more.modifiers.empty())
        return {std::move(set)};
    solver::CapabilitySet over = set;
    over.formats = {more};
    over.evidence[ConstraintKind::format] = {
        Confidence::known, "overlay planes alone, IN_FORMATS: SETCRTC does not show it"};
    over.label = "overlay planes alone";
    if (shown == nullptr)
        return {std::move(over)};
    set.formats = primary;
    return {std::move(set), std::move(over)};
}

/// A display whose driver rounds its own lines up likes such lines, and may refuse others or show
/// them askew; nobody says so, hence it is a preference.
std::vector<solver::CapabilitySet> with_own_pitch(const DrmInfo& drm,
                                                  std::vector<solver::CapabilitySet> ways) {
    const bool bytes = drm.dumb.asked_pitch_align > 1;
    if (!bytes && drm.dumb.asked_width_align <= 1)
        return ways;
    const ConstraintKind kind =
        bytes ? ConstraintKind::stride_align : ConstraintKind::stride_align_pixels;
    std::vector<solver::CapabilitySet> more;
    for (solver::CapabilitySet& way : ways) {
        std::uint64_t& limit =
            bytes ? way.constraints.stride_align : way.constraints.stride_align_pixels;
        const std::uint64_t own = bytes ? drm.dumb.asked_pitch_align : drm.dumb.asked_width_align;
        if (limit % own != 0 || limit == 0) {
            solver::CapabilitySet aligned = way;
            (bytes ? aligned.constraints.stride_align : aligned.constraints.stride_align_pixels) =
                std::lcm(std::max<std::uint64_t>(limit, 1), own);
            aligned.evidence[kind] = {Confidence::assumed,
                                      "as of its own buffers: " + drm.dumb.asked_pitch_origin};
            more.push_back(std::move(aligned));
        }
        more.push_back(std::move(way));
    }
    return more;
}

void add_cursor(const DrmInfo& drm, solver::CapabilitySet& set) {
    limit_size(set, drm.cursor_width, drm.cursor_height, "DRM_CAP_CURSOR_WIDTH, _HEIGHT");
    // The cursor calls of KMS know ARGB8888 alone; a driver may serve them without a plane.
    FormatSupport argb{fourcc::argb8888, {}, true};
    bool has_plane = false;
    for (const FormatSupport& format : formats_of(drm, {"cursor"})) {
        if (format.fourcc != fourcc::argb8888)
            continue;
        has_plane = true;
        if (std::find(format.modifiers.begin(), format.modifiers.end(), linear) !=
            format.modifiers.end())
            argb.modifiers = {linear};
    }
    set.formats = {argb};
    set.evidence[ConstraintKind::format] =
        has_plane ? solver::Evidence{Confidence::known, "DRM cursor planes"}
                  : solver::Evidence{Confidence::assumed, "legacy cursor of KMS"};
}

std::string unknown_to_drm(Fourcc fourcc) {
    return fmt::format("is a DRM device, and {} is a code that only V4L2 devices know",
                       to_string(fourcc));
}

/// DRM's own name for the same bytes, where it has one.
std::string remedy_for(Fourcc fourcc) {
    const V4l2Format* twin = find_v4l2_format(fourcc.v4l2_code());
    if (twin == nullptr || twin->fourcc.is_v4l2())
        return "convert the image by a memory-to-memory device or by the CPU";
    const std::string modifier =
        twin->modifier == 0 ? std::string() : ":" + to_string(Modifier::named(twin->modifier));
    return fmt::format("request {}{}, which are the same bytes", to_string(twin->fourcc), modifier);
}

} // namespace

CapabilitySets drm_capabilities(const DeviceRecord& device, Use use, Fourcc fourcc) {
    if (fourcc.is_v4l2())
        return unsupported_use(device, use, unknown_to_drm(fourcc), remedy_for(fourcc));
    const DrmInfo& drm = *device.drm;
    solver::CapabilitySet set = memory_limits(device, use, fourcc);
    const bool image = fourcc != fourcc::bytes;
    switch (use) {
    case Use::scanout:
    case Use::cursor:
        if (drm.is_render_node)
            return unsupported_use(device, use, "is a render node: it shows nothing",
                                   drm.card_node.empty() ? "" : "name " + drm.card_node);
        if (!drm.kms)
            return unsupported_use(device, use, "has no display controller");
        if (use == Use::cursor && drm.cursor_width == 0)
            return unsupported_use(device, use, "has no cursor");
        if (image && use == Use::scanout)
            return with_own_pitch(drm, scanout_ways(drm, fourcc, std::move(set)));
        if (image)
            add_cursor(drm, set);
        break;
    case Use::render:
    case Use::sample:
        if (drm.render_node.empty())
            return unsupported_use(device, use, "has no render node: it does not draw",
                                   "name the GPU, or describe what draws with the CPU");
        // Which formats a GPU takes is between it and its user-space driver.
        if (image)
            set.evidence[ConstraintKind::format] = {Confidence::assumed,
                                                    "default for GPUs: every format, linear"};
        break;
    case Use::read:
    case Use::write:
        break;
    case Use::capture:
    case Use::encode:
    case Use::decode:
    case Use::m2m_in:
    case Use::m2m_out:
        return unsupported_use(device, use, "is a DRM device, this use is one of V4L2");
    }
    return std::vector{std::move(set)};
}

} // namespace simplealloc
