// SPDX-License-Identifier: MIT
// The simplealloc command as the tests call it, and questions to its JSON.
#pragma once

#include "tests/kernel/guest.hpp"

#include <string>
#include <vector>

namespace command {

using Words = std::vector<std::string>;

inline Words join(Words first, const Words& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

inline guest::Outcome plan(const Words& request, const guest::User& user = {}) {
    return guest::run(join({"simplealloc", "plan", "--json"}, request), user);
}

inline guest::Outcome alloc(const Words& request, const guest::User& user = {}) {
    return guest::run(join({"simplealloc", "alloc", "--json"}, request), user);
}

/// The first buffer that was allocated.
inline nlohmann::json buffer(const guest::Outcome& allocated) {
    return allocated.json().at("buffers").at(0);
}

/// The sources of a plan's candidates, best first.
inline Words sources(const nlohmann::json& plan) {
    Words names;
    for (const auto& candidate : plan.at("candidates"))
        names.push_back(candidate.at("source"));
    return names;
}

/// The rejection of `source` by `constraint`, or null.
inline nlohmann::json rejection(const nlohmann::json& plan, const std::string& source,
                                const std::string& constraint) {
    for (const auto& one : plan.at("rejections"))
        if (one.at("source") == source && one.at("constraint") == constraint)
            return one;
    return nullptr;
}

/// Every party that the plan's conflict names.
inline std::set<std::string> conflict_parties(const nlohmann::json& plan) {
    std::set<std::string> parties;
    for (const auto& conflict : plan.at("conflict"))
        for (const auto& party : conflict.at("parties"))
            parties.insert(party.get<std::string>());
    return parties;
}

} // namespace command
