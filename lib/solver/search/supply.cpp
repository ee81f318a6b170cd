// SPDX-License-Identifier: MIT
// Sizes and segments.
#include "lib/solver/search/supply.hpp"

#include "lib/base/checked.hpp"
#include "lib/solver/search/accept.hpp"
#include "lib/solver/search/remedy.hpp"

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

/// Of all the buffers together.
struct Amount {
    std::uint64_t bytes; ///< no_limit where the number is too large
    std::uint32_t count;
    std::uint64_t each;
};

Amount amount_of(const Layout& layout, std::uint32_t count) {
    Checked each = 0;
    for (const std::uint64_t size : layout.dmabuf_sizes)
        each = each + size;
    const Checked all = each * count;
    return {all.ok ? all.value : no_limit, count, each.ok ? each.value : no_limit};
}

/// `64 MiB are`, `4 buffers of 16 MiB, 64 MiB in all, are`
std::string text_of(const Amount& amount) {
    if (amount.count == 1)
        return size_text(amount.bytes) + " are";
    return fmt::format("{} buffers of {}, {} in all, are", amount.count, size_text(amount.each),
                       size_text(amount.bytes));
}

/// What asking for less would be, where some buffers have room.
Remedy fewer(const Amount& amount, std::uint64_t room) {
    const std::uint64_t most = amount.each == 0 ? 0 : room / amount.each;
    if (amount.count == 1 || most == 0)
        return {RemedyKind::less, {}};
    return {RemedyKind::count, {std::to_string(most)}};
}

Objection by_source(ConstraintKind kind, std::string reason, Remedies remedies, std::string needed,
                    std::string offered) {
    return {kind,
            std::move(reason),
            {},
            std::move(remedies),
            true,
            std::move(needed),
            std::move(offered)};
}

Objection too_large(const Offer& offer, std::uint64_t size) {
    const std::string needed = size_text(size);
    const std::string offered = size_text(offer.max_size);
    return by_source(ConstraintKind::request_size,
                     fmt::format("{} are needed in one dma-buf, the source gives at most {}{}{}",
                                 needed, offered, offer.max_size_reason.empty() ? "" : ": ",
                                 offer.max_size_reason),
                     offer.max_size_remedy.empty()
                         ? Remedies{{RemedyKind::less, {}}, {RemedyKind::other_source, {}}}
                         : advice(offer.max_size_remedy),
                     needed, offered);
}

Objection beyond_total(const Offer& offer, const Amount& amount) {
    const std::string offered = size_text(offer.max_total);
    Remedy less = fewer(amount, offer.max_total);
    return by_source(
        ConstraintKind::request_size,
        fmt::format("{} needed, the source gives at most {} in all{}{}", text_of(amount), offered,
                    offer.max_size_reason.empty() ? "" : ": ", offer.max_size_reason),
        offer.max_size_remedy.empty() ? Remedies{std::move(less), {RemedyKind::other_source, {}}}
                                      : either(advice(offer.max_size_remedy), {std::move(less)}),
        size_text(amount.bytes), offered);
}

Objection beyond_quota(const QuotaState& state, const Amount& amount) {
    const Quota& quota = state.quota;
    return by_source(ConstraintKind::quota,
                     fmt::format("{} needed; the quota of {} is {}, {} in use: {} left",
                                 text_of(amount), quota.of.empty() ? "everything" : quota.of,
                                 size_text(quota.bytes), size_text(state.held),
                                 size_text(state.left())),
                     either({fewer(amount, state.left())}, advice(state.remedy)),
                     size_text(amount.bytes), size_text(state.left()));
}

Objection beyond_memory(std::uint64_t available, const Amount& amount) {
    const std::string offered = size_text(available);
    return by_source(ConstraintKind::request_size,
                     fmt::format("{} needed, {} of memory are available", text_of(amount), offered),
                     {fewer(amount, available), {RemedyKind::free_memory, {}}},
                     size_text(amount.bytes), offered);
}

} // namespace

std::uint64_t segment_room(const SourceInput& source, const UseInput& use, const Constraints& need,
                           std::uint64_t page_size) {
    if (need.max_segments == no_limit || is_made_for(use, source))
        return no_limit;
    const Run run = longest_run(source, use, need, page_size);
    const Checked room = Checked{run.bytes} * need.max_segments;
    return room.ok ? room.value : no_limit;
}

std::optional<Objection> check_segments(const SourceInput& source, const UseInput& use,
                                        const Constraints& need, const Layout& layout,
                                        std::uint64_t page_size) {
    if (need.max_segments == no_limit || is_made_for(use, source))
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
                             {{RemedyKind::less, {}}, {RemedyKind::contiguous_memory, {}}},
                             false,
                             fmt::format("at most {} segments", need.max_segments),
                             fmt::format("{} segments", segments)};
    }
    return std::nullopt;
}

std::optional<Objection> check_size(const Input& input, const SourceInput& source,
                                    const Layout& layout) {
    const Offer& offer = source.offer;
    for (const std::uint64_t size : layout.dmabuf_sizes)
        if (size > offer.max_size)
            return too_large(offer, size);
    const Amount amount = amount_of(layout, input.request.count);
    if (amount.bytes > offer.max_total)
        return beyond_total(offer, amount);
    for (const std::size_t index : source.quotas)
        if (amount.bytes > input.quotas[index].left())
            return beyond_quota(input.quotas[index], amount);
    if (offer.memory_kind == MemoryKind::system && !offer.scarce &&
        amount.bytes > input.available_memory)
        return beyond_memory(input.available_memory, amount);
    return std::nullopt;
}

} // namespace simplealloc::solver
