// SPDX-License-Identifier: MIT
// A codec's whole blocks are lines that it counts and strides that it makes.
#include "lib/solver/explain/padded_sizes.hpp"

#include "lib/model/formats.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace simplealloc::solver {
namespace {

constexpr std::size_t most_of_each = 4;
constexpr std::size_t most_sizes = 8;
constexpr std::uint64_t most_padding = 256; ///< more is another image

using Numbers = std::set<std::uint64_t>;

void add(Numbers& numbers, std::uint64_t wanted, const Checked& number) {
    if (number.ok && number.value >= wanted && number.value - wanted < most_padding)
        numbers.insert(number.value);
}

std::vector<std::uint64_t> few(const Numbers& numbers) {
    std::vector<std::uint64_t> first(numbers.begin(), numbers.end());
    first.resize(std::min(first.size(), most_of_each));
    return first;
}

/// The width whose lines have that many bytes.
Checked width_of(const PlaneGeometry& plane, std::uint64_t stride) {
    if (stride % plane.bytes != 0)
        return 0;
    return Checked{stride / plane.bytes} * plane.horizontal;
}

} // namespace

std::vector<ImageSize> padded_sizes(const Input& input) {
    const ResolvedRequest& request = input.request;
    const std::optional<FormatInfo> format = format_info(request.fourcc);
    if (!format || format->opaque || format->planes.empty() || !request.is_image())
        return {};
    const PlaneGeometry& first = format->planes.front();
    Numbers widths{request.width};
    Numbers heights{request.height};
    for (const UseInput& use : input.uses)
        for (const CapabilitySet& set : use.alternatives) {
            const Constraints& c = set.constraints;
            add(heights, request.height, round_up(request.height, c.height_align));
            const Checked width = round_up(request.width, c.width_align);
            add(widths, request.width, width);
            const Checked stride = round_up(line_bytes(first, width), c.stride_align);
            if (stride.ok)
                add(widths, request.width, width_of(first, std::max(stride.value, c.min_stride)));
        }
    std::vector<ImageSize> sizes;
    for (const std::uint64_t height : few(heights))
        for (const std::uint64_t width : few(widths))
            if (width != request.width || height != request.height)
                sizes.push_back(
                    {static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)});
    std::stable_sort(sizes.begin(), sizes.end(), [](const ImageSize& a, const ImageSize& b) {
        return std::uint64_t{a.width} * a.height < std::uint64_t{b.width} * b.height;
    });
    sizes.resize(std::min(sizes.size(), most_sizes));
    return sizes;
}

} // namespace simplealloc::solver
