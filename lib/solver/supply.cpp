// SPDX-License-Identifier: MIT
// Sizes and segments.
#include "lib/solver/supply.hpp"

#include "lib/solver/accept.hpp"
#include "lib/solver/checked.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace simplealloc::solver {
namespace {

/// The longest run of addresses that a use can count on, and what cuts it.
struct Run {
    std::uint64_t bytes;
    ConstraintKind cut_by;
};

// A contiguous run counts as one segment while it isn't longer than the boundary: where it starts
// is known only after the allocation.
Run longest_run(const SourceInput& source, const UseInput& use, const Constraints& need,
                std::uint64_t page_size) {
    Run run{page_size, ConstraintKind::max_segments};
    if (contiguous_for(source, use))
        run.bytes = no_limit;
    else if (source.offer.contiguity == OfferContiguity::chunks)
        run.bytes = source.offer.chunk_size;
    if (need.max_segment_size < run.bytes)
        run = {need.max_segment_size, ConstraintKind::max_segment_size};
    if (need.segment_boundary < run.bytes - std::min<std::uint64_t>(run.bytes, 1))
        run = {need.segment_boundary + 1, ConstraintKind::segment_boundary};
    run.bytes = std::max<std::uint64_t>(run.bytes, 1);
    return run;
}

Objection by_source(std::string reason, std::string remedy, std::string needed,
                    std::string offered) {
    return {ConstraintKind::request_size,
            std::move(reason),
            {},
            std::move(remedy),
            true,
            std::move(needed),
            std::move(offered)};
}

} // namespace

std::uint64_t segment_room(const SourceInput& source, const UseInput& use, const Constraints& need,
                           std::uint64_t page_size) {
    if (need.max_segments == no_limit)
        return no_limit;
    const Run run = longest_run(source, use, need, page_size);
    const Checked room = Checked{run.bytes} * need.max_segments;
    return room.ok ? room.value : no_limit;
}

std::optional<Objection> check_segments(const SourceInput& source, const UseInput& use,
                                        const Constraints& need, const Layout& layout,
                                        std::uint64_t page_size) {
    if (need.max_segments == no_limit)
        return std::nullopt;
    const Run run = longest_run(source, use, need, page_size);
    for (const std::uint64_t size : layout.dmabuf_sizes) {
        const std::uint64_t segments = divide_up(size, run.bytes);
        if (segments > need.max_segments)
            return Objection{run.cut_by,
                             fmt::format("{} may take {} segments of {}; {} takes at most {}",
                                         size_text(size), segments, size_text(run.bytes), use.party,
                                         need.max_segments),
                             {use.party},
                             "request less, or use contiguous memory",
                             false,
                             fmt::format("at most {} segments", need.max_segments),
                             fmt::format("{} segments", segments)};
    }
    return std::nullopt;
}

std::optional<Objection> check_size(const Offer& offer, const Layout& layout,
                                    std::uint64_t available_memory) {
    Checked total = 0;
    for (const std::uint64_t size : layout.dmabuf_sizes) {
        total = total + size;
        if (size > offer.max_size) {
            const std::string needed = size_text(size);
            const std::string offered = size_text(offer.max_size);
            return by_source(
                fmt::format("{} are needed in one dma-buf, the source gives at most {}{}{}", needed,
                            offered, offer.max_size_reason.empty() ? "" : ": ",
                            offer.max_size_reason),
                offer.max_size_remedy.empty() ? "request less, or use another source"
                                              : offer.max_size_remedy,
                needed, offered);
        }
    }
    if (offer.memory_kind == MemoryKind::system && !offer.scarce &&
        (!total.ok || total.value > available_memory)) {
        const std::string needed = size_text(total.value);
        const std::string offered = size_text(available_memory);
        return by_source(fmt::format("{} are needed, {} of memory are available", needed, offered),
                         "request less or free memory", needed, offered);
    }
    return std::nullopt;
}

} // namespace simplealloc::solver
