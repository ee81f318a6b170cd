// SPDX-License-Identifier: MIT
// The log sink of a caller in C.
#include "lib/c/arguments.hpp"
#include "lib/c/guard.hpp"

#include <simplealloc/log.h>
#include <simplealloc/log.hpp>

#include <string>

using namespace simplealloc;
using namespace simplealloc::c;

int simplealloc_set_log(simplealloc_log_level level, simplealloc_log_sink sink, void* data) {
    return guarded(nullptr, [&] {
        const LogLevel from = checked(level, LogLevel::off, "level");
        if (sink == nullptr)
            return set_log(from);
        set_log(from, [sink, data](LogLevel of, std::string_view line) {
            sink(static_cast<simplealloc_log_level>(of), std::string(line).c_str(), data);
        });
    });
}
