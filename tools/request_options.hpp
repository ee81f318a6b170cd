// SPDX-License-Identifier: MIT
// The request as it is typed on the command line, and its parsing. Asks no device and no kernel.
#pragma once

#include <simplealloc/request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::tools {

/// What was typed, word by word.
struct RequestText {
    std::optional<std::string> image; ///< WxH:FOURCC[:MODIFIER]
    std::optional<std::string> bytes; ///< N[K|M|G]
    std::vector<std::string> uses;    ///< PATH:ROLE
    std::optional<std::string> cpu;
    std::optional<std::string> crop;     ///< WxH
    std::optional<std::string> min_size; ///< N[K|M|G]
    std::optional<std::uint32_t> count;  ///< buffers; from 1
    std::string name;
    std::vector<std::string> without;
    std::optional<std::string> order; ///< comma separated
    bool any_device = false;
    bool strict = false;
    bool no_zero = false;
};

struct ImageOption {
    std::uint32_t width = 0;  ///< pixels
    std::uint32_t height = 0; ///< pixels
    Fourcc fourcc;
    std::optional<Modifier> modifier;

    bool operator==(const ImageOption&) const = default;
};

struct SizeOption {
    std::uint32_t width = 0;  ///< pixels
    std::uint32_t height = 0; ///< pixels

    bool operator==(const SizeOption&) const = default;
};

struct UseOption {
    std::string path;
    Use use = Use::read;

    bool operator==(const UseOption&) const = default;
};

/// A RequestText that could be read. Whether it makes sense is for the library to say.
struct RequestOptions {
    std::optional<ImageOption> image; ///< nothing: a request of bytes
    std::uint64_t bytes = 0;
    std::uint64_t min_size = 0;     ///< bytes that the first use wants at least
    std::optional<SizeOption> crop; ///< nothing: all of the image counts
    std::vector<UseOption> uses;
    CpuAccess cpu = CpuAccess::none;
    std::optional<std::uint32_t> count; ///< nothing: as the library counts
    std::string name;
    std::vector<std::string> without;
    std::vector<std::string> order;
    bool any_device = false;
    bool strict = false;
    bool zeroed = true;
};

/// A fourcc; nothing stands for plain bytes.
Result<Fourcc> parse_format(std::string_view text);
Result<ImageOption> parse_image(std::string_view text);
/// K, M and G are powers of 1024. The option is for the error.
Result<std::uint64_t> parse_bytes(std::string_view text, std::string_view option);
/// Split at the last colon: paths such as /dev/v4l/by-path/pci-0000:00:14.0 have colons too.
Result<UseOption> parse_use_option(std::string_view text);
Result<std::vector<std::string>> parse_order(std::string_view text);

/// All of the above, and that there is exactly one of image and bytes. Without a use the buffer is
/// for the CPU alone, so an unsaid --cpu means read-rarely then, and none otherwise.
Result<RequestOptions> parse_request(const RequestText& text);

} // namespace simplealloc::tools
