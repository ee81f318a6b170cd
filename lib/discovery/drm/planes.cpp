// SPDX-License-Identifier: MIT
// Plane queries of the mode setting API. None of them needs master or has a side effect.
#include "lib/discovery/drm/planes.hpp"

#include "lib/discovery/drm/in_formats.hpp"
#include "lib/discovery/drm/list.hpp"
#include "lib/kernel/questions.hpp"

#include <array>
#include <cstring>
#include <drm.h>
#include <drm_mode.h>

namespace simplealloc {

namespace {

struct Property {
    std::uint32_t id;
    std::uint64_t value;
};

int read_properties(int fd, std::uint32_t plane, std::vector<Property>& out) {
    std::vector<std::uint32_t> ids;
    std::vector<std::uint64_t> values;
    const int result = read_list(ids, [&](std::uint32_t& count) {
        values.assign(ids.size(), 0);
        drm_mode_obj_get_properties request = {};
        request.obj_id = plane;
        request.obj_type = DRM_MODE_OBJECT_PLANE;
        request.count_props = count;
        request.props_ptr = user_pointer(ids.data());
        request.prop_values_ptr = user_pointer(values.data());
        const int answer = questions::ioctl(fd, DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &request);
        count = request.count_props;
        return answer;
    });
    for (std::size_t i = 0; result >= 0 && i < ids.size(); ++i)
        out.push_back({ids[i], values[i]});
    return result;
}

std::string property_name(int fd, std::uint32_t id) {
    drm_mode_get_property request = {};
    request.prop_id = id;
    if (questions::ioctl(fd, DRM_IOCTL_MODE_GETPROPERTY, &request) < 0)
        return {};
    return {request.name, strnlen(request.name, sizeof request.name)};
}

int read_blob(int fd, std::uint64_t id, std::vector<std::byte>& out) {
    return read_list(out, [&](std::uint32_t& count) {
        drm_mode_get_blob request = {};
        request.blob_id = static_cast<std::uint32_t>(id);
        request.length = count;
        request.data = user_pointer(out.data());
        const int answer = questions::ioctl(fd, DRM_IOCTL_MODE_GETPROPBLOB, &request);
        count = request.length;
        return answer;
    });
}

/// Values of the immutable `type` property: DRM_PLANE_TYPE_* of the kernel.
std::string type_name(std::uint64_t type) {
    constexpr std::array<const char*, 3> names{"overlay", "primary", "cursor"};
    return type < names.size() ? names[static_cast<std::size_t>(type)] : "unknown";
}

class PlaneReader {
public:
    explicit PlaneReader(int fd) : fd_(fd) {}

    std::optional<DrmPlane> read(std::uint32_t id) {
        std::vector<std::uint32_t> codes;
        const int listed = read_list(codes, [&](std::uint32_t& count) {
            drm_mode_get_plane request = {};
            request.plane_id = id;
            request.count_format_types = count;
            request.format_type_ptr = user_pointer(codes.data());
            const int answer = questions::ioctl(fd_, DRM_IOCTL_MODE_GETPLANE, &request);
            count = request.count_format_types;
            return answer;
        });
        if (listed < 0)
            return std::nullopt;

        // Without IN_FORMATS the driver knows no modifiers.
        DrmPlane plane{id, "overlay", {}};
        for (const std::uint32_t code : codes)
            plane.formats.push_back({Fourcc(code), {}, true});
        std::vector<Property> properties;
        if (read_properties(fd_, id, properties) < 0)
            return plane;
        for (const Property& property : properties) {
            const std::string& name = name_of(property.id);
            if (name == "type")
                plane.type = type_name(property.value);
            else if (name == "IN_FORMATS" && property.value != 0)
                read_modifiers(property.value, plane);
        }
        return plane;
    }

private:
    /// Planes share their properties.
    const std::string& name_of(std::uint32_t id) {
        const auto known = names_.find(id);
        if (known != names_.end())
            return known->second;
        return names_.emplace(id, property_name(fd_, id)).first->second;
    }

    void read_modifiers(std::uint64_t blob_id, DrmPlane& plane) const {
        std::vector<std::byte> blob;
        if (read_blob(fd_, blob_id, blob) < 0)
            return;
        if (auto formats = parse_in_formats(blob))
            plane.formats = std::move(*formats);
    }

    int fd_;
    std::map<std::uint32_t, std::string> names_;
};

} // namespace

int read_planes(int fd, std::vector<DrmPlane>& out) {
    std::vector<std::uint32_t> ids;
    const int listed = read_list(ids, [&](std::uint32_t& count) {
        drm_mode_get_plane_res request = {};
        request.count_planes = count;
        request.plane_id_ptr = user_pointer(ids.data());
        const int answer = questions::ioctl(fd, DRM_IOCTL_MODE_GETPLANERESOURCES, &request);
        count = request.count_planes;
        return answer;
    });
    if (listed < 0)
        return listed;
    PlaneReader reader(fd);
    for (const std::uint32_t id : ids)
        if (auto plane = reader.read(id))
            out.push_back(std::move(*plane));
    return 0;
}

std::map<std::string, std::uint32_t> plane_property_ids(int fd, std::uint32_t plane) {
    std::map<std::string, std::uint32_t> ids;
    std::vector<Property> properties;
    if (read_properties(fd, plane, properties) < 0)
        return ids;
    for (const Property& property : properties)
        ids.emplace(property_name(fd, property.id), property.id);
    return ids;
}

bool takes(const DrmPlane& plane, const DrmSetup& setup) {
    return std::any_of(plane.formats.begin(), plane.formats.end(), [&](const FormatSupport& one) {
        if (one.fourcc != setup.fourcc)
            return false;
        return setup.pass_modifier ? std::find(one.modifiers.begin(), one.modifiers.end(),
                                               setup.modifier) != one.modifiers.end()
                                   : one.without_modifier;
    });
}

} // namespace simplealloc
