// SPDX-License-Identifier: MIT
// The frontier: after each party, the combinations that are still worth following.
//
//   party 1      party 2      …      a combination is dropped when another one
//   a ─┬─ a+a'   ─┬─ …                 - costs no more (the devices like it as much), and
//      └─ a+b'  ✗ │                    - accepts every layout that this one accepts.
//   b ─── b+a'   ─┘                  What is dropped can't turn into a better answer later,
//                                    as merging the same constraints keeps that order.
//
// A frontier that grows over its bound is cut, and the search is no longer exact: if nothing is
// found in it, another one goes deep instead of wide, with all options, until its own bound.
#include "lib/solver/search/combine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace simplealloc::solver {

/// A combination of the parties so far.
struct Search::Node {
    Shape merged;
    std::uint64_t cost = 0;
    LayoutNeeds needs;
    std::uint32_t link = UINT32_MAX; ///< into links_, of the parties before the last
    std::uint32_t place = 0;         ///< of those, in the order of their alternatives
    const Option* option = nullptr;  ///< of the last party

    [[nodiscard]] auto order() const { return std::tuple(place, option->alternative); }
    [[nodiscard]] auto preference() const { return std::tuple(cost, place, option->alternative); }
};

namespace {

/// Smaller admits more, as far as that can be put in a row.
auto strictness(const Shape& shape, std::uint64_t room) {
    const Constraints& c = shape.constraints;
    return std::tuple(c.stride_align, c.offset_align, c.size_align, c.height_align, c.width_align,
                      ~std::min(c.max_stride, c.max_size), ~room);
}

LayoutNeeds both(const LayoutNeeds& a, const LayoutNeeds& b) {
    LayoutNeeds result{std::min(a.room, b.room), std::max(a.packed_lines, b.packed_lines)};
    if (a.packed_lines != 0 && b.packed_lines != 0 && a.packed_lines != b.packed_lines)
        result.packed_lines = no_limit;
    return result;
}

const Option& chosen(const Party& party, std::size_t alternative) {
    return *std::find_if(party.options.begin(), party.options.end(),
                         [&](const Option& o) { return o.alternative == alternative; });
}

bool aligns_offsets(const Constraints& c) {
    return c.offset_align > 1 ||
           std::any_of(c.planes.begin(), c.planes.end(),
                       [](const PlaneLimits& plane) { return plane.offset_align > 1; });
}

bool any_aligns_offsets(const std::vector<Party>& parties) {
    return std::any_of(parties.begin(), parties.end(), [](const Party& party) {
        return std::any_of(party.options.begin(), party.options.end(), [](const Option& option) {
            return aligns_offsets(option.shape->constraints);
        });
    });
}

} // namespace

Search::Search(const std::vector<Party>& parties, Bounds bounds)
    : parties_(parties), bounds_(bounds) {}

Search::~Search() = default;

/// False from the first step on that can't be afforded.
bool Search::pay(std::uint64_t work) {
    broke_ = broke_ || (bounds_.spending != nullptr && !bounds_.spending->afford(work));
    return !broke_;
}

/// Offsets of packed planes follow from the number of lines: where they are aligned, padding to
/// more lines may make a layout possible, so less padding is not always less limiting.
bool Search::beats(const Shape& one, const LayoutNeeds& needs, const Shape& other,
                   const LayoutNeeds& other_needs) {
    ++effort_.comparisons;
    // Strides differ most often: that is settled without a call.
    if (other.constraints.stride_align % one.constraints.stride_align != 0)
        return false;
    return bounds_.prune && needs.room >= other_needs.room &&
           (needs.packed_lines == 0 || needs.packed_lines == other_needs.packed_lines) &&
           implies(other, one) &&
           (!lines_matter_ || one.constraints.height_align == other.constraints.height_align);
}

/// The options that none of the party's cheaper ones beats, cheapest first.
Search::Options Search::sifted(const Party& party) {
    if (!pay(sorting(party.options.size())))
        return {};
    Options sorted;
    for (const Option& option : party.options)
        sorted.push_back(&option);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Option* a, const Option* b) { return a->cost < b->cost; });
    Options kept;
    for (const Option* option : sorted) {
        const std::size_t compared = std::min(kept.size(), bounds_.frontier);
        const std::size_t before = effort_.comparisons;
        if (std::none_of(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(compared),
                         [&](const Option* cheaper) {
                             return beats(*cheaper->shape, cheaper->needs, *option->shape,
                                          option->needs);
                         }))
            kept.push_back(option);
        if (!pay((effort_.comparisons - before) * cost::comparison))
            break;
    }
    return kept;
}

