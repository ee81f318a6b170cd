// SPDX-License-Identifier: MIT
#include "tests/boards/remedies.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <regex>
#include <string_view>

namespace simplealloc::boards {

namespace {

/// A remedy and what it is for.
struct Advice {
    std::string source; ///< empty: of no source
    std::string text;
};

struct Look {
    const Board& board;
    const Request& request;
    const std::vector<SourceInfo>& sources;
    const Advice& advice;

    [[nodiscard]] bool says(std::string_view words) const {
        return advice.text.find(words) != std::string::npos;
    }
    [[nodiscard]] std::smatch find(const char* pattern) const {
        std::smatch found;
        std::regex_search(advice.text, found, std::regex(pattern));
        return found;
    }
};

const Fact* fact_of(const SourceInfo& source, std::string_view name) {
    const auto found = std::ranges::find(source.facts, name, &Fact::name);
    return found == source.facts.end() ? nullptr : &*found;
}

bool is_contiguous(const SourceInfo& source) {
    return source.offer.contiguity == OfferContiguity::physical;
}

const SourceInfo* source_called(const Look& look, std::string_view name) {
    const auto found = std::ranges::find(look.sources, name, &SourceInfo::name);
    return found == look.sources.end() ? nullptr : &*found;
}

bool has_no_cma_heap(const Look& look) {
    return std::ranges::none_of(look.sources, [](const SourceInfo& source) {
        return source.backend == "dma-heap" && is_contiguous(source);
    });
}

/// `cma=SIZE@FROM-TO`: some RAM is there.
bool is_ram_there(const Look& look) {
    const std::smatch found = look.find("cma=SIZE@0x([0-9a-f]+)-0x([0-9a-f]+)");
    if (found.empty())
        return true;
    const std::uint64_t from = std::stoull(found[1].str(), nullptr, 16);
    const std::uint64_t to = std::stoull(found[2].str(), nullptr, 16);
    return std::ranges::any_of(
        look.board.zones, [&](const Zone& zone) { return zone.start < to && zone.end > from; });
}

/// The device tree's other areas keep their size whatever the command line says.
bool is_area_of_command_line(const Look& look) {
    const SourceInfo* source = source_called(look, look.advice.source);
    const Fact* size = source == nullptr ? nullptr : fact_of(*source, "max-size");
    return size == nullptr || size->origin.find("/reserved-memory/") == std::string::npos ||
           look.says("which replaces the device tree's");
}

bool is_contiguous_source(const Look& look) {
    const std::smatch found = look.find("(\\S+), which is contiguous");
    if (found.empty())
        return false;
    const SourceInfo* source = source_called(look, found[1].str());
    return source != nullptr && is_contiguous(*source) && source->name != look.advice.source;
}

/// The driver that a row is for, as the card or the video node says it.
bool has_driver(const Look& look) {
    const std::smatch found = look.find("\\[(?:drm|video4linux):(.*?)\\]`");
    if (found.empty())
        return false;
    const auto called = [&](const std::string& name) { return name == found[1].str(); };
    return std::ranges::any_of(look.board.cards, called, &Card::name) ||
           std::ranges::any_of(look.board.videos, called, &Video::driver) ||
           std::ranges::any_of(look.board.hardware, called, &Hardware::driver);
}

struct Premise {
    std::string_view words; ///< whoever says so takes for granted that it holds
    bool (*holds)(const Look&);
    std::string_view says;
};

constexpr Premise premises[] = {
    {"CONFIG_DMABUF_HEAPS_CMA", has_no_cma_heap, "this kernel has no CMA heap"},
    {"CONFIG_DMABUF_HEAPS_SYSTEM", [](const Look& l) { return l.board.heaps.empty(); },
     "there is no heap"},
    {"CONFIG_UDMABUF", [](const Look& l) { return !l.board.udmabuf_limit_mib; },
     "there is no udmabuf"},
    {"size_limit_mb", [](const Look& l) { return l.board.udmabuf_limit_mib.has_value(); },
     "there is udmabuf"},
    {"cma=SIZE@", is_ram_there, "there is RAM at these addresses"},
    {"larger cma=", is_area_of_command_line, "the command line decides about the area"},
    {"CONFIG_TEE_DMABUF_HEAPS",
     [](const Look& l) {
         return std::ranges::none_of(l.board.heaps, [](const Heap& heap) {
             return heap.name.find("secure") != std::string::npos ||
                    heap.name.find("protected") != std::string::npos;
         });
     },
     "there is no heap of protected memory"},
    {"lays images out itself",
     [](const Look& l) {
         return std::ranges::any_of(l.sources,
                                    [](const SourceInfo& s) { return s.backend == "gbm"; });
     },
     "there is GBM"},
    {"which is contiguous", is_contiguous_source, "the named source is there, and is"},
    {"no Request::strict", [](const Look& l) { return l.request.strict == true; },
     "the request is strict"},
    {"Request::any_device", [](const Look& l) { return l.request.any_device != true; },
     "other devices' memory was not asked for"},
    {"no Request::modifier", [](const Look& l) { return l.request.modifier.has_value(); },
     "a modifier was asked for"},
    {"Request::cpu", [](const Look& l) { return l.request.cpu != CpuAccess::none; },
     "the CPU uses the buffer"},
    {"quirk file", has_driver, "a device here has the row's driver"},
};

void add(std::vector<Advice>& all, std::string source, std::string text) {
    all.push_back({std::move(source), std::move(text)});
}

std::vector<Advice> advice_of(const Plan& plan, const std::vector<SourceInfo>& sources) {
    std::vector<Advice> all;
    for (const Rejection& rejection : plan.rejections())
        add(all, rejection.source, to_string(rejection.remedies));
    for (const Candidate& candidate : plan.candidates())
        if (candidate.lost)
            add(all, candidate.source, to_string(candidate.lost->remedy));
    for (const Conflict& conflict : plan.conflict())
        for (const Contributor& contributor : conflict.contributors)
            add(all, "", contributor.value);
    for (const Relaxation& relaxation : plan.relaxations())
        add(all, "", to_string(relaxation.how));
    for (const SourceInfo& source : sources)
        add(all, source.name, source.remedy);
    return all;
}

} // namespace

std::vector<std::string> false_premises(const Board& board, const Plan& plan,
                                        const std::vector<SourceInfo>& sources) {
    std::vector<std::string> found;
    for (const Advice& advice : advice_of(plan, sources)) {
        const Look look{board, plan.request(), sources, advice};
        for (const Premise& premise : premises)
            if (look.says(premise.words) && !premise.holds(look))
                found.push_back(fmt::format("{}: `{}` takes for granted that {}", advice.source,
                                            advice.text, premise.says));
    }
    return found;
}

} // namespace simplealloc::boards
