// SPDX-License-Identifier: MIT
// What went wrong, where, with which object, and what to do next.
#pragma once

#include <simplealloc/api.hpp>
#include <simplealloc/conflict.hpp>
#include <simplealloc/rejection.hpp>
#include <simplealloc/relaxation.hpp>

#include <cstdint>
#include <optional>
#include <span>
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
    gone,          ///< the node or device does not exist (any more), or the pool is closed
    unsupported,   ///< the device or kernel can't do this
    limit,         ///< above a limit that the administrator may raise
    fd_limit,      ///< this process or the system has no file descriptor left
    interrupted,   ///< a signal came again and again
    our_bug,       ///< the kernel refused arguments that should be right: please report it
    invalid,       ///< the caller's request makes no sense
    unsatisfiable, ///< no source satisfies all uses; see Error::conflict
    mismatch,      ///< the kernel returned another layout than the uses accept
    refused,       ///< a device refused to import the fresh buffer
    busy,          ///< all of it is in use; works once some of it is given back
};

/// Where in the work it failed.
enum class Stage : std::uint8_t {
    request,   ///< the request was read
    discover,  ///< devices and sources were asked
    plan,      ///< the solver looked for candidates
    open,      ///< the source's node was opened
    allocate,  ///< the kernel was asked for memory
    export_fd, ///< the memory was made a dma-buf
    layout,    ///< the real layout was compared with the one that was asked for
    verify,    ///< the uses imported the fresh buffer
    map,       ///< the CPU mapping was made
    sync,      ///< the CPU's turn was begun or ended, or a fence was asked
    share,     ///< a descriptor was duplicated, or a buffer sent or received
    import_fd, ///< a dma-buf was taken from elsewhere, or by a device
    acquire,   ///< a pool was asked for a buffer
};

/// Kebab-case, e.g. `fd-limit`.
SIMPLEALLOC_API std::string_view to_string(Cause cause) noexcept;
/// Kebab-case, e.g. `verify`; Stage::export_fd is `export`, Stage::import_fd is
/// `import`.
SIMPLEALLOC_API std::string_view to_string(Stage stage) noexcept;

/// One source that was tried and failed while a buffer was allocated.
struct Attempt {
    std::string source;            ///< e.g. `dma-heap:reserved`
    Stage stage = Stage::allocate; ///< where it failed
    Cause cause = Cause::our_bug;  ///< why it failed
    int sys_errno = 0;             ///< the raw errno, 0 when no system call failed
    std::string message;           ///< in words
    std::string remedy;            ///< what would unblock it; may be empty
};

/// An error that callers can branch on (cause, stage) and show (message, remedy).
struct Error {
    Cause cause = Cause::our_bug; ///< why it failed
    Stage stage = Stage::request; ///< where it failed
    int sys_errno = 0;            ///< raw errno of the failed system call, 0 when there was none
    std::string object; ///< the node, source or field it is about, e.g. `/dev/dma_heap/system`
    std::string detail; ///< lower case, no full stop
    std::string remedy; ///< the next step, may be empty
    std::vector<Attempt> attempts;     ///< the sources that were tried, in order
    std::vector<Rejection> rejections; ///< the sources that were not tried
    std::vector<Conflict> conflict;    ///< with Cause::unsatisfiable: what can't hold together
    std::vector<Relaxation> relaxations = {}; ///< with a conflict: what to give up; best first
    /// What a layout violates, where that is what failed.
    std::optional<ConstraintKind> constraint = {};

    /// One line: object, detail, what is in conflict, the system's text for the errno, and
    /// best_remedy(). `words` go first in it.
    [[nodiscard]] SIMPLEALLOC_API std::string
    message(std::span<const RemedyWords> words = {}) const;
    /// The remedy; where there is none, what to give up first and how. May be empty.
    [[nodiscard]] SIMPLEALLOC_API std::string
    best_remedy(std::span<const RemedyWords> words = {}) const;
};

} // namespace simplealloc
