// SPDX-License-Identifier: MIT
// What the doctor found, for people and as JSON.
#pragma once

#include "tools/doctor.hpp"
#include "tools/output/text_table.hpp"

#include <string>

namespace simplealloc::tools {

std::string doctor_text(const DoctorReport& report, const Screen& screen);
std::string doctor_json(const DoctorReport& report);

} // namespace simplealloc::tools
