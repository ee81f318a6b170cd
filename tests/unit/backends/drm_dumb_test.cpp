// SPDX-License-Identifier: MIT
// The drm-dumb backend: pitches and bpp that differ, master, handles, and every failure.
#include "backends/drm_dumb/shape.hpp"
#include "lib/discovery/limits/apply_quirks.hpp"
#include "tests/support/backend_checks.hpp"

#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <sys/mman.h>

using namespace simplealloc;
using namespace simplealloc::test;
using solver::OfferContiguity;

namespace {

const Backend& backend() {
    return *find_backend("drm-dumb");
}

/// The fake card before any quirk row, as far as the backend looks at it.
DeviceRecord unknown_card() {
    DeviceRecord record;
    record.id = "/sys/devices/platform/vkms.0";
    record.path = "/dev/dri/card0";
    record.subsystem = "drm";
    record.driver = "vkms";
    record.drm.emplace();
    record.drm->card_node = "/dev/dri/card0";
    record.drm->opened = record.drm->kms = record.drm->dumb.offered = true;
    return record;
}

DeviceRecord card_record() {
    DeviceRecord record = unknown_card();
    const solver::Evidence by_row{Confidence::known, "quirk builtin [drm:vkms]"};
    record.drm->dumb.contiguity = {OfferContiguity::scattered, by_row};
    record.drm->dumb.zeroed = {true, by_row};
    return record;
}

std::vector<SourceRecord> sources(DeviceRecord record) {
    return sources_of(backend(), std::move(record));
}

SourceRecord source(DeviceRecord record = card_record()) {
    return only_source_of(backend(), std::move(record));
}

std::vector<std::uint32_t> bpps(const Result<std::vector<DumbShape>>& shapes) {
    std::vector<std::uint32_t> out;
    for (const DumbShape& shape : *shapes)
        out.push_back(shape.bpp);
    return out;
}

} // namespace

TEST_CASE("a card with dumb buffers is one source, bound to its device") {
    FakeKernel fake;
    add_drm_card(fake);
    const SourceRecord found = source();
    CHECK(found.input.name == "drm-dumb:card0");
    CHECK(found.input.driver == "vkms");
    CHECK(found.path == "/dev/dri/card0");
    const solver::Offer& offer = found.input.offer;
    CHECK(offer.device == "/sys/devices/platform/vkms.0");
    CHECK(offer.contiguity == OfferContiguity::scattered);
    CHECK(offer.zeroed == true);
    CHECK(offer.side_effect == solver::SideEffect::scanout_memory);
    CHECK_FALSE(offer.layout_exact);
    CHECK(offer.max_size == 0xfffff000);
    CHECK(find_fact(found, "contiguity")->origin == "quirk builtin [drm:vkms]");
    CHECK(fake.count("open") == 0);
}

TEST_CASE("a render-only GPU has no dumb buffers, vgem has by its quirk row") {
    FakeKernel fake;
    add_drm_card(fake);
    DeviceRecord record = card_record();
    record.drm->kms = record.drm->dumb.offered = false;
    record.drm->dumb.contiguity.value = OfferContiguity::unknown;
    CHECK(sources(std::move(record)).empty());

    record = card_record();
    record.drm->kms = record.drm->dumb.offered = false;
    CHECK(sources(std::move(record)).size() == 1);

    record = card_record();
    record.drm->card_node.clear();
    CHECK(sources(std::move(record)).empty());
}

TEST_CASE("card and render node of one card are one source") {
    FakeKernel fake;
    add_drm_card(fake, {.render_node = true});
    DeviceRecord render = card_record();
    render.path = "/dev/dri/renderD128";
    render.drm->is_render_node = true;
    const std::vector<std::shared_ptr<const DeviceRecord>> devices{
        std::make_shared<const DeviceRecord>(std::move(render)),
        std::make_shared<const DeviceRecord>(card_record())};
    const auto found = backend().find(devices);
    REQUIRE(found.size() == 1);
    CHECK(found[0].device == devices[1]);
}

