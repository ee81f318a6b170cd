// SPDX-License-Identifier: MIT
// Who says what, and how it is known: the same words for candidates and for conflicts.
#pragma once

#include "lib/model/model.hpp"
#include "lib/solver/explain/demand.hpp"
#include "lib/solver/search/feasibility.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace simplealloc::solver {

/// The demand's party with its value over all alternatives; of many values the first ones.
Contributor contributor(const Input& input, const Demand& demand, Spending& spending);

/// Who is behind what the candidates of one input keep to. They have most of it in common, and all
/// of it is text: so what one asked for serves the others.
class Provenance {
public:
    /// Borrows both.
    Provenance(const Input& input, Spending& spending) : input_(input), spending_(spending) {}

    /// All that the layout and the source's memory keep to, in the order of ConstraintKind.
    /// `alternatives`: for each use of the input. Nothing where that can't be afforded.
    std::optional<std::vector<MergedConstraint>> of(const SourceInput& source,
                                                    const std::vector<std::size_t>& alternatives,
                                                    const Layout& layout);
    /// That all of them hold.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    using Said = std::pair<ConstraintKind, Contributor>;

    /// One alternative of a use.
    struct Contribution {
        Constraints limits;
        std::vector<Said> said;
        std::uint64_t bytes = 0; ///< of all that is said
    };
    /// What follows from one alternative of each use and the rules of a source.
    struct Sum {
        std::vector<std::size_t> alternatives;
        Constraints rules;
        std::vector<std::pair<ConstraintKind, std::string>> values;
    };

    bool afford(const std::vector<std::size_t>& alternatives);
    const Contribution& contribution(std::size_t use, std::size_t alternative);
    const Sum& sum(const std::vector<std::size_t>& alternatives, Constraints rules);

    const Input& input_;
    Spending& spending_;
    std::uint64_t bytes_ = 0;
    std::map<std::pair<std::size_t, std::size_t>, Contribution> contributions_;
    std::vector<Sum> sums_;
};

} // namespace simplealloc::solver
