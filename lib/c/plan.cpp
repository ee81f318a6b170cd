// SPDX-License-Identifier: MIT
// Plans for C.
#include "lib/c/plan.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/constraints.hpp"
#include "lib/c/error.hpp"
#include "lib/c/fact.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"
#include "lib/c/layout.hpp"
#include "lib/c/setup.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

namespace simplealloc::c {

static simplealloc_criterion to_c(const Criterion& criterion, Arena& arena) {
    return {static_cast<simplealloc_criterion_kind>(criterion.kind), arena.text(criterion.value),
            criterion.rank};
}

static simplealloc_merged_constraint to_c(const MergedConstraint& merged, Arena& arena) {
    return {to_c(merged.constraint), arena.text(merged.value), arena.list(merged.contributors)};
}

static simplealloc_lost to_c(const Lost& lost, Arena& arena) {
    return {arena.text(lost.to),
            static_cast<simplealloc_criterion_kind>(lost.criterion),
            arena.text(lost.value),
            arena.text(lost.better_value),
            lost.rank,
            lost.better_rank,
            arena.texts(lost.parties),
            arena.add(to_c(lost.remedy, arena))};
}

static simplealloc_candidate to_c(const Candidate& candidate, Arena& arena) {
    return {arena.text(candidate.source),
            arena.text(candidate.backend),
            arena.text(candidate.driver),
            arena.add(to_c(candidate.layout)),
            candidate.exact,
            candidate.unproven,
            arena.list(candidate.criteria),
            arena.list(candidate.constraints()),
            candidate.lost ? arena.add(to_c(*candidate.lost, arena)) : nullptr};
}

static simplealloc_quota_state to_c(const QuotaState& state, Arena& arena) {
    return {arena.text(state.quota.of),
            state.quota.bytes,
            state.held,
            state.left(),
            arena.texts(state.sources),
            arena.text(state.origin),
            arena.text(state.remedy)};
}

} // namespace simplealloc::c

simplealloc_plan::Parts::Parts(const Plan& plan)
    : request(to_c(plan.request(), arena)), candidates(arena.list(plan.candidates())),
      rejections(arena.list(plan.rejections())), conflicts(arena.list(plan.conflict())),
      relaxations(arena.list(plan.relaxations())), quotas(arena.list(plan.quotas())) {}

/// What is made for C when it is first asked for. Null where there is no plan, or no memory for it.
static const simplealloc_plan::Parts* parts_of(const simplealloc_plan* plan) {
    return plan == nullptr ? nullptr : plan->parts.of(plan->plan);
}

void simplealloc_plan_free(simplealloc_plan* plan) {
    delete plan;
}

int simplealloc_plan_copy(const simplealloc_plan* plan, simplealloc_plan** copy,
                          simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(copy, "copy");
        out = new simplealloc_plan(need(plan, "plan").plan);
    });
}

const simplealloc_candidate* const* simplealloc_plan_get_candidates(const simplealloc_plan* plan) {
    return got(parts_of(plan), [](const auto& p) { return p.candidates; });
}

const simplealloc_rejection* const* simplealloc_plan_get_rejections(const simplealloc_plan* plan) {
    return got(parts_of(plan), [](const auto& p) { return p.rejections; });
}

const simplealloc_conflict* const* simplealloc_plan_get_conflicts(const simplealloc_plan* plan) {
    return got(parts_of(plan), [](const auto& p) { return p.conflicts; });
}

const simplealloc_relaxation* const*
simplealloc_plan_get_relaxations(const simplealloc_plan* plan) {
    return got(parts_of(plan), [](const auto& p) { return p.relaxations; });
}

const simplealloc_quota_state* const* simplealloc_plan_get_quotas(const simplealloc_plan* plan) {
    return got(parts_of(plan), [](const auto& p) { return p.quotas; });
}

const simplealloc_request* simplealloc_plan_get_request(const simplealloc_plan* plan) {
    return got(parts_of(plan), [](const auto& p) { return &p.request; });
}

int simplealloc_plan_setup(const simplealloc_plan* plan, std::size_t use_index,
                           std::size_t candidate, simplealloc_setup** setup,
                           simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(setup, "setup");
        return give_struct(out, need(plan, "plan").plan.setup(use_index, candidate));
    });
}

const char* simplealloc_criterion_kind_to_string(simplealloc_criterion_kind kind) {
    return to_string(unchecked<CriterionKind>(kind)).data();
}
