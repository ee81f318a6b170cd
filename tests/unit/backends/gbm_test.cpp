// SPDX-License-Identifier: MIT
// The gbm backend on a fake libgbm: layouts of hardware, nodes that refuse, and every failure.
#include "lib/base/internal.hpp"
#include "lib/model/layout.hpp"
#include "tests/support/backend_checks.hpp"
#include "tests/support/fake_gbm.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <drm.h>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <gbm.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

using namespace simplealloc;
using namespace simplealloc::test;
using solver::OfferContiguity;

namespace {

constexpr std::uint64_t compressed = fourcc_mod_code(INTEL, 4);
constexpr std::uint64_t tiled = fourcc_mod_code(INTEL, 2);
constexpr std::uint64_t linear = DRM_FORMAT_MOD_LINEAR;

using Modifiers = std::vector<std::uint64_t>;

const Backend& backend() {
    return *find_backend("gbm");
}

/// A GPU with a display, as discovery describes it.
DeviceRecord gpu_record(bool render_node = true) {
    DeviceRecord record;
    record.id = "/sys/devices/platform/gpu.0";
    record.path = "/dev/dri/card0";
    record.subsystem = "drm";
    record.devnum = makedev(226, 0);
    record.driver = "gpu";
    record.drm.emplace();
    record.drm->card_node = "/dev/dri/card0";
    if (render_node)
        record.drm->render_node = "/dev/dri/renderD128";
    record.drm->opened = record.drm->kms = record.drm->addfb2_modifiers = true;
    return record;
}

std::vector<SourceRecord> sources(DeviceRecord record) {
    return sources_of(backend(), std::move(record));
}

SourceRecord source(DeviceRecord record = gpu_record()) {
    return only_source_of(backend(), std::move(record));
}

struct Machine {
    FakeKernel kernel;
    FakeGbm gbm;
    std::shared_ptr<FakeCard> card = add_drm_card(kernel, {.render_node = true, .driver = "gpu"});

    void check_nothing_left(const Census& before = {}) const {
        CHECK(gbm.devices == 0);
        CHECK(gbm.bos == 0);
        CHECK(gbm.errors == std::vector<std::string>{});
        CHECK(kernel.errors() == std::vector<std::string>{});
        CHECK(kernel.census() == before);
        CHECK_FALSE(card->has_master);
    }
};

AllocationSpec spec_of(Modifiers modifiers, std::vector<Use> uses = {Use::scanout, Use::render}) {
    AllocationSpec spec = image_spec(1920, 1080);
    spec.modifiers = std::move(modifiers);
    spec.own_uses = std::move(uses);
    return spec;
}

/// Colour and compression data in one dma-buf, and 4 KiB of clear colour in one of its own.
FakeGbmImage with_aux_planes(std::uint32_t, std::uint32_t, std::optional<std::uint64_t> modifier) {
    if (modifier != compressed)
        return {{8U << 20U}, {{0, 0, 7680}}};
    return {{10U << 20U, 4096}, {{0, 0, 7680}, {0, 9U << 20U, 512}, {1, 0, 64}}};
}

} // namespace

TEST_CASE("a row may say of GBM alone that others can't attach what it makes") {
    const Machine machine;
    const solver::Evidence by_row{Confidence::known, "quirk x"};
    DeviceRecord record = gpu_record();
    CHECK(source(gpu_record()).input.offer.attachable);
    record.drm->gbm_attachable = {false, by_row};
    const SourceRecord found = source(std::move(record));
    CHECK_FALSE(found.input.offer.attachable);
    CHECK(*find_fact(found, "attachable") ==
          Fact{"attachable", "no", Confidence::known, "quirk x"});
    CHECK(find_fact(found, "memory-kind")->origin == "default for GBM buffers");
    record = gpu_record();
    record.attachable = {false, by_row};
    CHECK_FALSE(source(std::move(record)).input.offer.attachable);
}

