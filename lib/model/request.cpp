// SPDX-License-Identifier: MIT
// The request builder.
#include <simplealloc/request.hpp>

#include "lib/base/names.hpp"

#include <algorithm>
#include <utility>

namespace simplealloc {

namespace {

constexpr Names<CpuAccess, 4> cpu_names({
    {CpuAccess::none, "none"},
    {CpuAccess::write, "write"},
    {CpuAccess::read_rarely, "read-rarely"},
    {CpuAccess::read_often, "read-often"},
});

} // namespace

std::string_view to_string(CpuAccess access) noexcept {
    return cpu_names.of(access);
}

std::optional<CpuAccess> parse_cpu_access(std::string_view text) noexcept {
    return cpu_names.parse(text);
}

Request Request::image(std::uint32_t width, std::uint32_t height, Fourcc fourcc) {
    Request request;
    request.fields_.is_image = true;
    request.fields_.width = width;
    request.fields_.height = height;
    request.fields_.fourcc = fourcc;
    return request;
}

Request Request::bytes(std::uint64_t size) {
    Request request;
    request.fields_.size = size;
    return request;
}

Request& Request::use(Device device, Use use, std::vector<FormatSupport> formats) & {
    DeviceUse added{std::move(device), use, {}};
    if (!formats.empty())
        added.alternatives.emplace_back().formats = std::move(formats);
    fields_.uses.push_back(std::move(added));
    return *this;
}

Request& Request::use(DeviceUse use) & {
    fields_.uses.push_back(std::move(use));
    return *this;
}

Request& Request::modifier(Modifier modifier) & {
    fields_.modifier = modifier;
    return *this;
}

Request& Request::cpu(CpuAccess access) & {
    fields_.cpu = access;
    return *this;
}

Request& Request::count(std::uint32_t buffers) & {
    fields_.count = buffers;
    says_count_ = true;
    return *this;
}

Request& Request::crop(std::uint32_t width, std::uint32_t height) & {
    fields_.crop_width = width;
    fields_.crop_height = height;
    return *this;
}

Request& Request::name(std::string name) & {
    fields_.name = std::move(name);
    return *this;
}

Request& Request::any_device(bool yes) & {
    fields_.any_device = yes;
    says_any_device_ = true;
    return *this;
}

Request& Request::strict(bool yes) & {
    fields_.strict = yes;
    says_strict_ = true;
    return *this;
}

Request& Request::zeroed(bool yes) & {
    fields_.zeroed = yes;
    return *this;
}

Request& Request::without(std::string backend_or_source) & {
    fields_.without.push_back(std::move(backend_or_source));
    return *this;
}

Request& Request::order(std::vector<std::string> backends_or_sources) & {
    fields_.order = std::move(backends_or_sources);
    return *this;
}

void Request::complete(bool any_device, bool strict) noexcept {
    if (!says_any_device_)
        fields_.any_device = any_device;
    if (!says_strict_)
        fields_.strict = strict;
}

void Request::complete_count(std::uint32_t least) noexcept {
    if (!says_count_)
        fields_.count = std::max(fields_.count, least);
}

} // namespace simplealloc
