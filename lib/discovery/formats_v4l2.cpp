// SPDX-License-Identifier: MIT
// Pixel formats by what lies in memory. V4L2 names the bytes in order of their addresses, DRM the
// bits of a little-endian word from the top; pixfmt-rgb.rst and drm_fourcc.h draw them.
#include "lib/discovery/formats_v4l2.hpp"

#include <algorithm>
#include <drm_fourcc.h>
#include <linux/videodev2.h>

namespace simplealloc {

namespace {

// Newer than the headers of some distributions.
constexpr std::uint32_t pix_fmt_rgbx1010102 = v4l2_fourcc('R', 'X', '3', '0');
constexpr std::uint32_t pix_fmt_rgba1010102 = v4l2_fourcc('R', 'A', '3', '0');
constexpr std::uint32_t pix_fmt_argb2101010 = v4l2_fourcc('A', 'R', '3', '0');
constexpr std::uint32_t pix_fmt_p012 = v4l2_fourcc('P', '0', '1', '2');
constexpr std::uint32_t pix_fmt_p012m = v4l2_fourcc('P', 'M', '1', '2');
constexpr std::uint32_t drm_p012 = fourcc_code('P', '0', '1', '2');

constexpr V4l2Format one(std::uint32_t pixelformat, std::uint32_t drm, std::uint64_t modifier = 0) {
    return {pixelformat, Fourcc(drm), modifier, false};
}

constexpr V4l2Format each(std::uint32_t pixelformat, std::uint32_t drm,
                          std::uint64_t modifier = 0) {
    return {pixelformat, Fourcc(drm), modifier, true};
}

// The first row with a given right side is preferred.
constexpr V4l2Format formats[] = {
    // 32 bits
    one(V4L2_PIX_FMT_XBGR32, DRM_FORMAT_XRGB8888),
    one(V4L2_PIX_FMT_ABGR32, DRM_FORMAT_ARGB8888),
    one(V4L2_PIX_FMT_RGBX32, DRM_FORMAT_XBGR8888),
    one(V4L2_PIX_FMT_RGBA32, DRM_FORMAT_ABGR8888),
    one(V4L2_PIX_FMT_XRGB32, DRM_FORMAT_BGRX8888),
    one(V4L2_PIX_FMT_ARGB32, DRM_FORMAT_BGRA8888),
    one(V4L2_PIX_FMT_BGRX32, DRM_FORMAT_RGBX8888),
    one(V4L2_PIX_FMT_BGRA32, DRM_FORMAT_RGBA8888),
    // Their fourth byte is alpha for some drivers and rubbish for others.
    one(V4L2_PIX_FMT_BGR32, DRM_FORMAT_XRGB8888),
    one(V4L2_PIX_FMT_RGB32, DRM_FORMAT_BGRX8888),
    one(pix_fmt_rgbx1010102, DRM_FORMAT_RGBX1010102),
    one(pix_fmt_rgba1010102, DRM_FORMAT_RGBA1010102),
    one(pix_fmt_argb2101010, DRM_FORMAT_ARGB2101010),

    // 24 bits
    one(V4L2_PIX_FMT_RGB24, DRM_FORMAT_BGR888),
    one(V4L2_PIX_FMT_BGR24, DRM_FORMAT_RGB888),

    // 16 bits
    one(V4L2_PIX_FMT_RGB565, DRM_FORMAT_RGB565),
    one(V4L2_PIX_FMT_XRGB555, DRM_FORMAT_XRGB1555),
    one(V4L2_PIX_FMT_ARGB555, DRM_FORMAT_ARGB1555),
    one(V4L2_PIX_FMT_XBGR555, DRM_FORMAT_XBGR1555),
    one(V4L2_PIX_FMT_ABGR555, DRM_FORMAT_ABGR1555),
    one(V4L2_PIX_FMT_RGBX555, DRM_FORMAT_RGBX5551),
    one(V4L2_PIX_FMT_RGBA555, DRM_FORMAT_RGBA5551),
    one(V4L2_PIX_FMT_BGRX555, DRM_FORMAT_BGRX5551),
    one(V4L2_PIX_FMT_BGRA555, DRM_FORMAT_BGRA5551),
    one(V4L2_PIX_FMT_RGB555, DRM_FORMAT_XRGB1555),
    one(V4L2_PIX_FMT_XRGB444, DRM_FORMAT_XRGB4444),
    one(V4L2_PIX_FMT_ARGB444, DRM_FORMAT_ARGB4444),
    one(V4L2_PIX_FMT_XBGR444, DRM_FORMAT_XBGR4444),
    one(V4L2_PIX_FMT_ABGR444, DRM_FORMAT_ABGR4444),
    one(V4L2_PIX_FMT_RGBX444, DRM_FORMAT_RGBX4444),
    one(V4L2_PIX_FMT_RGBA444, DRM_FORMAT_RGBA4444),
    one(V4L2_PIX_FMT_BGRX444, DRM_FORMAT_BGRX4444),
    one(V4L2_PIX_FMT_BGRA444, DRM_FORMAT_BGRA4444),
    one(V4L2_PIX_FMT_RGB444, DRM_FORMAT_XRGB4444),

    // 8 bits
    one(V4L2_PIX_FMT_RGB332, DRM_FORMAT_RGB332),
    one(V4L2_PIX_FMT_GREY, DRM_FORMAT_R8),

    // Packed YUV. V4L2's AYUV begins with A in memory, DRM's ends with it.
    one(V4L2_PIX_FMT_YUYV, DRM_FORMAT_YUYV),
    one(V4L2_PIX_FMT_YVYU, DRM_FORMAT_YVYU),
    one(V4L2_PIX_FMT_UYVY, DRM_FORMAT_UYVY),
    one(V4L2_PIX_FMT_VYUY, DRM_FORMAT_VYUY),
    one(V4L2_PIX_FMT_VUYA32, DRM_FORMAT_AYUV),
    one(V4L2_PIX_FMT_VUYX32, DRM_FORMAT_XYUV8888),
    one(V4L2_PIX_FMT_YUV24, DRM_FORMAT_VUY888),

    // Y plane and interleaved chroma plane
    one(V4L2_PIX_FMT_NV12, DRM_FORMAT_NV12),
    one(V4L2_PIX_FMT_NV21, DRM_FORMAT_NV21),
    one(V4L2_PIX_FMT_NV16, DRM_FORMAT_NV16),
    one(V4L2_PIX_FMT_NV61, DRM_FORMAT_NV61),
    one(V4L2_PIX_FMT_NV24, DRM_FORMAT_NV24),
    one(V4L2_PIX_FMT_NV42, DRM_FORMAT_NV42),
    one(V4L2_PIX_FMT_P010, DRM_FORMAT_P010),
    one(pix_fmt_p012, drm_p012),
    each(V4L2_PIX_FMT_NV12M, DRM_FORMAT_NV12),
    each(V4L2_PIX_FMT_NV21M, DRM_FORMAT_NV21),
    each(V4L2_PIX_FMT_NV16M, DRM_FORMAT_NV16),
    each(V4L2_PIX_FMT_NV61M, DRM_FORMAT_NV61),
    each(pix_fmt_p012m, drm_p012),

    // Three planes
    one(V4L2_PIX_FMT_YUV420, DRM_FORMAT_YUV420),
    one(V4L2_PIX_FMT_YVU420, DRM_FORMAT_YVU420),
    one(V4L2_PIX_FMT_YUV422P, DRM_FORMAT_YUV422),
    one(V4L2_PIX_FMT_YUV411P, DRM_FORMAT_YUV411),
    one(V4L2_PIX_FMT_YUV410, DRM_FORMAT_YUV410),
    one(V4L2_PIX_FMT_YVU410, DRM_FORMAT_YVU410),
    each(V4L2_PIX_FMT_YUV420M, DRM_FORMAT_YUV420),
    each(V4L2_PIX_FMT_YVU420M, DRM_FORMAT_YVU420),
    each(V4L2_PIX_FMT_YUV422M, DRM_FORMAT_YUV422),
    each(V4L2_PIX_FMT_YVU422M, DRM_FORMAT_YVU422),
    each(V4L2_PIX_FMT_YUV444M, DRM_FORMAT_YUV444),
    each(V4L2_PIX_FMT_YVU444M, DRM_FORMAT_YVU444),

    // Tiled: a code of their own in V4L2, a modifier in DRM
    one(V4L2_PIX_FMT_NV12_32L32, DRM_FORMAT_NV12, DRM_FORMAT_MOD_ALLWINNER_TILED),
    each(V4L2_PIX_FMT_NV12MT, DRM_FORMAT_NV12, DRM_FORMAT_MOD_SAMSUNG_64_32_TILE),
    each(V4L2_PIX_FMT_NV12MT_16X16, DRM_FORMAT_NV12, DRM_FORMAT_MOD_SAMSUNG_16_16_TILE),
};

} // namespace

std::span<const V4l2Format> v4l2_formats() {
    return formats;
}

const V4l2Format* find_v4l2_format(std::uint32_t pixelformat) {
    const auto* const found =
        std::find_if(std::begin(formats), std::end(formats),
                     [&](const V4l2Format& row) { return row.pixelformat == pixelformat; });
    return found != std::end(formats) ? found : nullptr;
}

const V4l2Format* find_v4l2_format(Fourcc fourcc, std::uint64_t modifier, bool per_plane,
                                   std::span<const std::uint32_t> offered) {
    for (const V4l2Format& row : formats)
        if (row.fourcc == fourcc && row.modifier == modifier && row.per_plane == per_plane &&
            std::find(offered.begin(), offered.end(), row.pixelformat) != offered.end())
            return &row;
    return nullptr;
}

std::string pixelformat_name(std::uint32_t pixelformat) {
    constexpr std::uint32_t big_endian = 1U << 31U;
    std::string name = to_string(Fourcc(pixelformat & ~big_endian));
    return (pixelformat & big_endian) != 0 ? name + "-BE" : name;
}

} // namespace simplealloc
