// SPDX-License-Identifier: MIT
// Requests of C.
#include "lib/c/request.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/capability_set.hpp"
#include "lib/c/device.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"
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

static simplealloc_request_fields to_c(const Request& fields, Arena& arena) {
    simplealloc_request_fields out = {};
    out.width = fields.width;
    out.height = fields.height;
    out.bytes = fields.size;
    out.fourcc = fields.fourcc.value;
    out.modifier = fields.modifier ? arena.add(to_c(*fields.modifier)) : nullptr;
    out.uses = arena.list(fields.uses);
    out.cpu = static_cast<simplealloc_cpu_access>(fields.cpu);
    out.name = arena.text(fields.name);
    out.any_device = fields.any_device.value_or(false);
    out.strict = fields.strict.value_or(false);
    out.zeroed = fields.zeroed;
    out.without = arena.texts(fields.without);
    out.order = arena.texts(fields.order);
    out.count = fields.count.value_or(1);
    out.is_image = fields.is_image();
    out.crop_width = fields.crop_width;
    out.crop_height = fields.crop_height;
    return out;
}

} // namespace simplealloc::c

namespace {

int make(simplealloc_request** request, simplealloc_error** error, RequestBuilder what) {
    return guarded(error, [&] {
        auto& out = emptied(request, "request");
        out = new simplealloc_request{std::move(what)};
    });
}

/// All of what is said is read before the request changes.
template <typename Change>
int change(simplealloc_request* request, simplealloc_error** error, Change apply) {
    return guarded(error, [&] {
        Request& changed = need(request, "request").request;
        RequestBuilder builder(changed);
        apply(builder);
        changed = builder;
    });
}

} // namespace

int simplealloc_request_new_image(std::uint32_t width, std::uint32_t height, std::uint32_t fourcc,
                                  simplealloc_request** request, simplealloc_error** error) {
    return make(request, error, Request::image(width, height, Fourcc(fourcc)));
}

int simplealloc_request_new_bytes(std::uint64_t size, simplealloc_request** request,
                                  simplealloc_error** error) {
    return make(request, error, Request::bytes(size));
}

void simplealloc_request_free(simplealloc_request* request) {
    delete request;
}

int simplealloc_request_add_use(simplealloc_request* request, const simplealloc_device* device,
                                simplealloc_use use, simplealloc_error** error) {
    return change(request, error,
                  [&](RequestBuilder& r) { r.use(need(device, "device").device, read_use(use)); });
}

int simplealloc_request_add_device_use(simplealloc_request* request,
                                       const simplealloc_device_use* use,
                                       simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.use(read_device_use(use)); });
}

int simplealloc_request_set_modifier(simplealloc_request* request, simplealloc_modifier modifier,
                                     simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.modifier(read_modifier(modifier)); });
}

int simplealloc_request_set_cpu(simplealloc_request* request, simplealloc_cpu_access access,
                                simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.cpu(read_cpu(access)); });
}

int simplealloc_request_set_count(simplealloc_request* request, std::uint32_t buffers,
                                  simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.count(buffers); });
}

int simplealloc_request_set_crop(simplealloc_request* request, std::uint32_t width,
                                 std::uint32_t height, simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.crop(width, height); });
}

int simplealloc_request_set_name(simplealloc_request* request, const char* name,
                                 simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.name(&need(name, "name")); });
}

int simplealloc_request_set_any_device(simplealloc_request* request, bool yes,
                                       simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.any_device(yes); });
}

int simplealloc_request_set_strict(simplealloc_request* request, bool yes,
                                   simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.strict(yes); });
}

int simplealloc_request_set_zeroed(simplealloc_request* request, bool yes,
                                   simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) { r.zeroed(yes); });
}

int simplealloc_request_add_without(simplealloc_request* request, const char* backend_or_source,
                                    simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) {
        r.without(&need(backend_or_source, "backend_or_source"));
    });
}

int simplealloc_request_set_order(simplealloc_request* request,
                                  const char* const* backends_or_sources,
                                  simplealloc_error** error) {
    return change(request, error, [&](RequestBuilder& r) {
        r.order(texts(&need(backends_or_sources, "backends_or_sources")));
    });
}

int simplealloc_request_get_fields(const simplealloc_request* request,
                                   simplealloc_request_fields** fields, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(fields, "fields");
        out = hand_out<simplealloc_request_fields>(need(request, "request").request);
    });
}

void simplealloc_request_fields_free(simplealloc_request_fields* fields) {
    take_back(fields);
}

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
