// SPDX-License-Identifier: MIT
// What an application wants: an image or bytes, the devices that touch it, and what the CPU does
// with it.
#pragma once

#include <simplealloc/device.hpp>

#include <cstdint>
#include <optional>
#include <string>
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
    std::vector<CapabilitySet> alternatives;
};

/// A plain value, for one thread; checked by Allocator::plan alone, which says what is wrong.
class SIMPLEALLOC_API Request {
public:
    /// Width and height in pixels. Without a modifier the best one that all uses share is chosen.
    static Request image(std::uint32_t width, std::uint32_t height, Fourcc fourcc);
    /// `size` in bytes.
    static Request bytes(std::uint64_t size);

    /// Adds a device that will touch the buffer; the order gives the index for setup(). Formats
    /// of the caller replace what discovery knows; empty: they do not.
    Request& use(Device device, Use use, std::vector<FormatSupport> formats = {}) &;
    /// The same with all that the caller knows.
    Request& use(DeviceUse use) &;
    /// Only this modifier.
    Request& modifier(Modifier modifier) &;
    /// What the CPU does; CpuAccess::none unless this is called.
    Request& cpu(CpuAccess access) &;
    /// How many buffers of it will live at a time, from 1. Unless this is called, 1, or as many as
    /// a codec among the uses needs at least, where its driver says so. A source must have room for
    /// all of them. They are still allocated one by one.
    Request& count(std::uint32_t buffers) &;
    /// Only so much of the image counts, from its top left corner: the rest is what some device
    /// pads it with. setup() has it for each use. All of the image counts unless this is called.
    Request& crop(std::uint32_t width, std::uint32_t height) &;
    /// Shown in /proc/…/fdinfo and debugfs; the kernel keeps 31 characters.
    Request& name(std::string name) &;
    /// Also considers memory of devices that the request does not name. Unless this is called, what
    /// AllocatorOptions or a policy file say counts.
    Request& any_device(bool yes = true) &;
    /// Rejects candidates that rest on an unknown instead of ranking them last. Unless this is
    /// called, what AllocatorOptions or a policy file say counts.
    Request& strict(bool yes = true) &;
    /// Clears memory that may hold old data before it is handed out, where the CPU can reach it;
    /// the buffer's fact `zeroed` says what holds. On by default: without it the buffer may show
    /// what its last owner left there.
    Request& zeroed(bool yes = true) &;
    /// Leaves a backend (`dma-heap`) or one source (`dma-heap:system`) out.
    Request& without(std::string backend_or_source) &;
    /// Names backends or sources that rank first, in this order, instead of the built-in policy
    /// order. Feasibility and the criteria above policy in the ranking still decide first.
    Request& order(std::vector<std::string> backends_or_sources) &;

    /// The same for a request that is built in one expression.
    /// @{
    Request&& use(Device device, Use use_, std::vector<FormatSupport> formats = {}) && {
        return std::move(use(std::move(device), use_, std::move(formats)));
    }
    Request&& use(DeviceUse what) && { return std::move(use(std::move(what))); }
    Request&& modifier(Modifier value) && { return std::move(modifier(value)); }
    Request&& cpu(CpuAccess access) && { return std::move(cpu(access)); }
    Request&& count(std::uint32_t buffers) && { return std::move(count(buffers)); }
    Request&& crop(std::uint32_t width, std::uint32_t height) && {
        return std::move(crop(width, height));
    }
    Request&& name(std::string text) && { return std::move(name(std::move(text))); }
    Request&& any_device(bool yes = true) && { return std::move(any_device(yes)); }
    Request&& strict(bool yes = true) && { return std::move(strict(yes)); }
    Request&& zeroed(bool yes = true) && { return std::move(zeroed(yes)); }
    Request&& without(std::string what) && { return std::move(without(std::move(what))); }
    Request&& order(std::vector<std::string> what) && { return std::move(order(std::move(what))); }
    /// @}

    /// The fields, for the library and for printing.
    struct Fields {
        std::uint32_t width = 0;          ///< pixels; 0 for a request of bytes
        std::uint32_t height = 0;         ///< pixels; 0 for a request of bytes
        std::uint64_t size = 0;           ///< bytes; only for a request of bytes
        Fourcc fourcc;                    ///< fourcc::bytes for a request of bytes
        std::optional<Modifier> modifier; ///< nothing: the best one that all uses share
        std::vector<DeviceUse> uses;      ///< see Request::use
        CpuAccess cpu = CpuAccess::none;  ///< see Request::cpu
        std::uint32_t count = 1;          ///< see Request::count
        std::string name;                 ///< see Request::name
        bool any_device = false;          ///< see Request::any_device
        bool strict = false;              ///< see Request::strict
        bool zeroed = true;               ///< see Request::zeroed
        std::vector<std::string> without; ///< see Request::without
        std::vector<std::string> order;   ///< see Request::order
        bool is_image = false;            ///< made by Request::image
        std::uint32_t crop_width = 0;     ///< pixels, see Request::crop; 0: all of the image
        std::uint32_t crop_height = 0;    ///< pixels, likewise
    };
    /// What was asked for; lives as long as the Request.
    [[nodiscard]] const Fields& fields() const noexcept { return fields_; }

    // Library-internal: what counts where the request says nothing.
    void complete(bool any_device, bool strict) noexcept;
    void complete_count(std::uint32_t least) noexcept;

private:
    Fields fields_;
    bool says_any_device_ = false;
    bool says_strict_ = false;
    bool says_count_ = false;
};

} // namespace simplealloc
