// SPDX-License-Identifier: MIT
// Three rooms: what a device or source accepts of memory, what of a layout, and the trying.
#include "tests/support/oracle.hpp"

#include "lib/model/layout.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace simplealloc::test::oracle {
namespace {

using solver::CapabilitySet;
using solver::CpuCaching;
using solver::FormatInfo;
using solver::Input;
using solver::Offer;
using solver::OfferContiguity;
using solver::PlaneGeometry;
using solver::SourceInput;
using solver::UseInput;

/// No stride or offset of a small world comes near it.
constexpr std::uint64_t enough = 2000;

bool multiple(std::uint64_t number, std::uint64_t divisor) {
    return divisor == 0 || number % divisor == 0;
}

std::uint64_t up(std::uint64_t number, std::uint64_t divisor) {
    return (number + divisor - 1) / divisor;
}

bool own(const UseInput& use, const Offer& offer) {
    return !offer.device.empty() && offer.device == use.device;
}

bool draws(const UseInput& use) {
    return use.use == Use::render || use.use == Use::sample;
}

int traffic(Use use) {
    switch (use) {
    case Use::render:
    case Use::sample:
        return 4;
    case Use::scanout:
        return 3;
    case Use::encode:
    case Use::decode:
    case Use::m2m_in:
    case Use::m2m_out:
        return 2;
    case Use::capture:
    case Use::read:
    case Use::write:
        return 1;
    case Use::cursor:
        return 0;
    }
    return 0;
}

/// By its own driver, on the queue that the use goes to.
bool made_for(const UseInput& use, const Offer& offer) {
    return own(use, offer) && use.queue == offer.queue;
}

/// What shows the memory in place, and whom that keeps out: who attaches it in RAM.
bool shows_in_place(const UseInput& use, const Offer& offer) {
    bool only_there = !use.alternatives.empty();
    for (const CapabilitySet& set : use.alternatives)
        only_there = only_there && set.constraints.memory_kinds ==
                                       static_cast<std::uint8_t>(MemoryKind::device_local);
    return only_there && own(use, offer) && (use.use == Use::scanout || use.use == Use::cursor);
}

bool leaves_in_place(const UseInput& use, const CapabilitySet& set, const Offer& offer) {
    return own(use, offer) || !use.attaches || set.import_path == ImportPath::vmap ||
           (use.peer_to_peer && offer.peer_to_peer);
}

// --- memory ---

bool contiguous(const UseInput& use, const Offer& offer) {
    return offer.contiguity == OfferContiguity::physical || made_for(use, offer) ||
           (offer.contiguity == OfferContiguity::device_domain && own(use, offer));
}

bool needs_one_run(const Constraints& c) {
    return c.contiguity == Contiguity::required || c.max_segments <= 1;
}

bool takes_format(const UseInput& use, const CapabilitySet& set, const Offer& offer, Fourcc fourcc,
                  const Modifier& modifier) {
    if (fourcc == fourcc::bytes)
        return true;
    const bool implicit = modifier.state == Modifier::State::implicit;
    if (use.any_modifier)
        return !implicit || own(use, offer);
    if (set.formats.empty())
        return modifier.is_linear() || (own(use, offer) && (draws(use) || implicit));
    for (const FormatSupport& format : set.formats) {
        if (format.fourcc != fourcc)
            continue;
        if (implicit)
            return own(use, offer) && format.without_modifier;
        for (const std::uint64_t listed : format.modifiers)
            if (listed == modifier.value)
                return true;
        return modifier.is_linear() && format.without_modifier;
    }
    return false;
}

bool takes_memory(const UseInput& use, const CapabilitySet& set, const Offer& offer, CpuAccess cpu,
                  const solver::ResolvedRequest& request) {
    const Constraints& c = set.constraints;
    if (request.count > c.max_buffers)
        return false;
    if (use.attaches && !own(use, offer) &&
        !(set.import_path == ImportPath::dma ? offer.attachable : offer.vmap_stable))
        return false;
    if (use.attaches && !own(use, offer) && !use.maps_too.empty() && !offer.vmap_stable)
        return false;
    if (c.protected_memory && (!offer.protected_memory || cpu != CpuAccess::none))
        return false;
    if (made_for(use, offer))
        return true;
    if (c.exporters && std::count(c.exporters->begin(), c.exporters->end(), offer.device) == 0)
        return false;
    if (needs_one_run(c) && !contiguous(use, offer))
        return false;
    if (request.strict && c.contiguity == Contiguity::preferred && !contiguous(use, offer))
        return false;
    // The DMA allocator of a device knows the device's own reach, and needs no bus to its own
    // memory.
    const bool in_its_reach =
        own(use, offer) && (offer.contiguity == OfferContiguity::device_domain ||
                            offer.memory_kind == MemoryKind::device_local);
    if (!in_its_reach && (offer.min_address < c.min_address || offer.max_address > c.max_address))
        return false;
    if (!multiple(offer.address_align, c.address_align))
        return false;
    return (c.memory_kinds & static_cast<unsigned>(offer.memory_kind)) != 0;
}

CpuCaching mapping(const Offer& offer, CpuAccess cpu) {
    if (!offer.caching_selectable)
        return offer.caching;
    return cpu == CpuAccess::read_rarely || cpu == CpuAccess::read_often
               ? CpuCaching::cached
               : CpuCaching::write_combined;
}

bool has_tiles(const Offer& offer, Fourcc fourcc, const Modifier& modifier) {
    bool has = false;
    for (const FormatSupport& tiling : offer.tilings)
        for (const std::uint64_t value : tiling.modifiers)
            has = has || (tiling.fourcc == fourcc && modifier == Modifier::named(value));
    return has;
}

bool source_serves(const View& view, const SourceInput& source, const Modifier& modifier) {
    const Offer& offer = source.offer;
    if (!source.usable || source.excluded != solver::ExcludedBy::nobody || !source.named)
        return false;
    if (view.input.request.strict && !offer.undescribed.empty())
        return false;
    if (view.input.request.fourcc == fourcc::bytes
            ? offer.own_layout
            : !offer.own_layout && !modifier.is_linear() &&
                  !has_tiles(offer, view.input.request.fourcc, modifier))
        return false;
    bool protection_wanted = false;
    bool all_coherent = true;
    for (const std::size_t index : view.uses) {
        const UseInput& use = view.input.uses[index];
        all_coherent = all_coherent && use.coherent;
        for (const CapabilitySet& set : use.alternatives)
            protection_wanted = protection_wanted || set.constraints.protected_memory;
    }
    if (offer.protected_memory && !protection_wanted)
        return false;
    if (view.cpu == CpuAccess::none)
        return true;
    const CpuCaching caching = mapping(offer, view.cpu);
    return caching != CpuCaching::unmappable &&
           (caching != CpuCaching::cached || offer.sync_effective || all_coherent);
}

/// Segments of a dma-buf at the worst, cut one by one.
std::uint64_t segments(const UseInput& use, const Constraints& c, const Offer& offer,
                       std::uint64_t page_size, std::uint64_t size) {
    std::uint64_t run = page_size;
    if (contiguous(use, offer))
        run = size;
    else if (offer.contiguity == OfferContiguity::chunks)
        run = offer.chunk_size;
    run = std::min({run, c.max_segment_size, std::max(c.segment_boundary, c.segment_boundary + 1)});
    std::uint64_t count = 0;
    for (std::uint64_t done = 0; done < size; done += std::max<std::uint64_t>(run, 1))
        ++count;
    return count;
}

// --- layout ---

std::uint64_t line_bytes(const PlaneGeometry& plane, std::uint64_t width) {
    return up(width, plane.horizontal) * plane.bytes;
}

std::uint64_t padded(std::uint64_t number, std::uint64_t divisor) {
    while (!multiple(number, divisor))
        ++number;
    return number;
}

bool stride_fits(const Constraints& c, const FormatInfo& format, std::size_t plane,
                 std::uint32_t width, std::uint64_t stride) {
    const PlaneGeometry& geometry = format.planes[plane];
    const PlaneLimits& alone = c.planes[plane];
    std::uint64_t pixels = std::max<std::uint64_t>(c.stride_align_pixels, 1);
    while (pixels % geometry.horizontal != 0)
        pixels += std::max<std::uint64_t>(c.stride_align_pixels, 1);
    if (!multiple(stride, c.stride_align) || !multiple(stride, alone.stride_align) ||
        (c.stride_align_pixels > 1 && !multiple(stride, line_bytes(geometry, pixels))) ||
        stride < line_bytes(geometry, padded(width, c.width_align)))
        return false;
    return stride >= alone.min_stride && stride <= alone.max_stride &&
           (plane > 0 || (stride >= c.min_stride && stride <= c.max_stride));
}

std::uint64_t content_of(const Layout& layout, std::size_t dmabuf) {
    std::uint64_t end = 0;
    for (const Plane& plane : layout.planes)
        if (plane.dmabuf == dmabuf)
            end = std::max(end, plane.offset + plane.size);
    return end;
}

bool offset_fits(const Constraints& c, std::size_t plane, std::uint64_t offset) {
    return multiple(offset, c.offset_align) && multiple(offset, c.planes[plane].offset_align) &&
           offset <= c.max_offset;
}

bool size_fits(const Constraints& c, const Layout& layout, std::size_t dmabuf, std::uint64_t size) {
    for (std::size_t i = 0; i < layout.planes.size(); ++i)
        if (layout.planes[i].dmabuf == dmabuf && size < c.planes[i].min_size)
            return false;
    return multiple(size, c.size_align) && size <= c.max_size &&
           (dmabuf > 0 || size >= c.min_size) &&
           size >= content_of(layout, dmabuf) + c.tail_padding;
}

/// The stride that a plane has when there is one stride for the whole buffer; 0: it has none.
std::uint64_t packed_stride(const FormatInfo& format, std::size_t plane, std::uint64_t stride) {
    const PlaneGeometry& first = format.planes[0];
    const PlaneGeometry& other = format.planes[plane];
    const std::uint64_t bytes = stride * other.bytes * first.horizontal;
    const std::uint64_t parts = std::uint64_t{first.bytes} * other.horizontal;
    return bytes % parts == 0 ? bytes / parts : 0;
}

bool layout_fits(const Constraints& c, const Layout& layout) {
    const FormatInfo format = *solver::format_info(layout.fourcc);
    for (std::size_t i = 0; i < layout.dmabuf_sizes.size(); ++i)
        if (!size_fits(c, layout, i, layout.dmabuf_sizes[i]))
            return false;
    if (layout.fourcc == fourcc::bytes)
        return true;
    if (layout.width > c.max_width || layout.height > c.max_height || layout.width < c.min_width ||
        layout.height < c.min_height)
        return false;
    if (layout.planes.size() > 1 && !c.placements.has(layout.placement))
        return false;
    const std::uint64_t lines = padded(layout.height, c.height_align);
    for (std::size_t i = 0; i < layout.planes.size(); ++i) {
        const Plane& plane = layout.planes[i];
        if (!stride_fits(c, format, i, layout.width, plane.stride) ||
            !offset_fits(c, i, plane.offset) ||
            plane.size < plane.stride * up(lines, format.planes[i].vertical))
            return false;
        // Who takes no offsets finds a plane behind the lines that it counts itself.
        if (i > 0 && layout.placement == Placement::packed &&
            !c.placements.has(Placement::single)) {
            const Plane& before = layout.planes[i - 1];
            if (plane.offset !=
                before.offset + before.stride * up(lines, format.planes[i - 1].vertical))
                return false;
        }
    }
    // Each dma-buf begins with its first plane.
    return !c.starts_at_zero || layout.planes[0].offset == 0;
}

bool source_gives(const View& view, const SourceInput& source, const Layout& layout) {
    const Offer& offer = source.offer;
    std::uint64_t total = 0;
    for (const std::uint64_t size : layout.dmabuf_sizes) {
        total += size;
        if (size > offer.max_size || size % offer.granularity != 0)
            return false;
    }
    // All of the buffers live at a time.
    total *= view.input.request.count;
    if (total > offer.max_total)
        return false;
    for (const std::size_t index : source.quotas) {
        const QuotaState& quota = view.input.quotas[index];
        if (quota.held + total > quota.quota.bytes)
            return false;
    }
    if (offer.memory_kind == MemoryKind::system && !offer.scarce &&
        total > view.input.available_memory)
        return false;
    if (offer.max_dmabufs && layout.dmabuf_sizes.size() > *offer.max_dmabufs)
        return false;
    return layout_fits(offer.layout, layout);
}

// --- trying ---

/// One way of each use, and the source's own rules.
using Limits = std::vector<const Constraints*>;

template <typename Question>
bool all(const Limits& limits, Question question) {
    return std::all_of(limits.begin(), limits.end(),
                       [&](const Constraints* c) { return question(*c); });
}

/// The least from `from` on, in steps; nothing: there is none up to `to`.
template <typename Question>
std::optional<std::uint64_t> least(std::uint64_t from, std::uint64_t step, std::uint64_t to,
                                   Question question) {
    for (std::uint64_t number = from; number <= to; number += step)
        if (question(number))
            return number;
    return std::nullopt;
}

/// Where trying may stop: nothing above suits everybody.
template <typename Limit>
std::uint64_t lowest(const Limits& limits, std::uint64_t most, Limit limit) {
    for (const Constraints* c : limits)
        most = std::min(most, limit(*c));
    return most;
}

bool size_all(Layout& layout, const Limits& limits, std::uint64_t granularity) {
    layout.dmabuf_sizes.assign(layout.planes.back().dmabuf + 1, 0);
    for (std::size_t i = 0; i < layout.dmabuf_sizes.size(); ++i) {
        const std::uint64_t most =
            lowest(limits, 50 * enough, [](const Constraints& c) { return c.max_size; });
        const auto size = least(granularity, granularity, most, [&](std::uint64_t n) {
            return all(limits, [&](const Constraints& c) { return size_fits(c, layout, i, n); });
        });
        if (!size)
            return false;
        layout.dmabuf_sizes[i] = *size;
    }
    return true;
}

/// The smallest layout with this placement that fits everybody.
std::optional<Layout> smallest(const Input& input, const Modifier& modifier, Placement placement,
                               const Limits& limits, std::uint64_t granularity) {
    const solver::ResolvedRequest& request = input.request;
    const FormatInfo format = *solver::format_info(request.fourcc);
    Layout layout{request.width, request.height, request.fourcc, modifier, placement, {}, {}};
    const auto fits = [&](const Layout& whole) {
        return all(limits, [&](const Constraints& c) { return layout_fits(c, whole); });
    };
    if (request.fourcc == fourcc::bytes) {
        layout.planes = {{0, 0, 0, request.size}};
        if (size_all(layout, limits, granularity) && fits(layout))
            return layout;
        return std::nullopt;
    }
    // Lines and columns that suit everybody.
    const auto suits = [&](std::uint64_t Constraints::*align) {
        return [&limits, align](std::uint64_t n) {
            return all(limits, [&](const Constraints& c) { return multiple(n, c.*align); });
        };
    };
    const auto lines = least(request.height, 1, enough, suits(&Constraints::height_align));
    const auto width = least(request.width, 1, enough, suits(&Constraints::width_align));
    const auto stride_suits = [&](std::size_t plane, std::uint64_t stride) {
        return stride >= line_bytes(format.planes[plane], *width) &&
               all(limits, [&](const Constraints& c) {
                   return stride_fits(c, format, plane, request.width, stride);
               });
    };
    const auto most_of = [&](std::size_t plane) {
        return lowest(limits, enough, [&](const Constraints& c) {
            return std::min(plane == 0 ? c.max_stride : no_limit, c.planes[plane].max_stride);
        });
    };
    const auto size_of = [&](std::size_t plane, std::uint64_t stride) {
        return stride * up(*lines, format.planes[plane].vertical);
    };
    if (placement == Placement::packed) {
        const auto found = least(1, 1, most_of(0), [&](std::uint64_t stride) {
            layout.planes.clear();
            std::uint64_t end = 0;
            for (std::size_t i = 0; i < format.planes.size(); ++i) {
                const std::uint64_t own_stride = packed_stride(format, i, stride);
                const bool placed =
                    all(limits, [&](const Constraints& c) { return offset_fits(c, i, end); });
                if (own_stride == 0 || !placed || !stride_suits(i, own_stride))
                    return false;
                layout.planes.push_back({0, end, own_stride, size_of(i, own_stride)});
                end += layout.planes.back().size;
            }
            return true;
        });
        if (!found)
            return std::nullopt;
    } else {
        std::uint64_t end = 0;
        for (std::size_t i = 0; i < format.planes.size(); ++i) {
            const auto stride =
                least(1, 1, most_of(i), [&](std::uint64_t n) { return stride_suits(i, n); });
            const bool apart = placement == Placement::per_plane;
            const std::uint64_t most =
                lowest(limits, 5 * enough, [](const Constraints& c) { return c.max_offset; });
            const auto offset = least(apart ? 0 : end, 1, most, [&](std::uint64_t n) {
                return all(limits, [&](const Constraints& c) { return offset_fits(c, i, n); });
            });
            if (!stride || !offset)
                return std::nullopt;
            layout.planes.push_back(
                {apart ? static_cast<std::uint32_t>(i) : 0, *offset, *stride, size_of(i, *stride)});
            end = *offset + layout.planes.back().size;
        }
    }
    if (size_all(layout, limits, granularity) && fits(layout))
        return layout;
    return std::nullopt;
}

/// Positions in view.uses in the order in which their wishes count: the busiest first.
std::vector<std::size_t> by_weight(const View& view) {
    std::vector<std::size_t> order(view.uses.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    const auto key = [&](std::size_t position) {
        const UseInput& use = view.input.uses[view.uses[position]];
        return std::tuple(-traffic(use.use), use.party);
    };
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    return order;
}

/// A use that takes anything takes what anybody lists.
std::vector<std::uint64_t> listed(const View& view, const UseInput& use, Fourcc fourcc) {
    std::vector<std::uint64_t> modifiers;
    if (use.any_modifier) {
        modifiers.push_back(0);
        for (UseInput other : view.input.uses) {
            other.any_modifier = false;
            const auto more = listed(view, other, fourcc);
            modifiers.insert(modifiers.end(), more.begin(), more.end());
        }
        return modifiers;
    }
    for (const CapabilitySet& set : use.alternatives)
        for (const FormatSupport& format : set.formats)
            if (format.fourcc == fourcc)
                modifiers.insert(modifiers.end(), format.modifiers.begin(), format.modifiers.end());
    return modifiers;
}

/// A source with a layout of its own tries what its own device likes best, then what the busiest
/// device likes, if its driver lays that out; linear last, and nothing but linear for the CPU.
std::vector<Modifier> modifiers(const View& view, const SourceInput& source) {
    const solver::ResolvedRequest& request = view.input.request;
    if (request.modifier)
        return {*request.modifier};
    std::vector<Modifier> tried;
    const bool chooses = source.offer.own_layout || !source.offer.tilings.empty();
    if (chooses && view.cpu == CpuAccess::none) {
        bool anybody = false;
        bool all_own = true;
        bool drawn = false;
        for (const bool of_own : {true, false})
            for (const std::size_t position : by_weight(view)) {
                const UseInput& use = view.input.uses[view.uses[position]];
                all_own = all_own && own(use, source.offer);
                drawn = drawn || draws(use);
                if (of_own != own(use, source.offer))
                    continue;
                for (const std::uint64_t value : listed(view, use, request.fourcc)) {
                    anybody = true;
                    // GBM of one device isn't asked for what is on another's list.
                    if (value != 0 && (of_own || !source.offer.own_layout))
                        tried.push_back(Modifier::named(value));
                }
            }
        if (!source.offer.own_layout)
            std::erase_if(tried, [&](const Modifier& each) {
                return !has_tiles(source.offer, request.fourcc, each);
            });
        else if (!anybody && all_own && drawn)
            tried.push_back(Modifier::implicit());
    }
    tried.push_back(Modifier::linear());
    return tried;
}

/// One alternative of each use, by position in view.uses.
using Ways = std::vector<std::size_t>;

std::vector<Ways> all_ways(const View& view) {
    std::vector<Ways> ways{{}};
    for (const std::size_t index : view.uses) {
        std::vector<Ways> longer;
        for (const Ways& so_far : ways)
            for (std::size_t i = 0; i < view.input.uses[index].alternatives.size(); ++i) {
                longer.push_back(so_far);
                longer.back().push_back(i);
            }
        ways = std::move(longer);
    }
    return ways;
}

const CapabilitySet& set_of(const View& view, const Ways& ways, std::size_t position) {
    return view.input.uses[view.uses[position]].alternatives[ways[position]];
}

/// What is proven before what is not, then what the devices like better, then what the busier
/// device likes better.
std::tuple<int, std::size_t, Ways> cost(const View& view, const Offer& offer, const Ways& ways) {
    int unproven = 0;
    std::size_t disliked = 0;
    Ways in_order;
    for (const std::size_t position : by_weight(view)) {
        const UseInput& use = view.input.uses[view.uses[position]];
        const Constraints& c = set_of(view, ways, position).constraints;
        unproven +=
            c.contiguity == Contiguity::preferred && !needs_one_run(c) && !contiguous(use, offer)
                ? 1
                : 0;
        disliked += ways[position];
        in_order.push_back(ways[position]);
    }
    return {unproven, disliked, in_order};
}

std::optional<Layout> layout_for(const View& view, const SourceInput& source,
                                 const Modifier& modifier, const Ways& ways) {
    Limits limits{&source.offer.layout};
    for (std::size_t i = 0; i < ways.size(); ++i)
        limits.push_back(&set_of(view, ways, i).constraints);
    for (const Placement placement : {Placement::packed, Placement::single, Placement::per_plane}) {
        auto layout = smallest(view.input, modifier, placement, limits, source.offer.granularity);
        if (!layout || !source_gives(view, source, *layout))
            continue;
        bool accepted = true;
        for (std::size_t i = 0; i < ways.size(); ++i)
            accepted = accepted && accepts(view.input.uses[view.uses[i]], set_of(view, ways, i),
                                           source, *layout, view.input);
        if (accepted)
            return layout;
    }
    return std::nullopt;
}

} // namespace

View whole(const Input& input) {
    View view{input, {}, input.request.cpu};
    for (std::size_t i = 0; i < input.uses.size(); ++i)
        view.uses.push_back(i);
    return view;
}

bool accepts(const UseInput& use, const CapabilitySet& set, const SourceInput& source,
             const Layout& layout, const Input& input) {
    if (!takes_format(use, set, source.offer, layout.fourcc, layout.modifier) ||
        !takes_memory(use, set, source.offer, CpuAccess::none, input.request) ||
        !layout_fits(set.constraints, layout))
        return false;
    const Constraints& c = set.constraints;
    const std::uint64_t most = needs_one_run(c) ? 1 : c.max_segments;
    return made_for(use, source.offer) ||
           std::all_of(layout.dmabuf_sizes.begin(), layout.dmabuf_sizes.end(),
                       [&](std::uint64_t size) {
                           return most == no_limit ||
                                  segments(use, c, source.offer, input.page_size, size) <= most;
                       });
}

std::optional<Answer> best(const View& view, const SourceInput& source) {
    const solver::ResolvedRequest& request = view.input.request;
    for (const Modifier& modifier : modifiers(view, source)) {
        if (!source_serves(view, source, modifier))
            continue;
        std::vector<Ways> ways = all_ways(view);
        bool in_place = false;
        for (const std::size_t index : view.uses)
            in_place = in_place || (source.offer.memory_kind == MemoryKind::device_local &&
                                    shows_in_place(view.input.uses[index], source.offer));
        std::erase_if(ways, [&](const Ways& each) {
            for (std::size_t i = 0; i < each.size(); ++i) {
                const UseInput& use = view.input.uses[view.uses[i]];
                const CapabilitySet& set = set_of(view, each, i);
                if (!takes_format(use, set, source.offer, request.fourcc, modifier) ||
                    !takes_memory(use, set, source.offer, view.cpu, request) ||
                    (in_place && !leaves_in_place(use, set, source.offer)))
                    return true;
            }
            return false;
        });
        std::sort(ways.begin(), ways.end(), [&](const Ways& a, const Ways& b) {
            return cost(view, source.offer, a) < cost(view, source.offer, b);
        });
        for (const Ways& each : ways) {
            auto layout = layout_for(view, source, modifier, each);
            if (!layout)
                continue;
            Answer answer{each, std::move(*layout), false, false};
            answer.unproven = !source.offer.undescribed.empty() ||
                              std::get<0>(cost(view, source.offer, each)) > 0;
            for (std::size_t i = 0; i < each.size(); ++i)
                answer.contiguity_needed =
                    answer.contiguity_needed || needs_one_run(set_of(view, each, i).constraints);
            return answer;
        }
    }
    return std::nullopt;
}

std::vector<std::int64_t> rank(const View& view, const SourceInput& source, const Answer& answer) {
    const Offer& offer = source.offer;
    int most = 0;
    bool drawn_by_it = false;
    for (const std::size_t index : view.uses) {
        const UseInput& use = view.input.uses[index];
        most = std::max(most, traffic(use.use));
        drawn_by_it = drawn_by_it || (draws(use) && own(use, offer));
    }
    bool local = false;
    for (const std::size_t index : view.uses)
        local = local ||
                (offer.memory_kind == MemoryKind::device_local &&
                 traffic(view.input.uses[index].use) == most && own(view.input.uses[index], offer));

    std::int64_t arrangement = 0; // tiled by name, tiled in a way that nobody names, linear
    if (answer.layout.modifier.state == Modifier::State::implicit)
        arrangement = 1;
    else if (answer.layout.modifier.is_linear())
        arrangement = 2;

    const CpuCaching caching = mapping(offer, view.cpu);
    std::int64_t cpu = 0;
    if (view.cpu == CpuAccess::write)
        cpu = caching == CpuCaching::cached || caching == CpuCaching::write_combined ? 0 : 1;
    else if (view.cpu != CpuAccess::none && caching != CpuCaching::cached)
        cpu = caching == CpuCaching::write_combined ? 2 : 1;

    std::int64_t effect = static_cast<std::int64_t>(offer.side_effect);
    if (offer.side_effect == solver::SideEffect::loads_driver && drawn_by_it)
        effect = 0;

    std::vector<std::string> order = view.input.order;
    if (order.empty())
        order = view.input.request.order;
    for (const char* backend :
         {"dma-heap", "udmabuf", "simple-allocator", "ion", "gbm", "v4l2", "drm-dumb"})
        order.emplace_back(backend);
    const auto place = std::find_if(order.begin(), order.end(), [&](const std::string& entry) {
        return entry == source.name || entry == source.backend;
    });
    const int doubt = answer.unproven ? 1 : 0;
    return {offer.undescribed.empty() ? doubt : 2,
            arrangement,
            local ? 0 : 1,
            cpu,
            offer.scarce && !answer.contiguity_needed ? 1 : 0,
            effect,
            place - order.begin()};
}

} // namespace simplealloc::test::oracle
