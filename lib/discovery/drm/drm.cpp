// SPDX-License-Identifier: MIT
// DRM nodes: kinds and siblings by sysfs, capabilities and planes by ioctl.
#include "lib/discovery/drm/drm.hpp"

#include "lib/discovery/drm/dumb_pitch.hpp"
#include "lib/discovery/drm/memory.hpp"
#include "lib/discovery/drm/planes.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <array>
#include <drm.h>
#include <drm_mode.h>
#include <fmt/format.h>
#include <system_error>

namespace simplealloc {

namespace {

bool is_render(const udev::Node& node) {
    return node.sysname.starts_with("renderD");
}
bool is_card(const udev::Node& node) {
    return node.sysname.starts_with("card") && node.sysname.find('-') == std::string::npos;
}

std::string folder_of(const std::string& syspath) {
    return syspath.substr(0, syspath.rfind('/'));
}

/// Connectors are folders like card0-HDMI-A-1; nothing where sysfs can't be asked.
std::optional<std::vector<std::string>> connectors_of(const std::string& card_syspath) {
    const std::string start = card_syspath.substr(card_syspath.rfind('/') + 1) + "-";
    std::vector<std::string> names;
    if (questions::list_directory(card_syspath, names) < 0)
        return std::nullopt;
    std::erase_if(names, [&](const std::string& name) { return !name.starts_with(start); });
    return names;
}

/// A writeback connector displays nothing.
bool shows_connectors(const udev::Node& card) {
    const auto names = connectors_of(card.syspath);
    return names && std::any_of(names->begin(), names->end(), [](const std::string& name) {
               return name.find("-Writeback-") == std::string::npos;
           });
}

std::optional<std::uint64_t> capability(int fd, std::uint64_t name) {
    drm_get_cap request = {};
    request.capability = name;
    if (questions::ioctl(fd, DRM_IOCTL_GET_CAP, &request) < 0)
        return std::nullopt;
    return request.value;
}

void ask_memory(int fd, DeviceRecord& record) {
    DrmInfo& drm = *record.drm;
    drm.discrete =
        ask_discrete(fd, record.driver, drm.is_render_node ? std::string() : drm.render_node);
    if (drm.discrete)
        record.facts.push_back({"own-memory", *drm.discrete ? "yes: VRAM" : "no: RAM",
                                Confidence::known, record.driver + "'s information call"});
}

void ask_capabilities(int fd, DeviceRecord& record) {
    // Drivers without mode setting answer EOPNOTSUPP to all of these. The PRIME capability is the
    // same everywhere since 6.6, so it is not worth a question.
    DrmInfo& drm = *record.drm;
    drm.dumb.offered = capability(fd, DRM_CAP_DUMB_BUFFER).value_or(0) != 0;
    drm.addfb2_modifiers = capability(fd, DRM_CAP_ADDFB2_MODIFIERS).value_or(0) != 0;
    drm.cursor_width = capability(fd, DRM_CAP_CURSOR_WIDTH).value_or(0);
    drm.cursor_height = capability(fd, DRM_CAP_CURSOR_HEIGHT).value_or(0);
    const auto fact = [&](const char* name, std::string value) {
        record.facts.push_back({name, std::move(value), Confidence::known, "DRM_IOCTL_GET_CAP"});
    };
    fact("dumb-buffers", drm.dumb.offered ? "yes" : "no");
    fact("addfb2-modifiers", drm.addfb2_modifiers ? "yes" : "no");
    if (drm.cursor_width != 0)
        fact("cursor-size", fmt::format("{}x{} pixels", drm.cursor_width, drm.cursor_height));
}

void ask_resources(int fd, DeviceRecord& record) {
    DrmInfo& drm = *record.drm;
    drm_mode_card_res resources = {};
    if (questions::ioctl(fd, DRM_IOCTL_MODE_GETRESOURCES, &resources) < 0)
        return;
    drm.kms = resources.count_crtcs > 0;
    drm.max_width = resources.max_width;
    drm.max_height = resources.max_height;
    record.facts.push_back({"max-size", fmt::format("{}x{} pixels", drm.max_width, drm.max_height),
                            Confidence::known, "DRM_IOCTL_MODE_GETRESOURCES"});
}

std::string summary(const std::vector<DrmPlane>& planes) {
    std::string text;
    for (const char* type : {"primary", "overlay", "cursor"}) {
        const auto count = std::count_if(planes.begin(), planes.end(),
                                         [&](const DrmPlane& plane) { return plane.type == type; });
        if (count > 0)
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, type);
    }
    return text.empty() ? "none" : text;
}

void ask_planes(int fd, bool own, DeviceRecord& record) {
    if (own) {
        drm_set_client_cap request = {};
        request.capability = DRM_CLIENT_CAP_UNIVERSAL_PLANES;
        request.value = 1;
        questions::ioctl(fd, DRM_IOCTL_SET_CLIENT_CAP, &request); // old kernels: overlays alone
    }
    DrmInfo& drm = *record.drm;
    const std::string origin = "DRM_IOCTL_MODE_GETPLANERESOURCES";
    if (const int result = read_planes(fd, drm.planes); result < 0) {
        record.facts.push_back(
            {"planes", std::generic_category().message(-result), Confidence::unknown, origin});
        return;
    }
    record.facts.push_back({"planes", summary(drm.planes), Confidence::known, origin});
    for (const DrmPlane& plane : drm.planes) {
        std::string text;
        for (const FormatSupport& format : plane.formats) {
            text += fmt::format("{}{}", text.empty() ? "" : " ", to_string(format.fourcc));
            for (const std::uint64_t modifier : format.modifiers)
                text += fmt::format(":{}", to_string(Modifier::named(modifier)));
        }
        record.facts.push_back({fmt::format("plane-{}-{}", plane.id, plane.type), text,
                                Confidence::known, "DRM_IOCTL_MODE_GETPLANE, IN_FORMATS"});
    }
}

} // namespace

