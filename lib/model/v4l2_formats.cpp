// SPDX-License-Identifier: MIT
// Pixel formats by what lies in memory. V4L2 names the bytes in order of their addresses, DRM the
// bits of a little-endian word from the top; pixfmt-rgb.rst and drm_fourcc.h draw them.
#include "lib/model/v4l2_formats.hpp"

#include "lib/model/camera_formats.hpp"

#include <algorithm>
#include <drm_fourcc.h>
#include <linux/videodev2.h>
#include <vector>

namespace simplealloc {

namespace {

// Newer than the headers of some distributions.
constexpr std::uint32_t pix_fmt_rgbx1010102 = v4l2_fourcc('R', 'X', '3', '0');
constexpr std::uint32_t pix_fmt_rgba1010102 = v4l2_fourcc('R', 'A', '3', '0');
constexpr std::uint32_t pix_fmt_argb2101010 = v4l2_fourcc('A', 'R', '3', '0');
constexpr std::uint32_t pix_fmt_bgr48 = v4l2_fourcc('B', 'G', 'R', '6');
constexpr std::uint32_t pix_fmt_rgb48 = v4l2_fourcc('R', 'G', 'B', '6');
constexpr std::uint32_t pix_fmt_y210 = v4l2_fourcc('Y', '2', '1', '0');
constexpr std::uint32_t pix_fmt_y212 = v4l2_fourcc('Y', '2', '1', '2');
constexpr std::uint32_t pix_fmt_y216 = v4l2_fourcc('Y', '2', '1', '6');
constexpr std::uint32_t pix_fmt_nv15 = v4l2_fourcc('N', 'V', '1', '5');
constexpr std::uint32_t pix_fmt_nv20 = v4l2_fourcc('N', 'V', '2', '0');
constexpr std::uint32_t pix_fmt_p012 = v4l2_fourcc('P', '0', '1', '2');
constexpr std::uint32_t pix_fmt_p012m = v4l2_fourcc('P', 'M', '1', '2');
constexpr std::uint32_t pix_fmt_mt2110t = v4l2_fourcc('M', 'T', '2', 'T');
constexpr std::uint32_t pix_fmt_mt2110r = v4l2_fourcc('M', 'T', '2', 'R');
constexpr std::uint32_t pix_fmt_qc08c = v4l2_fourcc('Q', '0', '8', 'C');

/// DRM_FORMAT_MOD_MTK, newer than Linux 6.12: vendor 0x0b, the tiling in bits 7:0, and in bits
/// 23:16 where the lower two of 10 bits are.
constexpr std::uint64_t mod_mtk(std::uint64_t tiling, std::uint64_t low_bits) {
    return std::uint64_t{0x0b} << 56U | low_bits << 16U | tiling;
}
/// Tiles of 16x32 pixels, of chroma 16x16.
constexpr std::uint64_t mtk_16l_32s = 1;

constexpr V4l2Format one(std::uint32_t pixelformat, Fourcc fourcc, std::uint64_t modifier = 0) {
    return {pixelformat, fourcc, modifier, false};
}

constexpr V4l2Format each(std::uint32_t pixelformat, Fourcc fourcc, std::uint64_t modifier = 0) {
    return {pixelformat, fourcc, modifier, true};
}

// The first row with a given right side is preferred. A pixel format that DRM has several codes for
// has rows next to each other, the one that most devices know first.
//
// Not here, as DRM has no modifier with the same tiles of chroma: NV12_4L4, NV15_4L4, P010_4L4,
// NV12_16L16 and the 8L128 formats, whose chroma tiles have as many bytes and lines as those of
// luma. Nor what is compressed in a driver's own way (MT21C, QC10C), nor the columns of 128 bytes
// of Raspberry Pi's kernel (NC12, NC30): the number in DRM's modifier for them is the column's
// height.
constexpr V4l2Format drm_formats[] = {
    // 32 bits
    one(V4L2_PIX_FMT_XBGR32, fourcc::xrgb8888),
    one(V4L2_PIX_FMT_ABGR32, fourcc::argb8888),
    one(V4L2_PIX_FMT_RGBX32, fourcc::xbgr8888),
    one(V4L2_PIX_FMT_RGBA32, fourcc::abgr8888),
    one(V4L2_PIX_FMT_XRGB32, fourcc::bgrx8888),
    one(V4L2_PIX_FMT_ARGB32, fourcc::bgra8888),
    one(V4L2_PIX_FMT_BGRX32, fourcc::rgbx8888),
    one(V4L2_PIX_FMT_BGRA32, fourcc::rgba8888),
    // Their fourth byte is alpha for some drivers and rubbish for others.
    one(V4L2_PIX_FMT_BGR32, fourcc::xrgb8888),
    one(V4L2_PIX_FMT_RGB32, fourcc::bgrx8888),
    one(pix_fmt_rgbx1010102, fourcc::rgbx1010102),
    one(pix_fmt_rgba1010102, fourcc::rgba1010102),
    one(pix_fmt_argb2101010, fourcc::argb2101010),

    // 24 and 48 bits
    one(V4L2_PIX_FMT_RGB24, fourcc::bgr888),
    one(V4L2_PIX_FMT_BGR24, fourcc::rgb888),
    one(pix_fmt_rgb48, fourcc::bgr161616),
    one(pix_fmt_bgr48, fourcc::rgb161616),

    // 16 bits
    one(V4L2_PIX_FMT_RGB565, fourcc::rgb565),
    one(V4L2_PIX_FMT_XRGB555, fourcc::xrgb1555),
    one(V4L2_PIX_FMT_ARGB555, fourcc::argb1555),
    one(V4L2_PIX_FMT_XBGR555, fourcc::xbgr1555),
    one(V4L2_PIX_FMT_ABGR555, fourcc::abgr1555),
    one(V4L2_PIX_FMT_RGBX555, fourcc::rgbx5551),
    one(V4L2_PIX_FMT_RGBA555, fourcc::rgba5551),
    one(V4L2_PIX_FMT_BGRX555, fourcc::bgrx5551),
    one(V4L2_PIX_FMT_BGRA555, fourcc::bgra5551),
    one(V4L2_PIX_FMT_RGB555, fourcc::xrgb1555),
    one(V4L2_PIX_FMT_XRGB444, fourcc::xrgb4444),
    one(V4L2_PIX_FMT_ARGB444, fourcc::argb4444),
    one(V4L2_PIX_FMT_XBGR444, fourcc::xbgr4444),
    one(V4L2_PIX_FMT_ABGR444, fourcc::abgr4444),
    one(V4L2_PIX_FMT_RGBX444, fourcc::rgbx4444),
    one(V4L2_PIX_FMT_RGBA444, fourcc::rgba4444),
    one(V4L2_PIX_FMT_BGRX444, fourcc::bgrx4444),
    one(V4L2_PIX_FMT_BGRA444, fourcc::bgra4444),
    one(V4L2_PIX_FMT_RGB444, fourcc::xrgb4444),

    // 8 bits, and one channel of more. DRM_FORMAT_Y8 is the same code as GREY and says luma, but is
    // newer than Linux 6.12: whoever shows or samples gray bytes calls them R8.
    one(V4L2_PIX_FMT_RGB332, fourcc::rgb332),
    one(V4L2_PIX_FMT_PAL8, fourcc::c8),
    one(V4L2_PIX_FMT_GREY, fourcc::r8),
    one(V4L2_PIX_FMT_GREY, fourcc::y8),
    one(V4L2_PIX_FMT_Y10, fourcc::r10),
    one(V4L2_PIX_FMT_Y12, fourcc::r12),
    one(V4L2_PIX_FMT_Y16, fourcc::r16),

    // Packed YUV. V4L2's AYUV begins with A in memory, DRM's ends with it.
    one(V4L2_PIX_FMT_YUYV, fourcc::yuyv),
    one(V4L2_PIX_FMT_YVYU, fourcc::yvyu),
    one(V4L2_PIX_FMT_UYVY, fourcc::uyvy),
    one(V4L2_PIX_FMT_VYUY, fourcc::vyuy),
    one(V4L2_PIX_FMT_VUYA32, fourcc::ayuv),
    one(V4L2_PIX_FMT_VUYX32, fourcc::xyuv8888),
    one(V4L2_PIX_FMT_YUVA32, fourcc::avuy8888),
    one(V4L2_PIX_FMT_YUVX32, fourcc::xvuy8888),
    one(V4L2_PIX_FMT_YUV24, fourcc::vuy888),
    one(pix_fmt_y210, fourcc::y210),
    one(pix_fmt_y212, fourcc::y212),
    one(pix_fmt_y216, fourcc::y216),

    // Y plane and interleaved chroma plane
    one(V4L2_PIX_FMT_NV12, fourcc::nv12),
    one(V4L2_PIX_FMT_NV21, fourcc::nv21),
    one(V4L2_PIX_FMT_NV16, fourcc::nv16),
    one(V4L2_PIX_FMT_NV61, fourcc::nv61),
    one(V4L2_PIX_FMT_NV24, fourcc::nv24),
    one(V4L2_PIX_FMT_NV42, fourcc::nv42),
    one(pix_fmt_nv15, fourcc::nv15),
    one(pix_fmt_nv20, fourcc::nv20),
    one(V4L2_PIX_FMT_P010, fourcc::p010),
    one(pix_fmt_p012, fourcc::p012),
    each(V4L2_PIX_FMT_NV12M, fourcc::nv12),
    each(V4L2_PIX_FMT_NV21M, fourcc::nv21),
    each(V4L2_PIX_FMT_NV16M, fourcc::nv16),
    each(V4L2_PIX_FMT_NV61M, fourcc::nv61),
    each(pix_fmt_p012m, fourcc::p012),

    // Three planes
    one(V4L2_PIX_FMT_YUV420, fourcc::yuv420),
    one(V4L2_PIX_FMT_YVU420, fourcc::yvu420),
    one(V4L2_PIX_FMT_YUV422P, fourcc::yuv422),
    one(V4L2_PIX_FMT_YUV411P, fourcc::yuv411),
    one(V4L2_PIX_FMT_YUV410, fourcc::yuv410),
    one(V4L2_PIX_FMT_YVU410, fourcc::yvu410),
    each(V4L2_PIX_FMT_YUV420M, fourcc::yuv420),
    each(V4L2_PIX_FMT_YVU420M, fourcc::yvu420),
    each(V4L2_PIX_FMT_YUV422M, fourcc::yuv422),
    each(V4L2_PIX_FMT_YVU422M, fourcc::yvu422),
    each(V4L2_PIX_FMT_YUV444M, fourcc::yuv444),
    each(V4L2_PIX_FMT_YVU444M, fourcc::yvu444),

    // Tiled: a code of their own in V4L2, a modifier in DRM
    one(V4L2_PIX_FMT_NV12_32L32, fourcc::nv12, DRM_FORMAT_MOD_ALLWINNER_TILED),
    each(V4L2_PIX_FMT_NV12MT, fourcc::nv12, DRM_FORMAT_MOD_SAMSUNG_64_32_TILE),
    each(V4L2_PIX_FMT_NV12MT_16X16, fourcc::nv12, DRM_FORMAT_MOD_SAMSUNG_16_16_TILE),
    each(V4L2_PIX_FMT_MM21, fourcc::nv12, mod_mtk(mtk_16l_32s, 0)),
    each(pix_fmt_mt2110t, fourcc::nv15, mod_mtk(mtk_16l_32s, 1)), // by tiles
    each(pix_fmt_mt2110r, fourcc::nv15, mod_mtk(mtk_16l_32s, 2)), // line by line
    // Compressed in the way that the decoder (venus, to_hfi_raw_fmt()) shares with the display
    // (dpu_format_get_plane_sizes()).
    one(pix_fmt_qc08c, fourcc::nv12, DRM_FORMAT_MOD_QCOM_COMPRESSED),
};

} // namespace

std::span<const V4l2Format> v4l2_formats() {
    static const std::vector<V4l2Format> all = [] {
        std::vector<V4l2Format> list(std::begin(drm_formats), std::end(drm_formats));
        for (const solver::FormatInfo& info : solver::camera_formats())
            list.push_back(one(info.fourcc.v4l2_code(), info.fourcc));
        return list;
    }();
    return all;
}

std::span<const V4l2Format> v4l2_formats(std::uint32_t pixelformat) {
    const auto is_it = [&](const V4l2Format& row) { return row.pixelformat == pixelformat; };
    const std::span<const V4l2Format> all = v4l2_formats();
    const auto first = std::find_if(all.begin(), all.end(), is_it);
    return {first, std::find_if_not(first, all.end(), is_it)};
}

const V4l2Format* find_v4l2_format(std::uint32_t pixelformat) {
    const auto found = v4l2_formats(pixelformat);
    return found.empty() ? nullptr : &found.front();
}

const V4l2Format* find_v4l2_format(Fourcc fourcc, std::uint64_t modifier, bool per_plane,
                                   std::span<const std::uint32_t> offered) {
    for (const V4l2Format& row : v4l2_formats())
        if (row.fourcc == fourcc && row.modifier == modifier && row.per_plane == per_plane &&
            std::find(offered.begin(), offered.end(), row.pixelformat) != offered.end())
            return &row;
    return nullptr;
}

std::string pixelformat_name(std::uint32_t pixelformat) {
    const std::string text = to_string(Fourcc::v4l2(pixelformat));
    const std::size_t colon = text.find(':');
    return colon == std::string::npos ? text : text.substr(colon + 1);
}

} // namespace simplealloc