TEST_CASE("a GPU is one source that lays images out for its own device") {
    Machine machine;
    const SourceRecord found = source();
    CHECK(found.input.name == "gbm:renderD128");
    CHECK(found.input.driver == "gpu");
    CHECK(found.path == "/dev/dri/renderD128");
    const solver::Offer& offer = found.input.offer;
    CHECK(offer.device == "/sys/devices/platform/gpu.0");
    CHECK(offer.contiguity == OfferContiguity::device_domain);
    CHECK(offer.caching == solver::CpuCaching::unknown);
    CHECK(offer.side_effect == solver::SideEffect::loads_driver);
    CHECK(offer.own_layout);
    CHECK_FALSE(offer.layout_exact);
    CHECK(source(gpu_record(false)).input.name == "gbm:card0");
    CHECK(machine.kernel.count("open") == 0);
    CHECK(machine.gbm.calls.empty());
}

TEST_CASE("card and render node of one card are one GBM source, the caller's descriptor first") {
    Machine machine;
    DeviceRecord render = gpu_record();
    render.path = "/dev/dri/renderD128";
    render.caller_fd = UniqueFd::adopt(kernel::open("/dev/dri/renderD128", O_RDWR));
    const std::vector<std::shared_ptr<const DeviceRecord>> devices{
        std::make_shared<const DeviceRecord>(gpu_record()),
        std::make_shared<const DeviceRecord>(std::move(render))};
    const auto found = backend().find(devices);
    REQUIRE(found.size() == 1);
    CHECK(found[0].device == devices[1]);
}

TEST_CASE("what neither draws nor shows has no GBM source") {
    Machine machine;
    DeviceRecord record = gpu_record(false);
    record.drm->kms = false;
    CHECK(sources(record.drm ? std::move(record) : DeviceRecord{}).empty());
    CHECK(sources(DeviceRecord{}).empty());
}

