// SPDX-License-Identifier: MIT
// The tool's commands. Each prints its answer and returns the program's exit status.
#pragma once

#include "tools/request_options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace simplealloc::tools {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1; ///< can't be satisfied, or something failed
inline constexpr int exit_usage = 2;  ///< the command line can't be understood

struct CommonOptions {
    bool json = false;
    std::string policy; ///< a file; empty: the administrator's, if there is one
    std::string quirks; ///< files and folders, separated by colons; empty: the built-in rows alone
};

struct AllocCommandOptions {
    bool verify = true;
    bool hold = false;
    bool stats = false;
};

struct MonitorCommandOptions {
    std::size_t count = 0;                ///< events to wait for; 0: any number
    std::optional<std::uint32_t> timeout; ///< seconds; nothing: no end
};

int devices_command(const CommonOptions& common, std::span<const std::string> paths);
/// The policy that is in force.
int policy_command(const CommonOptions& common);
/// Whether a policy file is right, which is not used.
int check_policy_command(const CommonOptions& common, const std::string& file);
int quirks_command(const CommonOptions& common, std::span<const std::string> paths);
/// Whether a quirk file is right, which is not used.
int check_quirks_command(const CommonOptions& common, const std::string& file);
int sources_command(const CommonOptions& common);
/// `use` is PATH:ROLE, `format` a fourcc or empty for plain bytes.
int capabilities_command(const CommonOptions& common, const std::string& use,
                         const std::string& format);
/// `why`: also who is behind each constraint and each lost rank.
int plan_command(const CommonOptions& common, const RequestText& text, bool why);
/// Prints hotplug events until it is told to stop. Ends in failure where fewer than
/// MonitorCommandOptions::count came in time.
int monitor_command(const CommonOptions& common, const MonitorCommandOptions& options);
/// Ends in failure where something is missing.
int doctor_command(const CommonOptions& common);
/// The plan as a Graphviz document, or drawn into the file `svg` when that is not empty.
int graph_command(const CommonOptions& common, const RequestText& text, const std::string& svg);
int alloc_command(const CommonOptions& common, const RequestText& text,
                  const AllocCommandOptions& options);

} // namespace simplealloc::tools
