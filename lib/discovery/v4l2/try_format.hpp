// SPDX-License-Identifier: MIT
// VIDIOC_TRY_FMT: what a driver would make of a layout. Where it only repeats the question, a
// quirk row or a context of our own has the answer.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/discovery/v4l2/choice.hpp"

#include <linux/videodev2.h>

namespace simplealloc {

struct TriedPlane {
    std::uint64_t stride = 0;
    std::uint64_t size = 0;
};

struct TriedFormat {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t pixelformat = 0;
    std::vector<TriedPlane> planes; ///< memory planes
    Evidence evidence = {Confidence::known, "VIDIOC_TRY_FMT"};

    /// Whether it says how many bytes each plane takes: a driver that leaves that out has laid
    /// nothing out.
    [[nodiscard]] bool is_sized() const;
};

/// Nothing when the driver can't be asked. Works beside an owner of the queue, and changes nothing.
std::optional<TriedFormat> ask_try_format(const DeviceRecord& device, Use use,
                                          const V4l2Choice& choice, const Layout& layout);

/// Whether the driver's size is that of the layout in a codec's whole blocks: the visible picture
/// stays what was asked for, its planes are padded. Of an opaque image every driver may round.
bool is_coded_size(const TriedFormat& tried, Use use, const Layout& layout);

/// What a driver makes of a layout.
struct FormatAnswer {
    Constraints limits; ///< its strides, sizes and lines
    Evidence evidence;  ///< of the limits
    /// False: it took the image and did not say how many bytes its planes have.
    bool sized = true;
};

/// Asks a V4L2 driver (TRY_FMT: no side effect) which stride and size it makes of `layout`. No
/// answer (no V4L2 device, no TRY_FMT, no permission): nothing. Fails with unsupported when the
/// driver changes width, height or pixel format.
Result<std::optional<FormatAnswer>> try_format(const DeviceRecord& device, const DeviceUse& use,
                                               const Layout& layout);

/// Asks a V4L2 driver whether it takes the strides and sizes of a real layout as they are. No
/// answer: it passes. Fails with mismatch.
Result<void> check_format(const DeviceRecord& device, const DeviceUse& use, const Layout& layout);

} // namespace simplealloc
