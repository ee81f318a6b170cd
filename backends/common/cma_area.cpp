// SPDX-License-Identifier: MIT
// kernel/dma/contiguous.c: `cma=` overrides the device tree's default region, which overrides the
// size that the kernel was configured with.
#include "backends/common/cma_area.hpp"

#include "lib/kernel/kernel.hpp"
#include "lib/kernel/memory.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <simplealloc/constraints.hpp>
#include <sstream>

namespace simplealloc {

namespace {

constexpr std::array<std::string_view, 4> default_names{"reserved", "linux,cma", "default-pool",
                                                        "default_cma_region"};

/// A number as memparse() reads it, taken off `text`.
std::optional<std::uint64_t> take_size(std::string_view& text) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (hexadecimal)
        text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [stop, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    constexpr std::string_view units = "KMGTPE";
    if (text.empty())
        return value;
    const auto unit = units.find(static_cast<char>(text.front() & ~0x20));
    if (unit == std::string_view::npos || text.front() < 'A')
        return value;
    text.remove_prefix(1);
    for (std::size_t i = 0; i <= unit; ++i)
        if (__builtin_mul_overflow(value, 1024U, &value))
            return std::nullopt;
    return value;
}

std::optional<CmaArea> parse_value(std::string_view value) {
    CmaArea area;
    area.origin = "/proc/cmdline cma=" + std::string(value);
    area.size = take_size(value);
    if (!area.size || *area.size == 0)
        return std::nullopt;
    if (!value.starts_with('@'))
        return area;
    value.remove_prefix(1);
    const auto base = take_size(value);
    if (!base)
        return std::nullopt;
    std::uint64_t limit = 0;
    if (value.starts_with('-')) {
        value.remove_prefix(1);
        const auto end = take_size(value);
        if (!end)
            return std::nullopt;
        limit = *end;
    } else if (__builtin_add_overflow(*base, *area.size, &limit)) {
        return std::nullopt;
    }
    if (limit > *base)
        area.range = AddressRange{*base, limit - 1};
    return area;
}

/// Where an area without a region goes that the command line does not keep lower:
/// dma_contiguous_reserve() gets the end of the first zone for DMA on arm64 (arch/arm64/mm/init.c),
/// which is below 4 GiB there and on its like, unless all RAM is above. Without such a zone it goes
/// anywhere.
std::optional<CmaArea> dma_zone(const std::string& machine) {
    const bool low = machine == "aarch64" || machine.starts_with("arm") || machine == "riscv64";
    if (!low)
        return std::nullopt;
    const std::vector<MemoryZone> zones = memory_zones();
    if (machine != "aarch64" || zones.empty())
        return CmaArea{
            AddressRange{0, 0xffffffff}, {}, Confidence::assumed, "default for " + machine};
    const auto zone = std::find_if(zones.begin(), zones.end(), [](const MemoryZone& each) {
        return each.name.starts_with("DMA");
    });
    if (zone == zones.end())
        return std::nullopt;
    return CmaArea{zone->range, {}, Confidence::known, "/proc/zoneinfo zone " + zone->name};
}

} // namespace

std::span<const std::string_view> default_cma_names() {
    return default_names;
}

std::string_view without_unit(std::string_view name) {
    return name.substr(0, name.find('@'));
}

std::optional<CmaArea> parse_cma_option(std::string_view command_line) {
    std::optional<CmaArea> found;
    while (!command_line.empty()) {
        const std::size_t end = std::min(command_line.find_first_of(" \n"), command_line.size());
        const std::string_view word = command_line.substr(0, end);
        constexpr std::string_view option = "cma=";
        if (word.starts_with(option))
            found = parse_value(word.substr(option.size()));
        command_line.remove_prefix(std::min(end + 1, command_line.size()));
    }
    return found;
}

CmaAreas::CmaAreas() : regions_(reserved_memory()), machine_(kernel::machine()) {
    std::erase_if(regions_, [](const ReservedMemory& memory) {
        return !memory.shared_dma_pool || !memory.reusable;
    });
    std::string text;
    if (questions::read_file("/proc/cmdline", text) >= 0)
        command_line_ = parse_cma_option(text);
}

const ReservedMemory* CmaAreas::region(std::string_view name) const {
    const auto named =
        std::find_if(regions_.begin(), regions_.end(),
                     [&](const ReservedMemory& memory) { return memory.name == name; });
    if (named != regions_.end())
        return &*named;
    const auto is_it = [&](const ReservedMemory& memory) {
        return without_unit(memory.name) == name;
    };
    // A name without the address may be that of several.
    if (std::count_if(regions_.begin(), regions_.end(), is_it) != 1)
        return nullptr;
    return &*std::find_if(regions_.begin(), regions_.end(), is_it);
}

bool CmaAreas::is_default(std::string_view name) const {
    if (const ReservedMemory* memory = region(name))
        return memory->default_area && !command_line_;
    return std::find(default_names.begin(), default_names.end(), name) != default_names.end();
}

std::optional<CmaArea> CmaAreas::default_area() const {
    const auto region = std::find_if(regions_.begin(), regions_.end(),
                                     [](const ReservedMemory& m) { return m.default_area; });
    if (!command_line_ && region != regions_.end())
        return CmaArea{region->range, region->size, Confidence::known, region->node,
                       "boot with a larger cma=, which replaces the device tree's " + region->name};
    CmaArea area = command_line_.value_or(CmaArea());
    const auto zone = dma_zone(machine_);
    const AddressRange range = area.range.value_or(AddressRange{0, no_limit});
    const auto both = zone && zone->range ? overlap(*zone->range, range) : std::nullopt;
    if (both && both->last < range.last) {
        area.range = both;
        area.confidence = zone->confidence;
        area.origin += (area.origin.empty() ? "" : ", ") + zone->origin;
    }
    return area.range || area.size ? std::optional(area) : std::nullopt;
}

std::optional<CmaArea> CmaAreas::area(std::string_view name) const {
    if (is_default(name))
        return default_area();
    const ReservedMemory* memory = region(name);
    if (memory == nullptr || (!memory->range && !memory->size))
        return std::nullopt;
    return CmaArea{memory->range, memory->size, Confidence::known, memory->node,
                   fmt::format("enlarge {} in the device tree", memory->node)};
}

} // namespace simplealloc