TEST_CASE("contiguity in the card's own domain is physical without a translating IOMMU") {
    FakeKernel fake;
    add_drm_card(fake);
    DeviceRecord record = card_record();
    record.drm->dumb.contiguity.value = OfferContiguity::device_domain;
    record.reach.mask_known = true;
    record.reach.max_address = 0xffffffff;
    const SourceRecord physical = source(std::move(record));
    CHECK(physical.input.offer.contiguity == OfferContiguity::physical);
    CHECK(physical.input.offer.scarce);
    CHECK(physical.input.offer.max_address == 0xffffffff);

    record = card_record();
    record.drm->dumb.contiguity.value = OfferContiguity::device_domain;
    record.reach.translated = true;
    CHECK(source(std::move(record)).input.offer.contiguity == OfferContiguity::device_domain);
}

TEST_CASE("contiguous dumb memory is in the pool that the device tree gives to the card") {
    FakeKernel fake;
    fake.add_file("/proc/zoneinfo", "spanned 1048576\nstart_pfn: 4096\n");
    fake.add_file("/proc/meminfo", "CmaTotal:          65536 kB\n");
    add_drm_card(fake);
    DeviceRecord record = card_record();
    record.drm->dumb.contiguity.value = OfferContiguity::physical;
    record.reach.pool = {"vram", "/tree/vram", false, AddressRange{0x1000, 0x8fff}, 0x8000, "x"};
    const SourceRecord found = source(std::move(record));
    // It may be no memory of the kernel's at all.
    CHECK(found.input.offer.min_address == 0x1000);
    CHECK(found.input.offer.max_address == 0x8fff);
    CHECK(found.input.offer.max_size == 0x8000);
    CHECK(found.input.offer.max_total == 0x8000);
    CHECK(found.input.offer.max_size_reason == "its pool holds 32 KiB");
    CHECK(found.input.offer.max_size_remedy == "enlarge /tree/vram in the device tree");
    CHECK(find_fact(found, "addresses")->origin == "/tree/vram");
    CHECK(find_fact(found, "max-size")->value == "32 KiB");
    // When an area that the kernel shares is full, other pages are taken.
    record = card_record();
    record.drm->dumb.contiguity.value = OfferContiguity::physical;
    record.reach.pool = {"area", "/tree/area", true, AddressRange{0x1000, 0x8fff}, 0x8000, "x"};
    CHECK(source(std::move(record)).input.offer.min_address == 0x1000000);
}

TEST_CASE("contiguous dumb memory is no larger than the CMA areas, which it comes from") {
    FakeKernel fake;
    add_drm_card(fake);
    fake.add_file("/proc/meminfo", "CmaTotal:          65536 kB\n");
    DeviceRecord record = card_record();
    CHECK(source(card_record()).input.offer.max_size == 0xfffff000);
    record.drm->dumb.contiguity.value = OfferContiguity::physical;
    SECTION("as of the default area") {
        const SourceRecord found = source(std::move(record));
        CHECK(found.input.offer.max_size == 64U << 20U);
        CHECK(find_fact(found, "max-size")->origin == "/proc/meminfo CmaTotal");
    }
    SECTION("but a device may have a pool of its own") {
        fake.add_file(record.id + "/of_node/memory-region", std::string(4, '\0'));
        CHECK(source(std::move(record)).input.offer.max_size == 0xfffff000);
    }
    SECTION("and a translating IOMMU makes one run of any pages") {
        record.drm->dumb.contiguity.value = OfferContiguity::device_domain;
        record.reach.translated = true;
        CHECK(source(std::move(record)).input.offer.max_size == 0xfffff000);
    }
}

TEST_CASE("what the quirks say of exports is in the offer, with its origin") {
    FakeKernel fake;
    add_drm_card(fake);
    DeviceRecord record = card_record();
    record.driver = "bochs-drm";
    const solver::Evidence by_row{Confidence::known, "quirk builtin [drm:bochs-drm]"};
    record.attachable = {false, by_row};
    record.vmap_stable = {false, by_row};
    record.drm->dumb.memory = {MemoryKind::device_local, by_row};
    const SourceRecord found = source(std::move(record));
    CHECK_FALSE(found.input.offer.attachable);
    CHECK_FALSE(found.input.offer.vmap_stable);
    CHECK(found.input.offer.memory_kind == MemoryKind::device_local);
    CHECK(found.input.offer.attach_reason ==
          "dumb buffers of this driver can't be attached (quirk builtin [drm:bochs-drm]); a kernel "
          "mapping of dumb buffers of this driver goes stale (quirk builtin [drm:bochs-drm])");
    CHECK(find_fact(found, "attachable")->value == "no");
}

