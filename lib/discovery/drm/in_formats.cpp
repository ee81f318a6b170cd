// SPDX-License-Identifier: MIT
// Reads the IN_FORMATS blob without trusting its offsets.
#include "lib/discovery/drm/in_formats.hpp"

#include <algorithm>
#include <cstring>
#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>

namespace simplealloc {

namespace {

template <typename Element>
bool read_array(std::span<const std::byte> blob, std::uint64_t offset, std::uint64_t count,
                std::vector<Element>& out) {
    if (offset > blob.size() || count > (blob.size() - offset) / sizeof(Element))
        return false;
    out.resize(static_cast<std::size_t>(count));
    if (count > 0)
        std::memcpy(out.data(), blob.data() + offset, out.size() * sizeof(Element));
    return true;
}

} // namespace

std::optional<std::vector<FormatSupport>> parse_in_formats(std::span<const std::byte> blob) {
    drm_format_modifier_blob header = {};
    if (blob.size() < sizeof header)
        return std::nullopt;
    std::memcpy(&header, blob.data(), sizeof header);
    std::vector<std::uint32_t> codes;
    std::vector<drm_format_modifier> modifiers;
    if (header.version != FORMAT_BLOB_CURRENT ||
        !read_array(blob, header.formats_offset, header.count_formats, codes) ||
        !read_array(blob, header.modifiers_offset, header.count_modifiers, modifiers))
        return std::nullopt;

    std::vector<FormatSupport> formats;
    for (const std::uint32_t code : codes)
        formats.push_back({Fourcc(code), {}, false});
    for (const drm_format_modifier& modifier : modifiers) {
        // A modifier comes once for each 64 formats; bit i stands for formats[offset + i].
        for (std::uint64_t bit = 0; bit < 64; ++bit) {
            if ((modifier.formats >> bit & 1U) == 0)
                continue;
            const std::uint64_t index = modifier.offset + bit;
            if (index >= formats.size())
                return std::nullopt;
            formats[static_cast<std::size_t>(index)].modifiers.push_back(modifier.modifier);
        }
    }
    // A framebuffer that is made without a modifier is LINEAR for the kernel, and a plane that does
    // not list LINEAR refuses it (drm_plane_has_format()).
    for (FormatSupport& format : formats)
        format.without_modifier = std::find(format.modifiers.begin(), format.modifiers.end(),
                                            DRM_FORMAT_MOD_LINEAR) != format.modifiers.end();
    std::erase_if(formats, [](const FormatSupport& format) { return format.modifiers.empty(); });
    return formats;
}

} // namespace simplealloc
