// SPDX-License-Identifier: MIT
// How much another format changes, so that the nearest is offered first.
#include "lib/solver/format_distance.hpp"

#include <algorithm>
#include <array>

namespace simplealloc::solver {
namespace {

/// Cr before Cb where their twins have Cb first, and blue in the place of red.
constexpr std::array swapped{
    fourcc::nv21,     fourcc::nv61,     fourcc::nv42,     fourcc::yvyu,        fourcc::vyuy,
    fourcc::yvu410,   fourcc::yvu411,   fourcc::yvu420,   fourcc::yvu422,      fourcc::yvu444,
    fourcc::q401,     fourcc::bgr233,   fourcc::bgr565,   fourcc::bgr888,      fourcc::xbgr8888,
    fourcc::abgr8888, fourcc::bgrx8888, fourcc::bgra8888, fourcc::xbgr2101010, fourcc::abgr2101010,
    fourcc::xbgr4444, fourcc::abgr4444, fourcc::xbgr1555, fourcc::abgr1555,
};

bool is_swapped(Fourcc fourcc) {
    return std::find(swapped.begin(), swapped.end(), fourcc) != swapped.end();
}

bool is_subsampled(const FormatInfo& format) {
    return format.planes.size() > 1 || format.planes.front().horizontal > 1;
}

/// Of 64 pixels in each direction.
std::uint64_t bytes_of(const FormatInfo& format) {
    std::uint64_t sum = 0;
    for (const PlaneGeometry& plane : format.planes)
        sum += std::uint64_t{64} * 64 * plane.bytes / plane.horizontal / plane.vertical;
    return sum;
}

std::uint64_t apart(std::uint64_t a, std::uint64_t b) {
    return a < b ? b - a : a - b;
}

} // namespace

FormatDistance distance(const FormatInfo& from, const FormatInfo& to) {
    return {is_subsampled(from) != is_subsampled(to),         bytes_of(to) < bytes_of(from),
            apart(from.planes.size(), to.planes.size()),      apart(bytes_of(from), bytes_of(to)),
            is_swapped(from.fourcc) != is_swapped(to.fourcc), to.fourcc};
}

} // namespace simplealloc::solver
