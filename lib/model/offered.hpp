// SPDX-License-Identifier: MIT
// What the memory of a source is to one use: its own, one segment, cached.
#pragma once

#include "lib/model/model.hpp"

namespace simplealloc::solver {

/// Whether the source's memory is the device's own.
bool is_own(const UseInput& use, const SourceInput& source);

/// Whether the device's driver makes the memory for this very use: it then meets what the device
/// demands of memory, by construction. Demands on layouts are the caller's to keep.
bool is_made_for(const UseInput& use, const SourceInput& source);

/// Whether the device, when it attaches the memory, moves it away from its own device and pins it
/// in RAM.
bool is_moved_by(const UseInput& use, const SourceInput& source);

/// The use that shows the memory and must have it in its own device's memory; null: there is none.
const UseInput* shown_in_place(const Input& input, const std::vector<std::size_t>& uses,
                               const SourceInput& source);

/// Who says that the use must not be given the source's memory; null: nobody.
const SourceNote* find_forbidden(const UseInput& use, const SourceInput& source);

/// The CPU's mapping of the memory: where the source has both kinds, cached for reading, and
/// write-combined for who only writes, or not even that.
CpuCaching caching_for(const Offer& offer, CpuAccess access);

/// Whether the memory is one segment for the device, or its driver made it for the use.
bool contiguous_for(const SourceInput& source, const UseInput& use);

} // namespace simplealloc::solver
