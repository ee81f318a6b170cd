// SPDX-License-Identifier: MIT
// The tool's answers for people.
#pragma once

#include "tools/doctor.hpp"
#include "tools/output/report.hpp"
#include "tools/output/text_table.hpp"

#include <simplealloc/monitor.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace simplealloc::tools {

/// One line each.
std::string devices_text(std::span<const DeviceReport> devices, const Screen& screen);
/// One device with all that is known of it.
std::string device_text(const DeviceReport& device, const Screen& screen);
/// Each value that is in force, and who wants it so.
std::string policy_text(std::span<const PolicyValue> values, const Screen& screen);
/// What applies to a device, the strongest row first.
std::string quirks_text(const QuirksReport& report, const Screen& screen);
/// `FILE:LINE: …` for each mistake; `FILE: N rows` where there is none, of a file of `row`s.
std::string file_check_text(const std::string& file, const FileReport& report,
                            std::string_view row);
std::string sources_text(std::span<const SourceInfo> sources, const Screen& screen);
/// A table of limits and one of formats for each alternative, best first.
std::string capabilities_text(const CapabilityReport& report, const Screen& screen);
std::string plan_text(const PlanReport& plan, const Screen& screen);
/// Who sets each limit of the candidates, and what each but the first lost by.
std::string why_text(const PlanReport& plan, const Screen& screen);
std::string buffers_text(std::span<const BufferReport> buffers, const Screen& screen);
/// One line for each source that was tried, and one for all where there are several.
std::string stats_text(const Stats& stats, const Screen& screen);
std::string doctor_text(const DoctorReport& report, const Screen& screen);

/// The first line of a monitor: from now on nothing is missed. `origin` is that of the Monitor.
std::string listening_line(std::string_view origin);
std::string hotplug_line(const HotplugEvent& event);

/// `simplealloc: …`, and the remedy on a line of its own that starts with `  try: `.
std::string error_text(const Error& error, const Screen& screen,
                       std::optional<std::size_t> failed_buffer = {});
/// The attempts, rejections and conflict behind an error; empty when there are none.
std::string error_reasons_text(const Error& error, const Screen& screen);

/// The criterion that put the first candidate before the second; nothing where all are equal or
/// there is no second. Borrows from `candidates`.
const Criterion* deciding_criterion(std::span<const Candidate> candidates);

} // namespace simplealloc::tools
