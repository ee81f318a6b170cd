// SPDX-License-Identifier: MIT
// Quirk values were checked when they were read, so they are only converted here.
#include "lib/discovery/apply_quirks.hpp"

#include "lib/kernel.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sstream>

namespace simplealloc {

namespace {

/// Looks keys up for one device, and keeps a fact of each that is there.
class Rows {
public:
    Rows(const Quirks& quirks, DeviceRecord& record) : quirks_(quirks), record_(record) {}

    std::optional<Quirks::Value> find(const std::string& key) {
        auto value = quirks_.find(record_.subsystem, record_.driver, key);
        if (value)
            record_.facts.push_back({key, value->text, Confidence::known, value->origin});
        return value;
    }

private:
    const Quirks& quirks_;
    DeviceRecord& record_;
};

std::uint64_t number(std::string_view text, int base = 10) {
    if (base == 16)
        text.remove_prefix(2);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

void apply_sharing(Rows& rows, DeviceRecord& record) {
    if (const auto value = rows.find("imports")) {
        record.imports = value->text == "yes";
        record.import_origin = value->origin;
    }
    if (const auto value = rows.find("exports-attachable")) {
        record.attachable = value->text == "yes";
        record.export_origin = value->origin;
    }
    if (const auto value = rows.find("exports-vmap-stable")) {
        record.vmap_stable = value->text == "yes";
        record.export_origin = value->origin;
    }
}

void apply_limits(Rows& rows, DeviceRecord& record) {
    if (const auto value = rows.find("contiguous")) {
        record.needs_contiguous = value->text == "yes";
        record.contiguous_origin = value->origin;
    }
    if (const auto value = rows.find("max-address")) {
        record.reach.max_address = std::min(record.reach.max_address, number(value->text, 16));
        record.reach.mask_known = true;
        record.reach.mask_origin = value->origin;
    }
    if (const auto value = rows.find("stride-align")) {
        record.stride_align = number(value->text);
        record.stride_align_origin = value->origin;
    }
}

void apply_dumb(Rows& rows, const Reach& reach, DrmInfo& drm) {
    if (const auto value = rows.find("dumb-bpp")) {
        std::istringstream words(value->text);
        drm.dumb_bpp.emplace();
        for (std::uint32_t bpp = 0; words >> bpp;)
            drm.dumb_bpp->push_back(bpp);
        drm.dumb_origin = value->origin;
    }
    if (const auto value = rows.find("dumb-pitch-align")) {
        drm.dumb_pitch_align = number(value->text);
        drm.dumb_origin = value->origin;
    }
    if (const auto value = rows.find("dumb-caching")) {
        drm.dumb_caching = value->text == "cached" ? solver::CpuCaching::cached
                                                   : solver::CpuCaching::write_combined;
        drm.dumb_origin = value->origin;
    }
    if (const auto value = rows.find("dumb-memory")) {
        drm.dumb_memory = value->text == "system" ? MemoryKind::system : MemoryKind::device_local;
        drm.dumb_origin = value->origin;
    }
    if (const auto value = rows.find("dumb-contiguity")) {
        // Behind an IOMMU, a driver's contiguous memory is contiguous in its own domain alone.
        const auto contiguous = reach.translated ? solver::OfferContiguity::device_domain
                                                 : solver::OfferContiguity::physical;
        drm.dumb_contiguity =
            value->text == "contiguous" ? contiguous : solver::OfferContiguity::scattered;
        drm.dumb_origin = value->origin;
    }
}

V4l2Memory memory_named(const std::string& name) {
    if (name == "vmalloc")
        return V4l2Memory::vmalloc;
    return name == "dma-sg" ? V4l2Memory::dma_sg : V4l2Memory::dma_contig;
}

/// The instance's slot of a module parameter that is an array: `0,1,…`.
std::optional<std::uint64_t> parameter_slot(const std::string& text, unsigned index) {
    std::istringstream slots(text);
    std::string slot;
    for (unsigned i = 0; i <= index; ++i)
        if (!std::getline(slots, slot, ','))
            return std::nullopt;
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(slot.data(), slot.data() + slot.size(), value);
    if (error != std::errc{} || (stop != slot.data() + slot.size() && *stop != '\n'))
        return std::nullopt;
    return value;
}

void apply_memory(Rows& rows, DeviceRecord& record, V4l2Info& v4l2) {
    const auto learn = [&](V4l2Memory memory, const std::string& origin) {
        v4l2.memory = memory;
        v4l2.memory_confidence = Confidence::known;
        v4l2.memory_origin = origin;
    };
    if (const auto value = rows.find("memory"))
        learn(memory_named(value->text), value->origin);
    if (const auto value = rows.find("memory-parameter")) {
        const std::string path =
            fmt::format("/sys/module/{}/parameters/{}", record.driver, value->text);
        std::string text;
        const auto slot =
            kernel::read_file(path, text) >= 0 ? parameter_slot(text, v4l2.index) : std::nullopt;
        // The test drivers agree on 0 for vmalloc and 1 for dma-contig.
        if (slot && *slot <= 1)
            learn(*slot == 0 ? V4l2Memory::vmalloc : V4l2Memory::dma_contig,
                  fmt::format("{}[{}], {}", path, v4l2.index, value->origin));
    }
}

} // namespace

void apply_quirks(const Quirks& quirks, DeviceRecord& record) {
    Rows rows(quirks, record);
    apply_sharing(rows, record);
    apply_limits(rows, record);
    if (record.drm)
        apply_dumb(rows, record.reach, *record.drm);
    if (record.v4l2)
        apply_memory(rows, record, *record.v4l2);
}

} // namespace simplealloc
