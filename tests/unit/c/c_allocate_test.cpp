// SPDX-License-Identifier: MIT
// From a request to pixels in C: discovery, plans, buffers, mappings, pools, checks, sharing.
#include "tests/support/c_objects.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"
#include "tests/support/fake_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <linux/dma-heap.h>
#include <memory>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <vector>

using namespace simplealloc::test;

namespace {

int ready(pollfd& target) {
    return simplealloc::kernel::poll(std::span(&target, 1), std::chrono::nanoseconds(0));
}

struct Machine : HeapMachine {
    Census idle;
    CError error;
    CAllocator allocator;
    CRequest request;
    CPlan plan;

    Machine() {
        idle = kernel.census();
        expect(simplealloc_allocator_open(nullptr, allocator.out(), error.out()), error);
    }

    /// For the CPU alone: the heap serves it, then udmabuf.
    const simplealloc_plan* plan_image(std::uint32_t fourcc = SIMPLEALLOC_FOURCC('X', 'R', '2',
                                                                                 '4')) {
        request.make_image(640, 480, fourcc);
        request.fields.cpu = SIMPLEALLOC_CPU_READ_OFTEN;
        expect(simplealloc_allocator_plan(allocator, request, plan.out(), error.out()), error);
        return plan;
    }
    void allocate(CBuffer& buffer) {
        expect(simplealloc_allocator_allocate(allocator, plan_image(), nullptr, buffer.out(),
                                              error.out()),
               error);
    }
};

/// A described device with test imports that are counted.
struct Described {
    int answer = 0;
    int imports = 0;
    int releases = 0;
    std::string source;
    simplealloc_device_description description = SIMPLEALLOC_DEVICE_DESCRIPTION_INIT;

    Described() {
        description.name = "npu";
        description.data = this;
        description.verify = [](const simplealloc_buffer* buffer, void* data) {
            auto& self = *static_cast<Described*>(data);
            ++self.imports;
            self.source = simplealloc_buffer_get_source(buffer);
            return self.answer;
        };
        description.release = [](void* data) { ++static_cast<Described*>(data)->releases; };
    }
};

} // namespace

TEST_CASE("sources, devices and the policy come as lists") {
    Machine machine;
    Owned<simplealloc_sources, simplealloc_sources_free> sources;
    expect(simplealloc_allocator_sources(machine.allocator, sources.out(), machine.error.out()),
           machine.error);
    REQUIRE(length(sources->sources) == 2);
    const simplealloc_source& heap = *sources->sources[0];
    CHECK(heap.name == std::string_view("dma-heap:system"));
    CHECK(heap.backend == std::string_view("dma-heap"));
    CHECK(heap.path == std::string_view("/dev/dma_heap/system"));
    CHECK(heap.usable);
    CHECK(length(heap.facts) > 0);
    CHECK(heap.offer.contiguity == SIMPLEALLOC_OFFER_CONTIGUITY_SCATTERED);
    CHECK(heap.offer.caching == SIMPLEALLOC_CPU_CACHING_CACHED);
    CHECK(heap.offer.zeroed == SIMPLEALLOC_CHOICE_YES);
    CHECK(heap.offer.memory_kind == SIMPLEALLOC_MEMORY_KIND_SYSTEM);
    CHECK(heap.offer.max_size == UINT64_MAX);
    CHECK(sources->sources[1]->offer.max_size == 64U << 20U);

    add_drm_card(machine.kernel);
    Owned<simplealloc_devices, simplealloc_devices_free> devices;
    CDevice kept;
    expect(simplealloc_allocator_devices(machine.allocator, devices.out(), machine.error.out()),
           machine.error);
    REQUIRE(length(devices->devices) == 1);
    expect(simplealloc_device_copy(devices->devices[0], kept.out(), machine.error.out()),
           machine.error);
    devices.out();
    CHECK(simplealloc_device_get_path(kept) == std::string_view("/dev/dri/card0"));
    CHECK(simplealloc_device_get_subsystem(kept) == std::string_view("drm"));

    Owned<simplealloc_policy, simplealloc_policy_free> policy;
    expect(simplealloc_allocator_policy(machine.allocator, policy.out(), machine.error.out()),
           machine.error);
    REQUIRE(length(policy->values) > 0);
    CHECK(policy->values[0]->section == std::string_view("policy"));
}

