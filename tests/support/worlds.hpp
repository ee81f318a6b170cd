// SPDX-License-Identifier: MIT
// Small machines: few devices with few ways each, small images, few sources. Small enough for an
// answer by trying everything (oracle.hpp), and narrow enough that about half of them have none.
#pragma once

#include "lib/model/merge.hpp"
#include "lib/model/objection.hpp"
#include "tests/support/generator.hpp"
#include "tests/support/solver_input.hpp"

namespace simplealloc::test {

/// Every limit now and then, with numbers of the size of a small image.
inline Constraints small_constraints(Generator& g) {
    Constraints c;
    if (g.one_in(3))
        c.stride_align = g.pick<std::uint64_t>({0, 2, 3, 4, 8, 12});
    if (g.one_in(10))
        c.stride_align_pixels = g.pick<std::uint64_t>({0, 2, 3, 4});
    if (g.one_in(5))
        c.offset_align = g.pick<std::uint64_t>({0, 2, 4, 6, 16});
    if (g.one_in(6))
        c.size_align = g.pick<std::uint64_t>({0, 3, 64, 256});
    if (g.one_in(10))
        c.address_align = g.pick<std::uint64_t>({0, 256, 4096});
    if (g.one_in(6))
        c.width_align = g.pick<std::uint64_t>({0, 2, 4, 5});
    if (g.one_in(6))
        c.height_align = g.pick<std::uint64_t>({0, 2, 3, 4});
    if (g.one_in(5))
        c.min_stride = g.below(60);
    if (g.one_in(8))
        c.min_size = g.below(2000);
    if (g.one_in(8))
        c.tail_padding = g.below(500);
    if (g.one_in(5))
        c.max_stride = 8 + g.below(100);
    if (g.one_in(8))
        c.max_size = 200 + g.below(3000);
    if (g.one_in(16))
        c.min_width = g.below(8);
    if (g.one_in(16))
        c.min_height = g.below(6);
    if (g.one_in(12))
        c.max_offset = g.below(400);
    for (std::size_t i = 0; i < 3; ++i) {
        PlaneLimits& plane = c.planes[i];
        if (g.one_in(20))
            plane.stride_align = g.pick<std::uint64_t>({0, 2, 6});
        if (g.one_in(20))
            plane.offset_align = g.pick<std::uint64_t>({0, 4, 16});
        if (g.one_in(20))
            plane.min_stride = g.below(40);
        if (g.one_in(20))
            plane.max_stride = 8 + g.below(60);
        if (g.one_in(20))
            plane.min_size = g.below(1000);
    }
    if (g.one_in(16))
        c.max_width = 1 + g.below(12);
    if (g.one_in(16))
        c.max_height = 1 + g.below(9);
    if (g.one_in(8))
        c.max_segments = g.below(8);
    if (g.one_in(8))
        c.max_segment_size = g.pick<std::uint64_t>({64, 128, 500, 4096});
    if (g.one_in(10))
        c.segment_boundary = g.pick<std::uint64_t>({63, 255, 0xffff});
    if (g.one_in(30))
        c.max_buffers = 1 + g.below(4);
    c.contiguity = g.pick({Contiguity::any, Contiguity::any, Contiguity::any, Contiguity::any,
                           Contiguity::preferred, Contiguity::required});
    if (g.one_in(12))
        c.min_address = g.pick<std::uint64_t>({0x1000, 0x8000});
    if (g.one_in(12))
        c.max_address = g.pick<std::uint64_t>({0xffff, 0xfffff});
    if (g.one_in(3))
        c.placements.bits = static_cast<std::uint8_t>(1 + g.below(7));
    c.starts_at_zero = g.one_in(6);
    if (g.one_in(12))
        c.memory_kinds = static_cast<std::uint8_t>(1 + g.below(3));
    c.protected_memory = g.one_in(40);
    if (g.one_in(20)) {
        c.exporters.emplace();
        for (const char* id : {"gpu", "camera", "display"})
            if (g.one_in(2))
                c.exporters->push_back(id);
    }
    return c;
}

inline std::vector<FormatSupport> small_formats(Generator& g, Fourcc wanted) {
    std::vector<FormatSupport> formats{{wanted, {}, !g.one_in(5)}};
    for (const std::uint64_t modifier : {7U, 0U, 9U})
        if (g.one_in(2))
            formats[0].modifiers.push_back(modifier);
    if (g.one_in(2))
        std::reverse(formats[0].modifiers.begin(), formats[0].modifiers.end());
    if (g.one_in(12))
        formats[0].fourcc = fourcc::uyvy;
    return formats;
}

inline solver::UseInput small_use(Generator& g, const std::string& device, Fourcc wanted) {
    const Use what = g.pick({Use::scanout, Use::render, Use::sample, Use::capture, Use::encode,
                             Use::decode, Use::m2m_in, Use::m2m_out, Use::cursor, Use::read});
    auto result = use(device + " (" + std::string(to_string(what)) + ")", device, what);
    result.coherent = !g.one_in(4);
    result.peer_to_peer = g.one_in(2);
    if (device == "camera")
        result.queue = g.pick({solver::QueueSide::capture, solver::QueueSide::output});
    result.alternatives.resize(1 + g.below(3));
    for (solver::CapabilitySet& set : result.alternatives) {
        set.constraints = small_constraints(g);
        if (g.one_in(4))
            set.formats = small_formats(g, wanted);
        if (g.one_in(6))
            set.import_path = ImportPath::vmap;
    }
    return result;
}

inline solver::SourceInput small_source(Generator& g, const std::string& name,
                                        const std::string& device) {
    using solver::CpuCaching;
    using solver::OfferContiguity;
    using solver::SideEffect;
    auto result = source(name, g.pick({OfferContiguity::physical, OfferContiguity::physical,
                                       OfferContiguity::device_domain, OfferContiguity::chunks,
                                       OfferContiguity::scattered, OfferContiguity::unknown}));
    solver::Offer& offer = result.offer;
    offer.device = device;
    if (device == "camera")
        offer.queue = g.pick(
            {solver::QueueSide::none, solver::QueueSide::capture, solver::QueueSide::output});
    offer.chunk_size = g.pick<std::uint64_t>({0, 64, 256});
    offer.granularity = g.pick<std::uint64_t>({1, 64, 256});
    if (g.one_in(4))
        offer.min_address = g.pick<std::uint64_t>({0x1000, 0x8000});
    if (g.one_in(2))
        offer.max_address = g.pick<std::uint64_t>({0xffff, 0xfffff});
    offer.caching = g.pick({CpuCaching::cached, CpuCaching::cached, CpuCaching::write_combined,
                            CpuCaching::unmappable, CpuCaching::unknown});
    offer.caching_selectable = g.one_in(6);
    offer.sync_effective = !g.one_in(6);
    offer.address_align = g.pick<std::uint64_t>({256, 4096, 65536});
    if (g.one_in(6))
        offer.max_size = 500 + g.below(3000);
    if (g.one_in(8))
        offer.max_total = 500 + g.below(8000);
    if (g.one_in(6))
        offer.memory_kind = MemoryKind::device_local;
    offer.protected_memory = g.one_in(20);
    offer.peer_to_peer = g.one_in(2);
    offer.attachable = !g.one_in(8);
    offer.vmap_stable = !g.one_in(8);
    offer.scarce = g.one_in(4);
    offer.side_effect =
        g.pick({SideEffect::nothing, SideEffect::nothing, SideEffect::scanout_memory,
                SideEffect::loads_driver, SideEffect::takes_queue});
    if (g.one_in(5))
        offer.max_dmabufs = static_cast<std::uint32_t>(1 + g.below(2));
    offer.own_layout = !device.empty() && g.one_in(3);
    if (!device.empty() && !offer.own_layout && g.one_in(2))
        offer.tilings = {{g.pick({fourcc::nv12, fourcc::xrgb8888, fourcc::yuv420}), {7}, false}};
    if (g.one_in(4))
        offer.layout.stride_align = g.pick<std::uint64_t>({2, 8});
    if (g.one_in(8))
        offer.layout.max_stride = 20 + g.below(100);
    if (g.one_in(8))
        offer.layout.height_align = 2;
    if (g.one_in(10))
        offer.undescribed = "nobody describes its memory";
    result.usable = !g.one_in(12);
    result.reason = "Permission denied";
    result.excluded = g.one_in(12) ? solver::ExcludedBy::caller : solver::ExcludedBy::nobody;
    result.named = !g.one_in(12);
    return result;
}

inline solver::Input small_world(Generator& g) {
    solver::Input input;
    if (g.one_in(8)) {
        input = bytes(1 + g.below(2000));
    } else {
        input = image(static_cast<std::uint32_t>(1 + g.below(12)),
                      static_cast<std::uint32_t>(1 + g.below(9)),
                      g.pick({fourcc::xrgb8888, fourcc::nv12, fourcc::yuyv, fourcc::yuv420,
                              fourcc::nv16, fourcc::p010}));
        if (g.one_in(10))
            input.request.modifier = Modifier::named(g.pick<std::uint64_t>({0, 7, 9}));
    }
    input.page_size = 64;
    input.request.cpu = g.pick({CpuAccess::none, CpuAccess::none, CpuAccess::write,
                                CpuAccess::read_rarely, CpuAccess::read_often});
    input.request.strict = g.one_in(6);
    if (g.one_in(3))
        input.request.count = static_cast<std::uint32_t>(1 + g.below(6));
    if (g.one_in(8))
        input.available_memory = 500 + g.below(3000);
    for (const char* of : {"", "dma-heap"})
        if (g.one_in(8)) {
            QuotaState state;
            state.quota = {of, 1000 + g.below(8000)};
            state.held = g.below(3000);
            state.origin = "policy";
            state.remedy = "raise it";
            input.quotas.push_back(std::move(state));
        }
    for (const char* device : {"camera", "display", "gpu"})
        if (!g.one_in(3))
            input.uses.push_back(small_use(g, device, input.request.fourcc));
    constexpr std::array<std::pair<const char*, const char*>, 6> sources{{
        {"dma-heap:a", ""},
        {"dma-heap:b", ""},
        {"ion:c", ""},
        {"gbm:gpu", "gpu"},
        {"v4l2:camera", "camera"},
        {"drm-dumb:display", "display"},
    }};
    for (const auto& [name, device] : sources)
        if (g.one_in(2))
            input.sources.push_back(small_source(g, name, device));
    for (solver::SourceInput& each : input.sources)
        for (std::size_t i = 0; i < input.quotas.size(); ++i)
            if (input.quotas[i].quota.of.empty() || each.is_called(input.quotas[i].quota.of))
                each.quotas.push_back(i);
    if (g.one_in(4))
        input.order = {g.pick<std::string>({"gbm", "ion:c", "dma-heap:b"}), "drm-dumb"};
    return input;
}

/// What one party wants, for the report of a failure.
inline std::string text(const Constraints& c) {
    std::string result;
    for (unsigned i = 0; i <= static_cast<unsigned>(ConstraintKind::exporter); ++i)
        if (const auto kind = static_cast<ConstraintKind>(i); solver::limits(c, kind))
            result += "; " + solver::demand_text(kind, c);
    if (c.contiguity == Contiguity::preferred)
        result += " preferred";
    return result;
}

inline std::string text(const solver::Input& input) {
    const solver::ResolvedRequest& r = input.request;
    std::string result = std::to_string(r.width) + "x" + std::to_string(r.height) + " " +
                         to_string(r.fourcc) + " " + std::to_string(r.size) + " bytes, cpu " +
                         std::string(to_string(r.cpu)) + (r.strict ? ", strict" : "") + ", " +
                         std::to_string(r.count) + " buffers\n";
    for (const solver::UseInput& use : input.uses) {
        result += use.party + (use.coherent ? "\n" : ", unsnooped\n");
        for (const solver::CapabilitySet& set : use.alternatives) {
            result += set.import_path == ImportPath::dma ? "  dma" : "  vmap";
            for (const FormatSupport& format : set.formats) {
                result += " " + to_string(format.fourcc) + (format.without_modifier ? "" : "!");
                for (const std::uint64_t modifier : format.modifiers)
                    result += "," + std::to_string(modifier);
            }
            result += text(set.constraints) + "\n";
        }
    }
    for (const solver::SourceInput& source : input.sources) {
        const solver::Offer& o = source.offer;
        result += source.name + ": contiguity " + std::to_string(static_cast<int>(o.contiguity)) +
                  ", chunks of " + std::to_string(o.chunk_size) + ", granularity " +
                  std::to_string(o.granularity) + ", size up to " + std::to_string(o.max_size) +
                  ", in all " + std::to_string(o.max_total) + ", " +
                  solver::window_text(o.min_address, o.max_address) + text(o.layout) + "\n";
    }
    for (const QuotaState& quota : input.quotas)
        result += "quota of " + quota.quota.of + ": " + std::to_string(quota.left()) + " left\n";
    return result;
}

template <typename T>
void shuffle(Generator& g, std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i)
        std::swap(list[i - 1], list[g.below(i)]);
}

} // namespace simplealloc::test
