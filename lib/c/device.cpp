// SPDX-License-Identifier: MIT
// Devices of C.
#include "lib/c/device.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/buffer.hpp"
#include "lib/c/capability_set.hpp"
#include "lib/c/fact.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

simplealloc_device::Facts::Facts(const Device& device) : list(arena.list(device.facts())) {}

simplealloc_device::simplealloc_device(Device what) : device(std::move(what)) {
    for (const Use use : device.uses())
        uses.push_back(static_cast<simplealloc_use>(use));
}

Use c::read_use(const simplealloc_use& use) {
    return checked(use, Use::write, "use");
}

namespace {

/// What C gave for the test imports of a described device.
struct Callbacks {
    explicit Callbacks(const simplealloc_device_description& given)
        : name(text(given.name)), verify(given.verify), data(given.data) {}
    Callbacks(const Callbacks&) = delete;
    Callbacks& operator=(const Callbacks&) = delete;
    ~Callbacks() {
        if (release != nullptr)
            release(data);
    }

    Result<void> import(const Buffer& buffer) const {
        const simplealloc_buffer lent(buffer);
        const int code = verify(&lent, data);
        if (code >= 0)
            return {};
        Error error;
        error.cause = Cause::refused;
        error.stage = Stage::verify;
        error.sys_errno = -code;
        error.object = name;
        error.detail = "the caller's import failed";
        return error;
    }

    std::string name;
    int (*verify)(const simplealloc_buffer*, void*);
    void (*release)(void*) = nullptr; ///< set once nothing can fail any more
    void* data;
};

} // namespace

void simplealloc_device_free(simplealloc_device* device) {
    delete device;
}

int simplealloc_device_copy(const simplealloc_device* device, simplealloc_device** copy,
                            simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(copy, "copy");
        out = new simplealloc_device(need(device, "device").device);
    });
}

int simplealloc_device_describe(const simplealloc_device_description* description,
                                simplealloc_device** device, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(device, "device");
        const auto given = read_struct(
            &need(description, "description"),
            simplealloc_device_description SIMPLEALLOC_DEVICE_DESCRIPTION_INIT, "description");
        DeviceDescription said;
        said.name = &need(given.name, "name");
        said.alternatives = read_sets(given.alternatives);
        const auto callbacks = std::make_shared<Callbacks>(given);
        if (given.verify != nullptr)
            said.verify = [callbacks](const Buffer& buffer) { return callbacks->import(buffer); };
        // Without a function to call, something must keep the data all the same.
        else if (given.release != nullptr)
            refuse("release", "has nothing to release without verify");
        out = new simplealloc_device(Device::described(std::move(said)));
        callbacks->release = given.release;
    });
}

const char* simplealloc_device_get_id(const simplealloc_device* device) {
    return got(device, [](const auto& d) { return d.device.id().c_str(); });
}

const char* simplealloc_device_get_path(const simplealloc_device* device) {
    return got(device, [](const auto& d) { return d.device.path().c_str(); });
}

const char* simplealloc_device_get_subsystem(const simplealloc_device* device) {
    return got(device, [](const auto& d) { return d.device.subsystem().c_str(); });
}

const char* simplealloc_device_get_driver(const simplealloc_device* device) {
    return got(device, [](const auto& d) { return d.device.driver().c_str(); });
}

const simplealloc_fact* const* simplealloc_device_get_facts(const simplealloc_device* device) {
    const auto* const facts = device == nullptr ? nullptr : device->facts.of(device->device);
    return got(facts, [](const auto& f) { return f.list; });
}

const simplealloc_use* simplealloc_device_get_uses(const simplealloc_device* device,
                                                   std::size_t* count) {
    if (count != nullptr)
        *count = got(device, [](const auto& d) { return d.uses.size(); });
    return got(device, [](const auto& d) { return d.uses.data(); });
}

int simplealloc_device_capabilities(const simplealloc_device* device, simplealloc_use use,
                                    std::uint32_t fourcc, simplealloc_capabilities** capabilities,
                                    simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(capabilities, "capabilities");
        const Device& asked = need(device, "device").device;
        return give_struct(out, asked.capabilities(read_use(use), Fourcc(fourcc)));
    });
}

const char* simplealloc_use_to_string(simplealloc_use use) {
    return to_string(unchecked<Use>(use)).data();
}

int simplealloc_use_parse(const char* text, simplealloc_use* use) {
    return guarded(nullptr, [&] {
        const auto parsed = parse_use(&need(text, "text"));
        if (!parsed)
            refuse("text", "names none");
        need(use, "use") = static_cast<simplealloc_use>(*parsed);
    });
}
