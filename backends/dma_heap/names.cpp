// SPDX-License-Identifier: MIT
// What the name of a dma-heap says of its memory.
#include "backends/dma_heap/names.hpp"

#include <algorithm>
#include <string_view>

namespace simplealloc {

namespace {

enum class Match { whole, prefix, anywhere };
enum class Memory { pages, cma, protected_memory };

struct HeapName {
    Match match;
    std::string_view text;
    Memory memory;
    Confidence confidence;
    const char* origin;
};

// The first row that matches decides: a protected heap is out of the CPU's reach whatever else its
// name says.
constexpr HeapName heap_names[] = {
    {Match::prefix, "protected", Memory::protected_memory, Confidence::known,
     "heap naming rule of the kernel: protected"},
    {Match::anywhere, "secure", Memory::protected_memory, Confidence::assumed,
     "vendor heap name: secure"},
    {Match::prefix, "mtk_svp", Memory::protected_memory, Confidence::assumed,
     "vendor heap name: mtk_svp"},
    {Match::prefix, "mtk_prot", Memory::protected_memory, Confidence::assumed,
     "vendor heap name: mtk_prot"},
    {Match::whole, "system", Memory::pages, Confidence::known, "heap name of system_heap.c"},
    {Match::whole, "reserved", Memory::cma, Confidence::known, "heap name of cma_heap.c, cma="},
    {Match::whole, "linux,cma", Memory::cma, Confidence::known,
     "heap name of cma_heap.c, device tree"},
    {Match::whole, "default-pool", Memory::cma, Confidence::known,
     "heap name of cma_heap.c, device tree"},
    {Match::whole, "default_cma_region", Memory::cma, Confidence::known,
     "heap name of cma_heap.c since Linux 6.17"},
    {Match::whole, "system_cc_shared", Memory::pages, Confidence::known,
     "heap name of system_heap.c, confidential guests"},
    {Match::whole, "qcom,system", Memory::pages, Confidence::assumed,
     "vendor heap name: qcom,system"},
    {Match::whole, "mtk_mm", Memory::pages, Confidence::assumed, "vendor heap name: mtk_mm"},
    {Match::anywhere, "contiguous", Memory::cma, Confidence::assumed,
     "heap naming rule of the kernel: contiguous"},
};

struct Suffix {
    std::string_view text;
    bool uncached;
    bool below_4g;
};
constexpr Suffix suffixes[] = {{"-uncached", true, false}, {"-dma32", false, true}};

bool matches(const HeapName& row, std::string_view name) {
    switch (row.match) {
    case Match::whole:
        return name == row.text;
    case Match::prefix:
        return name.starts_with(row.text);
    case Match::anywhere:
        return name.find(row.text) != std::string_view::npos;
    }
    return false;
}

/// Takes one suffix off, if there is one.
const Suffix* strip(std::string_view& name) {
    for (const Suffix& suffix : suffixes) {
        if (name.size() > suffix.text.size() && name.ends_with(suffix.text)) {
            name.remove_suffix(suffix.text.size());
            return &suffix;
        }
    }
    return nullptr;
}

void describe(HeapKnowledge& heap, Memory memory) {
    switch (memory) {
    case Memory::pages:
        heap.contiguity = solver::OfferContiguity::scattered;
        heap.caching = solver::CpuCaching::cached;
        heap.zeroed = true;
        break;
    case Memory::cma:
        heap.contiguity = solver::OfferContiguity::physical;
        heap.caching = solver::CpuCaching::cached;
        heap.zeroed = true;
        heap.cma = true;
        break;
    case Memory::protected_memory:
        heap.caching = solver::CpuCaching::unmappable;
        heap.protected_memory = true;
        break;
    }
}

} // namespace

std::string heap_base_name(const std::string& name) {
    std::string_view rest = name;
    while (strip(rest) != nullptr) {
    }
    return std::string(rest);
}

HeapKnowledge heap_knowledge(const std::string& name, const std::string& cma_area) {
    HeapKnowledge heap;
    std::string_view rest = name;
    bool uncached = false;
    while (const Suffix* suffix = strip(rest)) {
        uncached = uncached || suffix->uncached;
        if (suffix->below_4g)
            heap.max_address = 0xffffffff;
    }
    const auto* row = std::find_if(std::begin(heap_names), std::end(heap_names),
                                   [&](const HeapName& entry) { return matches(entry, rest); });
    if (row != std::end(heap_names)) {
        describe(heap, row->memory);
        heap.confidence = row->confidence;
        heap.origin = row->origin;
    }
    if (!cma_area.empty() && !heap.protected_memory) {
        describe(heap, Memory::cma);
        heap.confidence = Confidence::known;
        heap.origin = cma_area;
    }
    if (uncached && !heap.protected_memory)
        heap.caching = solver::CpuCaching::write_combined;
    // Only vendor kernels have variants: the name is all that is known of their code.
    if (rest.size() != name.size()) {
        heap.confidence = Confidence::assumed;
        heap.origin = "vendor heap name: " + name;
    }
    return heap;
}

} // namespace simplealloc
