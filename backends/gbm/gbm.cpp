// SPDX-License-Identifier: MIT
// Buffers that a GPU's user-space driver lays out, by libgbm.
#include "backends/gbm/gbm.hpp"

#include "backends/common/source.hpp"
#include "backends/gbm/device.hpp"
#include "backends/gbm/layout.hpp"
#include "lib/base/failure.hpp"
#include "lib/kernel/drm_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"
#include "lib/kernel/permission.hpp"

#include <algorithm>
#include <cerrno>
#include <drm_fourcc.h>
#include <fmt/format.h>

namespace simplealloc::gbm {

namespace {

/// In the order in which they are tried: the render node needs fewer rights and never makes a
/// master, and drivers that allocate by dumb buffers refuse it.
std::vector<std::string> nodes_of(const DrmInfo& drm) {
    std::vector<std::string> nodes;
    for (const std::string& node : {drm.render_node, drm.card_node})
        if (!node.empty())
            nodes.push_back(node);
    return nodes;
}

/// Whether the node is one of those that a GBM driver may be for.
bool has_images(const DrmInfo& drm) {
    return !drm.render_node.empty() || (!drm.card_node.empty() && (drm.kms || drm.has_connectors));
}

std::uint32_t flags_of(const std::vector<Use>& uses) {
    std::uint32_t flags = 0;
    for (const Use use : uses) {
        if (use == Use::scanout)
            flags |= GBM_BO_USE_SCANOUT;
        else if (use == Use::render || use == Use::sample)
            flags |= GBM_BO_USE_RENDERING;
    }
    return flags;
}

bool contains(const std::vector<std::uint64_t>& modifiers, std::uint64_t modifier) {
    return std::find(modifiers.begin(), modifiers.end(), modifier) != modifiers.end();
}

struct Image {
    Bo bo;
    Modifier modifier;
};

/// What the driver says it picked has to be one of those that all uses take.
Result<Modifier> picked(gbm_bo* bo, const AllocationSpec& spec, const std::string& node) {
    const std::uint64_t modifier = library().bo_get_modifier(bo);
    if (contains(spec.modifiers, modifier))
        return Modifier::named(modifier);
    // Only linear was asked for, so it is linear though the driver can't name it.
    if (modifier == DRM_FORMAT_MOD_INVALID && !spec.explicit_modifier &&
        spec.modifiers == std::vector<std::uint64_t>{DRM_FORMAT_MOD_LINEAR})
        return Modifier::linear();
    return failure(Stage::layout, Cause::mismatch, 0, node,
                   fmt::format("the GBM driver picked the modifier {:#018x}, which was not offered",
                               modifier));
}

Result<Image> create(const Device& device, const AllocationSpec& spec) {
    const ImageSize size{spec.layout.width, spec.layout.height, spec.layout.fourcc};
    const std::uint32_t flags = flags_of(spec.own_uses);
    if (spec.modifiers.empty()) {
        auto bo = device.create(size, flags);
        if (!bo)
            return std::move(bo).error();
        return Image{std::move(*bo), Modifier::implicit()};
    }
    auto bo = device.create(size, flags, spec.modifiers);
    if (bo) {
        auto modifier = picked(bo->get(), spec, device.node());
        if (!modifier)
            return std::move(modifier).error();
        return Image{std::move(*bo), *modifier};
    }
    Error error = bo.error();
    if (error.sys_errno != ENOSYS)
        return error;
    // The driver knows no modifiers.
    if (spec.explicit_modifier) {
        error.detail += "; its driver knows no modifiers, and a use needs the layout by name";
        error.remedy = "let every use take LINEAR without a modifier, or another source serve";
        return error;
    }
    if (!contains(spec.modifiers, DRM_FORMAT_MOD_LINEAR))
        return error;
    auto linear = device.create(size, flags | GBM_BO_USE_LINEAR);
    if (!linear)
        return std::move(linear).error();
    return Image{std::move(*linear), Modifier::linear()};
}

Result<RawBuffer> allocate_on(const Device& device, const AllocationSpec& spec) {
    auto image = create(device, spec);
    if (!image)
        return std::move(image).error();
    return export_image(device, image->bo.get(), spec.layout, image->modifier);
}

Result<Device> open_device(const DeviceRecord& device, const std::string& node) {
    auto fd = open_drm_node(node, device.devnum_of(node));
    if (!fd)
        return std::move(fd).error();
    return Device::open(std::move(*fd), node);
}

Result<Device> open_callers(const DeviceRecord& device) {
    const int copy = kernel::dup(device.caller_fd.get());
    if (copy < 0)
        return failure(Stage::open, cause_of(-copy), -copy, device.path, "dup");
    return Device::open(UniqueFd::adopt(copy), device.path);
}

/// Whether the card node may do what the render node did not.
bool next_may_help(Cause cause) {
    return cause == Cause::denied || cause == Cause::unsupported || cause == Cause::gone;
}

SourceRecord describe(const std::shared_ptr<const DeviceRecord>& device) {
    const DrmInfo& drm = *device->drm;
    const std::vector<std::string> nodes = nodes_of(drm);
    const std::string sysname = nodes.front().substr(nodes.front().rfind('/') + 1);
    SourceRecord source = make_source("gbm", sysname, nodes.front(), "drm", true);
    source.device = device;
    solver::SourceInput& input = source.input;
    const bool other_node = nodes.size() > 1 && check_permission(nodes.back(), "drm", true).granted;
    if (other_node || device->caller_fd) {
        input.usable = true;
        input.reason.clear();
        input.remedy.clear();
    }
    input.driver = device->driver;
    solver::Offer& offer = input.offer;
    offer.device = device->id;
    // Whatever it is for others, its own device gets at it as if it were one run.
    offer.contiguity = solver::OfferContiguity::device_domain;
    offer.side_effect = solver::SideEffect::loads_driver;
    offer.layout_exact = false;
    offer.own_layout = true;

    add_contiguity_fact(source, Confidence::assumed, "GBM allocates for its own device");
    add_caching_fact(source, Confidence::unknown, "");
    add_zeroed_fact(source, Confidence::unknown, "");
    add_mode_fact(source);
    describe_memory_kind(source, *device, "GBM buffers");
    describe_exports(source, drm.gbm_attachable.is_said() ? drm.gbm_attachable : device->attachable,
                     device->vmap_stable, "GBM buffers");
    return source;
}

/// Keeps the device that served, since opening one loads a driver. Which node serves is only known
/// after an allocation.
class Open final : public OpenSource {
public:
    explicit Open(const SourceRecord& source) : source_(source) {}