TEST_CASE("a device of C says what it is and what it takes") {
    Machine machine;
    add_drm_card(machine.kernel);
    CDevice device;
    expect(simplealloc_allocator_device(machine.allocator, "/dev/dri/card0", device.out(),
                                        machine.error.out()),
           machine.error);
    CHECK(simplealloc_device_get_driver(device) == std::string_view("vkms"));
    CHECK(std::string_view(simplealloc_device_get_id(device)).starts_with("/sys/"));
    CHECK(length(simplealloc_device_get_facts(device)) > 0);
    std::size_t count = 1;
    simplealloc_device_get_uses(device, &count);
    CHECK(count == 0); // nothing is connected to it
    CCapabilities sets;
    expect(simplealloc_device_capabilities(device, SIMPLEALLOC_USE_READ,
                                           SIMPLEALLOC_FOURCC('X', 'R', '2', '4'), sets.out(),
                                           machine.error.out()),
           machine.error);
    CHECK(length(sets->sets) > 0);
    CHECK(simplealloc_device_capabilities(device, SIMPLEALLOC_USE_ENCODE, 0, sets.out(),
                                          machine.error.out()) == -EOPNOTSUPP);
    CHECK(sets == nullptr);
    Owned<simplealloc_applied_quirks, simplealloc_applied_quirks_free> quirks;
    expect(simplealloc_device_quirks(device, quirks.out(), machine.error.out()), machine.error);
    CHECK(quirks->quirks != nullptr);

    add_v4l2(machine.kernel);
    CDevice codec;
    expect(simplealloc_allocator_device(machine.allocator, "/dev/video0", codec.out(),
                                        machine.error.out()),
           machine.error);
    const simplealloc_use* const uses = simplealloc_device_get_uses(codec, &count);
    CHECK(std::find(uses, uses + count, SIMPLEALLOC_USE_M2M_OUT) != uses + count);

    CHECK(simplealloc_allocator_device(machine.allocator, "/dev/video9", device.out(),
                                       machine.error.out()) == -ENODEV);
    REQUIRE(machine.error);
    CHECK(machine.error->object == std::string_view("/dev/video9"));
    CDevice numbered;
    expect(simplealloc_allocator_device_number(machine.allocator, makedev(81, 0), numbered.out(),
                                               machine.error.out()),
           machine.error);
    CHECK(simplealloc_device_get_path(numbered) == std::string_view("/dev/video0"));
    CHECK(simplealloc_allocator_device_number(machine.allocator, makedev(81, 9), numbered.out(),
                                              machine.error.out()) == -ENODEV);
    CHECK(machine.error->object == std::string_view("device 81:9"));
    CHECK(simplealloc_allocator_device_fd(machine.allocator, -1, SIMPLEALLOC_QUEUE_ACCESS_LENT,
                                          device.out(), machine.error.out()) == -EINVAL);
}

TEST_CASE("a plan shows candidates, reasons and setups") {
    Machine machine;
    add_drm_card(machine.kernel);
    CDevice display;
    expect(simplealloc_allocator_device(machine.allocator, "/dev/dri/card0", display.out(),
                                        machine.error.out()),
           machine.error);
    machine.plan_image();
    machine.request.add_use(display, SIMPLEALLOC_USE_READ);
    machine.request.add_without("udmabuf");
    expect(simplealloc_allocator_plan(machine.allocator, machine.request, machine.plan.out(),
                                      machine.error.out()),
           machine.error);
    const auto* const candidates = simplealloc_plan_get_candidates(machine.plan);
    REQUIRE(length(candidates) == 2);
    CHECK(candidates[0]->lost == nullptr);
    REQUIRE(candidates[1]->lost);
    CHECK(candidates[1]->lost->to == std::string_view(candidates[0]->source));
    CHECK(candidates[0]->layout->width == 640);
    REQUIRE(candidates[0]->layout->plane_count == 1);
    CHECK(candidates[0]->layout->planes[0].stride == 2560);
    CHECK(length(candidates[0]->criteria) > 0);
    const auto* const rejections = simplealloc_plan_get_rejections(machine.plan);
    REQUIRE(length(rejections) == 1);
    CHECK(rejections[0]->source == std::string_view("udmabuf"));
    CHECK(rejections[0]->constraint == SIMPLEALLOC_CONSTRAINT_POLICY);
    CHECK(length(simplealloc_plan_get_conflicts(machine.plan)) == 0);
    CHECK(length(simplealloc_plan_get_relaxations(machine.plan)) == 0);

    CSetup setup;
    expect(simplealloc_plan_setup(machine.plan, 0, 0, setup.out(), machine.error.out()),
           machine.error);
    CHECK(setup->v4l2 == nullptr);
    REQUIRE(setup->drm);
    CHECK(setup->drm->pitches[0] == 2560);
    CHECK(setup->drm->plane_count == 1);
    CHECK(setup->drm->crop.width == setup->drm->width);
    CHECK_FALSE(setup->drm->overlay_only);
    CHECK(setup->drm->kms_plane_count == 0);
    CHECK(simplealloc_plan_setup(machine.plan, 1, 0, setup.out(), machine.error.out()) == -EINVAL);
    CHECK(simplealloc_allocator_is_current(machine.allocator, machine.plan, nullptr) == 1);

    CPlan copy;
    expect(simplealloc_plan_copy(machine.plan, copy.out(), machine.error.out()), machine.error);
    machine.plan.out();
    const simplealloc_request* const fields = simplealloc_plan_get_request(copy);
    CHECK(fields->size == sizeof(simplealloc_request));
    CHECK(fields->bytes == 0);
    CHECK(fields->width == 640);
    CHECK(fields->height == 480);
    CHECK(fields->cpu == SIMPLEALLOC_CPU_READ_OFTEN);
    CHECK(fields->modifier == nullptr);
    REQUIRE(length(fields->uses) == 1);
    CHECK(fields->uses[0]->use == SIMPLEALLOC_USE_READ);
    CHECK(simplealloc_device_get_path(fields->uses[0]->device) ==
          std::string_view("/dev/dri/card0"));
    REQUIRE(length(fields->without) == 1);
    CHECK(fields->any_device == SIMPLEALLOC_CHOICE_NO);
    CHECK(fields->strict == SIMPLEALLOC_CHOICE_NO);
    CHECK(fields->zeroed == SIMPLEALLOC_CHOICE_YES);
    CHECK(fields->count == 1);

    // It may be given back as it is.
    expect(simplealloc_allocator_plan(machine.allocator, fields, machine.plan.out(),
                                      machine.error.out()),
           machine.error);
    CHECK(length(simplealloc_plan_get_candidates(machine.plan)) == 2);
}

