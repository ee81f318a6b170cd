// SPDX-License-Identifier: MIT
// What is in conflict, found by leaving out all that isn't needed for it.
//
// First question: would the uses be in conflict on any machine? An ideal source (neutral,
// contiguous, in everybody's reach, free of limits) joins the real ones; if it can't serve either,
// the conflict is between the uses, and naming a missing heap would send the reader the wrong way.
// Otherwise the machine's own sources are the reason.
//
// Then a demand is left out whenever nothing serves for all that; the solver itself is asked:
//   each source's own limits       one question to that source
//   the CPU, whole uses            by halves (QuickXplain: few questions for few culprits)
//   constraints of those that are left, by halves; those that a source is asked about first stay
//   sources that can't be attached
//   all that is left, once more    so that the answer is minimal, whatever the solver is like
#include "lib/solver/explain/core.hpp"

#include "lib/base/checked.hpp"
#include "lib/model/work.hpp"
#include "lib/solver/search/feasibility.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>
#include <span>

namespace simplealloc::solver {
namespace {

using Kind = ConstraintKind;
using Side = Demand::Side;

/// In a handful of sets, thirty at most each.
constexpr std::uint64_t held_for_demands = std::uint64_t{30} * 64 * 5;

SourceInput ideal_source(const Input& input) {
    SourceInput ideal;
    ideal.offer.contiguity = OfferContiguity::physical;
    ideal.offer.caching = CpuCaching::write_combined;
    ideal.offer.granularity = input.page_size;
    ideal.offer.scarce = true; // not out of the memory that all share
    ideal.offer.protected_memory = wants_protected(input);
    for (const UseInput& use : input.uses)
        for (const CapabilitySet& set : use.alternatives) {
            ideal.offer.min_address =
                std::max(ideal.offer.min_address, set.constraints.min_address);
            const Checked align =
                common_multiple(ideal.offer.address_align, set.constraints.address_align);
            if (align.ok)
                ideal.offer.address_align = align.value;
        }
    // One address is enough to ask whether the windows meet at all.
    ideal.offer.max_address = ideal.offer.min_address;
    return ideal;
}

/// One input that sources are asked about.
class Question {
public:
    Question(const Input& input, Spending& spending)
        : input_(input), context_(input, spending), scope_(whole(input)) {}

    /// Also where nobody can tell: what is left out of a conflict has to be proven needless.
    bool serves(const SourceInput& source) {
        const Evaluation evaluation = evaluate(context_, scope_, source, false);
        undecided_ = undecided_ || evaluation.undecided;
        return evaluation.fit.has_value() || evaluation.undecided;
    }
    [[nodiscard]] bool undecided() const { return undecided_; }
    /// Whether no source, nor an ideal one where it is asked too, serves.
    bool blocked(bool ideal) {
        return !(ideal && serves_ideally()) &&
               std::none_of(input_.sources.begin(), input_.sources.end(),
                            [&](const SourceInput& source) { return serves(source); });
    }

private:
    bool serves_ideally() {
        if (context_.spending.afford(context_.pairs * cost::multiple))
            return serves(ideal_source(input_));
        undecided_ = true;
        return true;
    }

    const Input& input_;
    SearchContext context_;
    Scope scope_;
    bool undecided_ = false;
};

class Search {
public:
    Search(const Input& input, bool ideal, Spending& spending)
        : input_(input), spending_(spending), ideal_(ideal), all_(demands_of(input)) {
        const Extent extent = extent_of(input);
        leaving_out_ = extent.copying() + extent.reading() +
                       input.sources.size() * (cost::source + extent.sets * cost::pair) +
                       input.refused_before().size() * (input.uses.size() + input.sources.size()) *
                           cost::name +
                       all_.size() * cost::unit;
        copy_ = extent.bytes;
    }

    Core core(bool undecided);

private:
    using Group = std::vector<Demand>;

    /// False from the first question on that can't be afforded.
    bool afford() {
        cut_short_ = cut_short_ || !spending_.afford(leaving_out_) || !spending_.hold(copy_);
        return !cut_short_;
    }

