// SPDX-License-Identifier: MIT
// Something that will access a buffer: a DRM node, a V4L2 node, or what the caller describes.
#pragma once

#include <simplealloc/capability_set.hpp>
#include <simplealloc/fact.hpp>
#include <simplealloc/result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

class Buffer;
struct DeviceRecord;

/// What a device does with a buffer.
enum class Use : std::uint8_t {
    scanout, ///< a display controller reads it
    render,  ///< a GPU draws into it
    sample,  ///< a GPU reads it as a texture
    capture, ///< a camera or frame grabber fills it
    encode,  ///< an encoder reads it
    decode,  ///< a decoder writes it
    m2m_in,  ///< a memory-to-memory device reads it
    m2m_out, ///< a memory-to-memory device writes it
    cursor,  ///< a display controller reads it as cursor
    read,    ///< any other reading
    write,   ///< any other writing
};

/// Kebab-case, e.g. `m2m-in`.
SIMPLEALLOC_API std::string_view to_string(Use use) noexcept;
/// Reads what to_string writes.
SIMPLEALLOC_API std::optional<Use> parse_use(std::string_view text) noexcept;

/// Whether the V4L2 queue behind a caller's descriptor may be used (formats set, buffers requested)
/// for planning and verification. Everything is put back afterwards.
enum class QueueAccess : std::uint8_t {
    none, ///< only calls without side effects
    lent, ///< the caller owns the queue, is not streaming, and lends it to the library
};

/// What a caller says of a device that the library can't ask (EGL, Vulkan, an NPU, another
/// process).
struct DeviceDescription {
    std::string name; ///< how it appears in plans, e.g. `egl`
    /// The ways in which it takes a buffer, best first; empty: any format, linear, no limits.
    std::vector<CapabilitySet> alternatives;
    /// Imports a fresh buffer and says whether that works; runs in Allocator::allocate, on the
    /// calling thread. The buffer is borrowed. Empty: can't be tested.
    std::function<Result<void>(const Buffer&)> verify;
};

/// A device as discovery found it. Cheap to copy: copies share one immutable record (and the
/// duplicate of the caller's descriptor, if one was handed over). Safe to use from several threads.
class SIMPLEALLOC_API Device {
public:
    /// A device that only its caller knows; nothing is checked before Allocator::plan.
    static Device described(DeviceDescription description);

    /// Stable on this boot: the sysfs path of the hardware, or `described:NAME`.
    [[nodiscard]] const std::string& id() const noexcept;
    /// The node's path, or the name of a described device.
    [[nodiscard]] const std::string& path() const noexcept;
    /// `drm`, `accel`, `video4linux`, the class of a node that a quirk row names, or `described`.
    [[nodiscard]] const std::string& subsystem() const noexcept;
    /// The kernel driver's name; empty when unknown.
    [[nodiscard]] const std::string& driver() const noexcept;
    /// What is known of it, and how.
    [[nodiscard]] const std::vector<Fact>& facts() const noexcept;
    /// What it can do, as far as is known without the right to open it.
    [[nodiscard]] const std::vector<Use>& uses() const noexcept;
    /// The ways in which it takes a buffer of `fourcc` for a use, best first, as plans go by. Where
    /// it does not take the fourcc, one set with all formats that it takes. Fails with unsupported
    /// where it has no such use, with denied where it may not be opened, and with invalid where it
    /// comes from Allocator::devices, which asks nothing.
    [[nodiscard]] Result<std::vector<CapabilitySet>> capabilities(Use use, Fourcc fourcc) const;

private:
    friend class Internal;
    explicit Device(std::shared_ptr<const DeviceRecord> data) noexcept;
    std::shared_ptr<const DeviceRecord> data_;
};

} // namespace simplealloc