bool has_connector(const std::string& card_syspath) {
    const auto names = connectors_of(card_syspath);
    return !names || !names->empty();
}

std::string drm_driver_name(int fd) {
    std::array<char, 64> name = {};
    drm_version request = {};
    request.name = name.data();
    request.name_len = name.size();
    if (questions::ioctl(fd, DRM_IOCTL_VERSION, &request) < 0)
        return {};
    // The length comes back whole even when less was copied.
    return {name.data(), std::min<std::size_t>(request.name_len, name.size())};
}

void find_drm_nodes(const udev::Node& node, std::span<const udev::Node> all, DeviceRecord& record) {
    DrmInfo& drm = record.drm.emplace();
    drm.is_render_node = is_render(node);
    const auto add = [&](const udev::Node& sibling) {
        if (is_render(sibling)) {
            drm.render_node = sibling.devnode;
        } else if (is_card(sibling)) {
            drm.card_node = sibling.devnode;
            drm.has_connectors = shows_connectors(sibling);
        }
    };
    for (const udev::Node& sibling : all)
        if (folder_of(sibling.syspath) == folder_of(node.syspath))
            add(sibling);
    add(node);

    const auto fact = [&](const char* name, std::string value) {
        record.facts.push_back({name, std::move(value), Confidence::known, node.syspath});
    };
    if (!drm.card_node.empty())
        fact("card-node", drm.card_node);
    if (!drm.render_node.empty())
        fact("render-node", drm.render_node);
    fact("connectors", drm.has_connectors ? "yes" : "no");
}

void ask_drm(int fd, bool own, DeviceRecord& record) {
    DrmInfo& drm = *record.drm;
    drm.opened = true;
    if (std::string name = drm_driver_name(fd); !name.empty()) {
        record.driver = std::move(name);
        record.facts.push_back({"driver", record.driver, Confidence::known, "DRM_IOCTL_VERSION"});
    }
    ask_memory(fd, record);
    ask_capabilities(fd, record);
    // Mode setting is refused on render nodes (drivers/gpu/drm/drm_ioctl.c).
    if (drm.is_render_node)
        return;
    ask_resources(fd, record);
    if (drm.kms)
        ask_planes(fd, own, record);
    // A handle on the caller's description would be in its way.
    if (own && drm.kms && drm.dumb.offered)
        ask_dumb_pitch(fd, record);
}

std::vector<Use> drm_uses(const DrmInfo& drm) {
    std::vector<Use> uses;
    if (!drm.is_render_node && (drm.opened ? drm.kms : drm.has_connectors))
        uses.push_back(Use::scanout);
    // The capability is no sign: it is 64 for drivers that have no cursor.
    if (std::any_of(drm.planes.begin(), drm.planes.end(),
                    [](const DrmPlane& plane) { return plane.type == "cursor"; }))
        uses.push_back(Use::cursor);
    if (!drm.render_node.empty()) {
        uses.push_back(Use::render);
        uses.push_back(Use::sample);
    }
    return uses;
}

} // namespace simplealloc
