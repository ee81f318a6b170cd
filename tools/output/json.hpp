// SPDX-License-Identifier: MIT
// The JSON documents of the tool, schema 2: data/simplealloc.schema.json describes each of them.
#pragma once

#include "tools/doctor.hpp"
#include "tools/output/report.hpp"

#include <simplealloc/monitor.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace simplealloc::tools {

/// `failures`: of the paths that could not be asked; the first one is also the document's `error`.
std::string devices_json(std::span<const DeviceReport> devices, std::span<const Error> failures);
std::string policy_json(std::span<const PolicyValue> values);
std::string quirks_json(std::span<const QuirksReport> reports, std::span<const Error> failures);
std::string file_check_json(const std::string& file, const FileReport& report);
std::string sources_json(std::span<const SourceInfo> sources);
std::string capabilities_json(const CapabilityReport& report);
std::string plan_json(const PlanReport& plan);
std::string buffers_json(std::span<const BufferReport> buffers,
                         const std::optional<Stats>& stats = {});
std::string doctor_json(const DoctorReport& report);
/// In one line each, as hotplug_line() and listening_line().
/// @{
std::string listening_json_line(std::string_view origin);
std::string hotplug_json_line(const HotplugEvent& event);
/// @}
/// `failed_buffer`: which one of several could not be allocated, counted from 1.
std::string error_json(const Error& error, std::optional<std::size_t> failed_buffer = {});

} // namespace simplealloc::tools