TEST_CASE("a plan that nothing serves names the conflict, and allocating it says the same") {
    Machine machine;
    machine.plan_image();
    simplealloc_constraints constraints = SIMPLEALLOC_CONSTRAINTS_INIT;
    constraints.contiguity = SIMPLEALLOC_CONTIGUITY_REQUIRED;
    simplealloc_capability_set set = SIMPLEALLOC_CAPABILITY_SET_INIT;
    set.constraints = &constraints;
    const simplealloc_capability_set* const sets[] = {&set, nullptr};
    simplealloc_device_description description = SIMPLEALLOC_DEVICE_DESCRIPTION_INIT;
    description.name = "isp";
    description.alternatives = sets;
    CDevice device;
    expect(simplealloc_device_describe(&description, device.out(), machine.error.out()),
           machine.error);
    machine.request.add_use(device, SIMPLEALLOC_USE_WRITE);
    expect(simplealloc_allocator_plan(machine.allocator, machine.request, machine.plan.out(),
                                      machine.error.out()),
           machine.error);
    CHECK(length(simplealloc_plan_get_candidates(machine.plan)) == 0);
    const auto* const conflicts = simplealloc_plan_get_conflicts(machine.plan);
    REQUIRE(length(conflicts) == 1);
    CHECK(conflicts[0]->constraint == SIMPLEALLOC_CONSTRAINT_CONTIGUITY);
    REQUIRE(length(conflicts[0]->parties) == 1);
    CHECK(conflicts[0]->parties[0] == std::string_view("isp (write)"));
    CHECK(length(conflicts[0]->contributors) > 0);
    CHECK(length(simplealloc_plan_get_relaxations(machine.plan)) == 0);

    CBuffer buffer;
    CHECK(simplealloc_allocator_allocate(machine.allocator, machine.plan, nullptr, buffer.out(),
                                         machine.error.out()) == -ENXIO);
    CHECK(buffer == nullptr);
    REQUIRE(machine.error);
    CHECK(length(machine.error->conflicts) == 1);
    CHECK(length(machine.error->rejections) > 0);

    // What gives up less than a device can be offered.
    machine.plan_image();
    for (const char* const backend : {"dma-heap", "udmabuf"})
        machine.request.add_without(backend);
    expect(simplealloc_allocator_plan(machine.allocator, machine.request, machine.plan.out(),
                                      machine.error.out()),
           machine.error);
    const auto* const relaxations = simplealloc_plan_get_relaxations(machine.plan);
    REQUIRE(length(relaxations) > 0);
    CHECK(relaxations[0]->kind == SIMPLEALLOC_RELAXATION_LEFT_OUT);
    CHECK(relaxations[0]->source == std::string_view("dma-heap:system"));
    CHECK(relaxations[0]->layout->width == 640);
}

TEST_CASE("a buffer is allocated, mapped, and gone when it is freed") {
    Machine machine;
    {
        CBuffer buffer;
        machine.allocate(buffer);
        CHECK(simplealloc_buffer_get_source(buffer) == std::string_view("dma-heap:system"));
        const auto* const dmabufs = simplealloc_buffer_get_dmabufs(buffer);
        REQUIRE(length(dmabufs) == 1);
        CHECK(dmabufs[0]->size >= 640 * 480 * 4);
        CHECK(simplealloc_buffer_get_layout(buffer)->dmabuf_count == 1);
        CHECK(length(simplealloc_buffer_get_facts(buffer)) > 0);
        CHECK(length(simplealloc_buffer_get_attempts(buffer)) == 0);
        Owned<simplealloc_dmabuf_info, simplealloc_dmabuf_info_free> info;
        expect(simplealloc_buffer_info(buffer, 0, info.out(), machine.error.out()), machine.error);
        CHECK(info->inode != 0);
        CHECK(simplealloc_buffer_info(buffer, 1, info.out(), nullptr) == -EINVAL);

        Owned<simplealloc_mapping, simplealloc_mapping_free> mapping;
        expect(simplealloc_buffer_map(buffer, SIMPLEALLOC_ACCESS_WRITE, 0, mapping.out(),
                                      machine.error.out()),
               machine.error);
        std::size_t size = 0;
        void* const data = simplealloc_mapping_get_data(mapping, &size);
        REQUIRE(size == dmabufs[0]->size);
        std::memset(data, 42, size);
        expect(simplealloc_mapping_finish(mapping, machine.error.out()), machine.error);
        CHECK(simplealloc_mapping_get_data(mapping, &size) == nullptr);
        CHECK(size == 0);

        Owned<simplealloc_mapped_planes, simplealloc_mapped_planes_free> planes;
        expect(simplealloc_buffer_map_planes(buffer, SIMPLEALLOC_ACCESS_READ, planes.out(),
                                             machine.error.out()),
               machine.error);
        const auto* const views = simplealloc_mapped_planes_get_views(planes);
        REQUIRE(length(views) == 1);
        CHECK(views[0]->rows == 480);
        CHECK(views[0]->row_bytes == 2560);
        CHECK(static_cast<unsigned char*>(views[0]->data)[479 * views[0]->plane.stride] == 42);
        expect(simplealloc_mapped_planes_finish(planes, machine.error.out()), machine.error);
        CHECK(length(simplealloc_mapped_planes_get_views(planes)) == 0);

        CHECK(simplealloc_buffer_map(buffer, simplealloc_access{}, 0, mapping.out(),
                                     machine.error.out()) == -EINVAL);
        CHECK(mapping == nullptr);
        std::uint64_t held = 0;
        expect(simplealloc_allocator_held(machine.allocator, nullptr, &held, machine.error.out()),
               machine.error);
        CHECK(held == dmabufs[0]->size);
    }
    CHECK(machine.kernel.census() == machine.idle);
}

