// SPDX-License-Identifier: MIT
// What is offered where nothing serves, and that each offer holds.
#include "lib/model/formats.hpp"
#include "lib/solver/explain/relax.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/generator.hpp"
#include "tests/support/solver_input.hpp"

using namespace simplealloc;
using namespace simplealloc::solver;
using namespace simplealloc::test;
using Catch::Matchers::Contains;

namespace {

/// The input of a relaxed request, as discovery would make it: these devices are the same for all.
Input relaxed_input(const Input& input, const Relaxed& relaxed) {
    Input result = input;
    result.request = relaxed.request;
    result.uses.clear();
    for (const std::size_t use : relaxed.uses)
        result.uses.push_back(input.uses[use]);
    for (SourceInput& source : result.sources) {
        source.named = source.named || relaxed.request.any_device;
        if (relaxed.request.without.empty())
            source.excluded = ExcludedBy::nobody;
        if (relaxed.split_planes)
            source.offer.max_dmabufs.reset();
    }
    return result;
}

std::vector<Relaxation> offers(const Input& input, std::vector<Fourcc> formats = {}) {
    REQUIRE(solved(input).choices.empty());
    int plans = 0;
    auto result = relaxations(
        input, find_core(input, ample()), formats,
        [&](const Relaxed& relaxed) -> std::optional<Output> {
            ++plans;
            auto output = solver::candidates(relaxed_input(input, relaxed), ample());
            return output ? std::optional(std::move(*output)) : std::nullopt;
        },
        ample());
    REQUIRE(plans < 150);
    for (std::size_t i = 1; i < result.size(); ++i)
        REQUIRE(result[i - 1].rank <= result[i].rank);
    for (const Relaxation& offer : result) {
        REQUIRE(!offer.what.empty());
        REQUIRE(!offer.how.empty());
        REQUIRE(!offer.source.empty());
        REQUIRE(!offer.layout.dmabuf_sizes.empty());
    }
    return result;
}

const Relaxation* find(const std::vector<Relaxation>& offers, RelaxationKind kind) {
    const auto found = std::find_if(offers.begin(), offers.end(),
                                    [&](const Relaxation& offer) { return offer.kind == kind; });
    return found == offers.end() ? nullptr : &*found;
}

std::vector<FormatSupport> linear(std::initializer_list<Fourcc> codes) {
    std::vector<FormatSupport> list;
    for (const Fourcc code : codes)
        list.push_back({code, {}, true});
    return list;
}

Input two_devices() {
    Input input = image(1280, 720, fourcc::xrgb8888);
    input.uses = {vmalloc_camera(), vkms_display()};
    input.sources = {system_heap()};
    return input;
}

} // namespace

TEST_CASE("a tiled modifier that no memory has is left open") {
    Input input = two_devices();
    input.request.modifier = Modifier::named(0x0100000000000001);
    const auto list = offers(input);
    const Relaxation* offer = find(list, RelaxationKind::modifier);
    REQUIRE(offer);
    CHECK(offer == &list.front());
    CHECK(offer->what == "leave the modifier open");
    CHECK(offer->source == "dma-heap:system");
    CHECK(offer->layout.modifier.is_linear());
}

TEST_CASE("the format with alpha comes before other formats, and only formats that all take") {
    Input input = two_devices();
    input.uses[0].alternatives[0].formats =
        linear({fourcc::argb8888, fourcc::nv12, fourcc::rgb565, fourcc::yuyv});
    input.uses[1].alternatives[0].formats =
        linear({fourcc::xrgb8888, fourcc::argb8888, fourcc::rgb565, fourcc::nv12});
    const std::vector<Fourcc> listed{fourcc::nv12, fourcc::argb8888, fourcc::yuyv, fourcc::rgb565,
                                     fourcc::xrgb8888};
    const auto list = offers(input, listed);
    REQUIRE(list.size() >= 3);
    CHECK(list[0].kind == RelaxationKind::alpha);
    CHECK(list[0].what == "request AR24 instead of XR24");
    CHECK(list[0].layout.fourcc == fourcc::argb8888);
    CHECK(list[1].what == "request RG16 instead of XR24");
    CHECK(list[2].what == "request NV12 instead of XR24");
    for (const Relaxation& offer : list)
        CHECK(offer.layout.fourcc != fourcc::yuyv);
}

