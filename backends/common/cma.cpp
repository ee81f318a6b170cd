// SPDX-License-Identifier: MIT
// What is known of the kernel's CMA areas.
#include "backends/common/cma.hpp"

#include "backends/common/source.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>
#include <string>

namespace simplealloc {

namespace {

/// Bytes of all areas together; 0 when unknown.
std::uint64_t cma_total() {
    std::string text;
    if (questions::read_file("/proc/meminfo", text) < 0)
        return 0;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        std::uint64_t kibibytes = 0;
        std::uint64_t bytes = 0;
        if (word == "CmaTotal:" && words >> kibibytes &&
            !__builtin_mul_overflow(kibibytes, 1024U, &bytes)) {
            return bytes;
        }
    }
    return 0;
}

/// It can't give more than `what` holds.
void limit_to(SourceRecord& source, std::uint64_t size, const char* what, const std::string& origin,
              const std::string& remedy) {
    solver::Offer& offer = source.input.offer;
    // Where that is all of CmaTotal, what makes it larger is still said by who holds it.
    if (size == offer.max_total)
        offer.max_size_remedy = remedy;
    if (size >= offer.max_total)
        return;
    offer.max_total = size;
    offer.max_size = std::min(offer.max_size, size);
    offer.max_size_reason = fmt::format("{} holds {}", what, size_text(size));
    offer.max_size_remedy = remedy;
    std::erase_if(source.facts, [](const Fact& fact) { return fact.name == "max-size"; });
    source.facts.push_back({"max-size", size_text(size), Confidence::known, origin});
}

/// Of the nearest ancestor that the device tree describes (drivers/of/of_reserved_mem.c).
bool has_own_pool(const DeviceRecord& device) {
    kernel::Stat stat;
    for (std::string at = device.id; at.size() > 1; at = at.substr(0, at.rfind('/')))
        if (questions::stat(at + "/of_node", stat) >= 0)
            return questions::stat(at + "/of_node/memory-region", stat) >= 0;
    return false;
}

} // namespace

void limit_to_cma(SourceRecord& source, Confidence confidence) {
    const std::uint64_t total = cma_total();
    solver::Offer& offer = source.input.offer;
    if (total == 0 || total > offer.max_size)
        return;
    offer.max_size = offer.max_total = total;
    offer.max_size_reason = fmt::format("the CMA areas hold {}", size_text(total));
    offer.max_size_remedy = "boot with a larger cma=";
    source.facts.push_back({"max-size", size_text(total), confidence, "/proc/meminfo CmaTotal"});
}

void limit_to_cma(SourceRecord& source, const DeviceRecord& device) {
    // kernel/dma/contiguous.c dma_alloc_contiguous(); behind an IOMMU single pages will do.
    if (source.input.offer.contiguity != solver::OfferContiguity::physical)
        return;
    if (const auto& pool = device.reach.pool; pool && pool->size)
        limit_to(source, *pool->size, "its pool", pool->node,
                 fmt::format("enlarge {} in the device tree", pool->node));
    else if (!has_own_pool(device))
        limit_to_cma(source);
}

void place_in_cma(SourceRecord& source, const CmaArea& area) {
    solver::Offer& offer = source.input.offer;
    if (area.range && narrow(offer, *area.range))
        source.facts.push_back({"addresses",
                                fmt::format("{:#x} to {:#x}", offer.min_address, offer.max_address),
                                area.confidence, area.origin});
    if (area.size)
        limit_to(source, *area.size, "its CMA area", area.origin, area.remedy);
}

} // namespace simplealloc
