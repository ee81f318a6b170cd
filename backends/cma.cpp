// SPDX-License-Identifier: MIT
// What is known of the kernel's CMA areas.
#include "backends/cma.hpp"

#include "backends/source.hpp"
#include "lib/kernel.hpp"

#include <fmt/format.h>
#include <sstream>

namespace simplealloc {

namespace {

/// Bytes of all areas together; 0 when unknown.
std::uint64_t cma_total() {
    std::string text;
    if (kernel::read_file("/proc/meminfo", text) < 0)
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

} // namespace

void limit_to_cma(SourceRecord& source) {
    const std::uint64_t total = cma_total();
    if (total == 0)
        return;
    solver::Offer& offer = source.input.offer;
    offer.max_size = total;
    offer.max_size_reason = fmt::format("the CMA areas hold {}", size_text(total));
    offer.max_size_remedy = "boot with a larger cma=";
    source.facts.push_back(
        {"max-size", size_text(total), Confidence::known, "/proc/meminfo CmaTotal"});
}

} // namespace simplealloc