TEST_CASE("one of the two nodes is enough to be usable") {
    Machine machine;
    machine.kernel.root = false;
    const SourceRecord denied = source();
    CHECK_FALSE(denied.input.usable);
    CHECK(denied.input.remedy == "add the user to group render");
    machine.kernel.member_of = {44};
    CHECK(source().input.usable);
    const auto buffer = backend().allocate(source(), spec_of({linear}));
    REQUIRE(buffer);
    CHECK(machine.gbm.requests.back().node == "/dev/dri/card0");
    machine.kernel.member_of = {};
    const auto refused = backend().allocate(denied, spec_of({linear}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::denied);
    CHECK(refused.error().remedy == "add the user to group render");
}

TEST_CASE("the driver picks the modifier by its own preference, out of those offered") {
    Machine machine;
    machine.gbm.preference = {compressed, tiled, linear};
    machine.gbm.image = with_aux_planes;
    SECTION("the best one") {
        const auto buffer = backend().allocate(source(), spec_of({tiled, compressed, linear}));
        REQUIRE(buffer);
        CHECK(buffer->layout->modifier == Modifier::named(compressed));
        CHECK(machine.gbm.requests ==
              std::vector<FakeGbmRequest>{{"/dev/dri/renderD128",
                                           1920,
                                           1080,
                                           GBM_BO_USE_SCANOUT | GBM_BO_USE_RENDERING,
                                           {tiled, compressed, linear}}});
    }
    SECTION("the only one") {
        const auto buffer = backend().allocate(source(), spec_of({tiled, linear}, {Use::sample}));
        REQUIRE(buffer);
        CHECK(buffer->layout->modifier == Modifier::named(tiled));
        CHECK(machine.gbm.requests[0].flags == GBM_BO_USE_RENDERING);
    }
}

TEST_CASE("a compressed image has planes of its own, and planes share dma-bufs by inode") {
    Machine machine;
    machine.gbm.preference = {compressed};
    machine.gbm.image = with_aux_planes;
    {
        const auto buffer = backend().allocate(source(), spec_of({compressed}));
        REQUIRE(buffer);
        const Layout& layout = *buffer->layout;
        CHECK(buffer->dmabufs.size() == 2);
        CHECK(layout.dmabuf_sizes == std::vector<std::uint64_t>{10U << 20U, 4096});
        CHECK(layout.planes == std::vector<Plane>{{0, 0, 7680, 9U << 20U},
                                                  {0, 9U << 20U, 512, 1U << 20U},
                                                  {1, 0, 64, 4096}});
        CHECK(layout.placement == Placement::per_plane);
        CHECK(solver::check_layout(layout, {}));
        // The second plane's descriptor was closed again.
        CHECK(machine.kernel.census() == Census{.fds = 2, .dmabufs = 2});
        CHECK(machine.gbm.bos == 0);
    }
    machine.check_nothing_left();
}

TEST_CASE("a linear image keeps the strides and offsets that the driver gave it") {
    Machine machine;
    AllocationSpec spec = nv12_spec(320, 240, Placement::packed);
    spec.modifiers = {linear};
    SECTION("packed") {
        machine.gbm.image = [](auto, auto, auto) {
            return FakeGbmImage{{512 * 360}, {{0, 0, 512}, {0, 512 * 240, 512}}};
        };
        const auto buffer = backend().allocate(source(), spec);
        REQUIRE(buffer);
        CHECK(buffer->layout->placement == Placement::packed);
        CHECK(buffer->layout->modifier == Modifier::named(linear));
        CHECK(buffer->layout->planes ==
              std::vector<Plane>{{0, 0, 512, 512 * 240}, {0, 512 * 240, 512, 512 * 120}});
        CHECK(solver::check_layout(*buffer->layout, {}));
    }
    SECTION("with a gap") {
        machine.gbm.image = [](auto, auto, auto) {
            return FakeGbmImage{{512 * 512}, {{0, 0, 512}, {0, 512 * 256, 512}}};
        };
        const auto buffer = backend().allocate(source(), spec);
        REQUIRE(buffer);
        CHECK(buffer->layout->placement == Placement::single);
        CHECK(buffer->layout->planes[1] == Plane{0, 512 * 256, 512, 512 * 120});
        CHECK(solver::check_layout(*buffer->layout, {}));
    }
    SECTION("in two dma-bufs") {
        machine.gbm.image = [](auto, auto, auto) {
            return FakeGbmImage{{512 * 240, 512 * 120}, {{0, 0, 512}, {1, 0, 512}}};
        };
        const auto buffer = backend().allocate(source(), spec);
        REQUIRE(buffer);
        CHECK(buffer->layout->placement == Placement::per_plane);
        CHECK(buffer->dmabufs.size() == 2);
        CHECK(solver::check_layout(*buffer->layout, {}));
    }
    SECTION("but not with planes that the format has not") {
        machine.gbm.image = [](auto, auto, auto) {
            return FakeGbmImage{{512 * 360}, {{0, 0, 512}}};
        };
        const auto buffer = backend().allocate(source(), spec);
        REQUIRE_FALSE(buffer);
        CHECK(buffer.error().cause == Cause::mismatch);
    }
}

TEST_CASE("a driver that knows no modifiers allocates linear by interface, where that serves") {
    Machine machine;
    machine.gbm.knows_modifiers = false;
    SECTION("when linear is among the offered") {
        const auto buffer = backend().allocate(source(), spec_of({tiled, linear}));
        REQUIRE(buffer);
        CHECK(buffer->layout->modifier == Modifier::linear());
        REQUIRE(machine.gbm.requests.size() == 2);
        CHECK(machine.gbm.requests[1].flags ==
              (GBM_BO_USE_SCANOUT | GBM_BO_USE_RENDERING | GBM_BO_USE_LINEAR));
    }
    SECTION("but not when a use needs the modifier by name") {
        AllocationSpec spec = spec_of({linear});
        spec.explicit_modifier = true;
        const auto buffer = backend().allocate(source(), spec);
        REQUIRE_FALSE(buffer);
        CHECK(buffer.error().sys_errno == ENOSYS);
        CHECK(buffer.error().cause == Cause::unsupported);
        CHECK(buffer.error().stage == Stage::allocate);
        CHECK_THAT(buffer.error().detail, Catch::Contains("knows no modifiers"));
        CHECK_FALSE(buffer.error().remedy.empty());
    }
    SECTION("nor when linear is not among the offered") {
        const auto buffer = backend().allocate(source(), spec_of({tiled}));
        REQUIRE_FALSE(buffer);
        CHECK(buffer.error().sys_errno == ENOSYS);
    }
    machine.check_nothing_left();
}

TEST_CASE("an implicit layout is flagged as such, whatever the driver says of it") {
    Machine machine;
    machine.gbm.says_modifier = tiled;
    AllocationSpec spec = spec_of({}, {Use::render});
    spec.layout.modifier = Modifier::implicit();
    const auto buffer = backend().allocate(source(), spec);
    REQUIRE(buffer);
    CHECK(buffer->layout->modifier == Modifier::implicit());
    CHECK(machine.gbm.calls[1] == "gbm_bo_create");
    CHECK(machine.gbm.requests[0].flags == GBM_BO_USE_RENDERING);
}

TEST_CASE("a modifier that was not offered is a mismatch") {
    Machine machine;
    SECTION("another one") {
        machine.gbm.says_modifier = tiled;
    }
    SECTION("none, where the use needs it by name") {
        machine.gbm.says_modifier = DRM_FORMAT_MOD_INVALID;
    }
    AllocationSpec spec = spec_of({linear});
    spec.explicit_modifier = true;
    const auto buffer = backend().allocate(source(), spec);
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::mismatch);
    CHECK(buffer.error().stage == Stage::layout);
    machine.check_nothing_left();
}

