// SPDX-License-Identifier: MIT
// Quirk values were checked when they were read, so they are only converted here.
#include "lib/discovery/limits/apply_quirks.hpp"

#include "lib/base/ini.hpp"
#include "lib/discovery/limits/quirk_limits.hpp"
#include "lib/discovery/quirks/keys.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
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
        record.imports = says_imports(*value, record.reach);
        record.import_confidence = value->confidence;
        record.import_origin = value->origin;
    }
    rows.learn("exports", record.exports, is_yes);
    rows.learn("exports-attachable", record.attachable, is_yes);
    rows.learn("exports-vmap-stable", record.vmap_stable, is_yes);
    if (const auto value = rows.find("peer-to-peer"))
        record.peer_to_peer = value->text == "yes";
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
    rows.learn("gbm-exports-attachable", drm.gbm_attachable, is_yes);
    rows.learn("dumb-bpp", drm.dumb.bpp, numbers_of);
    rows.learn("dumb-pitch-align", drm.dumb.pitch_align, number_of);
    rows.learn("dumb-width-align", drm.dumb.width_align, number_of);
    rows.learn("dumb-zeroed", drm.dumb.zeroed, is_yes);
    rows.learn("dumb-caching", drm.dumb.caching, [](const std::string& text) {
        return text == "cached" ? solver::CpuCaching::cached : solver::CpuCaching::write_combined;
    });
    rows.learn("dumb-memory", drm.dumb.memory, [](const std::string& text) {
        return text == "system" ? MemoryKind::system : MemoryKind::device_local;
    });
    rows.learn("dumb-contiguity", drm.dumb.contiguity, [&](const std::string& text) {
        // Behind an IOMMU, a driver's contiguous memory is contiguous in its own domain alone.
        const auto contiguous = reach.makes_one_run() ? solver::OfferContiguity::device_domain
                                                      : solver::OfferContiguity::physical;
        return text == "contiguous" ? contiguous : solver::OfferContiguity::scattered;
    });
}

V4l2Memory memory_named(const std::string& name) {
    if (name == "vmalloc")
        return V4l2Memory::vmalloc;
    return name == "dma-sg" ? V4l2Memory::dma_sg : V4l2Memory::dma_contig;
}

/// The instance's slot of a module parameter that is an array, `0,1,…`; empty: there is none.
std::string parameter_slot(const std::string& text, unsigned index) {
    std::istringstream slots(text.substr(0, text.find('\n')));
    std::string slot;
    for (unsigned i = 0; i <= index; ++i)
        if (!std::getline(slots, slot, ','))
            return {};
    return slot;
}

/// The numbers are those of vivid's and mcam-core's parameters, which agree; the words those of
/// tw686x (tw686x-core.c dma_mode_name()), whose `memcpy` copies out of a buffer of its own.
std::optional<V4l2Memory> memory_of_parameter(const std::string& value) {
    if (value == "0" || value == "memcpy" || value == "vmalloc")
        return V4l2Memory::vmalloc;
    if (value == "1" || value == "contig" || value == "dma-contig")
        return V4l2Memory::dma_contig;
    if (value == "2" || value == "sg" || value == "dma-sg")
        return V4l2Memory::dma_sg;
    return std::nullopt;
}

void apply_parameter(const QuirkValue& row, DeviceRecord& record) {
    const auto dot = row.text.find('.');
    const bool elsewhere = dot != std::string::npos;
    const std::string path = fmt::format("/sys/module/{}/parameters/{}",
                                         elsewhere ? row.text.substr(0, dot) : record.driver,
                                         elsewhere ? row.text.substr(dot + 1) : row.text);
    std::string text;
    if (questions::read_file(path, text) < 0)
        return;
    V4l2Info& v4l2 = *record.v4l2;
    const bool array = text.find(',') != std::string::npos;
    const auto memory = memory_of_parameter(parameter_slot(text, array ? v4l2.index : 0));
    if (!memory)
        return;
    v4l2.memory = *memory;
    v4l2.memory_confidence = row.confidence;
    v4l2.memory_origin =
        array ? fmt::format("{}[{}], {}", path, v4l2.index, row.origin) : path + ", " + row.origin;
}

void apply_memory(const Rows& rows, DeviceRecord& record, V4l2Info& v4l2) {
    if (const auto value = rows.find("memory-to-memory"))
        v4l2.m2m = is_yes(value->text);
    if (const auto value = rows.find("memory")) {
        v4l2.memory = memory_named(value->text);
        v4l2.memory_confidence = value->confidence;
        v4l2.memory_origin = value->origin;
        if (value->decides)
            return;
    }
    if (const auto value = rows.find("memory-parameter"))
        apply_parameter(*value, record);
}

/// What restricts a row to some uses, formats or modifiers.
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
    if (!row.modifiers.empty()) {
        std::vector<std::string> names;
        for (const std::uint64_t modifier : row.modifiers)
            names.push_back(to_string(Modifier::named(modifier)));
        scope += fmt::format("{}modifier = {}", scope.empty() ? "" : "; ", fmt::join(names, " "));
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
