// SPDX-License-Identifier: MIT
// Inputs of a chosen size, as machines with many formats, modifiers and devices would give them.
#pragma once

#include "lib/solver/search/combine.hpp"
#include "tests/support/solver_input.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace simplealloc::bench {

/// The codes that a display or GPU lists; the request asks for the first.
inline constexpr std::array fourccs{fourcc::nv12,
                                    fourcc::xrgb8888,
                                    fourcc::argb8888,
                                    fourcc::xrgb2101010,
                                    fourcc::rgb565,
                                    fourcc::yuyv,
                                    fourcc::uyvy,
                                    fourcc::nv21,
                                    fourcc::nv16,
                                    fourcc::p010,
                                    fourcc::yuv420,
                                    fourcc::yvu420,
                                    fourcc::yuv422,
                                    Fourcc{'X', 'B', '2', '4'},
                                    Fourcc{'A', 'B', '2', '4'},
                                    Fourcc{'R', 'G', '2', '4'},
                                    Fourcc{'B', 'G', '2', '4'},
                                    Fourcc{'A', 'R', '3', '0'},
                                    Fourcc{'A', 'B', '3', '0'},
                                    Fourcc{'X', 'B', '3', '0'}};

/// A capability set of its own for each pair, tiled before linear; `codes` fourccs share them.
inline solver::UseInput device(const std::string& name, Use what, std::size_t pairs,
                               std::size_t codes = fourccs.size()) {
    solver::UseInput result = test::use("/dev/" + name, name, what);
    result.alternatives.clear();
    const std::size_t modifiers = std::max<std::size_t>(pairs / codes, 1);
    for (std::size_t i = 0; i < pairs; ++i) {
        const std::size_t code = i / modifiers;
        const std::uint64_t modifier = modifiers - 1 - i % modifiers;
        CapabilitySet set;
        set.formats = {{fourccs[code % codes], {modifier}, modifier == 0}};
        set.constraints.stride_align = 16ULL << (code + modifier) % 5;
        set.constraints.offset_align = modifier == 0 ? 64 : 4096;
        set.constraints.max_width = 8192;
        set.constraints.max_height = 8192;
        set.evidence[ConstraintKind::stride_align] = {Confidence::known, "quirk"};
        result.alternatives.push_back(std::move(set));
    }
    return result;
}

inline solver::SourceInput own_layout_source(const std::string& name, const std::string& device) {
    auto gbm = test::source(name, solver::OfferContiguity::scattered);
    gbm.offer.device = device;
    gbm.offer.own_layout = true;
    gbm.offer.layout_exact = false;
    gbm.offer.caching = solver::CpuCaching::write_combined;
    gbm.offer.side_effect = solver::SideEffect::loads_driver;
    return gbm;
}

/// What a board with a GPU offers: some of it fits, some is out of reach or not named.
inline std::vector<solver::SourceInput> twelve_sources() {
    using solver::OfferContiguity;
    std::vector<solver::SourceInput> sources{
        test::system_heap(),
        test::cma_heap(),
        test::udmabuf(),
        test::source("simple-allocator:cma0", OfferContiguity::physical),
        test::source("ion:system", OfferContiguity::scattered),
        test::source("ion:carveout", OfferContiguity::physical),
        test::source("ion:chunk", OfferContiguity::chunks),
        own_layout_source("gbm:renderD128", "gpu"),
        test::dumb("card0", "display"),
        test::dumb("card1", "other"),
        test::source("v4l2:video0", OfferContiguity::device_domain),
        test::source("dma-heap:system-uncached", OfferContiguity::scattered)};
    sources[4].usable = false;
    sources[4].reason = "/dev/ion: Permission denied";
    sources[9].named = false;
    sources[10].offer.device = "camera";
    sources[10].offer.side_effect = solver::SideEffect::takes_queue;
    sources[11].offer.caching = solver::CpuCaching::write_combined;
    return sources;
}

/// A camera that needs contiguous memory, a GPU and a display.
inline solver::Input typical(std::size_t pairs = 200) {
    solver::Input input = test::image(1920, 1080, fourccs.front());
    input.uses = {device("camera", Use::capture, pairs), device("gpu", Use::sample, pairs),
                  device("display", Use::scanout, pairs)};
    for (CapabilitySet& set : input.uses[0].alternatives) {
        set.constraints.contiguity = Contiguity::required;
        set.constraints.starts_at_zero = true;
        set.evidence[ConstraintKind::contiguity] = {Confidence::assumed, "default"};
    }
    input.sources = twelve_sources();
    return input;
}

/// So many devices that read, with 40 pairs each.
inline solver::Input many_devices(std::size_t count) {
    solver::Input input = test::image(1920, 1080, fourccs.front());
    for (std::size_t i = 0; i < count; ++i)
        input.uses.push_back(device("d" + std::to_string(i), Use::read, 40));
    input.sources = twelve_sources();
    return input;
}

/// Two devices whose pairs are all modifiers of the one fourcc that is asked for.
inline solver::Input many_modifiers(std::size_t pairs) {
    solver::Input input = test::image(1920, 1080, fourccs.front());
    input.uses = {device("gpu", Use::render, pairs, 1), device("display", Use::scanout, pairs, 1)};
    input.sources = twelve_sources();
    return input;
}

/// Options with few different constraints, as drivers have them, or all different and none better
/// than another one.
class Parties {
public:
    Parties(std::size_t count, std::size_t options, bool hostile) {
        shapes_.reserve(count * options);
        for (std::size_t p = 0; p < count; ++p) {
            solver::Party& party = parties_.emplace_back(solver::Party{"device", {}});
            for (std::size_t i = 0; i < options; ++i) {
                Constraints c;
                c.stride_align = hostile ? 2 * (options - i) + 1 : 16ULL << (i + p) % 5;
                c.tail_padding = hostile ? p * options + i : 0;
                c.max_stride = no_limit - 1;
                shapes_.emplace_back(solver::normal(c));
                party.options.push_back({i, i, &shapes_.back()});
            }
        }
    }
    [[nodiscard]] const std::vector<solver::Party>& get() const { return parties_; }

private:
    std::vector<solver::Shape> shapes_; // never moved: the options point into it
    std::vector<solver::Party> parties_;
};

/// A search whose first try, which is cheap, fails: all that it may cost.
inline solver::Outcome merge_all_but_favourite(const Parties& parties) {
    std::size_t asked = 0;
    const solver::Judge judge{[](const solver::Shape&, std::uint64_t) { return true; },
                              [&](const solver::Combination&) { return asked++ > 0; }};
    return solver::Search(parties.get()).run(judge);
}

/// What the 2017 prototype does: each alternative with each.
inline std::size_t merge_each_with_each(const Parties& parties) {
    std::size_t merged = 0;
    for (const solver::Option& one : parties.get()[0].options)
        for (const solver::Option& other : parties.get()[1].options) {
            solver::Shape shape = *one.shape;
            merged += solver::merge(shape, *other.shape) ? 0 : 1;
        }
    return merged;
}

} // namespace simplealloc::bench
