// SPDX-License-Identifier: MIT
// Dma-bufs that something else allocated, checked against the layout that is said to be in them.
#pragma once

#include "lib/buffer/data.hpp"

#include <simplealloc/plan.hpp>
#include <simplealloc/result.hpp>

#include <span>
#include <vector>

namespace simplealloc {

/// Memory of which nothing is known.
SourceRecord unknown_source();

/// What an allocation of it would have asked for, without uses.
Request plain_request(const Layout& layout);

/// Descriptors of their own for `fds`.
Result<std::vector<UniqueFd>> duplicate(std::span<const int> fds);

/// Puts the dma-bufs into `data`, several descriptors of one dma-buf once, and completes `layout`,
/// which counts the descriptors before and the dma-bufs afterwards.
Result<void> import_dmabufs(std::vector<UniqueFd> fds, Layout& layout, BufferData& data);

/// The whole of it: a buffer from `source`, without uses, of which `crop` counts (see
/// Request::crop_width; zeros: all of it).
Result<Buffer> import_buffer(std::vector<UniqueFd> fds, Layout layout, SourceRecord source,
                             const Crop& crop = {});

} // namespace simplealloc
