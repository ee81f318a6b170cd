// SPDX-License-Identifier: MIT
// Whether the kernel or udevd may have changed since what they say of devices.
#pragma once

#include "lib/kernel/questions.hpp"

#include <optional>
#include <string>

namespace simplealloc {

/// Grows with every event; empty when unreadable.
std::string uevent_count();

/// What stays the same as long as no device comes, goes or is told to have changed.
struct Edition {
    std::string events;     ///< the kernel's count of them
    questions::Answer udev; ///< of the folder of udevd's database

    bool operator==(const Edition&) const = default;
};

/// Nothing where it would not show that something has changed.
std::optional<Edition> current_edition();

/// Whether an event tells when the question's answer changes, or it never does.
bool is_announced(const questions::Question& question);

} // namespace simplealloc