/// Of too many, one half are the cheapest and the other half those that admit most, so that neither
/// taste nor feasibility is lost.
template <typename List, typename Strictness>
static void cut(List& list, std::size_t most, Strictness strictness_of) {
    std::stable_sort(
        list.begin() + static_cast<std::ptrdiff_t>(most / 2), list.end(),
        [&](const auto& a, const auto& b) { return strictness_of(a) < strictness_of(b); });
    list.resize(most);
}

Search::Options Search::few(Options options) {
    if (options.size() <= bounds_.frontier)
        return options;
    exact_ = false;
    cut(options, bounds_.frontier,
        [](const Option* option) { return strictness(*option->shape, option->needs.room); });
    return options;
}

/// Leaves the undominated nodes, most preferred first.
void Search::prune(std::vector<Node>& nodes) {
    effort_.held = std::max(effort_.held, nodes.size());
    const std::size_t before = effort_.comparisons;
    // Nodes are large: they are moved once, when their place is known.
    std::vector<Node*> sorted;
    sorted.reserve(nodes.size());
    for (Node& node : nodes)
        sorted.push_back(&node);
    std::sort(sorted.begin(), sorted.end(),
              [](const Node* a, const Node* b) { return a->preference() < b->preference(); });
    std::vector<Node> kept;
    for (Node* node : sorted) {
        bool beaten = false;
        // What is kept already costs no more.
        for (std::size_t k = 0; !beaten && k < std::min(kept.size(), bounds_.frontier); ++k)
            beaten = beats(kept[k].merged, kept[k].needs, node->merged, node->needs);
        if (!beaten)
            kept.push_back(std::move(*node));
    }
    pay((effort_.comparisons - before) * cost::comparison); // too late not to, and not much
    nodes = std::move(kept);
    if (nodes.size() > bounds_.frontier) {
        exact_ = false;
        cut(nodes, bounds_.frontier,
            [](const Node& node) { return strictness(node.merged, node.needs.room); });
        std::sort(nodes.begin(), nodes.end(),
                  [](const Node& a, const Node& b) { return a.preference() < b.preference(); });
    }
}

/// The constraint that excludes the option, if there is one.
std::optional<ConstraintKind> Search::append(Node& node, const Option& option) {
    ++effort_.merges;
    node.cost += option.cost;
    node.needs = both(node.needs, option.needs);
    node.option = &option;
    return merge(node.merged, *option.shape);
}

/// Merges the frontier with one more party.
void Search::extend(const Options& options) {
    std::vector<Node> next;
    next.reserve(frontier_.size() * options.size());
    std::optional<Failure> first;
    for (const Node& so_far : frontier_)
        for (const Option* option : options) {
            if (!pay(option->shape->merging))
                return;
            next.push_back(so_far);
            const auto failed = append(next.back(), *option);
            if (!failed)
                continue;
            next.pop_back();
            if (!first) {
                first = {combination(so_far).alternatives, *failed};
                first->alternatives.push_back(option->alternative);
            }
        }
    if (next.empty())
        failure_ = std::move(first);
    prune(next);

    std::vector<std::size_t> order(next.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return next[a].order() < next[b].order(); });
    for (std::size_t i = 0; i < order.size(); ++i)
        next[order[i]].place = static_cast<std::uint32_t>(i);
    for (Node& node : next) {
        links_.push_back({node.link, node.option});
        node.link = static_cast<std::uint32_t>(links_.size() - 1);
    }
    frontier_ = std::move(next);
}

Combination Search::combination(const Node& node) const {
    Combination result{node.merged, node.cost, node.needs, {}};
    for (std::uint32_t link = node.link; link != UINT32_MAX; link = links_[link].before)
        result.alternatives.push_back(links_[link].option->alternative);
    std::reverse(result.alternatives.begin(), result.alternatives.end());
    return result;
}

