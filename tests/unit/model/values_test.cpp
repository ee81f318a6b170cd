// SPDX-License-Identifier: MIT
// Small values: results, errors, fourccs, modifiers, names, descriptors, the log.
#include "tests/support/catch.hpp"
#include "tests/support/fake_kernel.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <set>
#include <string>
#include <vector>

using namespace simplealloc;

TEST_CASE("value() of an error throws that error") {
    Error error;
    error.cause = Cause::denied;
    error.sys_errno = EACCES;
    error.object = "/dev/dma_heap/system";
    error.detail = "open";
    error.remedy = "add a udev rule";
    const Result<int> result(error);
    CHECK(!result);
    CHECK(result.value_or(7) == 7);
    try {
        (void)result.value();
        FAIL("no exception");
    } catch (const BadResult& bad) {
        CHECK(bad.error().cause == Cause::denied);
        CHECK(std::string(bad.what()) ==
              "/dev/dma_heap/system: open: Permission denied; add a udev rule");
    }
    CHECK_THROWS_AS(Result<void>(error).value(), BadResult);
    CHECK_NOTHROW(Result<void>().value());
}

TEST_CASE("an error that says what excludes itself says what to give up first, and how") {
    Error error;
    error.cause = Cause::unsatisfiable;
    error.object = "request";
    error.detail = "no source satisfies all uses";
    error.conflict = {{ConstraintKind::contiguity, {"/dev/video0 (capture)", "udmabuf"}},
                      {ConstraintKind::exporter, {"gpu"}}};
    CHECK(error.message() == "request: no source satisfies all uses: contiguity of /dev/video0 "
                             "(capture), udmabuf");
    error.relaxations.resize(2);
    error.relaxations[0].what = "use more";
    error.relaxations[0].how = {{RemedyKind::not_strict}, {RemedyKind::any_device}};
    CHECK(error.best_remedy() == "use more (no Request::strict, Request::any_device)");
    CHECK(error.message().ends_with("udmabuf; " + error.best_remedy()));
    const RemedyWords words[]{{RemedyKind::any_device, "--any-device"}};
    CHECK(error.message(words).ends_with("(no Request::strict, --any-device)"));
    error.remedy = "wait";
    CHECK(error.best_remedy() == "wait");
}

TEST_CASE("remedies have names and words, which take their arguments") {
    std::set<std::string_view> names;
    for (unsigned i = 0; i <= static_cast<unsigned>(RemedyKind::replug); ++i) {
        const Remedy remedy{static_cast<RemedyKind>(i), {"one", "two", "three", "four"}};
        INFO(to_string(remedy.kind));
        CHECK(names.insert(to_string(remedy.kind)).second);
        CHECK_FALSE(to_string(remedy).empty());
        CHECK(to_string(remedy).find_first_of("{}") == std::string::npos);
        CHECK(to_string(Remedy{remedy.kind}).find_first_of("{}") == std::string::npos);
    }
    CHECK(to_string(static_cast<RemedyKind>(names.size())) == "unknown");
    CHECK(to_string(Remedy{RemedyKind::crop, {"8x8", "6x6"}}) ==
          "Request::image of 8x8, RequestBuilder::crop to 6x6");
    CHECK(to_string(Remedy{RemedyKind::accepted_format, {"NV12", "NV21"}}) ==
          "request NV12 or NV21, which it takes");
    CHECK(to_string(Remedy{RemedyKind::quirk, {"it is so", "a = b", "drm:x", "drm:y"}}) ==
          "if it is so, say so in a quirk file: each of `[drm:x]` and `[drm:y]`, "
          "`source = tried here`, `a = b`");
    CHECK(to_string(Remedy{RemedyKind::describe}) == "describe it so");
    const RemedyWords words[]{{RemedyKind::order, "first {0} of {1}{unfinished"}};
    CHECK(to_string(Remedy{RemedyKind::order, {"{0}"}}, words) == "first {0} of ");
    const std::vector<Remedy> two{{RemedyKind::less}, {RemedyKind::order, {"udmabuf"}}};
    CHECK(to_string(two) == "request less; Request::order udmabuf");
    CHECK(to_string(two, words, " + ") == "request less + first udmabuf of ");
    CHECK(to_string(std::vector<Remedy>()).empty());
}

TEST_CASE("fourccs read and print") {
    CHECK(Fourcc::parse("NV12") == fourcc::nv12);
    CHECK(to_string(fourcc::xrgb8888) == "XR24");
    CHECK(to_string(*Fourcc::parse("R8")) == "R8");
    CHECK(Fourcc::parse("R8")->value == 0x20203852);
    CHECK(to_string(Fourcc{}) == "bytes");
    CHECK(to_string(Fourcc(0x01020304)) == "0x01020304");
    CHECK(to_string(fourcc::r16f) == "R  H");
    CHECK(Fourcc::parse("R  H") == fourcc::r16f);
    CHECK(!Fourcc::parse(""));
    CHECK(!Fourcc::parse(" R8"));
    CHECK(!Fourcc::parse("R8 "));
    CHECK(!Fourcc::parse("TOOLONG"));
    CHECK(!Fourcc::parse("A\tB"));
    CHECK(Fourcc::parse("XRGB8888") == fourcc::xrgb8888);
    CHECK(Fourcc::parse("DRM_FORMAT_NV12") == fourcc::nv12);
    CHECK(!Fourcc::parse("xrgb8888"));
    CHECK(!Fourcc::parse("DRM_FORMAT_"));
    CHECK(!Fourcc::parse("DRM_FORMAT_XR24"));
    CHECK(!Fourcc::parse("v4l2:XRGB8888"));
}

