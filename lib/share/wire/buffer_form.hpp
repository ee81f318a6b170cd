// SPDX-License-Identifier: MIT
// What a buffer is, as bytes; docs/share.md.
#pragma once

#include "lib/model/model.hpp"

#include <simplealloc/fact.hpp>
#include <simplealloc/layout.hpp>
#include <simplealloc/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace simplealloc::wire {

/// Bytes of a message before its entries.
inline constexpr std::size_t buffer_header = 12;

/// What travels of a buffer besides its dma-bufs.
struct BufferForm {
    Layout layout;
    std::uint32_t crop_width = 0; ///< see Request::crop_width; 0: all of the image
    std::uint32_t crop_height = 0;
    std::string source; ///< its name, e.g. `dma-heap:system`
    std::string driver; ///< see solver::SourceInput
    std::vector<std::string> aliases;
    solver::Offer offer; ///< what buffer_numbers() lists of it
    std::vector<Fact> facts;
};

/// Fails with limit above the bounds of share.hpp, and with invalid for text that is not plain.
Result<std::vector<std::byte>> encode_buffer(const BufferForm& form);

/// How many bytes the message has that begins with these, and how many dma-bufs.
struct BufferHeader {
    std::size_t size = 0;
    std::size_t dmabufs = 0;
};
/// Of the first `buffer_header` bytes.
Result<BufferHeader> read_buffer_header(std::span<const std::byte> bytes);

/// The layout is checked against nothing but the number of dma-bufs.
Result<BufferForm> decode_buffer(std::span<const std::byte> message);

} // namespace simplealloc::wire
