// SPDX-License-Identifier: MIT
// Dumb buffers of a DRM card, exported by PRIME.
#include "backends/drm_dumb/drm_dumb.hpp"

#include "backends/common/cma.hpp"
#include "backends/common/source.hpp"
#include "backends/drm_dumb/shape.hpp"
#include "lib/base/failure.hpp"
#include "lib/kernel/drm_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"
#include "lib/model/layout.hpp"

#include <algorithm>
#include <cerrno>
#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <numeric>

namespace simplealloc::drm_dumb {

namespace {

/// drm_mode_create_dumb() multiplies in 32 bits and refuses what does not fit.
constexpr std::uint64_t max_size = 0xfffff000;

Cause dumb_cause(int sys_errno) {
    // Drivers refuse a bpp or a size that they don't like with EINVAL.
    return sys_errno == EINVAL ? Cause::unsupported : cause_of(sys_errno);
}

/// A GEM handle. Handles are not counted: it is closed once, by close() or at the end of life.
class Handle {
public:
    Handle(int card, std::uint32_t handle) : card_(card), handle_(handle) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (!closed_)
            if (const int result = close(); result < 0)
                log::line(LogLevel::warning, "drm-dumb: close GEM handle {}: errno {}", handle_,
                          -result);
    }

    /// Zero or a negative errno.
    int close() {
        closed_ = true;
        drm_mode_destroy_dumb destroy = {};
        destroy.handle = handle_;
        const int result = kernel::ioctl(card_, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
        if (result >= 0)
            return 0;
        // The handle is still there, and the caller's descriptor would keep it.
        drm_gem_close request = {};
        request.handle = handle_;
        return kernel::ioctl(card_, DRM_IOCTL_GEM_CLOSE, &request);
    }

private:
    int card_;
    std::uint32_t handle_;
    bool closed_ = false;
};

struct Dumb {
    UniqueFd dmabuf;
    DumbShape shape;
    std::uint64_t pitch = 0;
};

/// Creates, exports and destroys at once: the memory lives with the dma-buf.
Result<Dumb> make_dumb(const SourceRecord& source, int card, const DumbShape& shape) {
    drm_mode_create_dumb request = {};
    request.width = shape.width;
    request.height = shape.height;
    request.bpp = shape.bpp;
    const int created = kernel::ioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &request);
    if (created < 0)
        return source_failure(source, Stage::allocate, dumb_cause(-created), -created,
                              fmt::format("create a dumb buffer of {}x{} at {} bpp", shape.width,
                                          shape.height, shape.bpp));
    Handle handle(card, request.handle);
    // The access mode of an object's first export stays for all later ones.
    drm_prime_handle prime = {};
    prime.handle = request.handle;
    prime.flags = DRM_CLOEXEC | DRM_RDWR;
    prime.fd = -1;
    const int exported = kernel::ioctl(card, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
    if (exported < 0)
        return source_failure(source, Stage::export_fd, dumb_cause(-exported), -exported,
                              "export a dumb buffer");
    Dumb dumb{UniqueFd::adopt(prime.fd), shape, request.pitch};
    if (const int closed = handle.close(); closed < 0)
        return source_failure(source, Stage::allocate, cause_of(-closed), -closed,
                              "close a GEM handle");
    return dumb;
}

/// Puts the pitch that the driver chose into the layout.
Result<void> apply_pitch(const SourceRecord& source, Layout& layout, std::size_t dmabuf,
                         const DumbShape& shape, std::uint64_t pitch) {
    if (pitch < shape.stride)
        return failure(
            Stage::layout, Cause::mismatch, 0, source.input.name,
            fmt::format("a pitch of {} bytes for lines of {} bytes", pitch, shape.stride));
    if (!solver::has_lines(layout) || pitch == shape.stride)
        return {};
    if (layout.dmabuf_sizes.size() == 1) {
        const Plane& first = layout.planes.front();
        auto moved =
            solver::relayout(layout, pitch, first.size / first.stride, layout.dmabuf_sizes.front());
        if (!moved) {
            Error error = moved.error();
            error.object = source.input.name;
            return error;
        }
        layout = std::move(*moved);
        return {};
    }
    // A dma-buf of its own for each plane: strides don't depend on each other.
    for (Plane& plane : layout.planes) {
        if (plane.dmabuf != dmabuf)
            continue;
        plane.size = plane.size / plane.stride * pitch;
        plane.stride = pitch;
    }
    return {};
}

/// A driver whose bpp nobody knows is asked with one after the other.
Result<Dumb> make_any_dumb(const SourceRecord& source, int card, const Layout& layout,
                           std::size_t dmabuf) {
    const auto shapes = dumb_shapes(layout, dmabuf, source.device->drm->dumb.bpp.value);
    if (!shapes) {
        Error error = shapes.error();
        error.object = source.input.name;
        return error;
    }
    std::optional<Error> refused;
    for (const DumbShape& shape : *shapes) {
        auto dumb = make_dumb(source, card, shape);
        if (dumb)
            return dumb;
        refused = dumb.error();
        if (refused->stage != Stage::allocate || refused->sys_errno != EINVAL)
            break;
    }
    return *refused;
}

bool has_dumb_buffers(const DrmInfo& drm) {
    // Drivers without KMS answer no cap and may make dumb buffers all the same (vgem): a quirk row
    // knows them.
    return !drm.card_node.empty() &&
           (drm.dumb.offered || drm.kms || drm.has_connectors ||
            drm.dumb.contiguity.value != solver::OfferContiguity::unknown);
}

/// Whether allocate() can do without opening the card node.
bool has_callers_card(const DeviceRecord& device) {
    return device.caller_fd && !device.drm->is_render_node;
}

std::uint64_t smallest_pixel(const DrmInfo& drm) {
    const auto& bpp = drm.dumb.bpp.value;
    if (!bpp || bpp->empty())
        return 1;
    return std::max(*std::min_element(bpp->begin(), bpp->end()) / 8, 1U);
}

/// Each rule of the layout with the rows that it is from.
void describe_layout(const DrmInfo& drm, solver::Offer& offer) {
    const std::uint64_t pixel = smallest_pixel(drm);
    const std::uint64_t pitch = std::lcm(std::max<std::uint64_t>(drm.dumb.pitch_align.value, 1),
                                         drm.dumb.asked_pitch_align);
    const Evidence asked{Confidence::known, drm.dumb.asked_pitch_origin};
    const bool said = drm.dumb.pitch_align.is_said() || drm.dumb.asked_pitch_align > 1;
    const Evidence& by = drm.dumb.pitch_align.is_said() ? drm.dumb.pitch_align.evidence : asked;
    offer.layout.stride_align = std::lcm(pixel, pitch);
    offer.layout.stride_align_pixels = std::lcm(
        std::max<std::uint64_t>(drm.dumb.width_align.value, 1), drm.dumb.asked_width_align);
    Evidence stride{Confidence::assumed, "default for dumb buffers"};
    if (pixel > 1 && pitch > 1)
        stride = both(drm.dumb.bpp.evidence, by);
    else if (pixel > 1 || said)
        stride = pixel > 1 ? drm.dumb.bpp.evidence : by;
    offer.evidence[ConstraintKind::stride_align] = std::move(stride);
    if (drm.dumb.width_align.is_said())
        offer.evidence[ConstraintKind::stride_align_pixels] = drm.dumb.width_align.evidence;
    else if (drm.dumb.asked_width_align > 1)
        offer.evidence[ConstraintKind::stride_align_pixels] = asked;
    offer.layout_exact = false;
}

void describe_memory(SourceRecord& source, const DeviceRecord& device) {
    const DrmInfo& drm = *device.drm;
    solver::Offer& offer = source.input.offer;
    offer.contiguity = drm.dumb.contiguity.value;
    if (offer.contiguity == solver::OfferContiguity::device_domain && !device.reach.makes_one_run())
        offer.contiguity = solver::OfferContiguity::physical;
    offer.scarce = offer.contiguity == solver::OfferContiguity::physical;
    offer.caching = drm.dumb.caching.value;
    offer.zeroed = drm.dumb.zeroed.value;
    const auto add = [&](auto add_fact, const Evidence& by) {
        add_fact(source, by.confidence, by.origin);
    };
    add(add_contiguity_fact, drm.dumb.contiguity.evidence);
    add(add_caching_fact, drm.dumb.caching.evidence);
    add(add_zeroed_fact, drm.dumb.zeroed.evidence);
    add_mode_fact(source);
    describe_memory_kind(source, device, "dumb buffers");
    if (offer.memory_kind == MemoryKind::system && offer.scarce)
        keep_in_reach(source, device.reach);
}

SourceRecord describe(const std::shared_ptr<const DeviceRecord>& device) {
    const DrmInfo& drm = *device->drm;
    const std::string sysname = drm.card_node.substr(drm.card_node.rfind('/') + 1);
    SourceRecord source = make_source("drm-dumb", sysname, drm.card_node, "drm", true);
    source.device = device;
    solver::SourceInput& input = source.input;
    if (has_callers_card(*device)) {
        input.usable = true;
        input.reason.clear();
        input.remedy.clear();
    }
    input.driver = device->driver;
    solver::Offer& offer = input.offer;
    offer.device = device->id;
    offer.max_size = max_size;
    offer.max_size_reason = "a dumb buffer is smaller than 4 GiB";
    offer.side_effect = solver::SideEffect::scanout_memory;
    describe_memory(source, *device);
    describe_layout(drm, offer);
    describe_exports(source, device->attachable, device->vmap_stable, "dumb buffers");
    limit_to_cma(source, *device);
    return source;
}

/// Without a node of our own it is the caller's.
class Open final : public OpenSource {
public:
    Open(const SourceRecord& source, UniqueFd own)
        : source_(source), own_(std::move(own)),
          card_(own_ ? own_.get() : source.device->caller_fd.get()) {}

