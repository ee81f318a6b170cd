// SPDX-License-Identifier: MIT
// Pixel formats and modifiers as DRM names them.
#pragma once

#include <simplealloc/api.h>

SIMPLEALLOC_BEGIN_C

/// A DRM pixel format code of four characters. The codes are those of <drm_fourcc.h>
/// (DRM_FORMAT_XRGB8888, ...), which this library does not need.
#define SIMPLEALLOC_FOURCC(a, b, c, d)                                                             \
    ((uint32_t)(a) | ((uint32_t)(b) << 8) | ((uint32_t)(c) << 16) | ((uint32_t)(d) << 24))

/// A code of V4L2 (V4L2_PIX_FMT_H264, ...), marked, as DRM has some of them for other formats. It
/// stands for images that no DRM device knows.
#define SIMPLEALLOC_FOURCC_V4L2(pixelformat) ((uint32_t)(pixelformat) | UINT32_C(0x80))

/// A plain run of bytes, no pixels.
#define SIMPLEALLOC_FOURCC_BYTES UINT32_C(0)

/// Reads the name of a format (`XRGB8888`, `DRM_FORMAT_XRGB8888`), or one to four printable
/// characters of its code, short ones padded with spaces as DRM does (`R8`), and behind `v4l2:`
/// those of a code of V4L2 (`v4l2:H264`), a big-endian one with `-BE` at its end.
/// Returns -EINVAL for anything else, and stores nothing.
SIMPLEALLOC_API int simplealloc_fourcc_parse(const char* text, uint32_t* fourcc);
/// Writes the code's characters, behind `v4l2:` for one of V4L2, `bytes` for 0, unprintable ones as
/// `0x%08x`, as snprintf() does: returns the length without the final NUL, also when `size` is too
/// small, or a negative errno.
SIMPLEALLOC_API int simplealloc_fourcc_to_string(uint32_t fourcc, char* text, size_t size);

/// DRM_FORMAT_MOD_INVALID: the value of every implicit modifier, and of no other.
#define SIMPLEALLOC_MODIFIER_INVALID UINT64_C(0x00ffffffffffffff)

/// How the arrangement of pixels is known.
enum simplealloc_modifier_state {
    SIMPLEALLOC_MODIFIER_NAMED,               ///< by its number
    SIMPLEALLOC_MODIFIER_LINEAR_BY_INTERFACE, ///< LINEAR, and no device was told so
    SIMPLEALLOC_MODIFIER_IMPLICIT,            ///< to its device alone
};

/// How pixels are arranged in memory.
struct simplealloc_modifier {
    uint64_t value;                        ///< DRM_FORMAT_MOD_*; 0 is LINEAR
    enum simplealloc_modifier_state state; ///< how it is known
};

/// Reads `LINEAR`, `INVALID` (implicit), a number (`0x…` or decimal), or a name: that of libdrm
/// (`X_TILED`), with the vendor before it (`INTEL_X_TILED`) or not, or that of drm_fourcc.h
/// (`I915_FORMAT_MOD_X_TILED`). Returns -EINVAL for anything else, also for a name that several
/// vendors have, and stores nothing.
SIMPLEALLOC_API int simplealloc_modifier_parse(const char* text,
                                               struct simplealloc_modifier* modifier);
/// Writes `LINEAR`, `INVALID` for implicit, or libdrm's name (`X_TILED`), with the vendor before
/// one that several have (`VIVANTE_TILED`), else `0x%016x`; see simplealloc_fourcc_to_string().
SIMPLEALLOC_API int simplealloc_modifier_to_string(struct simplealloc_modifier modifier, char* text,
                                                   size_t size);

SIMPLEALLOC_END_C
