// SPDX-License-Identifier: MIT
// The request's options are read as documented, and nonsense is refused with the reason.
#include "tools/request_options.hpp"

#include "tests/support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace simplealloc;
using namespace simplealloc::tools;

namespace {

RequestText bytes_request() {
    RequestText text;
    text.bytes = "4K";
    return text;
}

} // namespace

TEST_CASE("an image is width, height, fourcc and an optional modifier") {
    struct Row {
        std::string text;
        ImageOption image;
    };
    const std::vector<Row> rows{
        {"1280x720:XR24", {1280, 720, fourcc::xrgb8888, std::nullopt}},
        {"1x1:R8", {1, 1, Fourcc('R', '8', ' ', ' '), std::nullopt}},
        {"1920x1080:NV12:LINEAR", {1920, 1080, fourcc::nv12, Modifier::named(0)}},
        {"1920x1080:NV12:INVALID", {1920, 1080, fourcc::nv12, Modifier::implicit()}},
        {"64x64:AR24:0x0100000000000001",
         {64, 64, fourcc::argb8888, Modifier::named(0x0100000000000001)}},
        {"64x64:v4l2:RG16", {64, 64, Fourcc::v4l2(fourcc::rgb565.value), std::nullopt}},
        {"64x64:v4l2:BA81:LINEAR", {64, 64, *Fourcc::parse("v4l2:BA81"), Modifier::named(0)}},
        {"64X64:ARGB8888:X_TILED", {64, 64, fourcc::argb8888, Modifier::named(0x0100000000000001)}},
        {"64x64:DRM_FORMAT_NV12:VIVANTE_TILED",
         {64, 64, fourcc::nv12, Modifier::named(0x0600000000000001)}},
        {"64x64:AR24:7", {64, 64, fourcc::argb8888, Modifier::named(7)}},
        {"4294967295x4294967295:P010", {4294967295U, 4294967295U, fourcc::p010, std::nullopt}},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto image = parse_image(row.text);
        REQUIRE(image.has_value());
        CHECK(*image == row.image);
    }
}

TEST_CASE("an image of impossible size or unknown fourcc is well-formed: the library judges it") {
    CHECK(parse_image("0x5:NV12").has_value());
    CHECK(parse_image("65535x65535:P010").has_value());
    CHECK(parse_image("64x64:ZZZZ").has_value());
}

TEST_CASE("a malformed image is refused, quoting what was typed") {
    const std::vector<std::string> texts{
        "",
        ":",
        "NV12",
        "64x64",
        "64x64:",
        "64x64:v4l2:",
        "64x64:v4l2:NV12:",
        "64:NV12",
        "x64:NV12",
        "64x:NV12",
        "-1x64:NV12",
        "+1x64:NV12",
        " 64x64:NV12",
        "64x64x64:NV12",
        "4294967296x1:NV12",
        "64x64:NV122",
        "64x64:N\x01",
        "64x64:NV12:",
        "64x64:NV12:linear",
        "64x64:NV12:0x",
        "64x64:NV12:0x1:0x2",
        "64x64:NV12:0x10000000000000000",
    };
    for (const std::string& text : texts) {
        INFO(text);
        const auto image = parse_image(text);
        REQUIRE_FALSE(image.has_value());
        CHECK(image.error().cause == Cause::invalid);
        CHECK(image.error().stage == Stage::request);
        CHECK(image.error().object == "--image '" + text + "'");
        CHECK_FALSE(image.error().detail.empty());
        CHECK_FALSE(image.error().remedy.empty());
    }
}

TEST_CASE("a modifier that two vendors have must say whose it is") {
    const auto image = parse_image("64x64:NV12:TILED");
    REQUIRE_FALSE(image.has_value());
    CHECK(image.error().detail == "'TILED' is a modifier of more than one vendor");
    CHECK(image.error().remedy == "VIVANTE_TILED or ALLWINNER_TILED");
}

TEST_CASE("K, M and G count bytes in powers of 1024") {
    const std::vector<std::pair<std::string, std::uint64_t>> rows{
        {"0", 0},
        {"1", 1},
        {"4K", 4096},
        {"4M", 4194304},
        {"3G", 3221225472},
        {"0G", 0},
        {"1125899906842624", std::uint64_t{1} << 50U},
        {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
        {"17179869183G", 17179869183U * (std::uint64_t{1} << 30U)},
    };
    for (const auto& [text, size] : rows) {
        INFO(text);
        const auto parsed = parse_bytes(text, "--bytes");
        REQUIRE(parsed.has_value());
        CHECK(*parsed == size);
    }
}

TEST_CASE("a number of bytes that is none, or does not fit 64 bits, is refused") {
    for (const std::string text :
         {"", "K", "4k", "4KB", "4 M", "-1", "+1", "0x10", "1.5M", "M4", "4MM", "four"}) {
        INFO(text);
        const auto parsed = parse_bytes(text, "--bytes");
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().detail == "not a number of bytes");
    }
    for (const std::string text :
         {"18446744073709551616", "18014398509481984K", "17179869184G", "99999999999999999999G"}) {
        INFO(text);
        const auto parsed = parse_bytes(text, "--bytes");
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().detail == "more than 18446744073709551615 bytes");
    }
}

TEST_CASE("the least size is a number of bytes that some device wants") {
    RequestText text;
    text.image = "1920x1080:v4l2:H264";
    text.uses = {"/dev/video10:m2m-in"};
    text.min_size = "4M";
    const auto options = parse_request(text);
    REQUIRE(options);
    CHECK(options->min_size == std::uint64_t{4} << 20U);
    text.min_size = "4X";
    const auto wrong = parse_request(text);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().object == "--min-size '4X'");
    text.min_size = "4M";
    text.uses.clear();
    const auto nobody = parse_request(text);
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().detail == "no device wants it");
}

