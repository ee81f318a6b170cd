// SPDX-License-Identifier: MIT
// Log lines of the library: written through spdlog, silent unless somebody listens.
#pragma once

#include <simplealloc/log.hpp>

#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

namespace simplealloc::log {

[[nodiscard]] bool enabled(LogLevel level);
/// May throw, unlike line().
void write(LogLevel level, const std::string& line);

/// While one lives, what its thread logs waits for its end. Made before a lock is taken, it keeps
/// the caller's sink from running under that lock, so that the sink may call the library.
class Hold {
public:
    Hold();
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

private:
    std::vector<std::pair<LogLevel, std::string>> lines_;
    bool outermost_;
};

/// Never throws, since destructors log: a line for which there is no memory is lost.
template <typename... Arguments>
void line(LogLevel level, fmt::format_string<Arguments...> format,
          Arguments&&... arguments) noexcept {
    try {
        if (enabled(level))
            write(level, fmt::format(format, std::forward<Arguments>(arguments)...));
    } catch (...) { // NOLINT(bugprone-empty-catch)
    }
}

/// Runs what ends a life, in a destructor: what it throws for want of memory is lost, and what it
/// says went wrong is logged.
template <typename Work>
void quietly(const char* object, Work work) noexcept {
    try {
        if (const auto done = work(); !done)
            line(LogLevel::error, "{}: {}", object, done.error().message());
    } catch (...) { // NOLINT(bugprone-empty-catch)
    }
}

} // namespace simplealloc::log