TEST_CASE("descriptors of a buffer are duplicated or handed over") {
    Machine machine;
    {
        CBuffer buffer;
        machine.allocate(buffer);
        CBuffer imported;
        const int fd = simplealloc_buffer_dup_fd(buffer, 0, machine.error.out());
        expect(fd, machine.error);
        simplealloc_layout layout = *simplealloc_buffer_get_layout(buffer);
        layout.dmabuf_count = 0;
        expect(simplealloc_buffer_import(&fd, 1, &layout, imported.out(), machine.error.out()),
               machine.error);
        CHECK(simplealloc_buffer_is_same(imported, buffer));
        CHECK(simplealloc_dmabuf_is_same(simplealloc_buffer_get_dmabufs(imported)[0],
                                         simplealloc_buffer_get_dmabufs(buffer)[0]));
        simplealloc_layout unsaid = SIMPLEALLOC_LAYOUT_INIT;
        unsaid.width = layout.width;
        unsaid.height = layout.height;
        unsaid.fourcc = layout.fourcc;
        unsaid.plane_count = layout.plane_count;
        std::copy_n(layout.planes, layout.plane_count, unsaid.planes);
        CBuffer implicit;
        expect(simplealloc_buffer_import(&fd, 1, &unsaid, implicit.out(), machine.error.out()),
               machine.error);
        CHECK(simplealloc_buffer_get_layout(implicit)->modifier.state ==
              SIMPLEALLOC_MODIFIER_IMPLICIT);
        layout.plane_count = 5;
        CBuffer none;
        CHECK(simplealloc_buffer_import(&fd, 1, &layout, none.out(), machine.error.out()) ==
              -EINVAL);
        CHECK(machine.error->object == std::string_view("plane_count"));
        simplealloc::UniqueFd::adopt(fd).reset();

        int out = -1;
        CHECK(simplealloc_buffer_release(buffer, &out, 0, machine.error.out()) == -EINVAL);
        CHECK(length(simplealloc_buffer_get_dmabufs(buffer)) == 1);
        CHECK(simplealloc_buffer_release(buffer, &out, 1, machine.error.out()) == 1);
        CHECK(length(simplealloc_buffer_get_dmabufs(buffer)) == 0);
        CHECK(simplealloc_buffer_release(buffer, nullptr, 0, machine.error.out()) == 0);
        CHECK(simplealloc_buffer_dup_fd(buffer, 0, machine.error.out()) == -EINVAL);
        simplealloc::UniqueFd::adopt(out).reset();
    }
    CHECK(machine.kernel.census() == machine.idle);
}

TEST_CASE("options are the allocator's own, and wrong ones say so") {
    Machine machine;
    const char* const without[] = {"dma-heap", nullptr};
    const simplealloc_quota quota = {nullptr, 4096};
    simplealloc_allocator_options options = SIMPLEALLOC_ALLOCATOR_OPTIONS_INIT;
    options.without = without;
    options.strict = SIMPLEALLOC_CHOICE_YES;
    options.quota_count = 1;
    options.quotas = &quota;
    CAllocator other;
    expect(simplealloc_allocator_open(&options, other.out(), machine.error.out()), machine.error);
    CBuffer buffer;
    CHECK(simplealloc_allocator_allocate(other, machine.plan_image(), nullptr, buffer.out(),
                                         machine.error.out()) == -EDQUOT);
    // A plan of its own knows that beforehand.
    expect(
        simplealloc_allocator_plan(other, machine.request, machine.plan.out(), machine.error.out()),
        machine.error);
    CHECK(length(simplealloc_plan_get_candidates(machine.plan)) == 0);
    const auto* const quotas = simplealloc_plan_get_quotas(machine.plan);
    REQUIRE(length(quotas) == 1);
    CHECK(quotas[0]->of == std::string_view(""));
    CHECK(quotas[0]->left == 4096);
    CHECK(length(quotas[0]->sources) > 0);
    CHECK(quotas[0]->origin == std::string_view("caller"));

    const char* const unknown[] = {"no-such-backend", nullptr};
    options.without = unknown;
    CHECK(simplealloc_allocator_open(&options, other.out(), machine.error.out()) == -EINVAL);
    CHECK(other == nullptr);
    options = SIMPLEALLOC_ALLOCATOR_OPTIONS_INIT;
    options.policy_path = "/nowhere";
    CHECK(simplealloc_allocator_open(&options, other.out(), machine.error.out()) == -ENODEV);
}