TEST_CASE(
    "every format with an alpha sibling is offered that one first, whatever its letters are") {
    for (const FormatInfo& info : formats()) {
        const auto sibling = alpha_sibling(info.fourcc);
        if (!sibling)
            continue;
        CAPTURE(to_string(info.fourcc), to_string(*sibling));
        Input input = image(64, 64, info.fourcc);
        input.uses = {use("/dev/dri/card2 (scanout)", "vkms", Use::scanout)};
        input.uses[0].alternatives[0].formats = linear({*sibling});
        input.sources = {system_heap()};
        const auto list = offers(input, {*sibling});
        REQUIRE(!list.empty());
        CHECK(list.front().kind == RelaxationKind::alpha);
        CHECK(list.front().layout.fourcc == *sibling);
    }
}

TEST_CASE(
    "a device that imports nothing gets a buffer of its own, and the way of the copy is said") {
    Input input = image(1280, 720, fourcc::xrgb8888);
    input.uses = {contiguous_camera(), closed_display("bochs")};
    input.sources = {system_heap(), cma_heap(), bochs_dumb()};
    const auto list = offers(input);
    const Relaxation* offer = find(list, RelaxationKind::device);
    REQUIRE(offer);
    // The camera moves less than the display: it is the one to copy from.
    CHECK(offer->party == "/dev/video0 (capture)");
    CHECK(offer->copy_from == "dma-heap:reserved");
    CHECK(offer->copy_to == "drm-dumb:card0");
    CHECK(offer->source == "drm-dumb:card0");
    CHECK(offer->what == "give /dev/video0 (capture) a buffer of its own, and copy from "
                         "dma-heap:reserved to drm-dumb:card0");
    const auto other = std::find_if(list.begin(), list.end(), [](const Relaxation& each) {
        return each.party == "/dev/dri/card0 (scanout)";
    });
    REQUIRE(other != list.end());
    CHECK(other->source == "dma-heap:reserved");
    CHECK(other->copy_from == "dma-heap:reserved");
    CHECK(other->copy_to == "drm-dumb:card0");
}

TEST_CASE("no copy is offered where a use has no memory even for itself") {
    Input input = image(1280, 720, fourcc::xrgb8888);
    input.uses = {contiguous_camera(), closed_display("bochs")};
    input.sources = {system_heap(), bochs_dumb()};
    CHECK(find(offers(input), RelaxationKind::device) == nullptr);
}

TEST_CASE("a strict request, an unnamed device and what was left out are offered as such") {
    Input input = bytes(mib);
    input.uses = {use("npu", "npu", Use::read)};
    input.uses[0].alternatives[0].constraints.contiguity = Contiguity::preferred;
    input.request.strict = true;
    input.request.any_device = true;
    input.sources = {system_heap()};
    auto list = offers(input);
    REQUIRE(list.size() == 1);
    CHECK(list[0].kind == RelaxationKind::strict);

    input.request.strict = false;
    input.request.any_device = false;
    input.sources = {dumb("card1", "vgem")};
    input.sources[0].named = false;
    list = offers(input);
    REQUIRE(list.size() == 1);
    CHECK(list[0].kind == RelaxationKind::any_device);
    CHECK(list[0].how == std::vector{Remedy{RemedyKind::any_device}});

    input.sources[0].named = true;
    input.sources[0].excluded = ExcludedBy::caller;
    input.request.without = {"drm-dumb"};
    list = offers(input);
    REQUIRE(list.size() == 1);
    CHECK(list[0].kind == RelaxationKind::left_out);
}