TEST_CASE("a crop is two numbers of pixels") {
    RequestText text;
    text.image = "640x368:NV12";
    text.crop = "640x360";
    const auto options = parse_request(text);
    REQUIRE(options.has_value());
    CHECK(options->crop == SizeOption{640, 360});
    for (const char* wrong : {"", "640", "640x", "x360", "640x360x1", "-1x2", "640*360"}) {
        text.crop = wrong;
        CHECK_FALSE(parse_request(text).has_value());
    }
}

TEST_CASE("a use is split at its last colon") {
    const auto plain = parse_use_option("/dev/video0:capture");
    REQUIRE(plain.has_value());
    CHECK(*plain == UseOption{"/dev/video0", Use::capture});

    const auto by_path = parse_use_option("/dev/v4l/by-path/pci-0000:00:14.0-index0:m2m-in");
    REQUIRE(by_path.has_value());
    CHECK(*by_path == UseOption{"/dev/v4l/by-path/pci-0000:00:14.0-index0", Use::m2m_in});
}

TEST_CASE("every role of the library can be named") {
    for (unsigned i = 0; i <= static_cast<unsigned>(Use::write); ++i) {
        const Use use = static_cast<Use>(i);
        const std::string text = "/dev/x:" + std::string(to_string(use));
        INFO(text);
        const auto parsed = parse_use_option(text);
        REQUIRE(parsed.has_value());
        CHECK(parsed->use == use);

        const auto wrong = parse_use_option("/dev/x:nothing");
        REQUIRE_FALSE(wrong.has_value());
        CHECK(wrong.error().remedy.find(to_string(use)) != std::string::npos);
    }
}

TEST_CASE("a use without path or role is refused") {
    for (const std::string text : {"", ":", "/dev/video0", ":capture",
                                   "/dev/video0:", "/dev/video0:Capture", "/dev/video0:capture "}) {
        INFO(text);
        CHECK_FALSE(parse_use_option(text).has_value());
    }
}

TEST_CASE("an order is a list of names between commas, none of them empty") {
    const auto order = parse_order("udmabuf,dma-heap:system");
    REQUIRE(order.has_value());
    CHECK(*order == std::vector<std::string>{"udmabuf", "dma-heap:system"});
    for (const std::string text : {"", ",", "a,", ",a", "a,,b"}) {
        INFO(text);
        CHECK_FALSE(parse_order(text).has_value());
    }
}

TEST_CASE("an order may name sources with commas in them, and have blanks between names") {
    for (const std::string text : {"udmabuf,dma-heap:linux,cma,ion:cma@3c000000",
                                   "udmabuf dma-heap:linux,cma ion:cma@3c000000",
                                   " udmabuf, dma-heap:linux,cma  ion:cma@3c000000 "}) {
        INFO(text);
        const auto order = parse_order(text);
        REQUIRE(order.has_value());
        CHECK(*order ==
              std::vector<std::string>{"udmabuf", "dma-heap:linux,cma", "ion:cma@3c000000"});
    }
}

TEST_CASE("a request is an image or bytes, never both or neither") {
    RequestText text;
    CHECK(parse_request(text).error().detail == "neither --image nor --bytes");
    text.image = "64x64:NV12";
    CHECK(parse_request(text).has_value());
    text.bytes = "4K";
    CHECK(parse_request(text).error().detail == "both --image and --bytes");
    text.image.reset();
    CHECK(parse_request(text).has_value());
}

TEST_CASE("without a use the CPU is expected to read the buffer") {
    RequestText text = bytes_request();
    CHECK(parse_request(text)->cpu == CpuAccess::read_rarely);

    text.uses = {"/dev/video0:capture"};
    CHECK(parse_request(text)->cpu == CpuAccess::none);

    text.cpu = "read-often";
    CHECK(parse_request(text)->cpu == CpuAccess::read_often);

    text.uses.clear();
    text.cpu = "none";
    CHECK(parse_request(text)->cpu == CpuAccess::none);
}

TEST_CASE("all parts of a request arrive") {
    RequestText text;
    text.image = "64x32:XR24:LINEAR";
    text.uses = {"/dev/video0:capture", "/dev/dri/card0:scanout"};
    text.name = "preview";
    text.without = {"dma-heap", "v4l2:video1"};
    text.order = "udmabuf";
    text.any_device = true;
    text.strict = true;
    text.no_zero = true;
    const auto options = parse_request(text);
    REQUIRE(options.has_value());
    CHECK(options->image == ImageOption{64, 32, fourcc::xrgb8888, Modifier::named(0)});
    CHECK(options->uses ==
          std::vector<UseOption>{{"/dev/video0", Use::capture}, {"/dev/dri/card0", Use::scanout}});
    CHECK(options->name == "preview");
    CHECK(options->without == text.without);
    CHECK(options->order == std::vector<std::string>{"udmabuf"});
    CHECK(options->any_device);
    CHECK(options->strict);
    CHECK_FALSE(options->zeroed);
}

TEST_CASE("one malformed part refuses the whole request") {
    RequestText text = bytes_request();
    text.cpu = "sometimes";
    CHECK(parse_request(text).error().object == "--cpu 'sometimes'");
    text = bytes_request();
    text.uses = {"/dev/video0:capture", "/dev/video1"};
    CHECK(parse_request(text).error().object == "--use '/dev/video1'");
    text = bytes_request();
    text.order = "a,";
    CHECK(parse_request(text).error().object == "--order 'a,'");
    text = bytes_request();
    text.bytes = "lots";
    CHECK(parse_request(text).error().object == "--bytes 'lots'");
}