TEST_CASE("each value of a source is known as its own row knows it, and by that row") {
    FakeKernel fake;
    add_drm_card(fake);
    Quirks quirks;
    REQUIRE(quirks.read("[drm:vkms]\nsource = x\nconfidence = assumed\ndumb-caching = cached\n"
                        "exports-attachable = no\n",
                        "guess.quirks"));
    REQUIRE(quirks.read("[drm:vkms]\nsource = x\ndumb-contiguity = scattered\n"
                        "dumb-pitch-align = 64\nexports-vmap-stable = no\n",
                        "sure.quirks"));
    REQUIRE(quirks.read("[drm:vkms]\nsource = x\nconfidence = assumed\ndumb-width-align = 8\n"
                        "dumb-zeroed = yes\n",
                        "width.quirks"));
    DeviceRecord record = unknown_card();
    record.quirks = quirks.rows_for({"drm", {"vkms"}, {}, {}});
    apply_quirks(record);
    const SourceRecord found = source(std::move(record));

    const Fact facts[] = {
        {"contiguity", "scattered", Confidence::known, "quirk sure.quirks [drm:vkms]"},
        {"caching", "cached", Confidence::assumed, "quirk guess.quirks [drm:vkms]"},
        {"zeroed", "yes", Confidence::assumed, "quirk width.quirks [drm:vkms]"},
        {"memory-kind", "system", Confidence::assumed, "default for dumb buffers"},
        {"attachable", "no", Confidence::assumed, "quirk guess.quirks [drm:vkms]"},
        {"vmap-stable", "no", Confidence::known, "quirk sure.quirks [drm:vkms]"},
    };
    for (const Fact& fact : facts) {
        CAPTURE(fact.name);
        const Fact* real = find_fact(found, fact.name);
        REQUIRE(real != nullptr);
        CHECK(*real == fact);
    }
    const auto evidence = [&](ConstraintKind kind) { return found.input.offer.evidence.at(kind); };
    CHECK(evidence(ConstraintKind::stride_align) ==
          solver::Evidence{Confidence::known, "quirk sure.quirks [drm:vkms]"});
    CHECK(evidence(ConstraintKind::stride_align_pixels) ==
          solver::Evidence{Confidence::assumed, "quirk width.quirks [drm:vkms]"});
    CHECK(evidence(ConstraintKind::attach).confidence == Confidence::assumed);
    CHECK_THAT(found.input.offer.attach_reason,
               Catch::Matchers::Contains("quirk guess.quirks [drm:vkms]") &&
                   Catch::Matchers::Contains("quirk sure.quirks [drm:vkms]"));
}

TEST_CASE("two rows that make up a stride are both named, and the less sure one counts") {
    FakeKernel fake;
    add_drm_card(fake);
    Quirks quirks;
    REQUIRE(quirks.read("[drm:vkms]\nsource = x\nconfidence = assumed\ndumb-bpp = 16 32\n",
                        "guess.quirks"));
    REQUIRE(quirks.read("[drm:vkms]\nsource = x\ndumb-pitch-align = 3\n", "sure.quirks"));
    DeviceRecord record = unknown_card();
    record.quirks = quirks.rows_for({"drm", {"vkms"}, {}, {}});
    apply_quirks(record);
    const SourceRecord found = source(std::move(record));
    CHECK(found.input.offer.layout.stride_align == 6);
    CHECK(found.input.offer.evidence.at(ConstraintKind::stride_align) ==
          solver::Evidence{Confidence::assumed,
                           "quirk guess.quirks [drm:vkms]; quirk sure.quirks [drm:vkms]"});
}

TEST_CASE("others reach a card's own memory in its BARs, or in RAM where its driver moves it") {
    FakeKernel fake;
    fake.add_file("/proc/zoneinfo", "spanned 1048576\nstart_pfn: 4096\n");
    add_drm_card(fake);
    const auto describe = [] {
        DeviceRecord record = card_record();
        record.drm->dumb.memory.value = MemoryKind::device_local;
        return source(std::move(record));
    };
    CHECK(describe().input.offer.min_address == 0); // nobody says
    CHECK(describe().input.offer.max_address == no_limit);
    const std::string path = card_record().id + "/resource";
    fake.add_file(path,
                  "0x0000007c00000000 0x0000007dffffffff 0x000000000014220c\n"
                  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
                  "0x00000ffffffff000 0x00000fffffffffff 0x0000000000040101\n"); // ports
    const SourceRecord found = describe();
    CHECK(found.input.offer.max_address == 0x7dffffffff);
    CHECK(find_fact(found, "addresses")->value == "0x1000000 to 0x7dffffffff");
    CHECK(find_fact(found, "addresses")->origin == path);
    // BARs may be below RAM.
    fake.add_file(path, "0x0000000000800000 0x00000000008fffff 0x0000000000040200\n");
    CHECK(find_fact(describe(), "addresses")->value == "0x800000 to 0x100ffffff");
}

