// SPDX-License-Identifier: MIT
// Plane queries of the mode setting API. None of them needs master or has a side effect.
#include "lib/discovery/drm_planes.hpp"

#include "lib/discovery/in_formats.hpp"
#include "lib/kernel.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <drm.h>
#include <drm_mode.h>
#include <map>

namespace simplealloc {

namespace {

constexpr std::size_t max_rounds = 8;
constexpr std::uint32_t max_entries = 1U << 20U;

std::uint64_t user_pointer(const void* pointer) {
    return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(pointer));
}

/// The kernel's two-call pattern: `ask(count)` says how many entries there are and fills as many as
/// fit. Repeated until the number stands still, as hotplug may change it in between.
template <typename Element, typename Ask>
int read_list(std::vector<Element>& out, Ask ask) {
    out.clear();
    for (std::size_t round = 0; round < max_rounds; ++round) {
        auto count = static_cast<std::uint32_t>(out.size());
        const int result = ask(count);
        if (result < 0)
            return result;
        if (count == out.size())
            return 0;
        if (count > max_entries)
            return -E2BIG;
        out.assign(count, Element{});
    }
    return -EAGAIN;
}

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
        const int answer = kernel::ioctl(fd, DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &request);
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
    if (kernel::ioctl(fd, DRM_IOCTL_MODE_GETPROPERTY, &request) < 0)
        return {};
    return {request.name, strnlen(request.name, sizeof request.name)};
}

int read_blob(int fd, std::uint64_t id, std::vector<std::byte>& out) {
    return read_list(out, [&](std::uint32_t& count) {
        drm_mode_get_blob request = {};
        request.blob_id = static_cast<std::uint32_t>(id);
        request.length = count;
        request.data = user_pointer(out.data());
        const int answer = kernel::ioctl(fd, DRM_IOCTL_MODE_GETPROPBLOB, &request);
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
            const int answer = kernel::ioctl(fd_, DRM_IOCTL_MODE_GETPLANE, &request);
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
        const int answer = kernel::ioctl(fd, DRM_IOCTL_MODE_GETPLANERESOURCES, &request);
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

} // namespace simplealloc