    Result<RawBuffer> allocate(const AllocationSpec& spec) override {
        const auto known = known_.find(spec.layout);
        const std::size_t count = spec.layout.dmabuf_sizes.size();
        RawBuffer buffer;
        buffer.dmabufs.reserve(count);
        std::vector<Made> made = known ? made_ : std::vector<Made>(count);
        bool same = known != nullptr;
        for (std::size_t i = 0; i < count; ++i) {
            auto dumb = known ? make_dumb(source_, card_, made[i].shape)
                              : make_any_dumb(source_, card_, spec.layout, i);
            if (!dumb)
                return std::move(dumb).error();
            buffer.dmabufs.push_back(std::move(dumb->dmabuf));
            same = same && dumb->pitch == made[i].pitch;
            made[i] = {dumb->shape, dumb->pitch};
        }
        if (same) {
            buffer.layout = known;
            return buffer;
        }
        Layout layout = spec.layout;
        if (auto measured = measure(layout, buffer.dmabufs, source_.input.name); !measured)
            return std::move(measured).error();
        for (std::size_t i = 0; i < count; ++i)
            if (auto applied = apply_pitch(source_, layout, i, made[i].shape, made[i].pitch);
                !applied)
                return std::move(applied).error();
        buffer.layout = known_.remember(spec.layout, std::move(layout));
        made_ = std::move(made);
        return buffer;
    }

private:
    /// What was asked of the driver for a dma-buf, and its answer.
    struct Made {
        DumbShape shape;
        std::uint64_t pitch = 0;
    };

