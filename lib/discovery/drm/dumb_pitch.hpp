// SPDX-License-Identifier: MIT
// The rule by which a driver rounds the lines of dumb buffers.
#pragma once

#include "lib/discovery/record/device_record.hpp"

namespace simplealloc {

/// Asks a card on a description of our own, and notes rule and fact. Makes two dumb buffers of one
/// line and destroys them at once.
void ask_dumb_pitch(int fd, DeviceRecord& record);

} // namespace simplealloc