TEST_CASE("only linear was offered, so a driver that can't name it gave linear") {
    Machine machine;
    machine.gbm.says_modifier = DRM_FORMAT_MOD_INVALID;
    const auto buffer = backend().allocate(source(), spec_of({linear}));
    REQUIRE(buffer);
    CHECK(buffer->layout->modifier == Modifier::linear());
}

TEST_CASE("where the render node refuses the card node serves, without its master") {
    Machine machine;
    machine.gbm.render_node_allocates = false;
    {
        const auto buffer = backend().allocate(source(), spec_of({linear}));
        REQUIRE(buffer);
        CHECK(machine.gbm.requests.front().node == "/dev/dri/renderD128");
        CHECK(machine.gbm.requests.back().node == "/dev/dri/card0");
        CHECK_FALSE(machine.card->has_master);
    }
    machine.check_nothing_left();
}

TEST_CASE("a dma-buf is writable though libgbm exports it for reading") {
    Machine machine;
    machine.gbm.exports_writable = false;
    machine.gbm.has_handles = true;
    machine.card->override = [&](unsigned long request, void* argument) -> std::optional<int> {
        if (request != DRM_IOCTL_PRIME_HANDLE_TO_FD)
            return std::nullopt;
        auto& prime = *static_cast<drm_prime_handle*>(argument);
        prime.fd = machine.gbm.export_handle(prime.handle, prime.flags);
        return prime.fd < 0 ? prime.fd : 0;
    };
    const auto mapped = [&](const RawBuffer& buffer) {
        void* address = nullptr;
        const int result =
            kernel::map(buffer.dmabufs[0].get(), 4096, PROT_READ | PROT_WRITE, &address);
        if (result == 0)
            kernel::unmap(address, 4096);
        return result;
    };
    {
        const auto buffer = backend().allocate(source(), spec_of({linear}));
        REQUIRE(buffer);
        CHECK(buffer->dmabufs.size() == 1);
        CHECK(mapped(*buffer) == 0);
        CHECK(machine.kernel.census() == Census{.fds = 1, .dmabufs = 1});
    }
    // A node that knows no such handle leaves what libgbm exports.
    machine.card->override = nullptr;
    {
        const auto buffer = backend().allocate(source(), spec_of({linear}));
        REQUIRE(buffer);
        CHECK(mapped(*buffer) == -EACCES);
    }
    machine.check_nothing_left();
}

