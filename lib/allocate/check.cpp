// SPDX-License-Identifier: MIT
// Whether a buffer serves one more use: first as it is, then by a test import, then what else
// would.
#include "lib/allocate/data.hpp"
#include "lib/allocate/plan_data.hpp"
#include "lib/allocate/presence.hpp"
#include "lib/base/internal.hpp"
#include "lib/buffer/data.hpp"
#include "lib/discovery/setup.hpp"
#include "lib/discovery/v4l2/try_format.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"
#include "lib/model/layout.hpp"
#include "lib/solver/search/existing.hpp"
#include "lib/solver/solver.hpp"
#include "lib/verify/verify.hpp"

#include <simplealloc/allocator.hpp>

#include "lib/base/names.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

constexpr Names<Verdict, 5> verdicts({
    {Verdict::keep, "keep"},
    {Verdict::import_as_is, "import-as-is"},
    {Verdict::reallocate, "reallocate"},
    {Verdict::copy, "copy"},
    {Verdict::none, "none"},
});

std::string name_of(const DeviceUse& use) {
    return party_name(Internal::data(use.device), use.use);
}

bool draws(const DeviceUse& use) {
    return use.use == Use::render || use.use == Use::sample;
}

/// The buffer's request without uses whose device is gone: nobody has to serve those any more.
Request of_present(const Request& request, std::vector<std::string>& gone) {
    Request present = request;
    std::erase_if(present.uses, [&](const DeviceUse& use) {
        if (check_present(Internal::data(use.device)))
            return false;
        gone.push_back(name_of(use));
        return true;
    });
    return present;
}

Rejection rejection(const BufferData& buffer, solver::Objection objection) {
    return solver::rejection(buffer.origin->source.input.name, std::move(objection));
}

/// What is known of the use against memory and layout, and whether that leaves a doubt.
Result<void> judge(const BufferData& buffer, const DeviceUse& use, Budget budget, Check& check,
                   bool& unproven) {
    const Request& request = buffer.origin->request;
    solver::Spending spending(budget);
    auto input = find_use(use, request.fourcc, spending);
    if (!input)
        return std::move(input).error();
    solver::Suitability suitability =
        solver::suits(solver::resolved(request), *input, buffer.origin->source.input,
                      *buffer.layout, kernel::page_size(), spending);
    unproven = suitability.unproven;
    for (solver::Objection& objection : suitability.objections)
        check.objections.push_back(rejection(buffer, std::move(objection)));
    if (!check.objections.empty())
        return {};
    if (auto taken = check_format(Internal::data(use.device), use, *buffer.layout); !taken)
        check.objections.push_back(
            rejection(buffer, {ConstraintKind::min_stride,
                               taken.error().object + ' ' + taken.error().detail,
                               {name_of(use)},
                               {},
                               true}));
    return {};
}

/// What is refused of a buffer that this allocator made is remembered like that of a fresh one. Of
/// any other its maker may say what he likes, so nothing is remembered under that name, nor is what
/// is remembered held against it.
void try_import(const Buffer& buffer, const DeviceUse& use, const CheckOptions& options,
                AllocatorData& allocator, Check& check) {
    const BufferData& data = Internal::data(buffer);
    const std::string layout_class = solver::layout_class(*data.layout);
    const std::string& source = data.origin->source.input.name;
    const bool own = data.charge.is_of(*allocator.ledger);
    if (const auto refusal =
            own ? allocator.refusals.find(source, layout_class, {use}) : std::nullopt) {
        check.objections.push_back(rejection(data, {ConstraintKind::attach,
                                                    "refused before: " + refusal->reason,
                                                    {refusal->party},
                                                    {},
                                                    true}));
        return;
    }
    if (!options.verify || buffer.dmabufs().empty())
        return;
    const log::Hold lines;
    const auto queue = allocator.hold_queues(&Internal::data(use.device));
    TestImport test = verify_import(use, buffer, options.borrow_idle_queues);
    check.verified = std::move(test.verification);
    if (check.verified->imported != std::optional(false))
        return;
    if (own && test.lasting)
        allocator.refusals.remember({source, layout_class, use.device.id(), check.verified->device,
                                     check.verified->reason});
    check.objections.push_back(
        rejection(data, {ConstraintKind::attach,
                         fmt::format("refused by {}: {}", name_of(use), check.verified->reason),
                         {name_of(use)},
                         {},
                         true}));
}

std::string why_as_is(const Check& check, const DeviceUse& use, bool unproven) {
    std::string text = name_of(use) + " can take it as it is";
    if (check.verified && check.verified->imported == std::optional(true))
        return text + ", as a test import shows";
    if (unproven)
        text += "; unproven: nobody knows whether it needs contiguous memory";
    if (check.verified)
        text += "; not tested: " + check.verified->reason;
    return text;
}

void add_setup(const BufferData& buffer, const DeviceUse& use, Check& check) {
    const Request& fields = buffer.origin->request;
    if (auto setup = make_setup(Internal::data(use.device), use, *buffer.layout,
                                {0, 0, fields.crop_width, fields.crop_height}))
        check.setup = std::move(*setup);
}