TEST_CASE("a request takes all that the caller says") {
    Machine machine;
    machine.plan_image();
    simplealloc_request& request = machine.request.fields;
    CError& error = machine.error;
    const char* const order[] = {"udmabuf", nullptr};
    simplealloc_modifier linear = {0, SIMPLEALLOC_MODIFIER_NAMED};
    request.modifier = &linear;
    request.name = "preview";
    request.any_device = SIMPLEALLOC_CHOICE_YES;
    request.strict = SIMPLEALLOC_CHOICE_YES;
    request.zeroed = SIMPLEALLOC_CHOICE_NO;
    request.count = 3;
    request.crop_width = 320;
    request.crop_height = 180;
    request.order = order;
    expect(simplealloc_allocator_plan(machine.allocator, &request, machine.plan.out(), error.out()),
           error);
    const simplealloc_request* const fields = simplealloc_plan_get_request(machine.plan);
    REQUIRE(fields->modifier);
    CHECK(fields->modifier->state == SIMPLEALLOC_MODIFIER_NAMED);
    CHECK(fields->name == std::string_view("preview"));
    CHECK(fields->crop_width == 320);
    CHECK(fields->crop_height == 180);
    CHECK(fields->any_device == SIMPLEALLOC_CHOICE_YES);
    CHECK(fields->strict == SIMPLEALLOC_CHOICE_YES);
    CHECK(fields->zeroed == SIMPLEALLOC_CHOICE_NO);
    CHECK(fields->count == 3);
    REQUIRE(length(fields->order) == 1);
    CBuffer buffer;
    expect(simplealloc_allocator_allocate_request(machine.allocator, &request, nullptr,
                                                  buffer.out(), error.out()),
           error);
    CHECK(simplealloc_buffer_get_source(buffer) == std::string_view("udmabuf"));

    const auto plan = [&](const simplealloc_request* asked) {
        return simplealloc_allocator_plan(machine.allocator, asked, machine.plan.out(),
                                          error.out());
    };
    linear.state = static_cast<simplealloc_modifier_state>(3);
    CHECK(plan(&request) == -EINVAL);
    CHECK(error->object == std::string_view("modifier state"));
    linear.state = SIMPLEALLOC_MODIFIER_NAMED;
    for (simplealloc_choice simplealloc_request::*choice :
         {&simplealloc_request::any_device, &simplealloc_request::strict,
          &simplealloc_request::zeroed}) {
        simplealloc_request wrong = request;
        wrong.*choice = static_cast<simplealloc_choice>(3);
        CHECK(plan(&wrong) == -EINVAL);
    }
    machine.request.add_use(nullptr, SIMPLEALLOC_USE_READ);
    CHECK(plan(&request) == -EINVAL);
    CHECK(error->object == std::string_view("device"));
    CHECK(plan(nullptr) == -EINVAL);
    CHECK(machine.plan == nullptr);
    CHECK(error->message == std::string_view("request: is NULL"));
}

TEST_CASE("a request is one of bytes or of an image") {
    Machine machine;
    simplealloc_request request = SIMPLEALLOC_REQUEST_INIT;
    const auto plan = [&] {
        return simplealloc_allocator_plan(machine.allocator, &request, machine.plan.out(),
                                          machine.error.out());
    };
    CHECK(plan() == -EINVAL);
    request.bytes = 4096;
    expect(plan(), machine.error);
    request = *simplealloc_plan_get_request(machine.plan);
    CHECK(request.bytes == 4096);
    CHECK(request.width == 0);
    CHECK(request.fourcc == SIMPLEALLOC_FOURCC_BYTES);
    // These belong to the plan, which the next one replaces.
    request.uses = nullptr;
    request.without = request.order = nullptr;
    request.name = nullptr;
    request.height = 1;
    CHECK(plan() == -EINVAL);
    CHECK(machine.error->object == std::string_view("size"));
    request.height = 0;
    request.fourcc = SIMPLEALLOC_FOURCC('X', 'R', '2', '4');
    CHECK(plan() == -EINVAL);
    CHECK(machine.error->object == std::string_view("size"));
}

TEST_CASE("a described device is asked, and its data released with the last that knows it") {
    Machine machine;
    Described npu;
    CDevice device;
    expect(simplealloc_device_describe(&npu.description, device.out(), machine.error.out()),
           machine.error);
    machine.plan_image();
    machine.request.add_use(device, SIMPLEALLOC_USE_READ);
    CBuffer buffer;
    expect(simplealloc_allocator_allocate_request(machine.allocator, machine.request, nullptr,
                                                  buffer.out(), machine.error.out()),
           machine.error);
    CHECK(npu.imports == 1);
    CHECK(npu.source == "dma-heap:system");
    const auto* const verified = simplealloc_buffer_get_verified(buffer);
    REQUIRE(length(verified) == 1);
    CHECK(verified[0]->device == std::string_view("npu (read)"));
    CHECK(verified[0]->outcome == SIMPLEALLOC_IMPORT_PASSED);
    buffer.out();

    npu.answer = -EIO;
    CHECK(simplealloc_allocator_allocate_request(machine.allocator, machine.request, nullptr,
                                                 buffer.out(), machine.error.out()) == -EREMOTEIO);
    REQUIRE(length(machine.error->attempts) == 2);
    CHECK(machine.error->attempts[1]->source == std::string_view("udmabuf"));
    CHECK(machine.error->attempts[1]->stage == SIMPLEALLOC_STAGE_VERIFY);

    npu.imports = 0;
    simplealloc_allocate_options options = SIMPLEALLOC_ALLOCATE_OPTIONS_INIT;
    options.verify = false;
    CAllocator fresh;
    expect(simplealloc_allocator_open(nullptr, fresh.out(), machine.error.out()), machine.error);
    expect(simplealloc_allocator_allocate_request(fresh, machine.request, &options, buffer.out(),
                                                  machine.error.out()),
           machine.error);
    CHECK(npu.imports == 0);

    expect(simplealloc_allocator_plan(machine.allocator, machine.request, machine.plan.out(),
                                      machine.error.out()),
           machine.error);
    device.out();
    CHECK(npu.releases == 0); // the plan knows it
    machine.plan.out();
    buffer.out();
    machine.allocator.out();
    fresh.out();
    CHECK(npu.releases == 1);

    npu.description.name = nullptr;
    CDevice none;
    CHECK(simplealloc_device_describe(&npu.description, none.out(), machine.error.out()) ==
          -EINVAL);
    CHECK(npu.releases == 1);
}

