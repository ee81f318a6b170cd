// SPDX-License-Identifier: MIT
// One call for each driver whose parts come with and without memory of their own. The headers of
// these drivers are no strict C++, so what is needed of them is declared here.
#include "lib/discovery/drm/memory.hpp"

#include "lib/kernel/device_node.hpp"
#include "lib/kernel/kernel.hpp"

#include <simplealloc/unique_fd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <drm.h>
#include <fcntl.h>
#include <iterator>
#include <vector>

namespace simplealloc {

namespace {

std::uint64_t pointer_to(void* data) {
    return reinterpret_cast<std::uintptr_t>(data);
}

template <typename Value>
Value value_at(const std::byte* data) {
    Value value;
    std::memcpy(&value, data, sizeof(value));
    return value;
}

/// include/uapi/drm/amdgpu_drm.h struct drm_amdgpu_info.
struct AmdgpuInfo {
    std::uint64_t return_pointer;
    std::uint32_t return_size;
    std::uint32_t query;
    std::array<std::uint32_t, 4> arguments;
};
constexpr unsigned long amdgpu_info = DRM_IOW(DRM_COMMAND_BASE + 0x05, AmdgpuInfo);
constexpr std::uint32_t amdgpu_dev_info = 0x16;
/// struct drm_amdgpu_info_device up to ids_flags, and the flag for a part of a processor.
constexpr std::size_t amdgpu_ids_flags = 136;
constexpr std::uint64_t amdgpu_fusion = 0x1;

/// A part of a processor has a carveout of RAM that it calls VRAM.
std::optional<bool> ask_amdgpu(int fd) {
    std::array<std::byte, amdgpu_ids_flags + sizeof(std::uint64_t)> device = {};
    AmdgpuInfo request = {};
    request.return_pointer = pointer_to(device.data());
    request.return_size = device.size();
    request.query = amdgpu_dev_info;
    if (kernel::ioctl(fd, amdgpu_info, &request) < 0)
        return std::nullopt;
    return (value_at<std::uint64_t>(device.data() + amdgpu_ids_flags) & amdgpu_fusion) == 0;
}

/// include/uapi/drm/i915_drm.h struct drm_i915_query_item, drm_i915_query.
struct I915QueryItem {
    std::uint64_t query_id;
    std::int32_t length;
    std::uint32_t flags;
    std::uint64_t data_ptr;
};
struct I915Query {
    std::uint32_t num_items;
    std::uint32_t flags;
    std::uint64_t items_ptr;
};
constexpr unsigned long i915_query = DRM_IOWR(DRM_COMMAND_BASE + 0x39, I915Query);
constexpr std::uint64_t i915_memory_regions = 4;
/// struct drm_i915_query_memory_regions: a count and reserved words, then regions of 88 bytes that
/// begin with their class.
constexpr std::size_t i915_regions_head = 16;
constexpr std::size_t i915_region_size = 88;
constexpr std::uint16_t i915_class_device = 1;

/// Asks twice: for the size of the answer, then for the answer.
std::optional<bool> ask_i915(int fd) {
    I915QueryItem item = {};
    item.query_id = i915_memory_regions;
    I915Query request = {1, 0, pointer_to(&item)};
    constexpr std::int32_t most = 1 << 16;
    if (kernel::ioctl(fd, i915_query, &request) < 0 || item.length > most ||
        item.length < static_cast<std::int32_t>(i915_regions_head))
        return std::nullopt;
    std::vector<std::byte> answer(static_cast<std::size_t>(item.length));
    item.data_ptr = pointer_to(answer.data());
    if (kernel::ioctl(fd, i915_query, &request) < 0 || item.length < 0)
        return std::nullopt;
    const std::size_t room = (answer.size() - i915_regions_head) / i915_region_size;
    const std::size_t count = std::min<std::size_t>(value_at<std::uint32_t>(answer.data()), room);
    for (std::size_t i = 0; i < count; ++i)
        if (value_at<std::uint16_t>(answer.data() + i915_regions_head + i * i915_region_size) ==
            i915_class_device)
            return true;
    return false;
}

/// include/uapi/drm/nouveau_drm.h struct drm_nouveau_getparam.
struct NouveauParameter {
    std::uint64_t which;
    std::uint64_t value;
};
constexpr unsigned long nouveau_getparam = DRM_IOWR(DRM_COMMAND_BASE + 0x00, NouveauParameter);
constexpr std::uint64_t nouveau_fb_size = 8; // bytes of VRAM; none on Tegra

std::optional<bool> ask_nouveau(int fd) {
    NouveauParameter request = {nouveau_fb_size, 0};
    if (kernel::ioctl(fd, nouveau_getparam, &request) < 0)
        return std::nullopt;
    return request.value != 0;
}

/// include/uapi/drm/xe_drm.h struct drm_xe_device_query.
struct XeQuery {
    std::uint64_t extensions;
    std::uint32_t query;
    std::uint32_t size;
    std::uint64_t data;
    std::array<std::uint64_t, 2> reserved;
};
constexpr unsigned long xe_device_query = DRM_IOWR(DRM_COMMAND_BASE + 0x00, XeQuery);
constexpr std::uint32_t xe_config = 2;
/// struct drm_xe_query_config: a count, padding, and numbers of 64 bits; the second has flags.
constexpr std::size_t xe_config_flags = 16;
constexpr std::uint64_t xe_has_vram = 0x1;

/// Asks twice, as for i915: the driver takes its own size only (xe_query.c query_config()).
std::optional<bool> ask_xe(int fd) {
    XeQuery request = {};
    request.query = xe_config;
    constexpr std::uint32_t most = 1U << 16U;
    if (kernel::ioctl(fd, xe_device_query, &request) < 0 || request.size > most ||
        request.size < xe_config_flags + sizeof(std::uint64_t))
        return std::nullopt;
    std::vector<std::byte> answer(request.size);
    request.data = pointer_to(answer.data());
    if (kernel::ioctl(fd, xe_device_query, &request) < 0)
        return std::nullopt;
    return (value_at<std::uint64_t>(answer.data() + xe_config_flags) & xe_has_vram) != 0;
}

struct Call {
    const char* driver;
    std::optional<bool> (*ask)(int fd);
};

constexpr Call calls[] = {
    {"amdgpu", ask_amdgpu}, {"i915", ask_i915}, {"nouveau", ask_nouveau}, {"xe", ask_xe}};

} // namespace

std::optional<bool> ask_discrete(int fd, const std::string& driver,
                                 const std::string& render_node) {
    const auto* const call = std::find_if(std::begin(calls), std::end(calls),
                                          [&](const Call& one) { return driver == one.driver; });
    if (call == std::end(calls))
        return std::nullopt;
    if (const auto answer = call->ask(fd); answer || render_node.empty())
        return answer;
    const auto own = open_device_node(render_node, O_RDWR, 0);
    return own ? call->ask(own->get()) : std::nullopt;
}

} // namespace simplealloc
