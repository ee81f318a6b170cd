// SPDX-License-Identifier: MIT
// What this machine can do for shared buffers, what is missing, and what would help.
#pragma once

#include "tools/output/report.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace simplealloc::tools {

/// What is asked of the machine itself.
struct MachineReport {
    std::string kernel; ///< its release, e.g. `6.12.94+deb13-amd64`
    std::string architecture;
    std::uint64_t page_size = 0; ///< bytes
    std::uint64_t memory = 0;    ///< bytes of RAM
    /// Bytes reserved for contiguous memory; nothing: /proc/meminfo does not tell.
    std::optional<std::uint64_t> cma;
    std::optional<std::uint64_t> cma_free;    ///< of them, likewise
    std::optional<std::uint64_t> descriptors; ///< that a process may have; nothing: any number
};

struct DeviceHealth {
    DeviceReport device;
    std::vector<CapabilitySet> needs; ///< of plain bytes, for its first use
    std::optional<Error> problem;     ///< why it could not be asked
};

/// A use of which nobody knows whether it needs contiguous memory.
struct Doubt {
    std::string party;
    std::string row; ///< the section of a quirk file that would say it, e.g. `drm:vc4`
};

/// A frame that was planned.
struct FrameHealth {
    Fourcc fourcc; ///< fourcc::bytes: none that was tried is common to all
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::string source;        ///< where memory comes from; empty: from nowhere
    std::string reason;        ///< why from nowhere
    std::string remedy;        ///< the least loss that would help; may be empty
    std::vector<Doubt> doubts; ///< why it is unproven
};

/// What one device makes and another takes.
struct PairHealth {
    std::string from; ///< e.g. `/dev/video0 (capture)`
    std::string to;   ///< empty: the device alone
    FrameHealth frame;
};

struct Finding {
    std::string problem;
    std::string remedy; ///< empty: nothing is known that would help
};

struct DoctorReport {
    MachineReport machine;
    std::vector<DeviceHealth> devices;
    std::vector<SourceInfo> sources;
    std::vector<PairHealth> pairs;
    std::vector<PairHealth> alone;  ///< each device without another
    std::size_t pairs_left_out = 0; ///< a machine with many devices has too many of them for a page
};

MachineReport ask_machine();
/// Opens every device that it may, and plans what their users would ask: each alone, and those of
/// which one makes what the other takes.
Result<DoctorReport> examine(const Allocator& allocator, MachineReport machine);
/// Plans a frame for each pair of which one makes what the other takes, in the largest of the usual
/// formats that both have, and one for each device alone, in its own best format: 1920x1080 pixels,
/// and fewer where that is too many for a device.
void plan_for_users(const Allocator& allocator, const std::vector<Device>& devices,
                    DoctorReport& report);
/// What is missing, the most general first; those with one remedy are one.
std::vector<Finding> findings_of(const DoctorReport& report);

} // namespace simplealloc::tools