TEST_CASE("what helps only together is offered together") {
    Input input = bytes(mib);
    input.uses = {use("npu", "npu", Use::read)};
    input.uses[0].alternatives[0].constraints.contiguity = Contiguity::preferred;
    input.request.strict = true;
    input.sources = {dumb("card1", "vgem")};
    input.sources[0].named = false;
    const auto list = offers(input);
    REQUIRE(list.size() == 1);
    CHECK(list[0].kind == RelaxationKind::any_device);
    CHECK_THAT(list[0].what, Contains("nobody knows") && Contains("not named"));
    CHECK(list[0].how == std::vector<Remedy>{{RemedyKind::not_strict}, {RemedyKind::any_device}});
}

TEST_CASE("the CPU gives up as little as helps") {
    Input input = bytes(mib);
    input.request.cpu = CpuAccess::read_often;
    input.sources = {system_heap()};
    input.sources[0].offer.caching = CpuCaching::unmappable;
    const auto list = offers(input);
    REQUIRE(list.size() == 1);
    CHECK(list[0].kind == RelaxationKind::cpu_access);
    CHECK(to_string(list[0].how) == "Request::cpu none");
    // Where caching is by choice, a CPU that only writes does not need a sync that does something.
    input.uses = {use("npu", "npu", Use::read)};
    input.uses[0].coherent = false;
    input.sources[0].offer.caching_selectable = true;
    input.sources[0].offer.sync_effective = false;
    const auto writes = offers(input);
    REQUIRE(writes.size() == 1);
    CHECK(to_string(writes[0].how) == "Request::cpu write");
}

TEST_CASE("the largest size that a source gives is found to the page") {
    Input input = bytes(100 * mib);
    input.sources = {udmabuf()};
    const auto list = offers(input);
    REQUIRE(list.size() == 1);
    CHECK(list[0].kind == RelaxationKind::size);
    CHECK(list[0].layout.dmabuf_sizes == std::vector<std::uint64_t>{64 * mib});
    CHECK(list[0].what == "request 64 MiB");
}

TEST_CASE("fewer buffers are offered, and as many as the source holds") {
    Input input = bytes(12 * mib);
    input.request.count = 8;
    input.sources = {cma_heap()};
    input.sources[0].offer.max_size = input.sources[0].offer.max_total = 64 * mib;
    const auto list = offers(input);
    const Relaxation* offer = find(list, RelaxationKind::count);
    REQUIRE(offer);
    CHECK(offer->count == 5);
    CHECK(offer->what == "request 5 buffers instead of 8");
    CHECK(to_string(offer->how) == "Request::count 5");
    // Smaller ones would do as well, and are a greater loss.
    const Relaxation* smaller = find(list, RelaxationKind::size);
    REQUIRE(smaller);
    CHECK(smaller->layout.dmabuf_sizes == std::vector<std::uint64_t>{8 * mib});
    CHECK(smaller->count == 8);
    CHECK(offer->rank < smaller->rank);
}

TEST_CASE("a device that holds few buffers is offered those") {
    Input input = bytes(mib);
    input.request.count = 0xffffffff;
    input.uses = {vmalloc_camera()};
    input.uses[0].alternatives[0].constraints.max_buffers = 32;
    input.sources = {system_heap()};
    const auto rejected = solved(input).rejections;
    REQUIRE(rejected.size() == 1);
    CHECK(rejected[0].constraint == ConstraintKind::max_buffers);
    CHECK(rejected[0].reason ==
          "4294967295 buffers are wanted, /dev/video0 (capture) holds 32 at a time");
    CHECK(to_string(rejected[0].remedies) == "Request::count 32");
    const auto list = offers(input);
    const Relaxation* offer = find(list, RelaxationKind::count);
    REQUIRE(offer);
    CHECK(offer->count == 32);
}

