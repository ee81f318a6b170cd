// SPDX-License-Identifier: MIT
// The JSON documents of the tool, schema 1. Keys may be added; none is ever renamed or removed.
#pragma once

#include "tools/output/report.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace simplealloc::tools {

/// `failures`: of the paths that could not be asked; the first one is also the document's `error`.
std::string devices_json(std::span<const DeviceReport> devices, std::span<const Error> failures);
std::string policy_json(std::span<const PolicyValue> values);
std::string quirks_json(std::span<const QuirksReport> reports, std::span<const Error> failures);
/// `rows`: the key of what was understood.
std::string file_check_json(const std::string& file, const FileReport& report,
                            const std::string& rows);
std::string sources_json(std::span<const SourceInfo> sources);
std::string capabilities_json(const CapabilityReport& report);
std::string plan_json(const PlanReport& plan);
/// One buffer has its keys at the top of the document, several are under `buffers`.
std::string buffers_json(std::span<const BufferReport> buffers,
                         const std::optional<Stats>& stats = {});
/// `failed_buffer`: which one of several could not be allocated, counted from 1.
std::string error_json(const Error& error, std::optional<std::size_t> failed_buffer = {});

} // namespace simplealloc::tools
