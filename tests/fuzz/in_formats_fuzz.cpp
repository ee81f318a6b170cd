// SPDX-License-Identifier: MIT
// A driver's IN_FORMATS blob: no more comes out of it than it has room for.
#include "lib/discovery/drm/in_formats.hpp"
#include "tests/fuzz/input.hpp"

#include <drm_mode.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace simplealloc;
    const auto formats = parse_in_formats(std::as_bytes(std::span(data, size)));
    if (!formats)
        return 0;
    fuzz::require(formats->size() <= size / sizeof(std::uint32_t));
    std::size_t pairs = 0;
    for (const FormatSupport& format : *formats)
        pairs += format.modifiers.size();
    // A modifier has a bit for each of 64 formats.
    fuzz::require(pairs <= size / sizeof(drm_format_modifier) * 64);
    return 0;
}