/// Moves the plan where it has a candidate, else gives its conflict.
std::vector<Conflict> keep_if_possible(Plan plan, std::optional<Plan>& place) {
    if (plan.candidates().empty())
        return {plan.conflict().begin(), plan.conflict().end()};
    place = std::move(plan);
    return {};
}

/// The same wishes for a buffer of the same kind, whoever uses it.
RequestBuilder like(Request request) {
    request.uses.clear();
    request.modifier.reset();
    request.count.reset();
    request.cpu = CpuAccess::none;
    return RequestBuilder(std::move(request));
}

/// A GPU that already uses the buffer reads any layout of it; the CPU linear ones only. Nothing
/// where nobody can read it.
std::vector<Request> copy_requests(const BufferData& buffer, const Request& present,
                                   const DeviceUse& use) {
    std::vector<Request> requests;
    const auto gpu = std::find_if(present.uses.begin(), present.uses.end(), draws);
    if (gpu != present.uses.end() && present.is_image())
        requests.push_back(like(present).use(gpu->device, Use::render).use(use));
    if (buffer.layout->modifier.is_linear() && is_mappable(buffer) &&
        !buffer.origin->source.input.offer.protected_memory)
        requests.push_back(like(present).use(use).cpu(CpuAccess::write));
    return requests;
}

/// Whether the present uses would lose by the change.
bool loses(const BufferData& buffer, const Plan& plan) {
    const Candidate& best = plan.candidates().front();
    if (!buffer.origin->criteria.empty())
        return solver::is_better_off(buffer.origin->criteria, best.criteria);
    return !buffer.layout->modifier.is_linear() && best.layout.modifier.is_linear();
}

void decide(const BufferData& buffer, const CheckOptions& options, Check& check) {
    std::string against; // replacing the buffer
    if (!check.reallocate)
        against = "no buffer serves all uses";
    else if (!options.replaceable)
        against = "the buffer can't be replaced";
    else if (check.copy && loses(buffer, *check.reallocate))
        against = fmt::format("a buffer from {} for all uses would serve the present ones worse",
                              check.reallocate->candidates().front().source);

    check.reason = check.objections.front().reason + "; ";
    if (against.empty()) {
        check.verdict = Verdict::reallocate;
        check.reason += fmt::format("a buffer from {} serves all uses",
                                    check.reallocate->candidates().front().source);
    } else if (check.copy) {
        check.verdict = Verdict::copy;
        const auto& uses = check.copy->request().uses;
        check.reason +=
            fmt::format("{}; {} can copy into a buffer from {}", against,
                        uses.size() > 1 ? name_of(uses.front()) : std::string("the CPU"),
                        check.copy->candidates().front().source);
    } else {
        check.verdict = Verdict::none;
        check.reason += against + ", and nobody can copy it";
    }
}

} // namespace

std::string_view to_string(Verdict verdict) noexcept {
    return verdicts.of(verdict);
}

Result<Check> Allocator::check(const Buffer& buffer, const DeviceUse& use,
                               CheckOptions options) const {
    if (auto present = check_present(Internal::data(use.device)); !present)
        return std::move(present).error();
    const BufferData& data = Internal::data(buffer);
    const Request& fields = data.origin->request;
    Check check;
    const bool known =
        std::any_of(fields.uses.begin(), fields.uses.end(), [&](const DeviceUse& other) {
            return other.device.id() == use.device.id() && other.use == use.use;
        });
    if (known) {
        check.verdict = Verdict::keep;
        check.reason = name_of(use) + " uses it already";
        add_setup(data, use, check);
        return check;
    }

    bool unproven = false;
    if (auto judged = judge(data, use, data_->budget, check, unproven); !judged)
        return std::move(judged).error();
    if (check.objections.empty())
        try_import(buffer, use, options, *data_, check);
    if (check.objections.empty()) {
        check.verdict = Verdict::import_as_is;
        check.reason = why_as_is(check, use, unproven);
        add_setup(data, use, check);
        return check;
    }

    std::vector<std::string> gone;
    const Request present = of_present(fields, gone);
    auto shared = plan(RequestBuilder(present).use(use));
    if (!shared)
        return std::move(shared).error();
    check.conflict = keep_if_possible(*std::move(shared), check.reallocate);
    for (const Request& request : copy_requests(data, present, use)) {
        auto copied = plan(request);
        if (!copied)
            return std::move(copied).error();
        // What the use can't have even by itself says more than what all can't have together.
        auto conflict = keep_if_possible(*std::move(copied), check.copy);
        if (check.copy)
            break;
        check.conflict = std::move(conflict);
    }
    decide(data, options, check);
    for (const std::string& name : gone)
        check.reason += fmt::format("; {} is gone", name);
    if (check.verdict != Verdict::none)
        check.conflict.clear();
    return check;
}

} // namespace simplealloc
