// SPDX-License-Identifier: MIT
// Log lines of the library: written through spdlog, silent unless somebody listens.
#pragma once

#include <simplealloc/log.hpp>

#include <fmt/format.h>
#include <string>
#include <utility>

namespace simplealloc::log {

[[nodiscard]] bool enabled(LogLevel level);
void write(LogLevel level, const std::string& line);

template <typename... Arguments>
void line(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (enabled(level))
        write(level, fmt::format(format, std::forward<Arguments>(arguments)...));
}

} // namespace simplealloc::log
