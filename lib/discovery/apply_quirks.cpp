// SPDX-License-Identifier: MIT
// Quirk values were checked when they were read, so they are only converted here.
#include "lib/discovery/apply_quirks.hpp"

#include "lib/discovery/quirk_keys.hpp"
#include "lib/ini.hpp"
#include "lib/kernel.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sstream>

namespace simplealloc {

namespace {

/// Looks keys of the whole device up.
class Rows {
public:
    explicit Rows(const DeviceRecord& record) : rows_(record.quirks) {}

    [[nodiscard]] std::optional<QuirkValue> find(const std::string& key) const {
        return find_value(rows_, key);
    }

    /// `known` as the row of `key` says it, where there is one.
    template <typename T, typename Convert>
    void learn(const std::string& key, Learned<T>& known, Convert convert) const {
        if (const auto value = find(key))
            known = {convert(value->text), {value->confidence, value->origin}};
    }

private:
    std::span<const QuirkRowPtr> rows_;
};

bool is_yes(const std::string& text) {
    return text == "yes";
}

void apply_sharing(const Rows& rows, DeviceRecord& record) {
    if (const auto value = rows.find("imports")) {
        record.imports = value->text == "yes";
        record.import_confidence = value->confidence;
        record.import_origin = value->origin;
    }
    rows.learn("exports-attachable", record.attachable, is_yes);
    rows.learn("exports-vmap-stable", record.vmap_stable, is_yes);
}

void apply_reach(const Rows& rows, Reach& reach) {
    std::optional<Evidence> window;
    const auto learn = [&](const QuirkValue& value) {
        const Evidence evidence{value.confidence, value.origin};
        window = window ? both(*window, evidence) : evidence;
    };
    if (const auto value = rows.find("max-address")) {
        const std::uint64_t address = number_of(value->text);
        reach.max_address = value->decides ? address : std::min(reach.max_address, address);
        learn(*value);
    }
    if (const auto value = rows.find("min-address")) {
        reach.min_address = number_of(value->text);
        learn(*value);
    }
    if (window) {
        reach.mask_known = true;
        reach.mask_confidence = window->confidence;
        reach.mask_origin = window->origin;
    }
    if (const auto value = rows.find("coherent"); value && value->text != "dt")
        reach.coherent = is_yes(value->text);
}

std::vector<std::uint32_t> numbers_of(const std::string& text) {
    std::vector<std::uint32_t> numbers;
    for (const std::string& word : ini::words(text))
        numbers.push_back(static_cast<std::uint32_t>(number_of(word)));
    return numbers;
}

void apply_dumb(const Rows& rows, const Reach& reach, DrmInfo& drm) {
    rows.learn("dumb-bpp", drm.dumb_bpp, numbers_of);
    rows.learn("dumb-pitch-align", drm.dumb_pitch_align, number_of);
    rows.learn("dumb-width-align", drm.dumb_width_align, number_of);
    rows.learn("dumb-zeroed", drm.dumb_zeroed, is_yes);
    rows.learn("dumb-caching", drm.dumb_caching, [](const std::string& text) {
        return text == "cached" ? solver::CpuCaching::cached : solver::CpuCaching::write_combined;
    });
    rows.learn("dumb-memory", drm.dumb_memory, [](const std::string& text) {
        return text == "system" ? MemoryKind::system : MemoryKind::device_local;
    });
    rows.learn("dumb-contiguity", drm.dumb_contiguity, [&](const std::string& text) {
        // Behind an IOMMU, a driver's contiguous memory is contiguous in its own domain alone.
        const auto contiguous = reach.translated ? solver::OfferContiguity::device_domain
                                                 : solver::OfferContiguity::physical;
        return text == "contiguous" ? contiguous : solver::OfferContiguity::scattered;
    });
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

void apply_memory(const Rows& rows, DeviceRecord& record, V4l2Info& v4l2) {
    const auto learn = [&](V4l2Memory memory, Confidence confidence, const std::string& origin) {
        v4l2.memory = memory;
        v4l2.memory_confidence = confidence;
        v4l2.memory_origin = origin;
    };
    if (const auto value = rows.find("memory")) {
        learn(memory_named(value->text), value->confidence, value->origin);
        if (value->decides)
            return;
    }
    if (const auto value = rows.find("memory-parameter")) {
        const std::string path =
            fmt::format("/sys/module/{}/parameters/{}", record.driver, value->text);
        std::string text;
        const auto slot =
            kernel::read_file(path, text) >= 0 ? parameter_slot(text, v4l2.index) : std::nullopt;
        // The test drivers agree on 0 for vmalloc and 1 for dma-contig.
        if (slot && *slot <= 1)
            learn(*slot == 0 ? V4l2Memory::vmalloc : V4l2Memory::dma_contig, value->confidence,
                  fmt::format("{}[{}], {}", path, v4l2.index, value->origin));
    }
}

/// What restricts a row to some uses or formats.
std::string scope_of(const QuirkRow& row) {
    std::string scope;
    if (!row.roles.empty())
        scope = fmt::format("role = {}", fmt::join(row.roles, " "));
    if (!row.formats.empty()) {
        std::vector<std::string> codes;
        for (const Fourcc& fourcc : row.formats)
            codes.push_back(to_string(fourcc));
        scope += fmt::format("{}format = {}", scope.empty() ? "" : "; ", fmt::join(codes, " "));
    }
    return scope;
}

Fact fact_of(const AppliedQuirk& quirk) {
    return {quirk.key,
            quirk.scope.empty() ? quirk.value : fmt::format("{} ({})", quirk.value, quirk.scope),
            quirk.confidence, quirk.origin};
}

} // namespace

std::vector<AppliedQuirk> applied_quirks(std::span<const QuirkRowPtr> rows) {
    std::vector<AppliedQuirk> applied;
    for (const QuirkRowPtr& row : rows)
        for (const auto& [key, value] : row->values) {
            AppliedQuirk quirk{key,       value,     scope_of(*row), row->confidence,
                               row->file, row->line, row->origin,    row->source,
                               false};
            // A row for all uses and formats leaves nothing for weaker ones, another its own.
            quirk.overridden =
                std::any_of(applied.begin(), applied.end(), [&](const AppliedQuirk& other) {
                    return other.key == quirk.key &&
                           (other.scope.empty() || other.scope == quirk.scope);
                });
            applied.push_back(std::move(quirk));
        }
    return applied;
}

void apply_quirks(DeviceRecord& record) {
    for (const AppliedQuirk& quirk : applied_quirks(record.quirks))
        if (!quirk.overridden && find_quirk_key(quirk.key)->scope != KeyScope::driver)
            record.facts.push_back(fact_of(quirk));
    const Rows rows(record);
    apply_sharing(rows, record);
    apply_reach(rows, record.reach);
    if (record.drm)
        apply_dumb(rows, record.reach, *record.drm);
    if (record.v4l2)
        apply_memory(rows, record, *record.v4l2);
}

} // namespace simplealloc
