// SPDX-License-Identifier: MIT
// Sizes, formats, requests and constraints in words, as people read them.
#pragma once

#include "tools/output/text_table.hpp"

#include <simplealloc/constraints.hpp>
#include <simplealloc/request.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::tools {

/// `4 MiB`, `3.5 MiB`, `512 bytes`: cut after one decimal, for columns.
std::string size_in_words(std::uint64_t bytes);
/// `4 MiB`, `3.5 MiB (3686400 bytes)`, `512 bytes`: the number where words would lose some of it.
std::string exact_size_in_words(std::uint64_t bytes);

/// The sum, or the largest number where the sum does not fit.
std::uint64_t total_size(std::span<const std::uint64_t> sizes);

/// Error::message() without the remedy, which is shown on its own.
std::string message_alone(const Error& error);
std::string message_alone(const Attempt& attempt);

/// `a, b, c`: of texts, or of what to_string() has a name for.
template <typename Items>
std::string list_in_words(const Items& items, std::string_view before_last = ", ") {
    std::string text;
    for (std::size_t i = 0; i < items.size(); ++i)
        text.append(i == 0                  ? ""
                    : i + 1 == items.size() ? before_last
                                            : ", ")
            .append(Cell(items[i]).text);
    return text;
}
/// `a`, `a and b`, `a, b and c`.
template <typename Items>
std::string join_in_words(const Items& items) {
    return list_in_words(items, " and ");
}

/// `text`, or that it is not known.
std::string or_unknown(std::string_view text);
Cell in_words(Confidence confidence);
/// `yes` or `no`.
Cell in_words(bool usable);

/// `/dev/video0 (capture)`, as plans name a use.
std::string party_in_words(const DeviceUse& use);

/// E.g. `1280x720 XR24 for /dev/video0 (capture) and /dev/dri/card0 (scanout); the CPU does not
/// touch it`.
std::string request_in_words(const Request& request);

/// `XR24 LINEAR`, or `bytes`.
std::string format_in_words(Fourcc fourcc, Modifier modifier);

/// What this constraint asks for, e.g. `memory in one piece` for `contiguity`;
/// empty for a name that is not known here.
std::string_view need_in_words(ConstraintKind constraint);

} // namespace simplealloc::tools
