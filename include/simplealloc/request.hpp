// SPDX-License-Identifier: MIT
// What an application wants: an image or bytes, the devices that touch it, and what the CPU does
// with it.
#pragma once

#include <simplealloc/device.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simplealloc {

/// What the CPU does with the buffer through Buffer::map.
enum class CpuAccess : std::uint8_t {
    none,        ///< never maps it
    write,       ///< writes it front to back
    read_rarely, ///< a screenshot now and then
    read_often,  ///< every frame: cached memory pays
};

/// Kebab-case, e.g. `read-often`; `none` for none.
SIMPLEALLOC_API std::string_view to_string(CpuAccess access) noexcept;
/// Reads what to_string writes.
SIMPLEALLOC_API std::optional<CpuAccess> parse_cpu_access(std::string_view text) noexcept;

/// A device plus what it does, optionally with what the caller knows of it (from EGL, a plane,
/// dma-buf feedback, the other end of a negotiation).
struct DeviceUse {
    Device device; ///< who
    Use use;       ///< does what
    /// The caller's own alternatives, best first. Their constraints are added to those that
    /// discovery finds, their formats (where they have some) replace those. Empty: what discovery
    /// knows.
    std::vector<CapabilitySet> alternatives = {};
};

class RequestBuilder;

/// What is wanted, as plain data: an aggregate for designated initialisers, or made by image() and
/// bytes() and what can be said after these. For one thread; Allocator::plan alone checks it and
/// says what is wrong.
struct Request {
    std::uint32_t width = 0;  ///< pixels; 0 for a request of bytes
    std::uint32_t height = 0; ///< pixels; 0 for a request of bytes
    std::uint64_t size = 0;   ///< bytes; only for a request of bytes
    Fourcc fourcc = {};       ///< fourcc::bytes, the default, for a request of bytes
    /// Only this modifier; nothing: the best one that all uses share.
    std::optional<Modifier> modifier = {};
    /// The devices that will touch the buffer; the order gives the index for setup().
    std::vector<DeviceUse> uses = {};
    CpuAccess cpu = CpuAccess::none; ///< what the CPU does
    /// How many buffers of it will live at a time, from 1. Nothing: 1, or as many as a codec among
    /// the uses needs at least, where its driver says so. A source must have room for all of them.
    /// They are still allocated one by one.
    std::optional<std::uint32_t> count = {};
    /// Shown in /proc/…/fdinfo and debugfs; the kernel keeps 31 characters.
    std::string name = {};
    /// Also considers memory of devices that the request does not name. Nothing: what
    /// AllocatorOptions or a policy file say counts.
    std::optional<bool> any_device = {};
    /// Rejects candidates that rest on an unknown instead of ranking them last. Nothing: what
    /// AllocatorOptions or a policy file say counts.
    std::optional<bool> strict = {};
    /// Clears memory that may hold old data before it is handed out, where the CPU can reach it;
    /// the buffer's fact `zeroed` says what holds. Without it the buffer may show what its last
    /// owner left there.
    bool zeroed = true;
    /// Backends (`dma-heap`) and sources (`dma-heap:system`) that are left out.
    std::vector<std::string> without = {};
    /// Backends or sources that rank first, in this order, instead of the built-in policy order.
    /// Feasibility and the criteria above policy in the ranking still decide first.
    std::vector<std::string> order = {};
    /// Only so much of the image counts, from its top left corner: the rest is what some device
    /// pads it with. setup() has it for each use. In pixels; 0: all of the image.
    /// @{
    std::uint32_t crop_width = 0;
    std::uint32_t crop_height = 0;
    /// @}

    /// Whether it has a format or pixels, so that it is no request of bytes.
    [[nodiscard]] bool is_image() const noexcept {
        return width != 0 || height != 0 || fourcc != Fourcc();
    }

    /// Width and height in pixels. Without a modifier the best one that all uses share is chosen.
    static RequestBuilder image(std::uint32_t width, std::uint32_t height, Fourcc fourcc);
    /// `size` in bytes.
    static RequestBuilder bytes(std::uint64_t size);
};

/// A Request that is made in one expression: each function sets the field of its name.
class RequestBuilder : public Request {
public:
    /// An empty one.
    RequestBuilder() = default;
    /// Begins with what is there.
    explicit RequestBuilder(Request request) : Request(std::move(request)) {}

    /// Adds a device. Formats of the caller replace what discovery knows; empty: they do not.
    RequestBuilder& use(Device device, Use use, std::vector<FormatSupport> formats = {}) {
        DeviceUse& added = uses.emplace_back(DeviceUse{std::move(device), use, {}});
        if (!formats.empty())
            added.alternatives.emplace_back().formats = std::move(formats);
        return *this;
    }
    /// The same with all that the caller knows.
    RequestBuilder& use(DeviceUse use) {
        uses.push_back(std::move(use));
        return *this;
    }
    /// Adds to Request::without.
    RequestBuilder& without(std::string backend_or_source) {
        Request::without.push_back(std::move(backend_or_source));
        return *this;
    }
    /// Sets Request::crop_width and Request::crop_height.
    RequestBuilder& crop(std::uint32_t width, std::uint32_t height) {
        crop_width = width;
        crop_height = height;
        return *this;
    }
    /// Sets the field of this name.
    /// @{
    RequestBuilder& modifier(Modifier value) {
        Request::modifier = value;
        return *this;
    }
    RequestBuilder& cpu(CpuAccess access) {
        Request::cpu = access;
        return *this;
    }
    RequestBuilder& count(std::uint32_t buffers) {
        Request::count = buffers;
        return *this;
    }
    RequestBuilder& name(std::string text) {
        Request::name = std::move(text);
        return *this;
    }
    RequestBuilder& any_device(bool yes = true) {
        Request::any_device = yes;
        return *this;
    }
    RequestBuilder& strict(bool yes = true) {
        Request::strict = yes;
        return *this;
    }
    RequestBuilder& zeroed(bool yes = true) {
        Request::zeroed = yes;
        return *this;
    }
    RequestBuilder& order(std::vector<std::string> backends_or_sources) {
        Request::order = std::move(backends_or_sources);
        return *this;
    }
    /// @}
};

inline RequestBuilder Request::image(std::uint32_t width, std::uint32_t height, Fourcc fourcc) {
    return RequestBuilder({.width = width, .height = height, .fourcc = fourcc});
}

inline RequestBuilder Request::bytes(std::uint64_t size) {
    return RequestBuilder({.size = size});
}

} // namespace simplealloc
