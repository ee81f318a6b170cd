// SPDX-License-Identifier: MIT
// The entry point: finds devices and sources, plans, allocates.
#pragma once

#include <simplealloc/budget.hpp>
#include <simplealloc/check.hpp>
#include <simplealloc/offer.hpp>
#include <simplealloc/policy.hpp>
#include <simplealloc/prepared.hpp>
#include <simplealloc/stats.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace simplealloc {

/// Settings for all requests of an Allocator. What a Request says counts first, then what is said
/// here, then the policy file.
struct AllocatorOptions {
    /// Backends or sources that are never used; SIMPLEALLOC_DISABLE and the policy file add to it.
    std::vector<std::string> without;
    std::vector<std::string> order; ///< see Request::order; empty: as the policy file says
    std::optional<bool> any_device; ///< see Request::any_device; nothing: as the policy file says
    std::optional<bool> strict;     ///< see Request::strict; nothing: as the policy file says
    std::vector<Quota> quotas;      ///< each replaces that of the same name in the policy file
    /// The policy file; empty: /etc/libsimplealloc/policy.conf, if there is one. An empty file such
    /// as /dev/null is no policy.
    std::string policy_path;
    /// Quirk files, and folders of *.quirks files, separated by colons. They are read after the
    /// built-in rows and those of SIMPLEALLOC_QUIRKS, so theirs win; empty: none.
    std::string quirk_path;
    /// What each plan may cost at most, also those that check(), Prepared and Pool make. Who plans
    /// for strangers leaves it as it is.
    Budget budget;
};

/// A place that memory can come from.
struct SourceInfo {
    std::string name;        ///< e.g. `dma-heap:system`
    std::string backend;     ///< e.g. `dma-heap`
    std::string path;        ///< the node
    bool usable = false;     ///< whether this process may allocate from it
    std::string reason;      ///< why not
    std::string remedy;      ///< what would make it usable; may be empty
    std::vector<Fact> facts; ///< what it guarantees of its memory, and how that is known
    SourceOffer offer;       ///< the same as values
};

struct AllocatorData;
class Monitor;

/// Thread-safe: all functions may be called from several threads at once.
class SIMPLEALLOC_API Allocator {
public:
    /// Environment: SIMPLEALLOC_DISABLE names backends or sources to leave out, separated by
    /// commas or blanks; SIMPLEALLOC_QUIRKS names further quirk files and folders, separated by
    /// colons. A set-uid program ignores the environment.
    /// Fails with invalid where a quirk or policy file is wrong or an option names no backend, and
    /// with gone or denied where one can't be read.
    static Result<Allocator> open(AllocatorOptions options = {});

    Allocator(Allocator&&) noexcept;
    Allocator& operator=(Allocator&&) noexcept;
    Allocator(const Allocator&) = delete;
    Allocator& operator=(const Allocator&) = delete;
    ~Allocator();

    /// Asks a DRM or V4L2 node, opened and closed again; accelerators and nodes that quirk rows
    /// name are not opened. That this process may not open it is a fact of the device, not an
    /// error. Fails with gone (no such node) or invalid (not such a device).
    [[nodiscard]] Result<Device> device(const std::string& path) const;
    /// The same for an open node. The descriptor is duplicated: the caller keeps its own, and may
    /// close it.
    [[nodiscard]] Result<Device> device(int fd, QueueAccess access = QueueAccess::none) const;
    /// The same by number: a dev_t of stat() or makedev(), as linux-dmabuf's main_device and
    /// VK_EXT_physical_device_drm name devices. Fails with gone where no character device has it,
    /// or where the node that udev names does not lead to it in this process's /dev (a sandbox).
    [[nodiscard]] Result<Device> device(std::uint64_t number) const;
    /// All nodes that are devices, from sysfs and udev. A V4L2 node of which those don't tell what
    /// it is for is opened where that is allowed, and asked by VIDIOC_QUERYCAP; no other is.
    [[nodiscard]] Result<std::vector<Device>> devices() const;
    /// All sources of this machine; those bound to a device are listed for every device. No node is
    /// opened, and only an open V4L2 node tells that it is a memory-to-memory one: as a source such
    /// a node is listed in plans of requests that name it, not here.
    [[nodiscard]] Result<std::vector<SourceInfo>> sources() const;

    /// The policy that is in force, value by value; a Request may still say otherwise.
    [[nodiscard]] std::vector<PolicyValue> policy() const;
    /// How many bytes living Buffers of this Allocator hold, as its quotas count them. `of` is a
    /// backend, a source, or empty for everything.
    [[nodiscard]] std::uint64_t held(const std::string& of = {}) const;
    /// What came from which source and what failed, since this Allocator was opened; also through
    /// its Prepared and Pools.
    [[nodiscard]] Stats stats() const;

    /// Listens to devices and sources that come and go from now on; monitor.hpp has the Monitor.
    /// Fails with fd-limit, or where sysfs can't be listed.
    [[nodiscard]] Result<Monitor> monitor() const;

    /// Allocates nothing. A request that nothing satisfies still gives a Plan, with the conflict;
    /// an Error means that the request itself is wrong. Costs at most AllocatorOptions::budget,
    /// beside what the machine's own devices and sources take to be listed; see Budget for what is
    /// answered beyond it.
    [[nodiscard]] Result<Plan> plan(const Request& request) const;
    /// Whether a plan that is made now would have the same devices and sources to choose from: not
    /// so once a device of the request has gone or another has taken its place, or a source has
    /// come, gone, or changed for this process between usable and not. Costs as much as sources().
    [[nodiscard]] Result<bool> is_current(const Plan& plan) const;
    /// Tries the plan's candidates in order, each once; one that would exceed a quota fails with
    /// limit. On failure nothing is left behind, and Error::attempts has every try.
    [[nodiscard]] Result<Buffer> allocate(const Plan& plan, AllocateOptions options = {}) const;
    /// The same for many allocations; opens nothing yet.
    [[nodiscard]] Prepared prepare(const Plan& plan, AllocateOptions options = {}) const;
    /// Plans and allocates.
    [[nodiscard]] Result<Buffer> allocate(const Request& request,
                                          AllocateOptions options = {}) const;

    /// A Buffer for dma-bufs that something else allocated, to map, set up and check like one's
    /// own. It has no share of a quota. Fails with invalid where layout and dma-bufs don't fit
    /// together, or this machine has no such source.
    [[nodiscard]] Result<Buffer> adopt(const ForeignBuffer& foreign) const;
    /// Whether a buffer serves one more use; see Check. Nothing is allocated, and nothing changes
    /// but for test imports, which are taken back. An Error means that the use itself is wrong (see
    /// plan()) or the buffer has no layout that could be judged. Looking at the buffer, and each of
    /// the up to three plans that tell what else would do, has the budget of a plan.
    [[nodiscard]] Result<Check> check(const Buffer& buffer, const DeviceUse& use,
                                      CheckOptions options = {}) const;

private:
    friend class Internal;
    explicit Allocator(std::shared_ptr<AllocatorData> data) noexcept;
    std::shared_ptr<AllocatorData> data_; ///< shared with what may outlive it
};

} // namespace simplealloc