TEST_CASE("statistics come as numbers and as JSON") {
    Machine machine;
    CBuffer buffer;
    machine.allocate(buffer);
    Owned<simplealloc_stats, simplealloc_stats_free> stats;
    expect(simplealloc_allocator_stats(machine.allocator, stats.out(), machine.error.out()),
           machine.error);
    REQUIRE(length(stats->sources) == 1);
    CHECK(stats->sources[0]->source == std::string_view("dma-heap:system"));
    CHECK(stats->total->buffers == 1);
    CHECK(length(stats->total->failures) == 0);
    const std::string size = std::to_string(stats->total->bytes);
    const std::string numbers = "\"bytes\":" + size + ",\"peak_bytes\":" + size +
                                ",\"buffers\":1,\"peak_buffers\":1,\"allocations\":1,"
                                "\"fallbacks\":0,\"imports_passed\":0,\"imports_refused\":0,"
                                "\"imports_untested\":0,\"failures\":{}}";
    CHECK(stats->json == "{\"total\":{\"source\":null," + numbers +
                             ",\"sources\":[{\"source\":\"dma-heap:system\"," + numbers + "]}");

    machine.kernel.fail(DMA_HEAP_IOCTL_ALLOC, 1, ENOMEM);
    expect(simplealloc_allocator_allocate(machine.allocator, machine.plan, nullptr, buffer.out(),
                                          machine.error.out()),
           machine.error);
    expect(simplealloc_allocator_stats(machine.allocator, stats.out(), machine.error.out()),
           machine.error);
    REQUIRE(length(stats->sources[0]->failures) == 1);
    CHECK(stats->sources[0]->failures[0]->cause == SIMPLEALLOC_CAUSE_EXHAUSTED);
    CHECK(stats->sources[0]->failures[0]->count == 1);
    CHECK(std::string_view(stats->json).find("\"failures\":{\"exhausted\":1}") !=
          std::string_view::npos);
    REQUIRE(length(simplealloc_buffer_get_attempts(buffer)) == 1);
}

TEST_CASE("a prepared plan allocates again and again, also without its allocator") {
    Machine machine;
    machine.plan_image();
    Owned<simplealloc_prepared, simplealloc_prepared_free> prepared;
    expect(simplealloc_allocator_prepare(machine.allocator, machine.plan, nullptr, prepared.out(),
                                         machine.error.out()),
           machine.error);
    machine.allocator.out();
    machine.plan.out();
    CBuffer first;
    CBuffer second;
    expect(simplealloc_prepared_allocate(prepared, first.out(), machine.error.out()),
           machine.error);
    expect(simplealloc_prepared_allocate(prepared, second.out(), machine.error.out()),
           machine.error);
    CHECK_FALSE(simplealloc_buffer_is_same(first, second));
    CHECK(length(simplealloc_plan_get_candidates(simplealloc_prepared_get_plan(prepared))) == 2);
}

TEST_CASE("a pool lends buffers, and says when there is none") {
    using Slot = Owned<simplealloc_pool_slot, simplealloc_pool_slot_free>;
    Machine machine;
    machine.plan_image();
    simplealloc_pool_options options = SIMPLEALLOC_POOL_OPTIONS_INIT;
    options.max_buffers = 1;
    Owned<simplealloc_pool, simplealloc_pool_free> pool;
    expect(simplealloc_pool_create(machine.allocator, machine.plan, &options, pool.out(),
                                   machine.error.out()),
           machine.error);
    Slot slot;
    expect(simplealloc_pool_acquire(pool, 0, slot.out(), machine.error.out()), machine.error);
    CHECK(simplealloc_pool_slot_get_index(slot) == 0);
    const auto generation = simplealloc_pool_slot_get_generation(slot);
    CHECK(simplealloc_buffer_get_layout(simplealloc_pool_slot_get_buffer(slot))->width == 640);
    Slot other;
    CHECK(simplealloc_pool_acquire(pool, 0, other.out(), machine.error.out()) == -EBUSY);
    CHECK(machine.error->stage == SIMPLEALLOC_STAGE_ACQUIRE);
    CHECK(simplealloc_pool_acquire(pool, 1, other.out(), nullptr) == -EBUSY);
    CHECK(simplealloc_pool_acquire(pool, -1, other.out(), nullptr) == -EBUSY);
    simplealloc_pollable pollable = {-1, 0};
    expect(simplealloc_pool_pollable(pool, &pollable, machine.error.out()), machine.error);
    pollfd target = {pollable.fd, pollable.events, 0};
    CHECK(ready(target) == 1);
    CHECK(simplealloc_pool_acquire(pool, 0, other.out(), nullptr) == -EBUSY);
    CHECK(ready(target) == 0);
    slot.out();
    CHECK(ready(target) == 1);
    expect(simplealloc_pool_acquire(pool, SIMPLEALLOC_FOREVER, other.out(), machine.error.out()),
           machine.error);

    Owned<simplealloc_pool_stats, simplealloc_pool_stats_free> stats;
    expect(simplealloc_pool_get_stats(pool, stats.out(), machine.error.out()), machine.error);
    CHECK(stats->acquired == 2);
    CHECK(stats->recycled == 1);
    CHECK(stats->waited == 1);
    CHECK(stats->in_flight == 1);
    REQUIRE(length(stats->failures) == 1);
    CHECK(stats->failures[0]->cause == SIMPLEALLOC_CAUSE_BUSY);
    CHECK(stats->failures[0]->count == 4);

    expect(simplealloc_pool_replan_request(pool, machine.request, machine.error.out()),
           machine.error);
    other.out();
    expect(simplealloc_pool_acquire(pool, 0, slot.out(), machine.error.out()), machine.error);
    CHECK(simplealloc_pool_slot_get_generation(slot) != generation);
    slot.out();
    CHECK(simplealloc_pool_trim_to_min(pool) == 1);
    CHECK(simplealloc_pool_trim(pool, 0) == 0);
    expect(simplealloc_pool_replan(pool, machine.plan, machine.error.out()), machine.error);
    simplealloc_pool_close(pool);
    CHECK(simplealloc_pool_acquire(pool, 0, slot.out(), machine.error.out()) == -ENODEV);
    CHECK(slot == nullptr);

    options.max_buffers = 0;
    CHECK(simplealloc_pool_create_request(machine.allocator, machine.request, &options, pool.out(),
                                          machine.error.out()) == -EINVAL);
    CHECK(pool == nullptr);
}

