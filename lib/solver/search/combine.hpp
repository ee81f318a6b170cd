// SPDX-License-Identifier: MIT
// Which alternatives of the parties go together: linear in the parties, and exact within a bound.
#pragma once

#include "lib/model/merge.hpp"
#include "lib/model/merged.hpp"
#include "lib/model/objection.hpp"
#include "lib/model/work.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::solver {

/// What a layout has to be like for reasons that no single constraint tells.
struct LayoutNeeds {
    std::uint64_t room = no_limit; ///< bytes of a dma-buf that stay within the limits on segments
    /// Of plane 0, when planes are packed: a device that is told no offsets counts them. 0: any
    /// number; no_limit: devices count differently.
    std::uint64_t packed_lines = 0;
};

/// An alternative that a source's memory is good for; a smaller cost is preferred.
struct Option {
    std::size_t alternative;
    std::uint64_t cost;
    const Shape* shape; ///< outlives the search
    LayoutNeeds needs = {};
};

/// Somebody who takes part in the merge: a use, or the source with its own layout rules.
struct Party {
    std::string_view name;
    std::vector<Option> options; ///< never empty
};

struct Combination {
    Shape merged;
    std::uint64_t cost = 0;
    LayoutNeeds needs;
    std::vector<std::size_t> alternatives; ///< for each party
};

/// Finding out whether any alternatives go together is NP-hard (that of all sets of stride
/// alignments one has a small common multiple), so work is bounded. With P parties, N options in
/// all and F = `frontier` the search takes at most P (F^2 + 1) merges and N F + P F^3 comparisons,
/// and holds F^2 merged shapes and P F links; searching deeper takes at most `deeper` merges more,
/// and holds P shapes.
struct Bounds {
    std::size_t frontier = 16;
    std::size_t deeper = 20000;
    /// false: what another combination beats is tried as well, for a judge that looks at more than
    /// limits.
    bool prune = true;
    Spending* spending = nullptr; ///< what else bounds it; null: nothing
};

/// What a search really took, apart from the layouts.
struct Effort {
    std::size_t merges = 0;
    std::size_t comparisons = 0;
    std::size_t held = 0; ///< most merged shapes at a time

    [[nodiscard]] std::size_t total() const { return merges + comparisons; }
};

enum class Outcome : std::uint8_t {
    found,
    none,    ///< no combination is accepted
    gave_up, ///< the bound was reached before that was known
};

/// What the search asks of its user. Both have to be monotone: what holds for a combination holds
/// for a less limiting one with more room, and with fewer parties.
struct Judge {
    /// Whether anything satisfies constraints like these; asked of parts of a combination.
    std::function<bool(const Shape& merged, std::uint64_t room)> possible;
    /// Ends the search.
    std::function<bool(const Combination&)> accept;
};

/// Goes through the combinations that are worth it until one is accepted: cheapest first, of equal
/// ones that which the earlier parties prefer. While no more than Bounds::frontier are undominated
/// at a time, what is found is the cheapest of all that are accepted. Beyond that what is found is
/// accepted, but may not be the cheapest. `none` is a proof in both cases.
class Search {
public:
    /// Borrows the parties.
    explicit Search(const std::vector<Party>& parties, Bounds bounds = {});
    ~Search();
    Search(const Search&) = delete;
    Search& operator=(const Search&) = delete;

    Outcome run(const Judge& judge);

    /// Why the parties can't even be merged; nothing when they can.
    [[nodiscard]] std::optional<Objection> objection() const;
    [[nodiscard]] const Effort& effort() const { return effort_; }

private:
    struct Node;
    using Options = std::vector<const Option*>;
    /// How a combination came about: its last option, and the link of those before.
    struct Link {
        std::uint32_t before;
        const Option* option;
    };
    /// The party behind the last alternative is the one with which the merge failed.
    struct Failure {
        std::vector<std::size_t> alternatives;
        ConstraintKind kind;
    };

    bool pay(std::uint64_t work);
    bool beats(const Shape& one, const LayoutNeeds& needs, const Shape& other,
               const LayoutNeeds& other_needs);
    Options sifted(const Party& party);
    Options few(Options options);
    std::optional<Combination> favourite();
    std::optional<ConstraintKind> append(Node& node, const Option& option);
    void extend(const Options& options);
    void prune(std::vector<Node>& nodes);
    Combination combination(const Node& node) const;
    Outcome deeper(const Judge& judge);

    const std::vector<Party>& parties_;
    Bounds bounds_;
    Effort effort_;
    std::vector<Options> options_; ///< of each party, those worth trying
    std::vector<Node> frontier_;
    std::vector<Link> links_;
    std::optional<Failure> failure_;
    bool lines_matter_ = false; ///< whether fewer lines may make a layout impossible
    bool exact_ = true;         ///< nothing was left out for the bound's sake
    bool broke_ = false;        ///< a step could not be afforded
};

/// The same merge with the names of everybody who limits something; parties beyond the alternatives
/// given are left out.
Merged explained(const std::vector<Party>& parties, const std::vector<std::size_t>& alternatives);

/// `/dev/video0 (capture): stride a multiple of 7 bytes; /dev/dri/card0 (scanout): stride at most
/// 5 bytes`, for what concerns `kind`.
std::string demands_text(const std::vector<Party>& parties,
                         const std::vector<std::size_t>& alternatives, ConstraintKind kind);

} // namespace simplealloc::solver