TEST_CASE("a quota leaves room for fewer buffers, and the rejection has the numbers") {
    Input input = bytes(2 * mib);
    input.request.count = 3;
    input.sources = {system_heap()};
    input.quotas = {{{"dma-heap", 64 * mib}, 59 * mib, {}, "policy f [quota]", "raise `dma-heap`"}};
    input.sources[0].quotas = {0};
    const Output output = solved(input);
    REQUIRE(output.rejections.size() == 1);
    const Rejection& rejection = output.rejections[0];
    CHECK(rejection.constraint == ConstraintKind::quota);
    CHECK(rejection.reason == "3 buffers of 2 MiB, 6 MiB in all, are needed; the quota of dma-heap "
                              "is 64 MiB, 59 MiB in use: 5 MiB left");
    CHECK(to_string(rejection.remedies) == "Request::count 2; raise `dma-heap`");
    REQUIRE(output.conflict.size() == 1);
    CHECK(output.conflict[0].constraint == ConstraintKind::quota);
    REQUIRE(output.conflict[0].contributors.size() == 1);
    CHECK(output.conflict[0].contributors[0].value == "5 MiB of 64 MiB left");
    CHECK(output.conflict[0].contributors[0].origin == "policy f [quota]");
    const auto list = offers(input);
    REQUIRE(find(list, RelaxationKind::count));
    CHECK(find(list, RelaxationKind::count)->count == 2);
}

TEST_CASE("an image that is too wide is offered smaller, in its proportions") {
    Input input = image(8000, 4000, fourcc::xrgb8888);
    input.uses = {vkms_display()};
    input.uses[0].alternatives[0].constraints.max_width = 4096;
    input.sources = {system_heap()};
    const auto list = offers(input);
    const Relaxation* offer = find(list, RelaxationKind::size);
    REQUIRE(offer);
    CHECK(offer->layout.width == 4000);
    CHECK(offer->layout.height == 2000);
}

TEST_CASE("planes are allocated one by one where the source gives a single dma-buf") {
    Input input = image(640, 480, fourcc::nv12);
    input.uses = {use("encoder", "vpu", Use::encode)};
    input.uses[0].alternatives[0].constraints.placements = Placements::of(Placement::per_plane);
    input.sources = {dumb("card0", "vpu")};
    const auto list = offers(input);
    const Relaxation* offer = find(list, RelaxationKind::placement);
    REQUIRE(offer);
    CHECK(offer->layout.dmabuf_sizes.size() == 2);
}

TEST_CASE("each offer over generated devices holds when it is asked for") {
    Generator g(41);
    int made = 0;
    for (int i = 0; i < 600; ++i) {
        Input input = image(640, 480, fourcc::nv12);
        input.request.cpu = g.pick({CpuAccess::none, CpuAccess::read_often});
        input.request.strict = g.one_in(3);
        for (const char* device : {"camera", "display", "gpu"}) {
            input.uses.push_back(use(device, device, Use::read));
            if (g.one_in(2))
                input.uses.back().alternatives[0].constraints = random_constraints(g);
        }
        input.sources = {system_heap(), cma_heap(), dumb("card0", "display"),
                         dumb("card1", "other")};
        input.sources[3].named = false;
        if (!solved(input).choices.empty())
            continue;
        for (const Relaxation& offer : offers(input)) {
            ++made;
            if (offer.kind != RelaxationKind::device)
                continue;
            Input apart = input;
            std::erase_if(apart.uses,
                          [&](const UseInput& each) { return each.party == offer.party; });
            REQUIRE(apart.uses.size() == 2);
            const auto names = candidates(solved(apart));
            REQUIRE(std::find(names.begin(), names.end(), offer.source) != names.end());
        }
    }
    CHECK(made > 15);
}

TEST_CASE(
    "what was left out and what nobody knows are offered together, where neither helps alone") {
    Input input = image(640, 480, fourcc::nv12);
    input.request.strict = true;
    input.request.without = {"dma-heap:system"};
    input.uses = {vkms_display()};
    input.uses[0].alternatives[0].constraints.contiguity = Contiguity::preferred;
    input.sources = {system_heap()};
    input.sources[0].excluded = ExcludedBy::caller;
    const auto found = offers(input);
    const Relaxation* both = find(found, RelaxationKind::strict);
    REQUIRE(both);
    CHECK_THAT(both->what, Contains("use what was left out: dma-heap:system and take memory"));
    CHECK(both->how == std::vector<Remedy>{{RemedyKind::let_in}, {RemedyKind::not_strict}});
    CHECK(both->source == "dma-heap:system");
}

