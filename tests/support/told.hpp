// SPDX-License-Identifier: MIT
// All that an allocator tells, as one text to compare.
#pragma once

#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <sstream>
#include <string>

namespace simplealloc::test {

inline std::string told_of_sources(const Allocator& allocator) {
    const auto sources = allocator.sources();
    REQUIRE(sources);
    std::ostringstream text;
    for (const SourceInfo& source : *sources) {
        text << source.name << ' ' << source.usable << ' ' << source.reason << ' ' << source.remedy
             << '\n';
        for (const Fact& fact : source.facts)
            text << "  " << fact.name << ' ' << fact.value << ' ' << to_string(fact.confidence)
                 << ' ' << fact.origin << '\n';
    }
    return text.str();
}

inline std::string told_of_plan(const Allocator& allocator, const Request& request) {
    const auto plan = allocator.plan(request);
    REQUIRE(plan);
    std::ostringstream text;
    for (const Candidate& candidate : plan->candidates()) {
        text << candidate.source << ' ' << candidate.unproven << '\n';
        for (const Criterion& criterion : candidate.criteria)
            text << "  " << to_string(criterion.kind) << ' ' << criterion.value << '\n';
    }
    for (const Rejection& rejection : plan->rejections())
        text << rejection.source << ' ' << rejection.reason << '\n';
    return text.str();
}

} // namespace simplealloc::test