TEST_CASE("memory that is used up on the render node is not looked for on the card node") {
    Machine machine;
    machine.gbm.fail("gbm_bo_create_with_modifiers2", ENOMEM);
    const auto buffer = backend().allocate(source(), spec_of({linear}));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::exhausted);
    CHECK(machine.gbm.requests.size() == 1);
    machine.check_nothing_left();
}

TEST_CASE("where no node can be opened the caller's descriptor serves and stays the caller's") {
    Machine machine;
    DeviceRecord record = gpu_record();
    record.caller_fd = UniqueFd::adopt(kernel::open("/dev/dri/renderD128", O_RDWR));
    machine.kernel.root = false;
    const SourceRecord found = source(std::move(record));
    CHECK(found.input.usable);
    const Census before = machine.kernel.census();
    {
        const auto buffer = backend().allocate(found, spec_of({linear}));
        REQUIRE(buffer);
        CHECK(machine.gbm.requests.back().node == "/dev/dri/renderD128");
    }
    machine.check_nothing_left(before);
}

TEST_CASE("a node without a driver says what to install") {
    FakeKernel kernel;
    add_drm_card(kernel, {.render_node = true});
    const auto buffer = backend().allocate(source(), spec_of({linear}));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::unsupported);
    CHECK(buffer.error().stage == Stage::open);
    CHECK_THAT(buffer.error().remedy, Catch::Contains("libgl1-mesa-dri"));
    CHECK(kernel.census() == Census{});
}

TEST_CASE("a plane outside of its dma-buf or without stride is a mismatch") {
    Machine machine;
    const bool outside = GENERATE(true, false);
    machine.gbm.image = [outside](auto, auto, auto) {
        return outside ? FakeGbmImage{{4096}, {{0, 4096, 7680}}}
                       : FakeGbmImage{{4096}, {{0, 0, 0}}};
    };
    const auto buffer = backend().allocate(source(), spec_of({linear}));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::mismatch);
    machine.check_nothing_left();
}

TEST_CASE("a GBM allocation leaves nothing, whichever call of libgbm fails") {
    Machine machine;
    machine.gbm.preference = {compressed};
    machine.gbm.image = with_aux_planes;
    const SourceRecord found = source(gpu_record(false));
    unsigned failed = 0;
    for (unsigned n = 1;; ++n) {
        REQUIRE(n < 50);
        machine.gbm.clear_failures();
        machine.gbm.fail_nth_call(n, EMFILE);
        const auto buffer = backend().allocate(found, spec_of({compressed}));
        if (!machine.gbm.failed()) {
            CHECK(buffer);
            break;
        }
        INFO("call " << n << ": " << machine.gbm.calls.back());
        REQUIRE_FALSE(buffer);
        ++failed;
        if (machine.gbm.calls.back() == "gbm_bo_get_stride_for_plane")
            CHECK(buffer.error().cause == Cause::mismatch); // zero is all that it says
        else
            CHECK(buffer.error().cause == Cause::fd_limit);
        machine.check_nothing_left();
    }
    CHECK(failed == 9); // device, buffer, planes, and for each of three a descriptor and a stride
}

TEST_CASE("a GBM allocation leaves nothing, whichever system call fails") {
    Machine machine;
    machine.gbm.preference = {compressed};
    machine.gbm.image = with_aux_planes;
    fail_each_syscall(machine.kernel, source(gpu_record(false)), spec_of({compressed}),
                      [](const FakeCall& call) { return call.name == "read_file"; });
    machine.check_nothing_left();
}

