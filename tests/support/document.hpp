// SPDX-License-Identifier: MIT
// The tool's JSON documents, as tests read them.
#pragma once

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace simplealloc::test {

/// Parses. Where the environment has DOCUMENTS, the name of a file, the document becomes a line of
/// it: tests/consumers/json_schema.py checks all against the schema.
inline nlohmann::json document(const std::string& text) {
    auto json = nlohmann::json::parse(text);
    if (const char* file = std::getenv("DOCUMENTS"))
        std::ofstream(file, std::ios::app) << json.dump() << '\n';
    return json;
}

} // namespace simplealloc::test
