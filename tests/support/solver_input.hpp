// SPDX-License-Identifier: MIT
// Solver inputs in a few words: the devices and sources of the test kernels, as discovery describes
// them.
#pragma once

#include "lib/solver/solver.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace simplealloc::test {

inline constexpr std::uint64_t mib = 1ULL << 20U;

inline solver::Input image(std::uint32_t width, std::uint32_t height, Fourcc format) {
    solver::Input input;
    input.request.width = width;
    input.request.height = height;
    input.request.fourcc = format;
    return input;
}

inline solver::Input bytes(std::uint64_t size) {
    solver::Input input;
    input.request.size = size;
    return input;
}

inline solver::Input::Refusals refusals(std::vector<solver::Input::Refusal> all) {
    return std::make_shared<const std::vector<solver::Input::Refusal>>(std::move(all));
}

inline solver::UseInput use(std::string party, std::string device, Use what) {
    solver::UseInput result;
    result.party = std::move(party);
    result.device = std::move(device);
    result.use = what;
    result.alternatives.emplace_back();
    return result;
}

inline solver::UseInput contiguous_camera() {
    auto camera = use("/dev/video0 (capture)", "vivid", Use::capture);
    camera.alternatives[0].constraints.contiguity = Contiguity::required;
    camera.alternatives[0].constraints.starts_at_zero = true;
    return camera;
}

inline solver::UseInput vmalloc_camera() {
    auto camera = use("/dev/video0 (capture)", "vivid", Use::capture);
    camera.alternatives[0].import_path = ImportPath::vmap;
    return camera;
}

inline solver::UseInput vkms_display() {
    return use("/dev/dri/card2 (scanout)", "vkms", Use::scanout);
}

/// A display whose driver imports nothing.
inline solver::UseInput closed_display(const std::string& device) {
    auto display = use("/dev/dri/card0 (scanout)", device, Use::scanout);
    display.alternatives[0].constraints.exporters = {{device}};
    return display;
}

inline solver::SourceInput source(std::string name, solver::OfferContiguity contiguity) {
    solver::SourceInput result;
    result.name = std::move(name);
    result.backend = result.name.substr(0, result.name.find(':'));
    result.driver = result.backend;
    result.offer.contiguity = contiguity;
    result.offer.caching = solver::CpuCaching::cached;
    return result;
}

inline solver::SourceInput system_heap() {
    return source("dma-heap:system", solver::OfferContiguity::scattered);
}

inline solver::SourceInput cma_heap() {
    auto heap = source("dma-heap:reserved", solver::OfferContiguity::physical);
    heap.offer.scarce = true;
    heap.offer.max_address = 0xffffffff;
    return heap;
}

inline solver::SourceInput udmabuf() {
    auto result = source("udmabuf", solver::OfferContiguity::scattered);
    result.offer.max_size = 64 * mib;
    result.offer.max_size_reason = "size_limit_mb of udmabuf is 64 MiB";
    result.offer.max_size_remedy = "raise /sys/module/udmabuf/parameters/size_limit_mb";
    return result;
}

inline solver::SourceInput dumb(const std::string& node, const std::string& device) {
    auto result = source("drm-dumb:" + node, solver::OfferContiguity::scattered);
    result.driver = device;
    result.offer.device = device;
    result.offer.caching = solver::CpuCaching::write_combined;
    result.offer.side_effect = solver::SideEffect::scanout_memory;
    result.offer.max_dmabufs = 1;
    result.offer.layout_exact = false;
    return result;
}

inline solver::SourceInput bochs_dumb() {
    auto result = dumb("card0", "bochs");
    result.offer.attachable = false;
    result.offer.vmap_stable = false;
    result.offer.attach_reason = "bochs keeps its buffers in VRAM";
    return result;
}

/// For tests that are about something else than what a plan costs.
inline solver::Spending& ample() {
    static solver::Spending spending(solver::unbounded);
    return spending;
}

/// The answer; an Error fails the test.
inline solver::Output solved(const solver::Input& input) {
    return solver::solve(input, ample()).value();
}

inline std::vector<std::string> candidates(const solver::Output& output) {
    std::vector<std::string> names;
    for (const solver::Choice& choice : output.choices)
        names.push_back(choice.candidate.source);
    return names;
}

inline const Rejection* rejection(const solver::Output& output, const std::string& name,
                                  const std::string& constraint) {
    const auto found =
        std::find_if(output.rejections.begin(), output.rejections.end(), [&](const Rejection& r) {
            return r.source == name && to_string(r.constraint) == constraint;
        });
    return found == output.rejections.end() ? nullptr : &*found;
}

/// `exporter: a, b` for each entry.
inline std::vector<std::string> conflict(const solver::Output& output) {
    std::vector<std::string> result;
    for (const Conflict& c : output.conflict) {
        std::string text = std::string(to_string(c.constraint)) + ":";
        for (const std::string& party : c.parties)
            text += (text.back() == ':' ? " " : ", ") + party;
        result.push_back(text);
    }
    return result;
}

} // namespace simplealloc::test
