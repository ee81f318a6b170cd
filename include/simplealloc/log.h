// SPDX-License-Identifier: MIT
// Where the library's log lines go.
#pragma once

#include <simplealloc/api.h>

SIMPLEALLOC_BEGIN_C

/// From talkative to silent.
enum simplealloc_log_level {
    SIMPLEALLOC_LOG_TRACE,   ///< everything
    SIMPLEALLOC_LOG_DEBUG,   ///< how a plan came about
    SIMPLEALLOC_LOG_INFO,    ///< what was allocated, and what was tried in vain
    SIMPLEALLOC_LOG_WARNING, ///< something of the kernel could not be put back
    SIMPLEALLOC_LOG_ERROR,   ///< a failure that no error object can carry
    SIMPLEALLOC_LOG_OFF,     ///< nothing
};

/// Gets one line without its end, which lives as long as the call, and what simplealloc_set_log()
/// was given.
typedef void (*simplealloc_log_sink)(enum simplealloc_log_level level, const char* line,
                                     void* data);

/// Sends log lines of `level` and above to `sink`, from whatever thread calls the library, one at a
/// time; NULL means stderr. This is the library's only global state; it may be called from any
/// thread, at any time. When it returns, nobody is in the earlier sink or uses its `data`, but for
/// a sink that replaces itself; so a sink must not wait for a thread that may log. Returns -EINVAL
/// for a level that there is not, or -ENOMEM; nothing changes then.
SIMPLEALLOC_API int simplealloc_set_log(enum simplealloc_log_level level, simplealloc_log_sink sink,
                                        void* data);

SIMPLEALLOC_END_C
