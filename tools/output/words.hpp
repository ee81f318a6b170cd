// SPDX-License-Identifier: MIT
// Sizes, formats, requests and constraints in words, as people read them.
#pragma once

#include <simplealloc/request.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::tools {

/// `4 MiB`, `3.5 MiB`, `512 bytes`: cut after one decimal.
std::string size_in_words(std::uint64_t bytes);

/// The sum, or the largest number where the sum does not fit.
std::uint64_t total_size(std::span<const std::uint64_t> sizes);

/// Error::message() without the remedy, which is shown on its own.
std::string message_alone(const Error& error);
std::string message_alone(const Attempt& attempt);

/// `a`, `a and b`, `a, b and c`.
std::string join_in_words(std::span<const std::string> items);

/// `/dev/video0 (capture)`, as plans name a use.
std::string party_in_words(const DeviceUse& use);

/// E.g. `1280x720 XR24 for /dev/video0 (capture) and /dev/dri/card0 (scanout); the CPU does not
/// touch it`.
std::string request_in_words(const Request& request);

/// `XR24 LINEAR`, or `bytes`.
std::string format_in_words(Fourcc fourcc, Modifier modifier);

/// What this constraint asks for, e.g. `memory in one piece` for `contiguity`;
/// empty for a name that is not known here.
std::string_view need_in_words(std::string_view constraint);

} // namespace simplealloc::tools
