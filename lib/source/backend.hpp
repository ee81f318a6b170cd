// SPDX-License-Identifier: MIT
// What every backend provides; backends/registry.cpp has the one table of them.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/cache_flush.hpp"
#include "lib/model/model.hpp"

#include <simplealloc/layout.hpp>
#include <simplealloc/result.hpp>
#include <simplealloc/unique_fd.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace simplealloc {

/// One place to allocate from, as its backend describes it.
struct SourceRecord {
    solver::SourceInput input;
    std::string path; ///< the node that is opened to allocate
    std::vector<Fact> facts;
    std::shared_ptr<const DeviceRecord> device; ///< for a device-bound source
    std::uint32_t heap_id = 0; ///< where several sources share a node and tell themselves apart so
};

struct AllocationSpec {
    Layout layout; ///< what is asked for; plain bytes have one plane with stride 0
    solver::CpuCaching caching =
        solver::CpuCaching::unknown; ///< wanted, where the source can choose
    /// For a source with a layout of its own: what it may pick from, best first (none: its device's
    /// implicit layout), whether it has to say what it picked, and what its device does with it.
    std::vector<std::uint64_t> modifiers;
    bool explicit_modifier = false;
    std::vector<Use> own_uses;
    std::string name;
};

/// Fresh dma-bufs, and the layout that the kernel really gave them. `layout->dmabuf_sizes` are the
/// sizes by lseek.
struct RawBuffer {
    std::vector<UniqueFd> dmabufs;
    std::shared_ptr<const Layout> layout; ///< the same object for equal buffers of one OpenSource
    std::shared_ptr<const CacheFlush> flush; ///< null: DMA_BUF_IOCTL_SYNC does all that is needed
};

/// A source that is held open, so that it can be allocated from any number of times. One thread at
/// a time.
class OpenSource {
public:
    OpenSource() = default;
    OpenSource(const OpenSource&) = delete;
    OpenSource& operator=(const OpenSource&) = delete;
    virtual ~OpenSource() = default;

    /// The Error has stage, cause, errno, object, and a remedy where there is one; nothing is left
    /// after it.
    virtual Result<RawBuffer> allocate(const AllocationSpec& spec) = 0;
};

/// A row of the registry. Functions of the same backend share nothing but the kernel.
struct Backend {
    const char* name; ///< kebab-case: option, environment, log and docs use it
    /// Whether its sources belong to a device (drm-dumb, gbm, v4l2) or to nobody (dma-heap,
    /// udmabuf).
    bool device_bound;
    /// Finds its sources without a side effect; `devices` are all that may serve as a device-bound
    /// source. Sources that this process may not use are listed too, with reason and remedy.
    std::vector<SourceRecord> (*find)(std::span<const std::shared_ptr<const DeviceRecord>> devices);
    /// Opens what needs to be open to allocate; `source` has to outlive it.
    Result<std::unique_ptr<OpenSource>> (*open)(const SourceRecord& source);
    /// In place of `find` where quirk rows tell what sources there are.
    std::vector<SourceRecord> (*find_with_quirks)(const Quirks& quirks) = nullptr;

    /// Opens and allocates once.
    [[nodiscard]] Result<RawBuffer> allocate(const SourceRecord& source,
                                             const AllocationSpec& spec) const;
};

std::span<const Backend> backends();
const Backend* find_backend(std::string_view name);
/// The sources of a backend, by whichever of its two functions.
std::vector<SourceRecord> sources_of(const Backend& backend,
                                     std::span<const std::shared_ptr<const DeviceRecord>> devices,
                                     const Quirks& quirks);

} // namespace simplealloc
