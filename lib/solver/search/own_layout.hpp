// SPDX-License-Identifier: MIT
// Which modifiers a source with a layout of its own (GBM) may use, best first.
#pragma once

#include "lib/model/model.hpp"
#include "lib/solver/search/feasibility.hpp"

#include <optional>
#include <vector>

namespace simplealloc::solver {

/// What is worth trying, each once: what the source's own device lists in its order of preference,
/// then what the others list, linear last. An implicit layout is among them
/// only when the uses are all of the source's device, one of them draws with it and none lists
/// modifiers: nobody else can read it. The CPU reads linear images only. Nothing where that can't
/// be afforded.
std::optional<std::vector<Modifier>> modifiers_by_preference(const Input& input, const Scope& scope,
                                                             const SourceInput& source,
                                                             Spending& spending);

/// Whether the set takes the format only with a modifier that is named.
bool names_modifiers(const CapabilitySet& set, Fourcc fourcc);

/// How many bytes a second a use tends to move, as an order of magnitude.
int traffic(Use use);

} // namespace simplealloc::solver
