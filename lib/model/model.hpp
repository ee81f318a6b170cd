// SPDX-License-Identifier: MIT
// What goes into the solver and what comes out: plain values, no descriptor, no system call.
#pragma once

#include "lib/model/resolved_request.hpp"

#include <simplealloc/capability_set.hpp>
#include <simplealloc/device.hpp>
#include <simplealloc/fact.hpp>
#include <simplealloc/offer.hpp>
#include <simplealloc/plan.hpp>
#include <simplealloc/request.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::solver {

using simplealloc::CapabilitySet;
using simplealloc::Evidence;

/// What a quirk row or the kernel says of a source.
struct SourceNote {
    std::string source; ///< by any of its names, or a backend
    std::string origin;
};

/// What a driver makes instead of the image, so that no buffer is right for this way of the use.
struct RefusedWay {
    std::string reason; ///< after the use's name, e.g. `offers 640x480 instead of 800x600`
    std::string remedy;
};

/// Which queue of a V4L2 device a use goes to, or memory is made on: a driver's two queues may use
/// different memory.
enum class QueueSide : std::uint8_t {
    none, ///< it is no V4L2 device; of a source also: nobody knows
    capture,
    output,
};

/// One use of the request, as discovery describes it.
struct UseInput {
    std::string party;  ///< e.g. `/dev/video0 (capture)`
    std::string device; ///< Device::id, to tell a device's own memory
    std::string row;    ///< the section that is for it in a quirk file, e.g. `drm:vc4`; empty: none
    Use use = Use::read;
    QueueSide queue = QueueSide::none;
    std::vector<CapabilitySet> alternatives; ///< never empty; in the device's order of preference
    std::map<std::size_t, RefusedWay> refused = {}; ///< by place in `alternatives`
    /// Likewise: nobody knows how many bytes the planes take.
    std::set<std::size_t> unsized = {};
    bool coherent = true;              ///< snoops CPU caches
    std::vector<SourceNote> forbidden; ///< whose memory the device must not be given
    /// Who says that memory which the CPU maps cached does not work with it; empty: nobody.
    std::string refuses_cached;
    /// Who says that it reads a buffer that it attached through a kernel mapping, too; empty:
    /// nobody.
    std::string maps_too;
    /// It maps memory of other devices where it is, and follows when that moves
    /// (dma_buf_dynamic_attach() with allow_peer2peer).
    bool peer_to_peer = false;
    bool attaches = true; ///< false: it gets at any buffer somehow, as the conflict search supposes
    /// It takes the format with every modifier, whatever its alternatives list, as the conflict
    /// search supposes: a list of all that anybody has would be copied into each of them.
    bool any_modifier = false;
};

using simplealloc::CpuCaching;
using simplealloc::OfferContiguity;

/// What using a source does to others; more is worse.
enum class SideEffect : std::uint8_t {
    nothing,
    scanout_memory, ///< meant for scanout and CPU drawing (dumb buffers)
    loads_driver,   ///< brings a GPU's user-space driver into the process (GBM)
    takes_queue,    ///< occupies a V4L2 queue
};

/// What a source guarantees. CpuCaching that is selectable: see caching_for().
struct Offer : SourceOffer {
    std::string device; ///< Device::id when the source is bound to one, else empty
    QueueSide queue = QueueSide::none;
    std::uint64_t address_align = 4096; ///< divisor of a dma-buf's first address: whole pages
    bool sync_effective = true; ///< DMA_BUF_IOCTL_SYNC does cache maintenance where it is needed
    /// Of max_size or max_total, e.g. `size_limit_mb of udmabuf is 64 MiB`.
    std::string max_size_reason;
    std::string max_size_remedy;
    std::uint64_t granularity = 4096; ///< dma-buf sizes are multiples of it
    /// Why nobody knows what kind of memory it is, e.g. `nobody describes memory of …`; empty: it
    /// is described.
    std::string undescribed = {};
    std::string undescribed_remedy = {}; ///< how it is described; may be empty
    bool attachable = true;              ///< other devices can attach its dma-bufs
    /// Device-local memory stays where it is for devices that attach it peer-to-peer; for others it
    /// moves to RAM, where its own display may not show it.
    bool peer_to_peer = false;
    bool vmap_stable = true;   ///< a kernel mapping stays valid while the exporter uses the buffer
    std::string attach_reason; ///< why not, for either of the two; with its origin
    bool scarce = false;
    SideEffect side_effect = SideEffect::nothing;
    std::optional<std::uint32_t>
        max_dmabufs; ///< e.g. 1 where a source gives one dma-buf per buffer only
    /// What the source's own layout rules add (stride alignment of a dumb buffer…); merged like a
    /// use.
    Constraints layout;
    /// How `layout` is known.
    std::map<ConstraintKind, Evidence> evidence;
    bool layout_exact = true; ///< false: stride and size are known only after allocation
    /// The source lays images out itself, with any modifier that it is given; false: linear memory.
    bool own_layout = false;
    /// What its driver lays out beside linear memory, where it does not take any modifier: the
    /// tiled formats of a V4L2 device.
    std::vector<FormatSupport> tilings = {};

