// SPDX-License-Identifier: MIT
// How much another format changes, so that the nearest is offered first.
#include "lib/solver/explain/format_distance.hpp"

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

/// Without subsampling and in one plane, as RGB is.
constexpr std::array packed_yuv{
    fourcc::ayuv,         fourcc::avuy8888,    fourcc::xyuv8888,  fourcc::xvuy8888,
    fourcc::vuy888,       fourcc::xvuy2101010, fourcc::y410,      fourcc::y412,
    fourcc::y416,         fourcc::xvyu2101010, fourcc::vuy101010, fourcc::xvyu12_16161616,
    fourcc::xvyu16161616,
};

constexpr std::array without_colours{
    fourcc::c1, fourcc::c2, fourcc::c4,  fourcc::c8,  fourcc::d1,
    fourcc::d2, fourcc::d4, fourcc::d8,  fourcc::r1,  fourcc::r2,
    fourcc::r4, fourcc::r8, fourcc::r10, fourcc::r12, fourcc::r16,
};

template <std::size_t Count>
bool is_one_of(const std::array<Fourcc, Count>& formats, Fourcc fourcc) {
    return std::find(formats.begin(), formats.end(), fourcc) != formats.end();
}

enum class Family { rgb, yuv, grey };

Family family_of(const FormatInfo& format) {
    if (is_one_of(without_colours, format.fourcc))
        return Family::grey;
    const bool yuv = format.planes.size() > 1 || format.planes.front().horizontal > 1 ||
                     is_one_of(packed_yuv, format.fourcc);
    return yuv ? Family::yuv : Family::rgb;
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
    return {family_of(from) != family_of(to),
            bytes_of(to) < bytes_of(from),
            apart(from.planes.size(), to.planes.size()),
            apart(bytes_of(from), bytes_of(to)),
            is_one_of(swapped, from.fourcc) != is_one_of(swapped, to.fourcc),
            to.fourcc};
}

} // namespace simplealloc::solver
