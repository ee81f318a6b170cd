// SPDX-License-Identifier: MIT
// Whether a buffer that exists serves one more use, and what to do where it does not.
#pragma once

#include <simplealloc/buffer.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// What a late use of a buffer calls for.
enum class Verdict : std::uint8_t {
    keep,         ///< it is one of the buffer's uses already: nothing is to be done
    import_as_is, ///< the device can take the buffer as it is
    reallocate,   ///< another buffer serves all uses: Check::reallocate
    copy,         ///< the device needs a buffer of its own, to be filled from this: Check::copy
    none,         ///< no memory serves the use; see Check::conflict
};

/// Kebab-case, e.g. `import-as-is`.
SIMPLEALLOC_API std::string_view to_string(Verdict verdict) noexcept;

/// The answer of Allocator::check.
///
/// A buffer that is taken as it is costs nothing, so that comes first. Else, between the two that
/// cost something: a buffer that is filled anew every frame is best replaced, since that costs once
/// and a copy costs every frame, unless all its present uses would be worse off for good (a layout
/// or a place that suits the busiest device less, memory that the CPU reads slower, or that nobody
/// knows to be right). Then, or where the buffer can't be replaced, a copy is the
/// answer. Both plans are there where both would do, for a caller that knows better.
struct Check {
    Verdict verdict = Verdict::none; ///< what to do
    std::string reason;              ///< in words, lower case, no full stop
    /// What the use has against the buffer: of its memory, its layout, or by a test import. Empty
    /// with keep and import_as_is.
    std::vector<Rejection> objections;
    /// The test import; nothing where none was made.
    std::optional<Verification> verified;
    /// What to program for the use, with keep and import_as_is; nothing for a described device.
    std::optional<Setup> setup;
    /// For a buffer that all uses can share; nothing where there is none.
    std::optional<Plan> reallocate;
    /// For a buffer that the new use and who copies share: the CPU, or the GPU that already uses
    /// the buffer; see Plan::request. Nothing where there is none.
    std::optional<Plan> copy;
    std::vector<Conflict> conflict; ///< with Verdict::none: what can't hold together
};

/// Settings for one check.
struct CheckOptions {
    /// Whether the buffer's owner can put another in its place and have it filled anew: the buffers
    /// of a swapchain or a camera, not a picture that is drawn once.
    bool replaceable = true;
    /// See AllocateOptions.
    /// @{
    bool verify = true;
    bool borrow_idle_queues = false;
    /// @}
};

/// A buffer that something else allocated, as far as its owner knows it.
struct ForeignBuffer {
    Layout layout; ///< complete, but that dmabuf_sizes may be left out where `dmabufs` are given
    /// Borrowed, in the layout's order: adopting duplicates them. Empty: it is a description only.
    std::vector<int> dmabufs;
    std::vector<DeviceUse> uses;     ///< who has it now
    CpuAccess cpu = CpuAccess::none; ///< what the CPU does with it now
    /// Where it is from, e.g. `dma-heap:system`: what this machine's source of that name guarantees
    /// counts. Empty: nobody knows, and then what follows is all that is known of the memory.
    std::string source;
    bool contiguous = false; ///< one run of physical memory; only without `source`
    /// CPU physical addresses, both ends included; only without `source`.
    /// @{
    std::uint64_t min_address = 0;
    std::uint64_t max_address = no_limit;
    /// @}
};

} // namespace simplealloc
