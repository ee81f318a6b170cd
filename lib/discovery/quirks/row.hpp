// SPDX-License-Identifier: MIT
// One section of a quirk file: what it is for, and what it says.
#pragma once

#include "lib/discovery/quirks/kernel_range.hpp"

#include <simplealloc/device.hpp>
#include <simplealloc/fact.hpp>
#include <simplealloc/modifier.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace simplealloc {

struct QuirkRow {
    std::string subsystem; ///< drm, accel, video4linux, char, ion
    std::string driver;    ///< a name or a pattern

    // Conditions; all of them must hold. Empty: holds always.
    std::string place; ///< a pattern of a name in /dev/dri/by-path or /dev/v4l/by-path
    std::vector<std::string> compatible; ///< patterns, one of them of the device's own node
    std::vector<std::string> machine;    ///< patterns, one of them of the device tree's root
    std::vector<std::string> classes;    ///< of char: names, one of them of the node's class
    std::vector<std::string> nodes;      ///< of char: patterns, one of them of the node's path
    std::vector<std::string> names;      ///< patterns, one of them of the node's name in sysfs
    std::optional<KernelRange> kernel;
    std::optional<bool> discrete;     ///< GPUs with VRAM of their own, or those without
    std::vector<std::string> pci_ids; ///< patterns of `VENDOR:DEVICE` in small letters
    std::vector<std::string> roles;   ///< names of uses, or `output`
    std::vector<Fourcc> formats;
    std::vector<std::uint64_t> modifiers;

    std::map<std::string, std::string> values; ///< key and value, checked when it was read
    Confidence confidence = Confidence::known;
    std::string source; ///< where the kernel says so
    std::string file;
    std::size_t line = 0;   ///< of the section's head
    std::string conditions; ///< as they were written, e.g. `role = capture; format = NV12`
    std::string origin;     ///< `quirk FILE [SECTION]`, with the conditions where there are some
    unsigned layer = 0;     ///< rows of a higher one win: 0 is what is compiled in
    bool decides = false;   ///< an administrator's: wins over what the kernel says, too
};

using QuirkRowPtr = std::shared_ptr<const QuirkRow>;

/// What a row says of a key.
struct QuirkValue {
    std::string text;
    std::string origin;
    Confidence confidence = Confidence::known;
    bool decides = false; ///< see QuirkRow
};

/// Whether the row counts for a use of a device with a format (fourcc::bytes: without one).
/// `m2m`: the device is a memory-to-memory one.
/// `modifier`: of the layout; nothing: whichever, so that rows of some modifiers don't count.
bool counts_for(const QuirkRow& row, Use use, Fourcc fourcc, bool m2m,
                std::optional<std::uint64_t> modifier = {});

/// Of the whole device: what is said of some uses or formats does not count. `rows` have the
/// strongest first.
std::optional<QuirkValue> find_value(std::span<const QuirkRowPtr> rows, const std::string& key);

} // namespace simplealloc