TEST_CASE("the stride is a multiple of the driver's pitch rule and smallest pixel") {
    FakeKernel fake;
    add_drm_card(fake);
    DeviceRecord record = card_record();
    record.drm->dumb.bpp.value = std::vector<std::uint32_t>{32};
    record.drm->dumb.pitch_align.value = 6;
    CHECK(source(std::move(record)).input.offer.layout.stride_align == 12);
    CHECK(source().input.offer.layout.stride_align == 1);
}

TEST_CASE("a driver that rounds widths up has its pixels as a rule of the layout") {
    FakeKernel fake;
    add_drm_card(fake);
    DeviceRecord record = card_record();
    record.drm->dumb.width_align.value = 32;
    CHECK(source(std::move(record)).input.offer.layout.stride_align_pixels == 32);
}

TEST_CASE("only a driver that a quirk says it of hands its buffers out cleared") {
    FakeKernel fake;
    add_drm_card(fake);
    DeviceRecord record = card_record();
    CHECK(find_fact(source(card_record()), "zeroed")->origin == "quirk builtin [drm:vkms]");
    record.drm->dumb.zeroed.value.reset();
    CHECK_FALSE(source(card_record()).input.offer.zeroed == std::nullopt);
    CHECK(source(std::move(record)).input.offer.zeroed == std::nullopt);
}

TEST_CASE("an image has the bpp of its pixels, planes and bytes have what the driver takes") {
    FakeKernel fake;
    const auto rgb = dumb_shapes(image_spec(640, 360).layout, 0, {});
    REQUIRE(rgb);
    CHECK((*rgb)[0].bpp == 32);
    CHECK((*rgb)[0].width == 640);
    CHECK((*rgb)[0].height == 360);
    CHECK((*rgb)[0].stride == 2560);

    const auto nv12 = dumb_shapes(nv12_spec(640, 360, Placement::packed).layout, 0, {});
    REQUIRE(nv12);
    CHECK((*nv12)[0].bpp == 8);
    CHECK((*nv12)[0].width == 640);
    CHECK((*nv12)[0].height == 540);

    const std::vector<std::uint32_t> only32{32};
    const auto wide = dumb_shapes(nv12_spec(640, 360, Placement::packed).layout, 0, only32);
    REQUIRE(wide);
    CHECK(bpps(wide) == only32);
    CHECK((*wide)[0].width == 160);

    const auto odd = dumb_shapes(nv12_spec(642, 360, Placement::packed).layout, 0, only32);
    REQUIRE_FALSE(odd);
    CHECK(odd.error().cause == Cause::unsupported);

    const auto bytes = dumb_shapes(bytes_spec(1U << 20U).layout, 0, {});
    REQUIRE(bytes);
    CHECK((*bytes)[0].bpp == 32);
    CHECK((*bytes)[0].width == 1024);
    CHECK((*bytes)[0].height == 256);
}

TEST_CASE("a shape reaches the size that the layout wants, padding included") {
    FakeKernel fake;
    AllocationSpec spec = image_spec(640, 360);
    spec.layout.dmabuf_sizes = {1U << 20U};
    const auto shapes = dumb_shapes(spec.layout, 0, {});
    REQUIRE(shapes);
    const std::uint64_t size = (*shapes)[0].stride * (*shapes)[0].height;
    CHECK((size + 4095) / 4096 * 4096 >= 1U << 20U);

    spec = bytes_spec(4096);
    spec.layout.planes[0].size = UINT64_MAX;
    spec.layout.dmabuf_sizes = {UINT64_MAX};
    CHECK(dumb_shapes(spec.layout, 0, {}).error().cause == Cause::limit);
}