TEST_CASE("formats come by least loss, and those with the same order of bytes first") {
    Input input = image(640, 480, fourcc::nv12);
    input.uses = {vkms_display()};
    const std::vector<Fourcc> formats{fourcc::nv61, fourcc::yuv410, fourcc::nv42,
                                      fourcc::nv16, fourcc::nv21,   fourcc::nv24};
    input.uses[0].alternatives[0].formats = linear(
        {fourcc::nv61, fourcc::nv16, fourcc::yuv410, fourcc::nv42, fourcc::nv24, fourcc::nv21});
    input.sources = {system_heap()};
    std::vector<std::string> order;
    for (const Relaxation& offer : offers(input, formats))
        if (offer.kind == RelaxationKind::format)
            order.push_back(to_string(offer.layout.fourcc));
    CHECK(order == std::vector<std::string>{"NV21", "NV16", "NV61", "NV24", "NV42", "YUV9"});
}

TEST_CASE("for RGB another RGB is offered before YUV or grey, and nothing of V4L2 alone") {
    constexpr Fourcc hsv = Fourcc::v4l2(0x34325348); // HSV of 24 bits
    Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {vkms_display()};
    input.uses[0].alternatives[0].formats =
        linear({fourcc::r16, fourcc::ayuv, hsv, fourcc::rgb565, fourcc::bgr888});
    input.sources = {system_heap()};
    const std::vector<Fourcc> listed{fourcc::r16, fourcc::ayuv, hsv, fourcc::rgb565,
                                     fourcc::bgr888};
    std::vector<std::string> order;
    for (const Relaxation& offer : offers(input, listed))
        if (offer.kind == RelaxationKind::format)
            order.push_back(to_string(offer.layout.fourcc));
    CHECK(order == std::vector<std::string>{"BG24", "RG16", "AYUV", "R16"});
}

TEST_CASE("of many formats those nearest to the one that is wanted are tried, not all") {
    Input input = image(640, 480, fourcc::nv12);
    input.uses = {vkms_display()};
    input.uses[0].alternatives[0].formats = linear({fourcc::rgb565});
    input.sources = {system_heap()};
    std::vector<Fourcc> formats{fourcc::nv21,   fourcc::nv16,   fourcc::nv61,   fourcc::nv24,
                                fourcc::nv42,   fourcc::p010,   fourcc::p012,   fourcc::p016,
                                fourcc::yuv420, fourcc::yvu420, fourcc::yuv422, fourcc::rgb565};
    CHECK(find(offers(input, formats), RelaxationKind::format));
    formats.push_back(fourcc::yvu422);
    CHECK_FALSE(find(offers(input, formats), RelaxationKind::format));
}

TEST_CASE("a buffer of its own is offered to eight devices of a conflict at most") {
    Input input = image(64, 1, fourcc::r8);
    for (const std::uint64_t prime : {2, 3, 5, 7, 11, 13, 17, 19, 23}) {
        const std::string name = "device " + std::to_string(prime);
        input.uses.push_back(use(name, name, Use::read));
        input.uses.back().alternatives[0].constraints.stride_align = prime;
    }
    input.uses.push_back(use("narrow", "narrow", Use::read));
    input.uses.back().alternatives[0].constraints.max_stride = 200000000; // their product is more
    input.sources = {system_heap()};
    REQUIRE(find_core(input, ample()).demands.size() == 10);
    const auto found = offers(input);
    CHECK(std::count_if(found.begin(), found.end(), [](const Relaxation& offer) {
              return offer.kind == RelaxationKind::device;
          }) == 8);
}

TEST_CASE("planes that end up in one dma-buf all the same are no offer to split them") {
    Input input = image(640, 480, fourcc::nv12);
    input.uses = {vkms_display()};
    input.uses[0].alternatives[0].formats = linear({fourcc::rgb565});
    input.sources = {system_heap()};
    Input easy = input;
    easy.uses.clear();
    const auto found = relaxations(
        input, find_core(input, ample()), {},
        [&](const Relaxed& relaxed) {
            return relaxed.split_planes ? std::optional(*solver::candidates(easy, ample()))
                                        : std::nullopt;
        },
        ample());
    CHECK(found.empty());
}
