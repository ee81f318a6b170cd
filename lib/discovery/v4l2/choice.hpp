// SPDX-License-Identifier: MIT
// Which queue and pixel format of a V4L2 device stand for a use and a layout.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/model/v4l2_formats.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace simplealloc {

/// Whether the device reads the buffer: the side that V4L2 calls output.
bool is_output(Use use);

/// The queues of the use's direction, in the order that the driver shows them.
std::vector<const V4l2Queue*> queues_for(const V4l2Info& v4l2, Use use);

bool is_multiplanar(const V4l2Queue& queue);

/// False: metadata, VBI or radio samples.
bool is_of_pictures(const V4l2Queue& queue);

/// The queue that the use goes to; none: it is no V4L2 device.
solver::QueueSide queue_side(const DeviceRecord& device, Use use);

/// The types of the queues that buffers for the device's own uses may be made on, in the order to
/// try them: all on the side of the first, as that is where the memory is its own. Without a use of
/// its own any side will do.
std::vector<std::uint32_t> making_queues(const V4l2Info& v4l2, std::span<const Use> own_uses);

struct V4l2Choice {
    const V4l2Queue* queue;
    V4l2Format format;
};

/// The code itself where the queue offers what is asked for as an opaque image. It has as many
/// memory planes as its driver says.
std::optional<V4l2Format> opaque_format(const V4l2Queue& queue, Fourcc fourcc);

/// Nothing when no queue of the direction has a pixel format for this fourcc, modifier and
/// placement.
std::optional<V4l2Choice> choose_format(const V4l2Info& v4l2, Use use, const Layout& layout);

} // namespace simplealloc
