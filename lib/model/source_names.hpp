// SPDX-License-Identifier: MIT
// How people name where memory comes from: a backend (`dma-heap`) or a source (`dma-heap:system`).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::solver {

namespace detail {
inline constexpr std::array<std::string_view, 7> backends{
    "dma-heap", "udmabuf", "simple-allocator", "ion", "gbm", "v4l2", "drm-dumb"};
} // namespace detail

/// All backends, in the built-in policy order: memory that is meant for sharing before memory that
/// is meant for something.
inline std::span<const std::string_view> known_backends() {
    return detail::backends;
}

/// Whether the backend is one that any build may have: naming one that this build lacks is no
/// mistake. Which sources there are is known only to the machine.
inline bool names_backend_or_source(std::string_view name) {
    const auto known = known_backends();
    return std::find(known.begin(), known.end(), name.substr(0, name.find(':'))) != known.end();
}

/// What else could be said, in words.
std::string source_names_text();

/// Names on one line.
struct NameList {
    std::vector<std::string> names;
    bool gap = false; ///< a name is missing: before, behind or between commas
};

/// Names with blanks or commas between them. Heaps have commas in their names (`linux,cma`): what
/// follows one at once and is no name of its own belongs to the source before it. No name has a
/// blank.
inline NameList split_names(std::string_view text) {
    constexpr std::string_view blanks = " \t\n";
    constexpr std::string_view ends = ", \t\n";
    NameList list;
    bool name_due = true;
    bool goes_on = false; ///< a comma follows a source at once
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ',') {
            list.gap = list.gap || name_due;
            goes_on = !name_due && blanks.find(text[at - 1]) == std::string_view::npos &&
                      list.names.back().find(':') != std::string::npos;
            name_due = true;
            ++at;
        } else if (blanks.find(text[at]) != std::string_view::npos) {
            goes_on = false;
            ++at;
        } else {
            const std::size_t end = std::min(text.find_first_of(ends, at), text.size());
            const std::string_view name = text.substr(at, end - at);
            if (goes_on && !names_backend_or_source(name))
                list.names.back().append(",").append(name);
            else
                list.names.emplace_back(name);
            name_due = goes_on = false;
            at = end;
        }
    }
    list.gap = list.gap || name_due;
    return list;
}

} // namespace simplealloc::solver