    const SourceRecord& source_;
    UniqueFd own_;
    int card_;
    KnownLayout known_;
    std::vector<Made> made_; ///< of the known layout: what the driver took it takes again
};

} // namespace

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>> devices) {
    // Card and render node of one card are two devices and one source.
    std::vector<std::shared_ptr<const DeviceRecord>> cards;
    for (const auto& device : devices) {
        if (!device->drm || !device->exports.value || !has_dumb_buffers(*device->drm))
            continue;
        const auto known = std::find_if(cards.begin(), cards.end(), [&](const auto& card) {
            return card->drm->card_node == device->drm->card_node;
        });
        if (known == cards.end())
            cards.push_back(device);
        else if (has_callers_card(*device) ||
                 ((*known)->drm->is_render_node && !device->drm->is_render_node))
            *known = device;
    }
    std::vector<SourceRecord> sources;
    for (const auto& card : cards)
        sources.push_back(describe(card));
    return sources;
}

Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source) {
    auto own = open_drm_node(source.path, source.device->devnum_of(source.path));
    if (own)
        return std::unique_ptr<OpenSource>(new Open(source, std::move(*own)));
    if (has_callers_card(*source.device))
        return std::unique_ptr<OpenSource>(new Open(source, UniqueFd()));
    Error error = own.error();
    if (error.cause == Cause::denied && error.remedy.empty())
        error.remedy = source.input.remedy;
    return error;
}

} // namespace simplealloc::drm_dumb