TEST_CASE("a dumb buffer is writable, and neither master nor handle nor node are kept") {
    FakeKernel fake;
    const auto card = add_drm_card(fake);
    auto buffer = backend().allocate(source(), image_spec(640, 360));
    REQUIRE(buffer);
    CHECK(buffer->layout->planes == image_spec(640, 360).layout.planes);
    CHECK(fake.census() == Census{.fds = 1, .dmabufs = 1});
    CHECK_FALSE(card->has_master);
    CHECK(fake.count(DRM_IOCTL_DROP_MASTER) == 1);
    CHECK(fake.count(DRM_IOCTL_MODE_DESTROY_DUMB) == 1);
    void* address = nullptr;
    CHECK(kernel::map(buffer->dmabufs[0].get(), 4096, PROT_READ | PROT_WRITE, &address) == 0);
    kernel::unmap(address, 4096);
    CHECK(fake.errors().empty());
}

TEST_CASE("a longer pitch than asked moves all planes of the layout") {
    FakeKernel fake;
    const auto card = add_drm_card(fake);
    card->pitch = [](std::uint32_t width, std::uint32_t bpp) {
        return (width * bpp / 8 + 255) / 256 * 256;
    };
    SECTION("of an RGB image") {
        const auto buffer = backend().allocate(source(), image_spec(100, 100));
        REQUIRE(buffer);
        CHECK(buffer->layout->planes == std::vector<Plane>{{0, 0, 512, 51200}});
        CHECK(buffer->layout->dmabuf_sizes == std::vector<std::uint64_t>{53248});
    }
    SECTION("of a packed NV12 image") {
        const auto buffer = backend().allocate(source(), nv12_spec(320, 240, Placement::packed));
        REQUIRE(buffer);
        CHECK(buffer->layout->planes ==
              std::vector<Plane>{{0, 0, 512, 512 * 240}, {0, 512 * 240, 512, 512 * 120}});
    }
    SECTION("of an NV12 image in two dma-bufs") {
        const auto buffer = backend().allocate(source(), nv12_spec(320, 240, Placement::per_plane));
        REQUIRE(buffer);
        CHECK(buffer->layout->planes ==
              std::vector<Plane>{{0, 0, 512, 512 * 240}, {1, 0, 512, 512 * 120}});
    }
    SECTION("but plain bytes have none") {
        const auto buffer = backend().allocate(source(), bytes_spec(5000));
        REQUIRE(buffer);
        CHECK(buffer->layout->planes == bytes_spec(5000).layout.planes);
    }
}

TEST_CASE("a pitch or size below what was asked is a mismatch, and nothing is left") {
    FakeKernel fake;
    const auto card = add_drm_card(fake);
    SECTION("pitch") {
        card->pitch = [](std::uint32_t width, std::uint32_t) { return width; };
        card->size = [](std::uint64_t, std::uint64_t) { return std::uint64_t{1} << 30U; };
    }
    SECTION("size") {
        card->size = [](std::uint64_t, std::uint64_t) { return std::uint64_t{4096}; };
    }
    const auto buffer = backend().allocate(source(), image_spec(640, 360));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::mismatch);
    CHECK(buffer.error().stage == Stage::layout);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a driver that takes 32 bpp only, which nobody knew, is asked again with 32") {
    FakeKernel fake;
    const auto card = add_drm_card(fake);
    card->bpps = {32};
    const auto buffer = backend().allocate(source(), nv12_spec(640, 360, Placement::packed));
    REQUIRE(buffer);
    CHECK(buffer->layout->planes == nv12_spec(640, 360, Placement::packed).layout.planes);
    CHECK(fake.count(DRM_IOCTL_MODE_CREATE_DUMB) == 2);
    CHECK(fake.census() == Census{.fds = 1, .dmabufs = 1});
}

TEST_CASE("what a driver took of a layout it is asked of again, and each answer is looked at") {
    FakeKernel fake;
    const auto card = add_drm_card(fake);
    card->bpps = {32};
    const SourceRecord found = source();
    const auto opened = backend().open(found);
    REQUIRE(opened);
    const AllocationSpec spec = nv12_spec(640, 360, Placement::packed);
    const auto allocate = [&](const AllocationSpec& wanted) {
        auto buffer = (*opened)->allocate(wanted);
        REQUIRE(buffer);
        return *std::move(buffer);
    };
    const RawBuffer first = allocate(spec);
    CHECK(fake.count(DRM_IOCTL_MODE_CREATE_DUMB) == 2);
    CHECK(allocate(spec).layout == first.layout);
    CHECK(fake.count(DRM_IOCTL_MODE_CREATE_DUMB) == 3);
    SECTION("another layout in between is asked for in its own shape") {
        CHECK(allocate(image_spec(100, 100)).layout->planes[0].stride == 400);
        CHECK(allocate(spec).layout->planes == first.layout->planes);
        CHECK(fake.count(DRM_IOCTL_MODE_CREATE_DUMB) == 6);
    }
    SECTION("another pitch is another layout") {
        card->pitch = [](std::uint32_t width, std::uint32_t bpp) { return width * bpp / 8 + 256; };
        CHECK(allocate(spec).layout->planes[0].stride == 896);
        CHECK(fake.count(DRM_IOCTL_MODE_CREATE_DUMB) == 4);
    }
}

