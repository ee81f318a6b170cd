// SPDX-License-Identifier: MIT
// The names of modifiers against drm_fourcc.h and libdrm; see tests/data.
#include "tests/support/catch.hpp"

#include <simplealloc/modifier.hpp>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>
#include <xf86drm.h>

using namespace simplealloc;

namespace {

struct Row {
    std::string name;
    std::uint64_t modifier;
};

const std::vector<Row> header_rows{
#include "tests/data/drm_modifiers.inc"
};

/// What libdrm prints of modifiers with fields; one for each kind.
const std::vector<Row> field_rows{
    {"BLOCK_SIZE=16x16", 0x0800000000000001},
    {"BLOCK_SIZE=16x16,MODE=YTR|SPARSE", 0x0800000000000051},
    {"BLOCK_SIZE=32x8_64x4,MODE=SPLIT|CBR|TILED|SC|DB|BCH|USM", 0x0800000000001fa4},
    {"P0=CU_16,P12=CU_24,SCAN", 0x0820000000000121},
    {"P0=CU_32,ROT", 0x0820000000000003},
    {"16X16_BLOCK_U_INTERLEAVED", 0x0810000000000001},
    {"BLOCK_LINEAR_2D,HEIGHT=4,KIND=6,GEN=2,SECTOR=1,COMPRESSION=0", 0x0300000000606014},
    {"FBC,LAYOUT=BASIC,OPTIONS=0", 0x0a00000000000001},
    {"FBC,LAYOUT=SCATTER,OPTIONS=MEM_SAVING", 0x0a00000000000102},
    {"GFX9,GFX9_64K_S", 0x0200000000000901},
    {"GFX10_RBPLUS,GFX9_64K_R_X,DCC,DCC_INDEPENDENT_64B,DCC_MAX_COMPRESSED_BLOCK=64B,"
     "PIPE_XOR_BITS=5,PACKERS=3",
     0x0200000018a13b03},
};

Modifier read(const std::string& text) {
    CAPTURE(text);
    const auto modifier = Modifier::parse(text);
    REQUIRE(modifier);
    return *modifier;
}

} // namespace

TEST_CASE(
    "each modifier of drm_fourcc.h is read by its name there, and prints as libdrm names it") {
    for (const Row& row : header_rows) {
        CAPTURE(row.name);
        const Modifier modifier = read(row.name);
        CHECK(modifier.value == row.modifier);
        CHECK(read(to_string(modifier)) == modifier);
        char* name = drmGetFormatModifierName(row.modifier);
        const std::string text = to_string(modifier);
        CHECK((name == nullptr ? text.starts_with("0x") : text.ends_with(name)));
        std::free(name); // NOLINT(cppcoreguidelines-no-malloc)
    }
    CHECK(read("DRM_FORMAT_MOD_LINEAR") == Modifier::named(0));
    CHECK(read("DRM_FORMAT_MOD_INVALID") == Modifier::implicit());
    CHECK(read("INTEL_X_TILED") == read("I915_FORMAT_MOD_X_TILED"));
    CHECK(read("ARM_16X16_BLOCK_U_INTERLEAVED").value == 0x0810000000000001);
}

TEST_CASE("modifiers with fields print as libdrm names them, and are read so") {
    for (const Row& row : field_rows) {
        CHECK(to_string(Modifier::named(row.modifier)) == row.name);
        CHECK(read(row.name) == Modifier::named(row.modifier));
    }
}

TEST_CASE("a name that several vendors have is printed and read with the vendor") {
    CHECK(to_string(Modifier::named(0x0600000000000001)) == "VIVANTE_TILED");
    CHECK(to_string(Modifier::named(0x0900000000000001)) == "ALLWINNER_TILED");
    CHECK(read("VIVANTE_TILED").value == 0x0600000000000001);
    CHECK(read("DRM_FORMAT_MOD_ALLWINNER_TILED").value == 0x0900000000000001);
    CHECK_FALSE(Modifier::parse("TILED"));
}

TEST_CASE("no two modifiers print alike") {
    std::mt19937_64 random(1); // NOLINT(bugprone-random-generator-seed)
    std::size_t named = 0;
    for (int i = 0; i < 20000; ++i) {
        // Few bits, as modifiers have them, of every vendor.
        const std::uint64_t bits = random() & random() & random();
        const std::uint64_t value =
            random() % 16 << 56U | (bits & 0x00ffffffffffffffU) >> random() % 56;
        const std::string text = to_string(Modifier::named(value));
        CAPTURE(value, text);
        REQUIRE(Modifier::parse(text));
        REQUIRE(Modifier::parse(text)->value == value);
        named += text.starts_with("0x") ? 0 : 1;
    }
    CHECK(named > 500);
    // libdrm has no word for this bit.
    CHECK(to_string(Modifier::named(0x0800000000002011)) == "0x0800000000002011");
}

TEST_CASE("names that are cut and pasted at random are refused or read without doubt") {
    std::mt19937_64 random(1); // NOLINT(bugprone-random-generator-seed)
    std::size_t read_at_all = 0;
    for (int i = 0; i < 20000; ++i) {
        const std::string& head = field_rows[random() % field_rows.size()].name;
        const std::string& tail = field_rows[random() % field_rows.size()].name;
        const std::string text =
            head.substr(0, random() % (head.size() + 1)) + tail.substr(random() % tail.size());
        const auto modifier = Modifier::parse(text);
        CAPTURE(text);
        if (!modifier)
            continue;
        ++read_at_all;
        REQUIRE(Modifier::parse(to_string(*modifier)) == modifier);
    }
    CHECK(read_at_all > 0);
}

TEST_CASE("what is no name of a modifier is not read") {
    for (const std::string text : {"x_tiled",
                                   "X_TILED,",
                                   "X_TILED,YTR",
                                   "I915_FORMAT_MOD_",
                                   "DRM_FORMAT_MOD_",
                                   "INTEL_",
                                   "INTEL_LINEAR",
                                   "AMD_X_TILED",
                                   "I915_FORMAT_MOD_TILED",
                                   "FBC",
                                   "BLOCK_LINEAR_2D",
                                   "GFX9,",
                                   "GFX9,YTR",
                                   "BLOCK_SIZE=16x16,MODE=YTR|YTR",
                                   "BLOCK_SIZE=16x16,SCAN",
                                   "P0=CU_16,MODE=YTR",
                                   "BLOCK_LINEAR_2D,HEIGHT=99,KIND=0,GEN=0,SECTOR=0,COMPRESSION=0",
                                   "BLOCK_LINEAR_2D,HEIGHT=,KIND=0,GEN=0,SECTOR=0,COMPRESSION=0",
                                   "MODE=YTR",
                                   ",",
                                   "|"}) {
        CAPTURE(text);
        CHECK_FALSE(Modifier::parse(text));
    }
}