TEST_CASE("each errno of libgbm has its cause, and none stops other sources without need") {
    Machine machine;
    const auto row = GENERATE(table<int, Cause>({
        {ENOSYS, Cause::unsupported},
        {EINVAL, Cause::unsupported},
        {EOPNOTSUPP, Cause::unsupported},
        {ENOMEM, Cause::exhausted},
        {ENOSPC, Cause::exhausted},
        {EACCES, Cause::denied},
        {EPERM, Cause::denied},
        {ENODEV, Cause::gone},
        {EMFILE, Cause::fd_limit},
        {EBADF, Cause::unsupported}, // left over from inside the driver
        {0, Cause::unsupported},
    }));
    const auto [sys_errno, cause] = row;
    AllocationSpec spec = spec_of({linear});
    spec.explicit_modifier = true;
    for (const char* call :
         {"gbm_bo_create_with_modifiers2", "gbm_bo_get_plane_count", "gbm_bo_get_fd_for_plane"}) {
        CAPTURE(call);
        machine.gbm.fail(call, sys_errno);
        const auto buffer = backend().allocate(source(), spec);
        REQUIRE_FALSE(buffer);
        CHECK(buffer.error().cause == cause);
        CHECK(buffer.error().sys_errno == sys_errno);
    }
    machine.check_nothing_left();
}

TEST_CASE("from request to buffer: the modifiers that GPU and described display share") {
    Machine machine;
    machine.kernel.add_file("/proc/meminfo", "MemAvailable:   2097152 kB\n");
    machine.gbm.preference = {compressed, tiled, linear};
    machine.gbm.image = with_aux_planes;
    const auto gpu = Internal::make<Device>(std::make_shared<const DeviceRecord>(gpu_record()));
    DeviceDescription display;
    display.name = "display";
    display.alternatives.emplace_back().formats = {{fourcc::xrgb8888, {linear, tiled}, true}};
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto request = [&](std::vector<FormatSupport> formats) {
        return Request::image(1920, 1080, fourcc::xrgb8888)
            .use(gpu, Use::render, std::move(formats))
            .use(Device::described(display), Use::scanout);
    };
    {
        const auto plan =
            allocator->plan(request({{fourcc::xrgb8888, {compressed, tiled, linear}, false}}));
        REQUIRE(plan);
        REQUIRE_FALSE(plan->candidates().empty());
        CHECK(plan->candidates()[0].source == "gbm:renderD128");
        CHECK(plan->candidates()[0].layout.modifier == Modifier::named(tiled));
        CHECK_FALSE(plan->candidates()[0].exact);
        const auto buffer = allocator->allocate(*plan, {.verify = false});
        REQUIRE(buffer);
        CHECK(buffer->source() == "gbm:renderD128");
        CHECK(buffer->modifier() == Modifier::named(tiled));
        CHECK(machine.kernel.count("map") == 0); // to be cleared by whoever knows the layout
        CHECK(machine.gbm.requests.back().modifiers == Modifiers{tiled, linear});
        const auto setup = buffer->setup(0);
        REQUIRE(setup);
        CHECK(setup->drm->pass_modifier);
        CHECK(setup->drm->modifier == tiled);
    }
    // The same where the driver turns out to know no modifiers: the attempt says why.
    machine.gbm.knows_modifiers = false;
    const auto failed = allocator->allocate(
        request({{fourcc::xrgb8888, {tiled}, false}}).without("drm-dumb"), {.verify = false});
    REQUIRE_FALSE(failed);
    REQUIRE(failed.error().attempts.size() == 1);
    CHECK(failed.error().attempts[0].source == "gbm:renderD128");
    CHECK(failed.error().attempts[0].sys_errno == ENOSYS);
    CHECK_THAT(failed.error().attempts[0].message, Catch::Contains("knows no modifiers"));
    machine.check_nothing_left();
}