TEST_CASE("a driver that takes no bpp is unsupported, not our bug") {
    FakeKernel fake;
    const auto card = add_drm_card(fake);
    card->bpps = {1};
    const auto buffer = backend().allocate(source(), image_spec(640, 360));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::unsupported);
    CHECK(buffer.error().sys_errno == EINVAL);
    CHECK(buffer.error().stage == Stage::allocate);
}

TEST_CASE("a dumb allocation leaves nothing, whichever system call fails") {
    FakeKernel fake;
    const auto card = add_drm_card(fake);
    // GEM_CLOSE stands in for DESTROY_DUMB.
    fail_each_syscall(
        fake, source(), nv12_spec(320, 240, Placement::per_plane),
        [](const FakeCall& call) { return call.request == DRM_IOCTL_MODE_DESTROY_DUMB; });
    CHECK_FALSE(card->has_master);
}

TEST_CASE("where the node can't be opened the caller's descriptor serves, and its handles are "
          "closed once") {
    FakeKernel fake;
    const auto card = add_drm_card(fake);
    const int caller = kernel::open("/dev/dri/card0", O_RDWR);
    DeviceRecord record = card_record();
    record.caller_fd = UniqueFd::adopt(kernel::dup(caller));
    fake.root = false;
    const SourceRecord found = source(std::move(record));
    CHECK(found.input.usable);
    const Census before = fake.census();
    {
        const auto buffer = backend().allocate(found, nv12_spec(320, 240, Placement::per_plane));
        REQUIRE(buffer);
        CHECK(fake.census().gem_handles == 0);
    }
    CHECK(fake.census() == before);
    // The caller's mastership is the caller's.
    CHECK(card->has_master);
    CHECK(fake.errors().empty());
}

TEST_CASE("handles on the caller's descriptor are closed, whichever system call fails") {
    FakeKernel fake;
    add_drm_card(fake);
    DeviceRecord record = card_record();
    record.caller_fd = UniqueFd::adopt(kernel::open("/dev/dri/card0", O_RDWR));
    fake.root = false;
    fail_each_syscall(fake, source(std::move(record)), image_spec(64, 64),
                      [](const FakeCall& call) {
                          return call.name == "open" || call.request == DRM_IOCTL_MODE_DESTROY_DUMB;
                      });
}

TEST_CASE("who may not open the card gets the remedy") {
    FakeKernel fake;
    add_drm_card(fake);
    fake.root = false;
    const SourceRecord found = source();
    CHECK_FALSE(found.input.usable);
    const auto buffer = backend().allocate(found, image_spec(64, 64));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::denied);
    CHECK(buffer.error().remedy == "add the user to group video");
}

TEST_CASE("each errno of a card has its cause") {
    FakeKernel fake;
    add_drm_card(fake);
    const SourceRecord found = source();
    const auto row = GENERATE(table<int, Cause>({
        {ENOSYS, Cause::unsupported},
        {EOPNOTSUPP, Cause::unsupported},
        {EINVAL, Cause::unsupported},
        {EACCES, Cause::denied},
        {ENOMEM, Cause::exhausted},
        {ENOSPC, Cause::exhausted},
        {E2BIG, Cause::limit},
        {ERANGE, Cause::limit},
        {ENODEV, Cause::gone},
        {EMFILE, Cause::fd_limit},
    }));
    const auto [sys_errno, cause] = row;
    CHECK(cause_when(fake, found, image_spec(64, 64), DRM_IOCTL_MODE_CREATE_DUMB, sys_errno) ==
          cause);
    CHECK(cause_when(fake, found, image_spec(64, 64), DRM_IOCTL_PRIME_HANDLE_TO_FD, sys_errno) ==
          cause);
    CHECK(fake.census() == Census{});
}