    [[nodiscard]] Input with_only(const Demands& demands) const {
        Demands out;
        std::set_difference(all_.begin(), all_.end(), demands.begin(), demands.end(),
                            std::inserter(out, out.end()));
        return leave_out(input_, out);
    }

    /// Whether nothing serves with only these; false when that can't be afforded.
    bool still_blocked(const Demands& demands) {
        const Spending::Memory memory(spending_);
        if (!afford())
            return false;
        const Input input = with_only(demands);
        Question question(input, spending_);
        const bool blocked = question.blocked(ideal_);
        undecided_ = undecided_ || question.undecided();
        return blocked;
    }

    /// The same for a demand less: where it is a source's, only that source may change its answer.
    bool blocked_without(const Demand& demand) {
        if (cut_short_)
            return false;
        Demands rest = kept_;
        rest.erase(demand);
        if (demand.side != Side::source)
            return still_blocked(rest);
        const Spending::Memory memory(spending_);
        if (!afford())
            return false;
        const Input input = with_only(rest);
        Question question(input, spending_);
        const bool blocked = !question.serves(input.sources[demand.index]);
        undecided_ = undecided_ || question.undecided();
        return blocked;
    }

    /// Keeps what one use asks for, if nothing serves that alone.
    bool keep_one_user() {
        const std::vector<Group> groups = users();
        const auto blocks = [&](const Group& group) {
            return still_blocked(Demands(group.begin(), group.end()));
        };
        const auto found = std::find_if(groups.begin(), groups.end(), blocks);
        if (found == groups.end())
            return false;
        kept_ = Demands(found->begin(), found->end());
        return true;
    }

    void leave_out_one_by_one(const std::function<bool(const Demand&)>& chosen) {
        // From behind: of a source's own demands, policy goes first, then access.
        const Demands before = kept_;
        for (auto demand = before.rbegin(); demand != before.rend(); ++demand)
            if (chosen(*demand) && blocked_without(*demand))
                kept_.erase(*demand);
    }

    static void add(Demands& demands, std::span<const Group> groups) {
        for (const Group& group : groups)
            demands.insert(group.begin(), group.end());
    }

    /// Of `groups`, best first, those that are needed beside `base`; `grown`: base has changed
    /// since it was last asked about.
    std::vector<Group> needed(const Demands& base, bool grown, std::span<const Group> groups) {
        if (groups.empty() || (grown && still_blocked(base)))
            return {};
        if (groups.size() == 1 || cut_short_)
            return {groups.begin(), groups.end()};
        const auto better = groups.first(groups.size() / 2);
        const auto worse = groups.subspan(better.size());
        Demands more = base;
        add(more, better);
        std::vector<Group> result = needed(more, true, worse);
        more = base;
        add(more, result);
        std::vector<Group> rest = needed(more, !result.empty(), better);
        result.insert(result.end(), rest.begin(), rest.end());
        return result;
    }

    /// Keeps only those of the groups that are needed.
    void keep_needed(const std::vector<Group>& groups) {
        Demands base = kept_;
        for (const Group& group : groups)
            for (const Demand& demand : group)
                base.erase(demand);
        const Demands before = kept_;
        kept_ = base;
        add(kept_, needed(base, true, groups));
        // A solver that had to prune may have answered otherwise in between.
        const bool holds = still_blocked(kept_);
        if (!holds && !cut_short_)
            kept_ = before;
    }

    [[nodiscard]] std::set<Kind> told();
    [[nodiscard]] std::vector<Group> users() const;
    [[nodiscard]] std::vector<Group> constraints() const;