TEST_CASE("a slot that goes back with a fence is handed out when that is over") {
    Machine machine;
    machine.plan_image();
    simplealloc_pool_options options = SIMPLEALLOC_POOL_OPTIONS_INIT;
    options.max_buffers = 1;
    options.wait_for_devices = true;
    Owned<simplealloc_pool, simplealloc_pool_free> pool;
    expect(simplealloc_pool_create(machine.allocator, machine.plan, &options, pool.out(),
                                   machine.error.out()),
           machine.error);
    simplealloc_pool_slot* slot = nullptr;
    expect(simplealloc_pool_acquire(pool, 0, &slot, machine.error.out()), machine.error);
    const auto work = std::make_shared<FakeFence>();
    CFence fence;
    expect(simplealloc_fence_adopt(machine.kernel.install_sync_file({work}), fence.out(),
                                   machine.error.out()),
           machine.error);
    CHECK(simplealloc_pool_slot_release(slot, nullptr, machine.error.out()) == -EINVAL);
    CHECK(simplealloc_pool_slot_get_index(slot) == 0);
    expect(simplealloc_pool_slot_release(slot, fence, machine.error.out()), machine.error);
    CHECK(simplealloc_pool_acquire(pool, 0, &slot, machine.error.out()) == -EBUSY);
    work->over = true;
    expect(simplealloc_pool_acquire(pool, 0, &slot, machine.error.out()), machine.error);
    simplealloc_pool_slot_free(slot);
}

TEST_CASE("a buffer of somebody else is adopted and checked for one more use") {
    Machine machine;
    add_drm_card(machine.kernel);
    CBuffer buffer;
    machine.allocate(buffer);
    CDevice display;
    expect(simplealloc_allocator_device(machine.allocator, "/dev/dri/card0", display.out(),
                                        machine.error.out()),
           machine.error);
    simplealloc_device_use use = SIMPLEALLOC_DEVICE_USE_INIT;
    use.device = display;
    use.use = SIMPLEALLOC_USE_READ;
    const simplealloc_device_use* const uses[] = {&use, nullptr};
    const int fd = simplealloc_buffer_get_dmabufs(buffer)[0]->fd;
    simplealloc_foreign_buffer foreign = SIMPLEALLOC_FOREIGN_BUFFER_INIT;
    foreign.layout = simplealloc_buffer_get_layout(buffer);
    foreign.dmabuf_count = 1;
    foreign.dmabufs = &fd;
    foreign.source = "dma-heap:system";
    CBuffer adopted;
    expect(simplealloc_allocator_adopt(machine.allocator, &foreign, adopted.out(),
                                       machine.error.out()),
           machine.error);
    Owned<simplealloc_check, simplealloc_check_free> check;
    expect(simplealloc_allocator_check(machine.allocator, adopted, &use, nullptr, check.out(),
                                       machine.error.out()),
           machine.error);
    CHECK(check->verdict == SIMPLEALLOC_VERDICT_IMPORT_AS_IS);
    CHECK(length(check->objections) == 0);
    REQUIRE(check->setup);
    CHECK(check->setup->drm->pitches[0] == 2560);
    CHECK(check->reallocate == nullptr);
    CSetup setup;
    expect(simplealloc_buffer_setup_for(adopted, &use, setup.out(), machine.error.out()),
           machine.error);
    CHECK(setup->drm->pitches[0] == 2560);
    CHECK(simplealloc_buffer_setup(buffer, 0, setup.out(), machine.error.out()) == -EINVAL);

    foreign.uses = uses;
    expect(simplealloc_allocator_adopt(machine.allocator, &foreign, adopted.out(),
                                       machine.error.out()),
           machine.error);
    simplealloc_check_options options = SIMPLEALLOC_CHECK_OPTIONS_INIT;
    options.verify = false;
    expect(simplealloc_allocator_check(machine.allocator, adopted, &use, &options, check.out(),
                                       machine.error.out()),
           machine.error);
    CHECK(check->verdict == SIMPLEALLOC_VERDICT_KEEP);

    // A use that the buffer's stride does not suit: the plan for a better one is the check's own.
    simplealloc_constraints constraints = SIMPLEALLOC_CONSTRAINTS_INIT;
    constraints.stride_align = 4096;
    simplealloc_capability_set set = SIMPLEALLOC_CAPABILITY_SET_INIT;
    set.constraints = &constraints;
    const simplealloc_capability_set* const sets[] = {&set, nullptr};
    use.alternatives = sets;
    use.use = SIMPLEALLOC_USE_WRITE;
    expect(simplealloc_allocator_check(machine.allocator, adopted, &use, nullptr, check.out(),
                                       machine.error.out()),
           machine.error);
    INFO(check->reason);
    CHECK(check->verdict == SIMPLEALLOC_VERDICT_REALLOCATE);
    CHECK(length(check->objections) > 0);
    REQUIRE(check->reallocate);
    CBuffer better;
    expect(simplealloc_allocator_allocate(machine.allocator, check->reallocate, nullptr,
                                          better.out(), machine.error.out()),
           machine.error);
    CHECK(simplealloc_buffer_get_layout(better)->planes[0].stride == 4096);
}

