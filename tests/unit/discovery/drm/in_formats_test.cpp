// SPDX-License-Identifier: MIT
// The IN_FORMATS blob, well-formed and hostile.
#include "lib/discovery/drm/in_formats.hpp"

#include "tests/support/catch.hpp"

#include <cstring>
#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>

using namespace simplealloc;

namespace {

constexpr std::uint64_t tiled = I915_FORMAT_MOD_X_TILED;

struct Blob {
    drm_format_modifier_blob header = {};
    std::vector<std::uint32_t> formats;
    std::vector<drm_format_modifier> modifiers;

    Blob(std::vector<std::uint32_t> codes, std::vector<drm_format_modifier> mods)
        : formats(std::move(codes)), modifiers(std::move(mods)) {
        header.version = FORMAT_BLOB_CURRENT;
        header.count_formats = static_cast<__u32>(formats.size());
        header.formats_offset = sizeof header;
        header.count_modifiers = static_cast<__u32>(modifiers.size());
        header.modifiers_offset = static_cast<__u32>(sizeof header + formats.size() * 4);
    }

    [[nodiscard]] std::vector<std::byte> bytes() const {
        std::vector<std::byte> out(sizeof header + formats.size() * sizeof formats[0] +
                                   modifiers.size() * sizeof modifiers[0]);
        std::memcpy(out.data(), &header, sizeof header);
        std::memcpy(out.data() + sizeof header, formats.data(), formats.size() * 4);
        std::memcpy(out.data() + sizeof header + formats.size() * 4, modifiers.data(),
                    modifiers.size() * sizeof modifiers[0]);
        return out;
    }
};

drm_format_modifier modifier(std::uint64_t mask, std::uint32_t offset, std::uint64_t value) {
    drm_format_modifier entry = {};
    entry.formats = mask;
    entry.offset = offset;
    entry.modifier = value;
    return entry;
}

} // namespace

TEST_CASE("each format gets the modifiers whose bit is set, in the driver's order") {
    const Blob blob({DRM_FORMAT_XRGB8888, DRM_FORMAT_NV12},
                    {modifier(0b01, 0, tiled), modifier(0b11, 0, DRM_FORMAT_MOD_LINEAR)});
    const auto formats = parse_in_formats(blob.bytes());
    REQUIRE(formats.has_value());
    CHECK(*formats == std::vector<FormatSupport>{
                          {Fourcc(DRM_FORMAT_XRGB8888), {tiled, DRM_FORMAT_MOD_LINEAR}, true},
                          {Fourcc(DRM_FORMAT_NV12), {DRM_FORMAT_MOD_LINEAR}, true}});
}

TEST_CASE("bits count from the entry's own offset") {
    const Blob blob({DRM_FORMAT_XRGB8888, DRM_FORMAT_NV12}, {modifier(0b1, 1, tiled)});
    const auto formats = parse_in_formats(blob.bytes());
    REQUIRE(formats.has_value());
    REQUIRE(formats->size() == 1);
    CHECK(formats->front().fourcc == Fourcc(DRM_FORMAT_NV12));
}

TEST_CASE("a format without LINEAR in its list is not taken without a modifier") {
    const Blob blob({DRM_FORMAT_XRGB8888}, {modifier(0b1, 0, tiled)});
    CHECK_FALSE(parse_in_formats(blob.bytes())->front().without_modifier);
}

TEST_CASE("a blob that points outside of itself is refused") {
    Blob blob({DRM_FORMAT_XRGB8888}, {modifier(0b1, 0, 0)});
    SECTION("too short for its header") {
        auto bytes = blob.bytes();
        bytes.resize(sizeof(drm_format_modifier_blob) - 1);
        CHECK_FALSE(parse_in_formats(bytes));
        CHECK_FALSE(parse_in_formats({}));
    }
    SECTION("cut off") {
        auto bytes = blob.bytes();
        bytes.pop_back();
        CHECK_FALSE(parse_in_formats(bytes));
    }
    SECTION("counts and offsets beyond 32 bits together") {
        blob.header.count_formats = 0x40000000;
        CHECK_FALSE(parse_in_formats(blob.bytes()));
        blob.header.count_formats = 1;
        blob.header.formats_offset = 0xfffffffc;
        CHECK_FALSE(parse_in_formats(blob.bytes()));
    }
    SECTION("modifiers") {
        blob.header.modifiers_offset = 0xffffffff;
        CHECK_FALSE(parse_in_formats(blob.bytes()));
        blob.header.modifiers_offset = sizeof blob.header;
        blob.header.count_modifiers = 0x0aaaaaab;
        CHECK_FALSE(parse_in_formats(blob.bytes()));
    }
    SECTION("a bit without a format") {
        blob.modifiers[0].formats = 0b10;
        CHECK_FALSE(parse_in_formats(blob.bytes()));
        blob.modifiers[0] = modifier(1, 0xffffffff, 0);
        CHECK_FALSE(parse_in_formats(blob.bytes()));
    }
    SECTION("another version") {
        blob.header.version = 2;
        CHECK_FALSE(parse_in_formats(blob.bytes()));
    }
}
