// SPDX-License-Identifier: MIT
// A DRM node with the planes of a board file.
#include "tests/boards/nodes.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>

namespace simplealloc::boards {

namespace {

constexpr std::uint32_t first_plane = 31;
/// DRM_IOCTL_AMDGPU_INFO, and where drm_amdgpu_info_device has ids_flags.
constexpr unsigned long amdgpu_info = 0x40206445;
constexpr std::size_t amdgpu_ids_flags = 136;
/// DRM_IOCTL_XE_DEVICE_QUERY, and struct drm_xe_query_config with four numbers.
constexpr unsigned long xe_device_query = 0xc0286440;
constexpr std::uint32_t xe_config_size = 40;
constexpr std::size_t xe_config_flags = 16;
enum Property : std::uint32_t { type_property = 1, formats_property = 2 };

template <typename Element>
Element* user(std::uint64_t pointer) {
    return reinterpret_cast<Element*>(static_cast<std::uintptr_t>(pointer));
}

/// The two-call pattern: the count always, the elements when there is room.
template <typename Element>
int fill(const std::vector<Element>& from, std::uint64_t pointer, std::uint32_t& room) {
    if (room >= from.size() && pointer != 0)
        std::copy(from.begin(), from.end(), user<Element>(pointer));
    room = static_cast<std::uint32_t>(from.size());
    return 0;
}

template <typename Value>
void append(std::vector<std::byte>& blob, const Value& value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    blob.insert(blob.end(), bytes, bytes + sizeof value);
}

bool knows_modifiers(const PlaneFormats& plane) {
    return std::any_of(plane.formats.begin(), plane.formats.end(),
                       [](const auto& format) { return !format.second.empty(); });
}

/// struct drm_format_modifier_blob of drivers/gpu/drm/drm_plane.c create_in_format_blob().
std::vector<std::byte> in_formats(const PlaneFormats& plane) {
    std::vector<std::uint64_t> modifiers;
    for (const auto& [code, list] : plane.formats)
        for (const std::uint64_t modifier : list)
            if (std::find(modifiers.begin(), modifiers.end(), modifier) == modifiers.end())
                modifiers.push_back(modifier);
    drm_format_modifier_blob header = {};
    header.version = FORMAT_BLOB_CURRENT;
    header.count_formats = static_cast<std::uint32_t>(plane.formats.size());
    header.formats_offset = sizeof header;
    header.count_modifiers = static_cast<std::uint32_t>(modifiers.size());
    const std::size_t end = sizeof header + plane.formats.size() * sizeof(std::uint32_t);
    header.modifiers_offset = static_cast<std::uint32_t>((end + 7) / 8 * 8);

    std::vector<std::byte> blob;
    append(blob, header);
    for (const auto& format : plane.formats)
        append(blob, format.first);
    blob.resize(header.modifiers_offset);
    for (const std::uint64_t modifier : modifiers) {
        drm_format_modifier entry = {};
        entry.modifier = modifier;
        for (std::size_t i = 0; i < plane.formats.size(); ++i) {
            const auto& list = plane.formats[i].second;
            if (std::find(list.begin(), list.end(), modifier) != list.end())
                entry.formats |= std::uint64_t{1} << i;
        }
        append(blob, entry);
    }
    return blob;
}

class CardNode {
public:
    CardNode(Card card, bool render) : card_(std::move(card)), render_(render) {}

    int ioctl(unsigned long request, void* argument) {
        switch (request) {
        case DRM_IOCTL_VERSION:
            return version(*static_cast<drm_version*>(argument));
        case DRM_IOCTL_GET_CAP:
            return capability(*static_cast<drm_get_cap*>(argument));
        case amdgpu_info:
            return information(static_cast<const std::byte*>(argument));
        case xe_device_query:
            return configuration(static_cast<std::byte*>(argument));
        default:
            return render_ ? -EACCES : card_ioctl(request, argument);
        }
    }

private:
    [[nodiscard]] bool kms() const { return !card_.planes.empty(); }

    int card_ioctl(unsigned long request, void* argument) {
        if (request == DRM_IOCTL_DROP_MASTER)
            return 0;
        if (!kms())
            return -EOPNOTSUPP;
        switch (request) {
        case DRM_IOCTL_SET_CLIENT_CAP:
            universal_ = true;
            return 0;
        case DRM_IOCTL_MODE_GETRESOURCES: {
            auto& out = *static_cast<drm_mode_card_res*>(argument);
            out.count_crtcs = 1;
            out.max_width = card_.max_width;
            out.max_height = card_.max_height;
            return 0;
        }
        case DRM_IOCTL_MODE_GETPLANERESOURCES:
            return planes(*static_cast<drm_mode_get_plane_res*>(argument));
        case DRM_IOCTL_MODE_GETPLANE:
            return plane(*static_cast<drm_mode_get_plane*>(argument));
        case DRM_IOCTL_MODE_OBJ_GETPROPERTIES:
            return properties(*static_cast<drm_mode_obj_get_properties*>(argument));
        case DRM_IOCTL_MODE_GETPROPERTY: {
            auto& out = *static_cast<drm_mode_get_property*>(argument);
            std::strcpy(out.name, out.prop_id == type_property ? "type" : "IN_FORMATS");
            return 0;
        }
        case DRM_IOCTL_MODE_GETPROPBLOB: {
            auto& out = *static_cast<drm_mode_get_blob*>(argument);
            return fill(in_formats(card_.planes.at(out.blob_id - first_plane)), out.data,
                        out.length);
        }
        default:
            return -EINVAL;
        }
    }

