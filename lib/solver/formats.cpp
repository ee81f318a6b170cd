// SPDX-License-Identifier: MIT
// The table of formats that can be laid out; geometry as drm_fourcc.h describes the codes.
#include "lib/solver/layout.hpp"

#include <algorithm>
#include <array>

namespace simplealloc::solver {
namespace {

constexpr std::array<PlaneGeometry, 1> bytes_1{{{1, 1, 1}}};
constexpr std::array<PlaneGeometry, 1> bytes_2{{{2, 1, 1}}};
constexpr std::array<PlaneGeometry, 1> bytes_3{{{3, 1, 1}}};
constexpr std::array<PlaneGeometry, 1> bytes_4{{{4, 1, 1}}};
constexpr std::array<PlaneGeometry, 1> packed_422{{{4, 2, 1}}};
constexpr std::array<PlaneGeometry, 2> semiplanar_420{{{1, 1, 1}, {2, 2, 2}}};
constexpr std::array<PlaneGeometry, 2> semiplanar_422{{{1, 1, 1}, {2, 2, 1}}};
constexpr std::array<PlaneGeometry, 2> semiplanar_420_16bit{{{2, 1, 1}, {4, 2, 2}}};
constexpr std::array<PlaneGeometry, 3> planar_420{{{1, 1, 1}, {1, 2, 2}, {1, 2, 2}}};
constexpr std::array<PlaneGeometry, 3> planar_422{{{1, 1, 1}, {1, 2, 1}, {1, 2, 1}}};

constexpr std::array formats{
    FormatInfo{fourcc::bytes, bytes_1, 1, 1},
    FormatInfo{fourcc::xrgb8888, bytes_4, 1, 1},
    FormatInfo{fourcc::argb8888, bytes_4, 1, 1},
    FormatInfo{Fourcc{'X', 'B', '2', '4'}, bytes_4, 1, 1},
    FormatInfo{Fourcc{'A', 'B', '2', '4'}, bytes_4, 1, 1},
    FormatInfo{fourcc::xrgb2101010, bytes_4, 1, 1},
    FormatInfo{Fourcc{'R', 'G', '2', '4'}, bytes_3, 1, 1},
    FormatInfo{Fourcc{'B', 'G', '2', '4'}, bytes_3, 1, 1},
    FormatInfo{fourcc::rgb565, bytes_2, 1, 1},
    FormatInfo{Fourcc{'G', 'R', '8', '8'}, bytes_2, 1, 1},
    FormatInfo{Fourcc{'R', '8', ' ', ' '}, bytes_1, 1, 1},
    FormatInfo{fourcc::yuyv, packed_422, 2, 1},
    FormatInfo{fourcc::uyvy, packed_422, 2, 1},
    FormatInfo{fourcc::nv12, semiplanar_420, 2, 2},
    FormatInfo{fourcc::nv21, semiplanar_420, 2, 2},
    FormatInfo{fourcc::nv16, semiplanar_422, 2, 1},
    FormatInfo{fourcc::p010, semiplanar_420_16bit, 2, 2},
    FormatInfo{fourcc::yuv420, planar_420, 2, 2},
    FormatInfo{fourcc::yvu420, planar_420, 2, 2},
    FormatInfo{fourcc::yuv422, planar_422, 2, 1},
};

} // namespace

const FormatInfo* format_info(Fourcc fourcc) {
    const auto* row = std::find_if(formats.begin(), formats.end(),
                                   [&](const FormatInfo& f) { return f.fourcc == fourcc; });
    return row == formats.end() ? nullptr : row;
}

} // namespace simplealloc::solver