    Result<RawBuffer> allocate(const AllocationSpec& spec) override {
        if (device_)
            return explain(allocate_on(*device_, spec));
        Result<RawBuffer> made = unsupported();
        for (const std::string& node : nodes_of(*source_.device->drm)) {
            made = try_on(open_device(*source_.device, node), spec);
            if (made || !next_may_help(made.error().cause))
                return explain(std::move(made));
            log::line(LogLevel::debug, "{}: {}", source_.input.name, made.error().message());
        }
        if (made.error().stage == Stage::open && source_.device->caller_fd)
            made = try_on(open_callers(*source_.device), spec);
        return explain(std::move(made));
    }

private:
    Result<RawBuffer> try_on(Result<Device> device, const AllocationSpec& spec) {
        if (!device)
            return device.error();
        auto made = allocate_on(*device, spec);
        if (made)
            device_.emplace(std::move(*device));
        return made;
    }
    [[nodiscard]] Error unsupported() const {
        return source_failure(source_, Stage::open, Cause::unsupported, 0, "it has no node");
    }
    [[nodiscard]] Result<RawBuffer> explain(Result<RawBuffer> made) const {
        if (made || made.error().cause != Cause::denied || !made.error().remedy.empty())
            return made;
        Error error = made.error();
        error.remedy = source_.input.remedy;
        return error;
    }

    const SourceRecord& source_;
    std::optional<Device> device_;
};

} // namespace

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices) {
    // Card and render node of one card are two devices and one source.
    std::vector<std::shared_ptr<const DeviceRecord>> cards;
    for (const auto& device : devices) {
        if (!device->drm || !has_images(*device->drm))
            continue;
        const auto known = std::find_if(cards.begin(), cards.end(), [&](const auto& card) {
            return nodes_of(*card->drm) == nodes_of(*device->drm);
        });
        if (known == cards.end())
            cards.push_back(device);
        else if (device->caller_fd && !(*known)->caller_fd)
            *known = device;
    }
    std::vector<SourceRecord> sources;
    for (const auto& card : cards)
        sources.push_back(describe(card));
    return sources;
}

Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source) {
    return std::unique_ptr<OpenSource>(new Open(source));
}

} // namespace simplealloc::gbm
