// SPDX-License-Identifier: MIT
// A plan as a Graphviz document.
#pragma once

#include "tools/output/report.hpp"

#include <string>
#include <vector>

namespace simplealloc::tools {

/// A device with one of its uses.
struct GraphUse {
    std::string party; ///< as contributors name it, e.g. `/dev/video0 (capture)`
    std::string driver;
};

struct GraphReport {
    PlanReport plan;
    std::vector<GraphUse> uses; ///< in the request's order
};

/// From the left to the right: who uses the buffer and what each sets, what follows of it for the
/// request, and the sources: the chosen one, the other candidates by rank, the rejected ones. Where
/// no source serves, those who are in conflict stand out.
std::string graph_dot(const GraphReport& report);

} // namespace simplealloc::tools
