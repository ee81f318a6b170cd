// SPDX-License-Identifier: MIT
// Requests of C.
#include "lib/c/request.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/capability_set.hpp"
#include "lib/c/device.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/layout.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

namespace simplealloc::c {

CpuAccess read_cpu(const simplealloc_cpu_access& access) {
    return checked(access, CpuAccess::read_often, "cpu");
}

DeviceUse read_device_use(const simplealloc_device_use* use) {
    const auto given =
        read_struct(&need(use, "use"), simplealloc_device_use SIMPLEALLOC_DEVICE_USE_INIT, "use");
    return {need(given.device, "device").device, read_use(given.use),
            read_sets(given.alternatives)};
}

std::vector<DeviceUse> read_device_uses(const simplealloc_device_use* const* uses) {
    std::vector<DeviceUse> out;
    for (; uses != nullptr && *uses != nullptr; ++uses)
        out.push_back(read_device_use(*uses));
    return out;
}

static simplealloc_device_use to_c(const DeviceUse& use, Arena& arena) {
    simplealloc_device_use out = SIMPLEALLOC_DEVICE_USE_INIT;
    out.device = arena.own<simplealloc_device>(use.device);
    out.use = static_cast<simplealloc_use>(use.use);
    out.alternatives = arena.list(use.alternatives);
    return out;
}

std::optional<bool> read_choice(const simplealloc_choice& choice, const char* argument) {
    const int read = checked<int>(choice, SIMPLEALLOC_CHOICE_YES, argument);
    if (read == SIMPLEALLOC_CHOICE_DEFAULT)
        return std::nullopt;
    return read == SIMPLEALLOC_CHOICE_YES;
}

Request read_request(const simplealloc_request* request) {
    const auto given = read_struct(&need(request, "request"),
                                   simplealloc_request SIMPLEALLOC_REQUEST_INIT, "request");
    Request out;
    out.width = given.width;
    out.height = given.height;
    out.size = given.bytes;
    out.fourcc = Fourcc(given.fourcc);
    if (given.modifier != nullptr)
        out.modifier = read_modifier(*given.modifier);
    out.uses = read_device_uses(given.uses);
    out.cpu = read_cpu(given.cpu);
    if (given.count != 0)
        out.count = given.count;
    out.name = text(given.name);
    out.any_device = read_choice(given.any_device, "any_device");
    out.strict = read_choice(given.strict, "strict");
    out.zeroed = read_choice(given.zeroed, "zeroed").value_or(true);
    out.without = texts(given.without);
    out.order = texts(given.order);
    out.crop_width = given.crop_width;
    out.crop_height = given.crop_height;
    return out;
}

static simplealloc_choice to_choice(std::optional<bool> yes) {
    if (!yes)
        return SIMPLEALLOC_CHOICE_DEFAULT;
    return *yes ? SIMPLEALLOC_CHOICE_YES : SIMPLEALLOC_CHOICE_NO;
}

simplealloc_request to_c(const Request& fields, Arena& arena) {
    simplealloc_request out = SIMPLEALLOC_REQUEST_INIT;
    out.width = fields.width;
    out.height = fields.height;
    out.fourcc = fields.fourcc.value;
    out.cpu = static_cast<simplealloc_cpu_access>(fields.cpu);
    out.bytes = fields.size;
    out.modifier = fields.modifier ? arena.add(to_c(*fields.modifier)) : nullptr;
    out.uses = arena.list(fields.uses);
    out.name = arena.text(fields.name);
    out.without = arena.texts(fields.without);
    out.order = arena.texts(fields.order);
    out.any_device = to_choice(fields.any_device);
    out.strict = to_choice(fields.strict);
    out.zeroed = to_choice(fields.zeroed);
    out.count = fields.count.value_or(0);
    out.crop_width = fields.crop_width;
    out.crop_height = fields.crop_height;
    return out;
}

} // namespace simplealloc::c

const char* simplealloc_cpu_access_to_string(simplealloc_cpu_access access) {
    return to_string(unchecked<CpuAccess>(access)).data();
}

int simplealloc_cpu_access_parse(const char* text, simplealloc_cpu_access* access) {
    return guarded(nullptr, [&] {
        const auto parsed = parse_cpu_access(&need(text, "text"));
        if (!parsed)
            refuse("text", "names none");
        need(access, "access") = static_cast<simplealloc_cpu_access>(*parsed);
    });
}
