// SPDX-License-Identifier: MIT
// The questions to a V4L2 node.
#pragma once

#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/udev.hpp"

namespace simplealloc {

/// Fills `record.v4l2` with what sysfs knows.
void find_v4l2_node(const udev::Node& node, DeviceRecord& record);

/// Asks an open node: driver, queues, formats, kinds of buffers. No call changes anything, beside
/// an owner of the queue too. A negative errno when it is no V4L2 video node.
int ask_v4l2(int fd, DeviceRecord& record);

/// Opens a V4L2 node that was only listed, where udev did not tell its uses and it may be opened:
/// its v4l_id, which many roots lack, knows neither memory-to-memory devices nor multi-planar ones.
/// VIDIOC_QUERYCAP changes nothing.
void ask_uses(DeviceRecord& record);

/// The number of this instance among those of its driver, which module parameter arrays count by;
/// `driver-NUMBER` in its name or bus information.
void number_instance(DeviceRecord& record);

/// Takes hints where neither driver nor quirk told the kind of memory.
void assume_memory(DeviceRecord& record);

/// What it can be used for; from udev's properties where it was not opened.
std::vector<Use> v4l2_uses(const V4l2Info& v4l2, const udev::Node& node);

} // namespace simplealloc