TEST_CASE("codes of V4L2 are marked, since DRM has some of them for something else") {
    constexpr std::uint32_t srggb16 = 0x36314752; // RG16
    constexpr std::uint32_t gray_be = 0x20363159 | 1U << 31U;
    const Fourcc bayer = Fourcc::v4l2(srggb16);
    CHECK(bayer != fourcc::rgb565);
    CHECK(fourcc::rgb565.value == srggb16);
    CHECK(bayer.is_v4l2());
    CHECK(!fourcc::rgb565.is_v4l2());
    CHECK(!fourcc::bytes.is_v4l2());
    CHECK(bayer.v4l2_code() == srggb16);
    CHECK(to_string(bayer) == "v4l2:RG16");
    CHECK(Fourcc::parse("v4l2:RG16") == bayer);
    CHECK(to_string(Fourcc::v4l2(gray_be)) == "v4l2:Y16-BE");
    CHECK(Fourcc::parse("v4l2:Y16-BE") == Fourcc::v4l2(gray_be));
    CHECK(Fourcc::parse("v4l2:Y16")->v4l2_code() == 0x20363159);
    CHECK(to_string(Fourcc::v4l2(0x01020304)) == "0x01020384");
    CHECK(!Fourcc::parse("v4l2:"));
    CHECK(!Fourcc::parse("v4l2:-BE"));
    CHECK(!Fourcc::parse("v4l2:TOOLONG"));
    CHECK(!Fourcc::parse("v4l2: Y16"));
    CHECK(!Fourcc::parse("V4L2:H264"));
}

TEST_CASE("modifiers read and print") {
    CHECK(Modifier::parse("LINEAR") == Modifier::named(0));
    CHECK(Modifier::parse("INVALID") == Modifier::implicit());
    CHECK(Modifier::parse("0x0100000000000001") == Modifier::named(0x0100000000000001ULL));
    CHECK(Modifier::parse("72057594037927935") == Modifier::implicit());
    CHECK(to_string(Modifier::named(0x0100000000000001ULL)) == "X_TILED");
    CHECK(to_string(Modifier::linear()) == "LINEAR");
    CHECK(!Modifier::parse(""));
    CHECK(!Modifier::parse("0x"));
    CHECK(!Modifier::parse("tiled"));
    CHECK(!Modifier::parse("0x10000000000000000"));
}

TEST_CASE("uses and CPU profiles have one name each, both ways") {
    for (const Use use :
         {Use::scanout, Use::render, Use::sample, Use::capture, Use::encode, Use::decode,
          Use::m2m_in, Use::m2m_out, Use::cursor, Use::read, Use::write})
        CHECK(parse_use(to_string(use)) == use);
    for (const CpuAccess access :
         {CpuAccess::none, CpuAccess::write, CpuAccess::read_rarely, CpuAccess::read_often})
        CHECK(parse_cpu_access(to_string(access)) == access);
    CHECK(!parse_use("display"));
    CHECK(!parse_cpu_access(""));
}

TEST_CASE("constraints have one name each, both ways, up to the last of them") {
    std::size_t count = 0;
    while (to_string(static_cast<ConstraintKind>(count)) != "unknown") {
        const auto kind = static_cast<ConstraintKind>(count++);
        CHECK(parse_constraint_kind(to_string(kind)) == kind);
    }
    CHECK(count == static_cast<std::size_t>(ConstraintKind::policy) + 1);
    CHECK(to_string(ConstraintKind::search_limit) == "search-limit");
    CHECK(to_string(ConstraintKind::stride_align_pixels) == "stride-align-pixels");
    CHECK(to_string(ConstraintKind::address_window) == "address-window");
    CHECK(!parse_constraint_kind("unknown"));
    CHECK(!parse_constraint_kind(""));
}

TEST_CASE("a duplicate of no descriptor is the caller's mistake, a full table is a limit, and no "
          "memory for a larger table is no limit") {
    test::FakeKernel kernel;
    const auto bad = UniqueFd::dup(12345);
    REQUIRE(!bad);
    CHECK(bad.error().cause == Cause::invalid);
    kernel.fail("dup", 1, EMFILE);
    const auto full = UniqueFd::dup(12345);
    REQUIRE(!full);
    CHECK(full.error().cause == Cause::fd_limit);
    CHECK(!full.error().remedy.empty());
    kernel.fail("dup", 1, ENOMEM);
    const auto starved = UniqueFd::dup(12345);
    REQUIRE(!starved);
    CHECK(starved.error().cause == Cause::exhausted);
}

TEST_CASE("log lines go to the caller's sink from the level on") {
    test::FakeKernel kernel;
    kernel.environment["SIMPLEALLOC_DISABLE"] = "nonsense";
    std::vector<std::string> lines;
    set_log(LogLevel::warning, [&](LogLevel level, std::string_view line) {
        CHECK(level == LogLevel::warning);
        lines.emplace_back(line);
    });
    CHECK(Allocator::open());
    set_log(LogLevel::off);
    CHECK(Allocator::open());
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("nonsense") != std::string::npos);
}
