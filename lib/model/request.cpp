// SPDX-License-Identifier: MIT
// What the CPU does, in words, and requests whose defaults are filled in.
#include "lib/model/resolved_request.hpp"

#include "lib/base/names.hpp"

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

solver::ResolvedRequest solver::resolved(const Request& request) {
    ResolvedRequest out;
    out.width = request.width;
    out.height = request.height;
    out.size = request.size;
    out.fourcc = request.fourcc;
    out.modifier = request.modifier;
    out.cpu = request.cpu;
    out.count = request.count.value_or(out.count);
    out.any_device = request.any_device.value_or(out.any_device);
    out.strict = request.strict.value_or(out.strict);
    out.without = request.without;
    out.order = request.order;
    out.crop_width = request.crop_width;
    out.crop_height = request.crop_height;
    return out;
}

} // namespace simplealloc
