// SPDX-License-Identifier: MIT
// Who says what, and how it is known: the same words for candidates and for conflicts.
#pragma once

#include "lib/model/model.hpp"
#include "lib/solver/explain/demand.hpp"
#include "lib/solver/search/feasibility.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace simplealloc::solver {

/// The demand's party with its value over all alternatives; of many values the first ones.
Contributor contributor(const Input& input, const Demand& demand, Spending& spending);

/// Who is behind what the candidates of one input keep to. They have most of it in common, so what
/// one needs serves the others; words are made of it when somebody asks.
class Provenance {
public:
    /// Borrows both.
    Provenance(const Input& input, Spending& spending) : input_(input), spending_(spending) {}

    /// Candidate::constraints of this source and layout, which lends nothing of the input.
    /// `alternatives`: for each use of the input. Empty where that can't be afforded.
    std::function<std::vector<MergedConstraint>()> of(const SourceInput& source,
                                                      const std::vector<std::size_t>& alternatives,
                                                      const Layout& layout);

private:
    /// With this alternative alone; null where that can't be afforded.
    std::shared_ptr<const UseInput> use_with(std::size_t use, std::size_t alternative);

    const Input& input_;
    Spending& spending_;
    std::map<std::pair<std::size_t, std::size_t>, std::shared_ptr<const UseInput>> uses_;
};

} // namespace simplealloc::solver
