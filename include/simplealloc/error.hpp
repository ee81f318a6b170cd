// SPDX-License-Identifier: MIT
// What went wrong, where, with which object, and what to do next.
#pragma once

#include <simplealloc/api.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// Why an operation failed. A kernel's errno is mapped to one of these per backend, because the
/// same errno means different things there (EINVAL is "over the limit" on udmabuf and "out of
/// memory" on the simple allocator).
enum class Cause : std::uint8_t {
    exhausted,     ///< the memory is used up or too fragmented; may work later
    denied,        ///< no permission; the remedy names the group or rule
    gone,          ///< the node or device does not exist (any more)
    unsupported,   ///< the device or kernel can't do this
    limit,         ///< above a limit that the administrator may raise
    fd_limit,      ///< this process or the system has no file descriptor left
    interrupted,   ///< a signal came again and again
    our_bug,       ///< the kernel refused arguments that should be right: please report it
    invalid,       ///< the caller's request makes no sense
    unsatisfiable, ///< no source satisfies all uses; see Error::conflict
    mismatch,      ///< the kernel returned another layout than the uses accept
    refused,       ///< a device refused to import the fresh buffer
};

/// Where in the work it failed.
enum class Stage : std::uint8_t {
    request,
    discover,
    plan,
    open,
    allocate,
    export_fd,
    layout,
    verify,
    map,
    sync,
    share,
};

SIMPLEALLOC_API std::string_view to_string(Cause cause) noexcept;
SIMPLEALLOC_API std::string_view to_string(Stage stage) noexcept;

/// One source that was tried and failed while a buffer was allocated.
struct Attempt {
    std::string source; ///< e.g. `dma-heap:reserved`
    Stage stage = Stage::allocate;
    Cause cause = Cause::our_bug;
    int sys_errno = 0;   ///< the raw errno, 0 when no system call failed
    std::string message; ///< in words
    std::string remedy;  ///< what would unblock it; may be empty
};

/// A source that can't serve a request, found out without touching it.
struct Rejection {
    std::string source;                   ///< e.g. `dma-heap:system`
    std::string constraint;               ///< the constraint's name, e.g. `contiguity`
    std::string reason;                   ///< in words, with the numbers
    std::vector<std::string> required_by; ///< the uses that need it, e.g. `/dev/video0 (capture)`
    std::string remedy;                   ///< what would unblock it; may be empty
};

/// A constraint of the smallest set that can't hold together, and who needs it.
struct Conflict {
    std::string constraint;
    std::vector<std::string> parties;
};

/// An error that callers can branch on (cause, stage) and show (message, remedy).
struct Error {
    Cause cause = Cause::our_bug;
    Stage stage = Stage::request;
    int sys_errno = 0;  ///< raw errno of the failed system call, 0 when there was none
    std::string object; ///< the node, source or field it is about, e.g. `/dev/dma_heap/system`
    std::string detail; ///< lower case, no full stop
    std::string remedy; ///< the next step, may be empty
    std::vector<Attempt> attempts;
    std::vector<Rejection> rejections;
    std::vector<Conflict> conflict;

    /// One line: object, detail, the system's text for the errno, and the remedy.
    [[nodiscard]] SIMPLEALLOC_API std::string message() const;
};

} // namespace simplealloc