TEST_CASE("a buffer travels in a parcel and through a channel") {
    Machine machine;
    {
        CBuffer buffer;
        machine.allocate(buffer);
        Owned<simplealloc_parcel, simplealloc_parcel_free> parcel;
        expect(simplealloc_share_pack(buffer, parcel.out(), machine.error.out()), machine.error);
        REQUIRE(parcel->fd_count == 1);
        CHECK(parcel->fds[0] == simplealloc_buffer_get_dmabufs(buffer)[0]->fd);
        CBuffer got;
        int fd = simplealloc_buffer_dup_fd(buffer, 0, nullptr);
        expect(simplealloc_share_unpack(parcel->data, parcel->size, &fd, 1, got.out(),
                                        machine.error.out()),
               machine.error);
        CHECK(simplealloc_buffer_is_same(got, buffer));
        // The descriptor is taken over by a call that fails, too; the census says so.
        fd = simplealloc_buffer_dup_fd(buffer, 0, nullptr);
        CHECK(simplealloc_share_unpack("SAxx", 4, &fd, 1, got.out(), machine.error.out()) < 0);
        CHECK(got == nullptr);
        fd = simplealloc_buffer_dup_fd(buffer, 0, nullptr);
        CHECK(simplealloc_share_unpack("SAxx", 4, &fd, 1, nullptr, nullptr) == -EINVAL);

        FakeSocketPair sockets = make_socket_pair(machine.kernel, SOCK_STREAM);
        using Channel = Owned<simplealloc_channel, simplealloc_channel_free>;
        Channel near;
        Channel far;
        const int socket = sockets.first.get();
        expect(simplealloc_channel_open(sockets.first.release(), near.out(), machine.error.out()),
               machine.error);
        expect(simplealloc_channel_open(sockets.second.release(), far.out(), machine.error.out()),
               machine.error);
        CHECK(simplealloc_channel_get_fd(near) == socket);
        expect(simplealloc_channel_send(near, buffer, 0, machine.error.out()), machine.error);
        CHECK(simplealloc_channel_get_pending(near) == 0);
        expect(simplealloc_channel_flush(near, 0, machine.error.out()), machine.error);
        expect(simplealloc_channel_receive(far, 0, got.out(), machine.error.out()), machine.error);
        CHECK(simplealloc_buffer_is_same(got, buffer));
        CHECK(simplealloc_channel_receive(far, 0, got.out(), machine.error.out()) == -EBUSY);
        near.out();
        CHECK(simplealloc_channel_receive(far, 0, got.out(), machine.error.out()) == -ENODEV);
    }
    CHECK(machine.kernel.census() == machine.idle);
}

TEST_CASE("log lines reach a sink of C with its data") {
    Machine machine;
    std::vector<std::string> lines;
    const auto sink = [](simplealloc_log_level level, const char* line, void* data) {
        if (level == SIMPLEALLOC_LOG_INFO)
            static_cast<std::vector<std::string>*>(data)->emplace_back(line);
    };
    REQUIRE(simplealloc_set_log(SIMPLEALLOC_LOG_TRACE, sink, &lines) == 0);
    CBuffer buffer;
    machine.allocate(buffer);
    REQUIRE(simplealloc_set_log(SIMPLEALLOC_LOG_OFF, nullptr, nullptr) == 0);
    REQUIRE(!lines.empty());
    CHECK(lines.back().find("dma-heap:system") != std::string::npos);
    CHECK(simplealloc_set_log(static_cast<simplealloc_log_level>(7), sink, &lines) == -EINVAL);
}

TEST_CASE("policy and quirk files are checked line by line") {
    Machine machine;
    machine.kernel.add_file("/etc/mine.conf", "[policy]\nstrict = perhaps\n");
    Owned<simplealloc_file_report, simplealloc_file_report_free> report;
    expect(simplealloc_check_policy_file("/etc/mine.conf", report.out(), machine.error.out()),
           machine.error);
    REQUIRE(length(report->mistakes) == 1);
    CHECK(report->mistakes[0]->line == 2);
    machine.kernel.add_file("/etc/mine.quirks", "[driver = vivid]\ncontiguity = any\n");
    expect(simplealloc_check_quirk_file("/etc/mine.quirks", report.out(), machine.error.out()),
           machine.error);
    CHECK(simplealloc_check_policy_file("/nowhere", report.out(), machine.error.out()) == -ENODEV);
    CHECK(simplealloc_check_quirk_file(nullptr, report.out(), machine.error.out()) == -EINVAL);
    CHECK(report == nullptr);
}