/// What each party likes best: nothing is cheaper, or preferred by an earlier party.
std::optional<Combination> Search::favourite() {
    Node node;
    std::vector<std::size_t> alternatives;
    for (const Party& party : parties_) {
        if (!pay(party.options.size() * cost::pair))
            return std::nullopt;
        const auto best =
            std::min_element(party.options.begin(), party.options.end(),
                             [](const Option& a, const Option& b) { return a.cost < b.cost; });
        if (!pay(best->shape->merging) || append(node, *best))
            return std::nullopt;
        alternatives.push_back(best->alternative);
    }
    return Combination{node.merged, node.cost, node.needs, std::move(alternatives)};
}

Outcome Search::run(const Judge& judge) {
    if (const auto best = favourite(); best && judge.accept(*best))
        return Outcome::found;
    lines_matter_ = any_aligns_offsets(parties_);
    frontier_.emplace_back();
    for (const Party& party : parties_) {
        options_.push_back(sifted(party));
        if (!broke_ && !frontier_.empty())
            extend(few(options_.back()));
        if (broke_)
            return Outcome::gave_up;
    }
    for (const Node& node : frontier_)
        if (judge.accept(combination(node)))
            return Outcome::found;
    return exact_ ? Outcome::none : deeper(judge);
}

/// Depth first, the party with the fewest options foremost and what admits most before the rest.
Outcome Search::deeper(const Judge& judge) {
    std::vector<std::size_t> order(parties_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return options_[a].size() < options_[b].size();
    });
    for (Options& options : options_)
        std::stable_sort(options.begin(), options.end(), [](const Option* a, const Option* b) {
            return strictness(*a->shape, a->needs.room) < strictness(*b->shape, b->needs.room);
        });

    std::vector<Node> path(1);
    std::vector<std::size_t> next(parties_.size(), 0); // option to try, by depth
    std::vector<std::size_t> alternatives(parties_.size(), 0);
    for (std::size_t used = 0; !path.empty();) {
        const std::size_t depth = path.size() - 1;
        const Node& so_far = path.back();
        if (depth == order.size()) {
            if (judge.accept({so_far.merged, so_far.cost, so_far.needs, alternatives}))
                return Outcome::found;
            path.pop_back();
            continue;
        }
        const std::size_t party = order[depth];
        if (next[depth] == options_[party].size()) {
            next[depth] = 0;
            path.pop_back();
            continue;
        }
        const Option& option = *options_[party][next[depth]++];
        if (used++ == bounds_.deeper || !pay(cost::comparison + option.shape->merging))
            return Outcome::gave_up;
        alternatives[party] = option.alternative;
        Node longer = so_far;
        if (!append(longer, option) &&
            (lines_matter_ || judge.possible(longer.merged, longer.needs.room)))
            path.push_back(std::move(longer));
    }
    return Outcome::none;
}

std::optional<Objection> Search::objection() const {
    if (!failure_)
        return std::nullopt;
    std::vector<std::size_t> before = failure_->alternatives;
    before.pop_back();
    const std::string last(parties_[before.size()].name);
    Objection objection;
    objection.kind = failure_->kind;
    objection.reason = "these exclude each other: " +
                       demands_text(parties_, failure_->alternatives, failure_->kind);
    objection.required_by = explained(parties_, before).parties_around(failure_->kind);
    if (std::find(objection.required_by.begin(), objection.required_by.end(), last) ==
        objection.required_by.end())
        objection.required_by.push_back(last);
    return objection;
}

Merged explained(const std::vector<Party>& parties, const std::vector<std::size_t>& alternatives) {
    Merged merged;
    for (std::size_t i = 0; i < alternatives.size(); ++i)
        // A merge that succeeded before: it succeeds again.
        (void)merge(merged, chosen(parties[i], alternatives[i]).shape->constraints,
                    std::string(parties[i].name));
    return merged;
}

std::string demands_text(const std::vector<Party>& parties,
                         const std::vector<std::size_t>& alternatives, ConstraintKind kind) {
    std::vector<ConstraintKind> kinds{kind};
    kinds.insert(kinds.end(), opposed(kind).begin(), opposed(kind).end());
    std::string text;
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
        const Constraints& constraints = chosen(parties[i], alternatives[i]).shape->constraints;
        for (ConstraintKind each : kinds)
            if (limits(constraints, each))
                text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", parties[i].name,
                                    demand_text(each, constraints));
    }
    return text;
}

} // namespace simplealloc::solver
