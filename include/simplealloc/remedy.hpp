// SPDX-License-Identifier: MIT
// What would help where something does not serve, as data and in words.
#pragma once

#include <simplealloc/api.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// What to do. In braces: Remedy::arguments.
enum class RemedyKind : std::uint8_t {
    advice, ///< {words} of who knows better: a source, a driver, the kernel

    // Of the request.
    order,           ///< {source} goes first
    leave_out,       ///< {source} is not used
    let_in,          ///< what the caller left out
    any_device,      ///< memory of devices that the request does not name
    not_strict,      ///< candidates that rest on an unknown
    cpu,             ///< {access} is all that the CPU has
    open_modifier,   ///< ask for no modifier
    linear,          ///< ask for LINEAR
    format,          ///< ask for {format}
    image_size,      ///< ask for an image of {WIDTHxHEIGHT}
    crop,            ///< ask for {WIDTHxHEIGHT}, of which {WIDTHxHEIGHT} counts
    count,           ///< ask for {number} buffers
    bytes,           ///< ask for {number} bytes
    less,            ///< ask for less
    image,           ///< ask for an image
    drm_format,      ///< ask for a format that DRM has a code for
    accepted_format, ///< ask for one of {format…}, which the device takes
    other_format,    ///< ask for another format
    other_size,      ///< ask for another size or format
    each_plane,      ///< one request for each plane
    apart,           ///< a request for {use} alone, and one without it
    copy,            ///< {use} gets a buffer of its own, and somebody copies
    copy_one,        ///< the same for one of the uses
    protected_use,   ///< name a use that needs protected memory
    fewer_ways,      ///< give the devices fewer alternatives and modifiers
    budget,          ///< give the plan more budget

    // Of the machine.
    allow_in_environment, ///< take it out of SIMPLEALLOC_DISABLE
    allow_in_policy,      ///< take it off `forbid` in {policy}
    source,               ///< use {source}, which {is so}
    other_source,         ///< use another source
    contiguous_memory,    ///< use memory in one run
    cma_area,             ///< boot with a CMA area, at addresses where that matters
    cma_heap,             ///< the same, and a kernel that has the heap of CMA
    heaps,                ///< a kernel that has heaps or udmabuf
    protected_heap,       ///< a kernel that has a heap of protected memory
    describe,             ///< where {it is so}, describe it
    quirk,                ///< where {it is so}, write {entry} into a quirk file, for {row…}
    free_memory,          ///< free memory
    replug,               ///< plug something in or out
};

/// Kebab-case, e.g. `any-device`.
SIMPLEALLOC_API std::string_view to_string(RemedyKind kind) noexcept;

/// One thing that would help.
struct Remedy {
    RemedyKind kind = RemedyKind::advice;    ///< what to do
    std::vector<std::string> arguments = {}; ///< what with, see RemedyKind

    bool operator==(const Remedy&) const = default;
};

/// How an interface of the library's words a remedy: `{0}` stands for the first argument.
struct RemedyWords {
    RemedyKind kind;       ///< this
    std::string_view text; ///< in place of the C++ words
};

/// In words for who uses the C++ API, e.g. `Request::order udmabuf`; `words` go first.
SIMPLEALLOC_API std::string to_string(const Remedy& remedy,
                                      std::span<const RemedyWords> words = {});
/// Likewise, with `between` in between; alternatives where it is not given.
SIMPLEALLOC_API std::string to_string(std::span<const Remedy> remedies,
                                      std::span<const RemedyWords> words = {},
                                      std::string_view between = "; ");

} // namespace simplealloc
