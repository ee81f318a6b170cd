// SPDX-License-Identifier: MIT
// Capability sets as bytes, so that a client and a compositor can negotiate; docs/wire.md.
#pragma once

#include <simplealloc/capability_set.hpp>
#include <simplealloc/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace simplealloc::wire {

/// The version that encode() writes and decode() reads. New kinds of entries do not change it: a
/// reader that must understand them is told so by the entry.
inline constexpr std::uint16_t version = 1;

/// What a message may hold at most; encode() and decode() fail with limit above it.
/// @{
inline constexpr std::size_t max_message = std::size_t{1} << 20U; ///< bytes
inline constexpr std::size_t max_sets = 256;                      ///< of a message
inline constexpr std::size_t max_formats = 1024;                  ///< of a set
inline constexpr std::size_t max_modifiers = 1024;                ///< of a format
inline constexpr std::size_t max_exporters = 64;                  ///< of a set
inline constexpr std::size_t max_text = 1024; ///< bytes of an origin, label or exporter
/// @}

/// The alternatives in their order. Fails with limit above the bounds and with invalid (object: the
/// field) for what decode() refuses: a divisor or an upper limit of 0, an empty set of placements
/// or memory kinds, a window that ends before it starts, a fourcc or modifier that is listed twice,
/// text that is not UTF-8 or has control characters.
SIMPLEALLOC_API Result<std::vector<std::byte>> encode(std::span<const CapabilitySet> sets);

/// Reads what encode() wrote, here or elsewhere. The bytes may come from anybody: nothing is read
/// beyond them, and memory grows with their number alone. Fails with unsupported for another
/// version and for an entry that must be understood and is not (object: `entry N`), with limit
/// above the bounds, and with invalid for everything else that is wrong (bytes missing or left
/// over, an entry that comes twice, a value that encode() refuses).
SIMPLEALLOC_API Result<std::vector<CapabilitySet>> decode(std::span<const std::byte> message);

} // namespace simplealloc::wire
