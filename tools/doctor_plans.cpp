// SPDX-License-Identifier: MIT
// What a user of these devices would ask of them, and what comes of it.
#include "tools/doctor.hpp"

#include "tools/output/words.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace simplealloc::tools {

namespace {

/// By bytes of a frame, the largest first.
constexpr std::array usual_formats{
    fourcc::xrgb8888, fourcc::argb8888, fourcc::xbgr8888, fourcc::abgr8888, fourcc::rgb888,
    fourcc::bgr888,   fourcc::yuyv,     fourcc::uyvy,     fourcc::nv16,     fourcc::rgb565,
    fourcc::nv12,     fourcc::yuv420,   fourcc::r8,
};

struct Size {
    std::uint32_t width;
    std::uint32_t height;
};
/// The second where a device has no such large frames.
constexpr std::array sizes{Size{1920, 1080}, Size{640, 480}};

/// Plans are made of each: as many as one waits for.
constexpr std::size_t most_pairs = 24;
constexpr std::size_t most_alone = 24;

/// The ways that frames go, from who makes them to who takes them.
struct Way {
    Use from;
    Use to;
};
constexpr Way ways[] = {
    {Use::capture, Use::scanout}, {Use::capture, Use::encode}, {Use::capture, Use::m2m_in},
    {Use::capture, Use::sample},  {Use::decode, Use::scanout}, {Use::decode, Use::sample},
    {Use::m2m_out, Use::scanout}, {Use::m2m_out, Use::encode}, {Use::render, Use::scanout},
    {Use::render, Use::encode},   {Use::capture, Use::read},   {Use::decode, Use::read},
};

bool takes(const DeviceUse& use, Fourcc fourcc) {
    const auto sets = use.device.capabilities(use.use, fourcc);
    return sets && std::ranges::any_of(*sets, [&](const CapabilitySet& set) {
               return set.formats.empty() ||
                      std::ranges::find(set.formats, fourcc, &FormatSupport::fourcc) !=
                          set.formats.end();
           });
}

/// XR24 of who takes it, else the format that the device names first.
std::optional<Fourcc> best_format(const DeviceUse& use) {
    const auto sets = use.device.capabilities(use.use, fourcc::xrgb8888);
    if (!sets || sets->empty())
        return std::nullopt;
    const std::vector<FormatSupport>& formats = sets->front().formats;
    return formats.empty() ? fourcc::xrgb8888 : formats.front().fourcc;
}

bool is_about_memory(const Conflict& conflict) {
    constexpr std::array kinds{ConstraintKind::contiguity,   ConstraintKind::address_window,
                               ConstraintKind::exporter,     ConstraintKind::memory_kind,
                               ConstraintKind::attach,       ConstraintKind::access,
                               ConstraintKind::policy,       ConstraintKind::quota,
                               ConstraintKind::request_size, ConstraintKind::protected_memory};
    return std::ranges::find(kinds, conflict.constraint) != kinds.end();
}

std::string conflict_in_words(const Plan& plan) {
    std::string text;
    for (const Conflict& conflict : plan.conflict())
        text += fmt::format("{}{} of {}", text.empty() ? "" : "; ", to_string(conflict.constraint),
                            join_in_words(conflict.parties));
    return text;
}

/// The uses of which nobody knows whether they need contiguous memory.
std::vector<Doubt> doubts_of(std::span<const DeviceUse> uses, Fourcc fourcc) {
    std::vector<Doubt> doubts;
    for (const DeviceUse& use : uses) {
        const auto sets = use.device.capabilities(use.use, fourcc);
        if (sets && std::ranges::any_of(*sets, [](const CapabilitySet& set) {
                return set.constraints.contiguity == Contiguity::preferred;
            }))
            doubts.push_back({party_in_words(use),
                              fmt::format("{}:{}", use.device.subsystem(), use.device.driver())});
    }
    return doubts;
}

/// Nothing where they take no frames in pixels, such as an encoder's coded side.
std::optional<FrameHealth> examine_frame(const Allocator& allocator,
                                         std::span<const DeviceUse> uses, Fourcc fourcc) {
    std::optional<FrameHealth> health;
    for (const Size size : sizes) {
        RequestBuilder request = Request::image(size.width, size.height, fourcc);
        for (const DeviceUse& use : uses)
            request.use(use);
        const auto plan = allocator.plan(request);
        if (!plan)
            continue;
        const bool first = !health;
        if (!first && plan->candidates().empty())
            break;
        health = FrameHealth{fourcc, size.width, size.height, {}, {}, {}, {}};
        if (!plan->candidates().empty()) {
            health->source = plan->candidates().front().source;
            if (plan->candidates().front().unproven)
                health->doubts = doubts_of(uses, fourcc);
            break;
        }
        health->reason = conflict_in_words(*plan);
        if (!plan->relaxations().empty())
            health->remedy = plan->relaxations().front().what;
        if (std::ranges::any_of(plan->conflict(), is_about_memory))
            break;
    }
    return health;
}

std::optional<FrameHealth> examine_pair(const Allocator& allocator, const DeviceUse& from,
                                        const DeviceUse& to) {
    const auto common = std::ranges::find_if(
        usual_formats, [&](Fourcc fourcc) { return takes(from, fourcc) && takes(to, fourcc); });
    const std::array uses{from, to};
    if (common != usual_formats.end())
        return examine_frame(allocator, uses, *common);
    // Who has no frames in pixels at all is no pair.
    if (!best_format(from) || !best_format(to))
        return std::nullopt;
    FrameHealth health;
    health.reason = "no usual format in common";
    return health;
}

bool can(const Device& device, Use use) {
    return std::ranges::find(device.uses(), use) != device.uses().end();
}

/// Encoders and decoders are memory-to-memory devices as well.
bool is_told_by_another(const Device& device, Use use) {
    return (use == Use::m2m_in && can(device, Use::encode)) ||
           (use == Use::m2m_out && can(device, Use::decode));
}

/// One for each piece of hardware: of a card and its render node the latter, which needs no master.
std::vector<Device> who_can(const std::vector<Device>& devices, Use use) {
    std::vector<Device> who;
    for (const Device& device : devices) {
        if (!can(device, use) || is_told_by_another(device, use))
            continue;
        const auto known = std::ranges::find(who, device.id(), &Device::id);
        if (known == who.end())
            who.push_back(device);
        else
            *known = device;
    }
    return who;
}

void examine_pairs(const Allocator& allocator, const std::vector<Device>& devices,
                   DoctorReport& report) {
    for (const Way& way : ways)
        for (const Device& from : who_can(devices, way.from))
            for (const Device& to : who_can(devices, way.to)) {
                if (from.id() == to.id())
                    continue;
                const DeviceUse one{from, way.from, {}};
                const DeviceUse other{to, way.to, {}};
                if (report.pairs.size() == most_pairs)
                    ++report.pairs_left_out;
                else if (auto frame = examine_pair(allocator, one, other))
                    report.pairs.push_back(
                        {party_in_words(one), party_in_words(other), *std::move(frame)});
            }
}

void examine_alone(const Allocator& allocator, const std::vector<Device>& devices,
                   DoctorReport& report) {
    for (const Device& device : devices) {
        if (device.uses().empty() || report.alone.size() == most_alone)
            continue;
        const DeviceUse use{device, device.uses().front(), {}};
        const auto fourcc = best_format(use);
        if (!fourcc)
            continue;
        if (auto frame = examine_frame(allocator, {&use, 1}, *fourcc))
            report.alone.push_back({party_in_words(use), {}, *std::move(frame)});
    }
}

} // namespace

void plan_for_users(const Allocator& allocator, const std::vector<Device>& devices,
                    DoctorReport& report) {
    examine_pairs(allocator, devices, report);
    examine_alone(allocator, devices, report);
}

} // namespace simplealloc::tools
