// SPDX-License-Identifier: MIT
// Where the library's log lines go.
#pragma once

#include <simplealloc/api.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace simplealloc {

/// From talkative to silent.
enum class LogLevel : std::uint8_t {
    trace,   ///< everything
    debug,   ///< how a plan came about
    info,    ///< what was allocated, and what was tried in vain
    warning, ///< something of the kernel could not be put back
    error,   ///< a failure that no Result can carry
    off,     ///< nothing
};

/// Gets a line without its end, one thread at a time. It must not throw or wait for a thread that
/// may log, but may call the library.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

/// Sends log lines of `level` and above to `sink`, from whatever thread calls the library; an empty
/// sink means stderr. When it returns, nobody is in the earlier sink, but for a sink that replaces
/// itself. This is the library's only global state; it may be called from any thread, at any time.
/// Until it is called the library is silent, or logs to stderr at the level named by the
/// environment variable SIMPLEALLOC_LOG (trace, debug, info, warning, error), which a set-uid
/// program ignores.
SIMPLEALLOC_API void set_log(LogLevel level, LogSink sink = {});

} // namespace simplealloc
