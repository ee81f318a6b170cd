// SPDX-License-Identifier: MIT
// Tells when devices and sources of memory come, go or change.
#pragma once

#include <simplealloc/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// What happened to the machine.
enum class HotplugKind : std::uint8_t {
    added,   ///< a node has come
    removed, ///< a node has gone
    changed, ///< a node is another than before, e.g. a display was plugged into its connector
    rescan,  ///< events were lost: whatever is known of the machine has to be asked again
};

/// What a node is for.
enum class HotplugSubject : std::uint8_t {
    device,  ///< a node that Allocator::devices lists
    heap,    ///< memory alone can come from it: dma-heap, udmabuf, ION, simple allocator
    machine, ///< all of them, with HotplugKind::rescan
};

/// Kebab-case, e.g. `added`.
SIMPLEALLOC_API std::string_view to_string(HotplugKind kind) noexcept;
/// Kebab-case, e.g. `device`.
SIMPLEALLOC_API std::string_view to_string(HotplugSubject subject) noexcept;

/// One change. With HotplugKind::rescan the names of the node are empty.
struct HotplugEvent {
    HotplugKind kind = HotplugKind::rescan;           ///< what happened
    HotplugSubject subject = HotplugSubject::machine; ///< to what
    std::string path;                                 ///< e.g. `/dev/video0`
    std::string name;                                 ///< the kernel's, e.g. `video0`
    std::string subsystem;                            ///< e.g. `video4linux`
    /// The Device::id that the node has or had; the sysfs path of a heap.
    std::string id;
    /// Names of Allocator::sources that have come and gone since the event before. The list is made
    /// when the event is read, so the first of several that wait may name what the others bring.
    /// @{
    std::vector<std::string> sources_added;
    std::vector<std::string> sources_removed;
    /// @}
};

struct MonitorData;

/// Listens to the kernel's hotplug events: through udevd where it runs, so that a new node has its
/// final owner and mode when its event comes, else to the kernel itself. It has no thread: the
/// caller waits for fd() and calls next(). Reading an event makes the Allocator forget what devices
/// refused; plans are not changed, see Allocator::is_current.
///
/// Thread-safe: next() may be called from several threads, each event goes to one of them.
/// Destroying and moving are for one thread. It may outlive its Allocator.
class SIMPLEALLOC_API Monitor {
public:
    Monitor(Monitor&&) noexcept;
    Monitor& operator=(Monitor&&) noexcept;
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;
    ~Monitor();

    /// Readable (POLLIN, level-triggered) while something waits to be read; borrowed: the Monitor
    /// closes it.
    [[nodiscard]] int fd() const noexcept;
    /// `udev` or `kernel`.
    [[nodiscard]] std::string_view origin() const noexcept;
    /// The next event; nothing when none waits. Never blocks. What the kernel had no room to keep
    /// is an event, too (HotplugKind::rescan). Fails where the socket or the machine can't be asked
    /// (fd-limit, exhausted); it may be called again then, and no event is lost without a rescan.
    [[nodiscard]] Result<std::optional<HotplugEvent>> next();

private:
    friend class Internal;
    explicit Monitor(std::unique_ptr<MonitorData> data) noexcept;
    std::unique_ptr<MonitorData> data_;
};

} // namespace simplealloc