    [[nodiscard]] bool lays_out(Fourcc fourcc, const Modifier& modifier) const {
        return own_layout || modifier.is_linear() ||
               std::any_of(tilings.begin(), tilings.end(), [&](const FormatSupport& tiling) {
                   return tiling.fourcc == fourcc && modifier.state == Modifier::State::named &&
                          std::find(tiling.modifiers.begin(), tiling.modifiers.end(),
                                    modifier.value) != tiling.modifiers.end();
               });
    }
};

/// Who keeps a source out.
enum class ExcludedBy { nobody, caller, environment, policy };

struct SourceInput {
    std::string name;    ///< e.g. `dma-heap:system`
    std::string backend; ///< e.g. `dma-heap`
    std::string driver;  ///< behind a device-bound source, else the backend's name
    bool usable = true;
    std::string reason; ///< why not usable
    std::string remedy;
    ExcludedBy excluded = ExcludedBy::nobody;
    std::string exclusion; ///< where that stands, e.g. `policy /etc/simplealloc/policy.conf`
    bool named =
        true; ///< false: bound to a device that the request does not name, and any_device is off
    Offer offer;
    std::vector<std::string> aliases; ///< other names that it has, e.g. on other kernels
    /// The device tree keeps it for a device; others had better leave it alone.
    bool set_aside = false;
    std::vector<std::size_t> quotas; ///< indices into Input::quotas of those that count it

    /// Whether `what` means it: its backend, its name, or another one that it has.
    [[nodiscard]] bool is_called(std::string_view what) const {
        return what == backend || what == name ||
               std::find(aliases.begin(), aliases.end(), what) != aliases.end();
    }
};

struct Input {
    ResolvedRequest request;
    std::vector<UseInput> uses;
    std::vector<SourceInput> sources;
    std::uint32_t least_count = 1;       ///< buffers that a codec works with: no fewer are offered
    std::vector<std::string> order;      ///< what ranks first; may be empty
    std::string order_origin = "caller"; ///< who wants that order
    std::vector<SourceNote> preferred;   ///< what ranks next, by quirk rows and the kernel
    std::uint64_t page_size = 4096;
    /// Memory that all sources of system memory share, in bytes (MemAvailable); no_limit when
    /// unknown.
    std::uint64_t available_memory = no_limit;
    std::vector<QuotaState> quotas;
    /// (source, layout class) pairs that a device refused before; see layout_class().
    struct Refusal {
        std::string source;
        std::string layout_class;
        std::string device; ///< its id, which a described one can't have; empty: the CPU
        std::string party;
        std::string reason;

        [[nodiscard]] bool is_by(const UseInput& use) const {
            return device == use.device && party == use.party;
        }
    };
    using Refusals = std::shared_ptr<const std::vector<Refusal>>;
    Refusals refusals = {}; ///< shared with all plans; null: none

    [[nodiscard]] std::span<const Refusal> refused_before() const {
        return refusals ? std::span<const Refusal>(*refusals) : std::span<const Refusal>();
    }
};

/// A Candidate plus what the library needs to go on with it.
struct Choice {
    Candidate candidate;
    std::size_t source = 0;                ///< index into Input::sources
    std::vector<std::size_t> alternatives; ///< for each use, the index of the chosen capability set
    Constraints merged;                    ///< to check the real layout against
    std::vector<std::uint64_t> modifiers;  ///< that a source with own_layout may pick from
    bool explicit_modifier = false;        ///< a layout whose modifier nobody names is no use
};

struct Output {
    std::vector<Choice> choices; ///< best first
    std::vector<Rejection> rejections;
    std::vector<Conflict> conflict;
    bool undecided = false; ///< there is no choice, and that is not proven
};

} // namespace simplealloc::solver