    /// DRM_AUTH and DRM_RENDER_ALLOW (amdgpu_drv.c): a card node answers who is authenticated.
    [[nodiscard]] int information(const std::byte* request) const {
        if (card_.name != "amdgpu" || !card_.discrete)
            return -EINVAL;
        if (!render_)
            return -EACCES;
        std::uint64_t pointer = 0; // return_pointer, return_size, query
        std::uint32_t numbers[2] = {};
        std::memcpy(&pointer, request, sizeof pointer);
        std::memcpy(numbers, request + sizeof pointer, sizeof numbers);
        const std::uint64_t flags = *card_.discrete ? 0 : 1; // AMDGPU_IDS_FLAGS_FUSION
        if (numbers[1] != 0x16 || numbers[0] < amdgpu_ids_flags + sizeof flags)
            return -EINVAL;
        std::memcpy(user<std::byte>(pointer) + amdgpu_ids_flags, &flags, sizeof flags);
        return 0;
    }

    /// DRM_RENDER_ALLOW alone (xe_device.c): a card node answers too. The size comes back first.
    [[nodiscard]] int configuration(std::byte* request) const {
        if (card_.name != "xe" || !card_.discrete)
            return -EINVAL;
        std::uint32_t numbers[2] = {}; // query, size
        std::uint64_t pointer = 0;
        std::memcpy(numbers, request + 8, sizeof numbers);
        std::memcpy(&pointer, request + 16, sizeof pointer);
        if (numbers[0] != 2 || (numbers[1] != 0 && numbers[1] != xe_config_size))
            return -EINVAL;
        std::memcpy(request + 12, &xe_config_size, sizeof xe_config_size);
        const std::uint64_t flags = *card_.discrete ? 1 : 0; // FLAG_HAS_VRAM
        if (numbers[1] != 0)
            std::memcpy(user<std::byte>(pointer) + xe_config_flags, &flags, sizeof flags);
        return 0;
    }

    int version(drm_version& out) const {
        if (out.name != nullptr)
            std::memcpy(out.name, card_.name.data(),
                        std::min<std::size_t>(out.name_len, card_.name.size()));
        out.name_len = card_.name.size();
        out.desc_len = out.date_len = 0;
        return 0;
    }

    /// Without mode setting only PRIME and sync objects answer (drm_ioctl.c drm_getcap()).
    int capability(drm_get_cap& out) const {
        if (!kms())
            return -EOPNOTSUPP;
        switch (out.capability) {
        case DRM_CAP_DUMB_BUFFER:
            out.value = card_.dumb ? 1 : 0;
            return 0;
        case DRM_CAP_CURSOR_WIDTH:
            out.value = card_.cursor[0];
            return 0;
        case DRM_CAP_CURSOR_HEIGHT:
            out.value = card_.cursor[1];
            return 0;
        case DRM_CAP_ADDFB2_MODIFIERS:
            out.value = card_.modifiers ? 1 : 0;
            return 0;
        default:
            return -EINVAL;
        }
    }

    int planes(drm_mode_get_plane_res& out) const {
        std::vector<std::uint32_t> ids;
        for (std::size_t i = 0; i < card_.planes.size(); ++i)
            if (universal_ || card_.planes[i].type == "overlay")
                ids.push_back(first_plane + static_cast<std::uint32_t>(i));
        return fill(ids, out.plane_id_ptr, out.count_planes);
    }

    int plane(drm_mode_get_plane& out) const {
        std::vector<std::uint32_t> codes;
        for (const auto& format : card_.planes.at(out.plane_id - first_plane).formats)
            codes.push_back(format.first);
        return fill(codes, out.format_type_ptr, out.count_format_types);
    }

    int properties(drm_mode_obj_get_properties& out) const {
        const PlaneFormats& plane = card_.planes.at(out.obj_id - first_plane);
        std::vector<std::uint32_t> ids{type_property};
        std::vector<std::uint64_t> values{plane.type == "primary"  ? 1U
                                          : plane.type == "cursor" ? 2U
                                                                   : 0U};
        if (knows_modifiers(plane)) {
            ids.push_back(formats_property);
            values.push_back(out.obj_id);
        }
        std::uint32_t room = out.count_props;
        fill(ids, out.props_ptr, room);
        return fill(values, out.prop_values_ptr, out.count_props);
    }

    Card card_;
    bool render_;
    bool universal_ = false;
};

} // namespace

test::IoctlHandler card_answers(const Card& card, bool render_node) {
    const auto node = std::make_shared<CardNode>(card, render_node);
    return [node](int, unsigned long request, void* argument) {
        return node->ioctl(request, argument);
    };
}

} // namespace simplealloc::boards