    const Input& input_;
    Spending& spending_;
    bool ideal_;
    Demands all_;
    Demands kept_;
    std::uint64_t leaving_out_; ///< work of each question before it is asked
    std::uint64_t copy_;        ///< bytes
    bool cut_short_ = false;
    bool undecided_ = false; ///< some question was, so a demand may be needless
};

std::set<Kind> Search::told() {
    std::set<Kind> kinds;
    const Spending::Memory memory(spending_);
    if (!afford())
        return kinds;
    const Input input = with_only(kept_);
    const SearchContext context(input, spending_);
    const auto ask = [&](const SourceInput& source) {
        for (const Objection& objection : evaluate(context, whole(input), source).objections)
            kinds.insert(objection.kind);
    };
    std::for_each(input.sources.begin(), input.sources.end(), ask);
    if (ideal_)
        ask(ideal_source(input));
    return kinds;
}

/// The later of two uses stays, and the CPU goes first.
std::vector<Search::Group> Search::users() const {
    std::vector<Group> groups(input_.uses.size() + 1);
    for (const Demand& demand : kept_) {
        if (demand.side == Side::use)
            groups[input_.uses.size() - 1 - demand.index].push_back(demand);
        else if (demand.side == Side::cpu)
            groups.back().push_back(demand);
    }
    std::erase_if(groups, [](const Group& group) { return group.empty(); });
    return groups;
}

/// In the order in which a source is asked: what comes first is what its rejection says.
std::size_t place(Kind kind) {
    constexpr std::array first{Kind::format,      Kind::exporter,        Kind::attach,
                               Kind::contiguity,  Kind::address_window,  Kind::address_align,
                               Kind::memory_kind, Kind::protected_memory};
    const auto found = std::find(first.begin(), first.end(), kind);
    return found == first.end() ? first.size() + static_cast<std::size_t>(kind)
                                : static_cast<std::size_t>(found - first.begin());
}

std::vector<Search::Group> Search::constraints() const {
    std::vector<Group> groups;
    for (const Demand& demand : kept_)
        if (demand.side == Side::use)
            groups.push_back({demand});
    std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
        return place(a.front().kind) < place(b.front().kind);
    });
    return groups;
}

Core Search::core(bool undecided) {
    kept_ = all_;
    if (undecided && !keep_one_user())
        return {{}, {}, false, false};
    const auto of_source = [](const Demand& demand, bool attach) {
        return demand.side == Side::source && (demand.kind == Kind::attach) == attach;
    };
    leave_out_one_by_one([&](const Demand& demand) { return of_source(demand, false); });
    keep_needed(users());
    keep_needed(constraints());
    leave_out_one_by_one([&](const Demand& demand) { return of_source(demand, true); });
    for (std::size_t size = 0; size != kept_.size() && !cut_short_;) {
        size = kept_.size();
        leave_out_one_by_one([](const Demand&) { return true; });
    }
    const bool minimal = !cut_short_ && !undecided_;
    return {kept_, told(), ideal_, minimal};
}

/// Where each element stands when they are sorted by name, so that the order in which they come
/// decides nothing.
template <typename Item>
std::vector<std::size_t> by_name(std::vector<Item>& items, std::string Item::*name) {
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return items[a].*name < items[b].*name; });
    std::vector<Item> sorted;
    sorted.reserve(items.size());
    for (const std::size_t index : order)
        sorted.push_back(std::move(items[index]));
    items = std::move(sorted);
    return order;
}

} // namespace

Core find_core(const Input& input, Spending& spending, bool undecided) {
    const Spending::Share share(spending, 2); // something is left for words and relaxations
    const Spending::Memory memory(spending);
    const Extent extent = extent_of(input);
    if (!spending.afford(extent.copying() + 3 * extent.reading() +
                         input.uses.size() * input.sources.size() * cost::looked_up) ||
        !spending.hold(extent.bytes +
                       (input.uses.size() + input.sources.size()) * held_for_demands))
        return {{}, {}, false, false};
    Input sorted = input;
    const auto uses = by_name(sorted.uses, &UseInput::party);
    const auto sources = by_name(sorted.sources, &SourceInput::name);
    const bool ideal = !undecided && Question(sorted, spending).blocked(true);
    Core core = Search(sorted, ideal, spending).core(undecided);
    Demands demands;
    for (Demand demand : core.demands) {
        if (demand.side != Side::cpu)
            demand.index = (demand.side == Side::use ? uses : sources)[demand.index];
        demands.insert(demand);
    }
    core.demands = std::move(demands);
    return core;
}

} // namespace simplealloc::solver
