// SPDX-License-Identifier: MIT
// Modifiers print by libdrm's names. Reading is up to a table here, as libdrm reads none.
#include "lib/model/modifier.hpp"

#include "lib/base/parse_number.hpp"

#include <simplealloc/modifier.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <span>
#include <vector>
#include <xf86drm.h>

namespace simplealloc {

namespace {

/// Those that the tables below name; see modifier_vendors.
enum Vendor : std::uint8_t { none, intel, amd, nvidia, arm = 8, amlogic = 10 };

/// Of each vendor's numbers from 1 on: whole names, and what those with fields begin with.
/// @{
constexpr std::string_view intel_names[] = {"X_TILED",
                                            "Y_TILED",
                                            "Yf_TILED",
                                            "Y_TILED_CCS",
                                            "Yf_TILED_CCS",
                                            "Y_TILED_GEN12_RC_CCS",
                                            "Y_TILED_GEN12_MC_CCS",
                                            "Y_TILED_GEN12_RC_CCS_CC",
                                            "4_TILED",
                                            "4_TILED_DG2_RC_CCS",
                                            "4_TILED_DG2_MC_CCS",
                                            "4_TILED_DG2_RC_CCS_CC",
                                            "4_TILED_MTL_RC_CCS",
                                            "4_TILED_MTL_MC_CCS",
                                            "4_TILED_MTL_RC_CCS_CC",
                                            "4_TILED_LNL_CCS",
                                            "4_TILED_BMG_CCS"};
constexpr std::string_view amd_names[] = {"GFX9", "GFX10", "GFX10_RBPLUS", "GFX11"};
constexpr std::string_view nvidia_names[] = {"TEGRA_TILED"};
constexpr std::string_view samsung_names[] = {"64_32_TILE", "16_16_TILE"};
constexpr std::string_view qcom_names[] = {"COMPRESSED", "TILED2", "TILED3"};
constexpr std::string_view vivante_names[] = {"TILED", "SUPER_TILED", "SPLIT_TILED",
                                              "SPLIT_SUPER_TILED"};
constexpr std::string_view broadcom_names[] = {"VC4_T_TILED", "SAND32",  "SAND64",
                                               "SAND128",     "SAND256", "UIF"};
constexpr std::string_view arm_names[] = {"BLOCK_SIZE=16x16", "BLOCK_SIZE=32x8", "BLOCK_SIZE=64x4",
                                          "BLOCK_SIZE=32x8_64x4"};
constexpr std::string_view allwinner_names[] = {"TILED"};
constexpr std::string_view apple_names[] = {"GPU_TILED", "GPU_TILED_COMPRESSED"};
/// @}

constexpr std::array<std::span<const std::string_view>, modifier_vendors.size()> names{
    {std::span<const std::string_view>(), intel_names, amd_names, nvidia_names, samsung_names,
     qcom_names, vivante_names, broadcom_names, arm_names, allwinner_names,
     std::span<const std::string_view>(), std::span<const std::string_view>(), apple_names}};

struct Name {
    Vendor vendor;
    std::uint64_t value; ///< without the vendor
    std::string_view text;
};

/// DRM_FORMAT_MOD_ARM_TYPE_*, above the 52 bits of ARM's own.
constexpr std::uint64_t arm_misc = std::uint64_t{1} << 52U;
constexpr std::uint64_t arm_afrc = std::uint64_t{2} << 52U;

/// Such names of other numbers.
constexpr std::array others{
    Name{none, 0, "LINEAR"},
    Name{none, Modifier::implicit().value, "INVALID"},
    Name{nvidia, 0x10, "BLOCK_LINEAR_2D"},
    Name{arm, arm_misc | 1, "16X16_BLOCK_U_INTERLEAVED"},
    Name{arm, arm_afrc | 1, "P0=CU_16"},
    Name{arm, arm_afrc | 2, "P0=CU_24"},
    Name{arm, arm_afrc | 3, "P0=CU_32"},
    Name{amlogic, 0, "FBC"},
};

/// What follows such a beginning. Behind one that ends in `=` or `_` is how often its value counts.
constexpr std::array fields{
    // Which GPU's tiles, then compression, then how addresses are swizzled.
    Name{amd, 9U << 8U, "GFX9_64K_S"},
    Name{amd, 10U << 8U, "GFX9_64K_D"},
    Name{amd, 25U << 8U, "GFX9_64K_S_X"},
    Name{amd, 26U << 8U, "GFX9_64K_D_X"},
    Name{amd, 27U << 8U, "GFX9_64K_R_X"},
    Name{amd, 31U << 8U, "GFX11_256K_R_X"},
    Name{amd, 1U << 13U, "DCC"},
    Name{amd, 1U << 14U, "DCC_RETILE"},
    Name{amd, 1U << 15U, "DCC_PIPE_ALIGN"},
    Name{amd, 1U << 16U, "DCC_INDEPENDENT_64B"},
    Name{amd, 1U << 17U, "DCC_INDEPENDENT_128B"},
    Name{amd, 0, "DCC_MAX_COMPRESSED_BLOCK=64B"},
    Name{amd, 1U << 18U, "DCC_MAX_COMPRESSED_BLOCK=128B"},
    Name{amd, 2U << 18U, "DCC_MAX_COMPRESSED_BLOCK=256B"},
    Name{amd, 1U << 20U, "DCC_CONSTANT_ENCODE"},
    Name{amd, 1U << 21U, "PIPE_XOR_BITS="},
    Name{amd, 1U << 24U, "BANK_XOR_BITS="},
    Name{amd, 1U << 27U, "PACKERS="},
    Name{amd, 1U << 30U, "RB="},
    Name{amd, std::uint64_t{1} << 33U, "PIPE_"},
    Name{nvidia, 1, "HEIGHT="},
    Name{nvidia, 1U << 12U, "KIND="},
    Name{nvidia, 1U << 20U, "GEN="},
    Name{nvidia, 1U << 22U, "SECTOR="},
    Name{nvidia, 1U << 23U, "COMPRESSION="},
    // AFBC, then AFRC.
    Name{arm, 1U << 4U, "YTR"},
    Name{arm, 1U << 5U, "SPLIT"},
    Name{arm, 1U << 6U, "SPARSE"},
    Name{arm, 1U << 7U, "CBR"},
    Name{arm, 1U << 8U, "TILED"},
    Name{arm, 1U << 9U, "SC"},
    Name{arm, 1U << 10U, "DB"},
    Name{arm, 1U << 11U, "BCH"},
    Name{arm, 1U << 12U, "USM"},
    Name{arm, 1U << 4U, "P12=CU_16"},
    Name{arm, 2U << 4U, "P12=CU_24"},
    Name{arm, 3U << 4U, "P12=CU_32"},
    Name{arm, 1U << 8U, "SCAN"},
    Name{arm, 0, "ROT"},
    Name{amlogic, 1, "LAYOUT=BASIC"},
    Name{amlogic, 2, "LAYOUT=SCATTER"},
    Name{amlogic, 0, "0"},
    Name{amlogic, 1U << 8U, "MEM_SAVING"},
};

constexpr unsigned vendor_shift = 56;

/// libdrm's name without the comma that it leaves behind the last of an AFBC's fields; empty where
/// it has none.
std::string libdrm_name(std::uint64_t modifier) {
    const std::unique_ptr<char, decltype(&std::free)> text(drmGetFormatModifierName(modifier),
                                                           &std::free);
    std::string name = text ? text.get() : "";
    if (name.ends_with(','))
        name.pop_back();
    return name;
}

void take_off(std::string_view& text, std::string_view prefix) {
    if (text.starts_with(prefix))
        text.remove_prefix(prefix.size());
}

std::string_view take_word(std::string_view& text) {
    const std::size_t at = text.find_first_of(",|");
    const std::string_view word = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return word;
}

std::optional<std::uint64_t> parse_field(Vendor vendor, std::string_view word) {
    take_off(word, "MODE=");
    take_off(word, "OPTIONS=");
    for (const Name& field : fields) {
        if (field.vendor != vendor || !word.starts_with(field.text))
            continue;
        if (word.size() == field.text.size())
            return field.value;
        const auto count = parse_number<std::uint8_t>(word.substr(field.text.size()));
        if (count && (field.text.ends_with('=') || field.text.ends_with('_')))
            return *count * field.value;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> number_of(Vendor vendor, std::string_view head) {
    const auto& numbered = names[vendor];
    const auto name = std::find(numbered.begin(), numbered.end(), head);
    if (name != numbered.end())
        return name - numbered.begin() + 1;
    for (const Name& other : others)
        if (other.vendor == vendor && other.text == head)
            return other.value;
    return std::nullopt;
}

std::optional<std::uint64_t> parse_name(Vendor vendor, std::string_view text) {
    std::string_view rest = text;
    const std::string_view head = take_word(rest);
    const auto number = number_of(vendor, head);
    if (!number)
        return std::nullopt;
    std::uint64_t value = *number | std::uint64_t{vendor} << vendor_shift;
    while (!rest.empty()) {
        const auto field = parse_field(vendor, take_word(rest));
        if (!field)
            return std::nullopt;
        value |= *field;
    }
    // Fields that exclude each other, or too few of them, make a modifier of another name. An old
    // libdrm has none for a new one.
    const std::string known = libdrm_name(value);
    const bool whole = head == text;
    return known == text || (whole && known.empty()) ? std::optional(value) : std::nullopt;
}

/// Of each vendor the one that has this name.
std::vector<std::uint64_t> find_named(std::string_view text) {
    std::vector<std::uint64_t> found;
    take_off(text, "DRM_FORMAT_MOD_");
    for (std::size_t i = 0; i < modifier_vendors.size(); ++i) {
        std::string_view name = text;
        if (i == intel)
            take_off(name, "I915_FORMAT_MOD_");
        if (i != none)
            take_off(name, fmt::format("{}_", modifier_vendors[i]));
        if (const auto value = parse_name(static_cast<Vendor>(i), name))
            found.push_back(*value);
    }
    return found;
}

} // namespace

std::optional<Modifier> Modifier::parse(std::string_view text) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    auto value = parse_number<std::uint64_t>(text.substr(hex ? 2 : 0), hex ? 16 : 10);
    if (!value) {
        const std::vector<std::uint64_t> found = find_named(text);
        if (found.size() != 1)
            return std::nullopt;
        value = found.front();
    }
    return *value == Modifier::implicit().value ? Modifier::implicit() : Modifier::named(*value);
}

std::string to_string(Modifier modifier) {
    if (modifier.state == Modifier::State::implicit)
        return "INVALID";
    if (modifier.value == 0)
        return "LINEAR";
    const std::string name = libdrm_name(modifier.value);
    const std::vector<std::uint64_t> found = find_named(name);
    // libdrm leaves out what it does not know, and then the name is that of another modifier.
    if (std::find(found.begin(), found.end(), modifier.value) == found.end())
        return fmt::format("0x{:016x}", modifier.value);
    return found.size() == 1
               ? name
               : fmt::format("{}_{}", modifier_vendors[modifier.value >> vendor_shift], name);
}

} // namespace simplealloc
