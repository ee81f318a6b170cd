#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Transcribes the numbers of the kernel's format tables, which the layout tests compare with.

  format_tables.py LINUX_SOURCE   writes the .inc files next to this script
"""
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
CODE = r"\w*fourcc\w*\('(.)',\s*'(.)',\s*'(.)',\s*'(.)'\)"


def code_of(characters):
    return sum(ord(c) << (8 * i) for i, c in enumerate(characters))


def defines(header, prefix):
    """Name to (code, what follows on the line, the line before)."""
    found, before = {}, ""
    for line in header.splitlines():
        if match := re.match(rf"#define\s+{prefix}(\w+)\s+{CODE}(.*)", line):
            swapped = 1 << 31 if "fourcc_be(" in line else 0
            found[match[1]] = (code_of(match.groups()[1:5]) | swapped, match[6], before)
        before = line
    return found


def numbers(row, field, default, count):
    """The array or number that a designated initializer gives."""
    match = re.search(rf"\.{field}\s*=\s*(?:{{([^}}]*)}}|(\d+))", row)
    values = [int(v) for v in (match[1] or match[2]).split(",") if v.strip()] if match else []
    return (values + [default] * count)[:count]


def rows_of(source, function, prefix):
    body = source[source.index(function):]
    body = body[:body.index("\n\t};")]
    # Rows of big-endian hosts repeat others with a flag.
    body = re.sub(r"#ifdef __BIG_ENDIAN.*?#endif", "", body, flags=re.S)
    for row in body.split("{ .format = ")[1:]:
        yield re.match(rf"{prefix}(\w+)", row)[1], row


def braces(values):
    return "{" + ", ".join(str(v) for v in values) + "}"


def write(name, source, columns, rows):
    head = f"// SPDX-License-Identifier: MIT\n// Numbers of {source}, by format_tables.py.\n// {columns}\n"
    (HERE / name).write_text(head + "".join(f"{{{row}}},\n" for row in rows))
    print(f"{name}: {len(rows)} rows")


def drm_table(linux, codes):
    source = (linux / "drivers/gpu/drm/drm_fourcc.c").read_text()
    rows = []
    for name, row in rows_of(source, "__drm_format_info(u32 format)", "DRM_FORMAT_"):
        # cpp and char_per_block are one union; a block of 0 pixels stands for 1.
        bytes_ = numbers(row, "cpp", 0, 3) if ".cpp" in row else numbers(row, "char_per_block", 0, 3)
        widths = [v or 1 for v in numbers(row, "block_w", 1, 3)]
        heights = [v or 1 for v in numbers(row, "block_h", 1, 3)]
        one = [numbers(row, field, 1, 1)[0] for field in ("num_planes", "hsub", "vsub")]
        alpha = "true" if "has_alpha" in row else "false"
        rows.append(f'"{name}", {codes[name][0]:#x}, {one[0]}, {braces(bytes_)}, {braces(widths)}, '
                    f"{braces(heights)}, {one[1]}, {one[2]}, {alpha}")
    write("drm_format_info.inc", "drm_format_info in drivers/gpu/drm/drm_fourcc.c of Linux 6.12",
          "name, code, planes, bytes per block, block width, block height, hsub, vsub, alpha", rows)


def v4l2_table(linux):
    codes = defines((linux / "include/uapi/linux/videodev2.h").read_text(), "V4L2_PIX_FMT_")
    source = (linux / "drivers/media/v4l2-core/v4l2-common.c").read_text()
    rows = []
    for name, row in rows_of(source, "v4l2_format_info(u32 format)", "V4L2_PIX_FMT_"):
        one = [numbers(row, f, 1, 1)[0] for f in ("mem_planes", "comp_planes", "hdiv", "vdiv")]
        widths = [v or 1 for v in numbers(row, "block_w", 1, 3)]
        heights = [v or 1 for v in numbers(row, "block_h", 1, 3)]
        rows.append(f'"{name}", {codes[name][0]:#x}, {one[0]}, {one[1]}, '
                    f'{braces(numbers(row, "bpp", 0, 3))}, {braces(numbers(row, "bpp_div", 1, 3))}, '
                    f"{one[2]}, {one[3]}, {braces(widths)}, {braces(heights)}")
    write("v4l2_format_info.inc",
          "v4l2_format_info in drivers/media/v4l2-core/v4l2-common.c of Linux 6.12",
          "name, code, dma-bufs, planes, bytes per pixel and their divisor, hdiv, vdiv, block size",
          rows)


def pixel_format_table(linux):
    codes = defines((linux / "include/uapi/linux/videodev2.h").read_text(), "V4L2_PIX_FMT_")
    write("v4l2_pixel_formats.inc", "include/uapi/linux/videodev2.h of Linux 6.12", "name, code",
          [f'"{name}", {code:#x}' for name, (code, _, _) in codes.items()])


def header_table(codes):
    rows = []
    for name, (code, comment, before) in codes.items():
        # The 2x2 formats have their picture on the line before.
        picture = re.search(r"\[(\d+):0\]", comment) or re.match(r"/\* \[(\d+):0\]", before)
        rows.append(f'"{name}", {code:#x}, {int(picture[1]) + 1 if picture else 0}')
    write("drm_fourcc.inc", "include/uapi/drm/drm_fourcc.h of Linux 6.12",
          "name, code, bits of the word that the comment draws for a format of one plane, or 0",
          rows)


def modifier_table(linux):
    header = (linux / "include/uapi/drm/drm_fourcc.h").read_text()
    vendors = {name: int(number, 0) for name, number in
               re.findall(r"#define\s+DRM_FORMAT_MOD_VENDOR_(\w+)\s+(\w+)", header)}
    rows = re.findall(r"#define\s+(\w+_FORMAT_MOD_\w+)\s+fourcc_mod_code\((\w+), (\d+)\)", header)
    write("drm_modifiers.inc", "include/uapi/drm/drm_fourcc.h of Linux 6.12", "name, modifier",
          [f'"{name}", {vendors[vendor] << 56 | int(number):#x}' for name, vendor, number in rows])


def main():
    linux = Path(sys.argv[1])
    codes = defines((linux / "include/uapi/drm/drm_fourcc.h").read_text(), "DRM_FORMAT_")
    drm_table(linux, codes)
    v4l2_table(linux)
    pixel_format_table(linux)
    header_table(codes)
    modifier_table(linux)


if __name__ == "__main__":
    main()
