// SPDX-License-Identifier: MIT
// What the solver should answer, found by trying everything: each way of each device, each
// placement, each stride one by one. It shares no code with lib/solver but the table of formats and
// the types: the rules are written down anew from the documentation of the public headers, each as
// a plain question to one complete answer. Nothing is merged, pruned or rounded.
#pragma once

#include "lib/model/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace simplealloc::test::oracle {

/// The part of a world that is looked at.
struct View {
    const solver::Input& input;
    std::vector<std::size_t> uses; ///< indices into Input::uses
    CpuAccess cpu = CpuAccess::none;
};

View whole(const solver::Input& input);

struct Answer {
    std::vector<std::size_t> alternatives; ///< for each use of the view
    Layout layout;
    bool unproven = false;
    bool contiguity_needed = false;
};

/// The best that the source can do; nothing: it can't serve.
std::optional<Answer> best(const View& view, const solver::SourceInput& source);

/// What decides between two sources; the smaller one is better.
std::vector<std::int64_t> rank(const View& view, const solver::SourceInput& source,
                               const Answer& answer);

/// Whether the use, in this way, accepts the layout in the source's memory, asked alone.
bool accepts(const solver::UseInput& use, const solver::CapabilitySet& set,
             const solver::SourceInput& source, const Layout& layout, const solver::Input& input);

} // namespace simplealloc::test::oracle
