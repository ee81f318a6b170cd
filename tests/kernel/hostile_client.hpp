// SPDX-License-Identifier: MIT
// A client that lies and dies: what may come over a socket on which buffers travel.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guest {

/// In how many ways it lies.
std::size_t lies();

/// In a forked child: waits for a buffer on the socket, answers with the lie of that number, and
/// dies.
[[noreturn]] void lie_and_die(int socket, std::size_t lie, std::uint32_t seed);

} // namespace guest
