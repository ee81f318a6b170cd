// SPDX-License-Identifier: MIT
// From a request to a plan: collects what discovery and backends know, and lets solver and V4L2
// drivers agree.
#include <simplealloc/plan.hpp>

#include "lib/discovery/quirk_limits.hpp"
#include "lib/failure.hpp"
#include "lib/kernel.hpp"
#include "lib/log.hpp"
#include "lib/plan_data.hpp"
#include "lib/solver/conflict.hpp"
#include "lib/solver/relax.hpp"
#include "lib/solver/solver.hpp"
#include "lib/solver/source_names.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

/// A V4L2 driver's stride rule is a function of the whole format, so it is asked again after each
/// change; three rounds are enough for drivers that only round up, and bound those that never
/// settle.
constexpr int max_format_rounds = 3;

/// Who leaves the source out; empty: nobody.
std::string left_out_by(const Request::Fields& request, const Policy& policy,
                        const solver::SourceInput& source) {
    const auto names = [&](std::string_view name) { return source.is_called(name); };
    if (std::any_of(request.without.begin(), request.without.end(), names))
        return "caller";
    for (const Sourced<std::string>& name : policy.forbidden)
        if (names(name.value))
            return name.origin;
    return {};
}

std::vector<SourceRecord> find_sources(std::span<const std::shared_ptr<const DeviceRecord>> devices,
                                       const Quirks& quirks) {
    std::vector<SourceRecord> sources;
    for (const Backend& backend : backends())
        for (SourceRecord& source : sources_of(backend, devices, quirks))
            sources.push_back(std::move(source));
    return sources;
}

/// The quotas that count one of the sources; each source gets to know its own.
std::vector<QuotaState> bind_quotas(std::vector<QuotaState> quotas,
                                    std::vector<SourceRecord>& sources) {
    std::erase_if(quotas, [&](QuotaState& state) {
        for (const SourceRecord& source : sources)
            if (state.quota.of.empty() || source.input.is_called(state.quota.of))
                state.sources.push_back(source.input.name);
        return state.sources.empty();
    });
    for (SourceRecord& source : sources)
        for (std::size_t i = 0; i < quotas.size(); ++i)
            if (std::count(quotas[i].sources.begin(), quotas[i].sources.end(), source.input.name) >
                0)
                source.input.quotas.push_back(i);
    return quotas;
}

/// Marks the sources that the request's policy keeps out.
void apply_policy(const Request::Fields& request, const Policy& policy,
                  std::span<const SourceRecord> records, std::vector<solver::SourceInput>& inputs) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        solver::SourceInput& input = inputs[i];
        const auto& device = records[i].device;
        input.disabled_by = left_out_by(request, policy, input);
        input.enabled = input.disabled_by.empty();
        input.named =
            !device || request.any_device ||
            std::any_of(request.uses.begin(), request.uses.end(),
                        [&](const DeviceUse& use) { return use.device.id() == device->id; });
    }
}

Result<std::vector<solver::UseInput>> find_uses(const Request::Fields& request) {
    std::vector<solver::UseInput> uses;
    for (const DeviceUse& use : request.uses) {
        auto input = find_use(use, request.fourcc);
        if (!input)
            return input.error();
        uses.push_back(std::move(*input));
    }
    return uses;
}

/// What an answer of a driver does to the stride of its capability set.
enum class Answer { exact, least };

/// Asks every V4L2 use what it makes of the best layout, and folds answers that differ into its
/// capability set. Returns whether there was such an answer.
Result<bool> negotiate(const Request::Fields& request, const solver::Choice& best, Answer kind,
                       std::vector<solver::UseInput>& uses) {
    bool changed = false;
    const Layout& layout = best.candidate.layout;
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const DeviceUse& use = request.uses[i];
        auto answer = try_format(use.device.record(), use, layout);
        if (!answer)
            return answer.error();
        if (!answer->has_value())
            continue;
        const Constraints& wanted = **answer;
        solver::CapabilitySet& set = uses[i].alternatives[best.alternatives[i]];
        const std::uint64_t stride = layout.planes.front().stride;
        if (stride < wanted.min_stride || stride > wanted.max_stride) {
            log::line(LogLevel::debug, "plan: {} makes a stride of {} bytes out of {}",
                      uses[i].party, wanted.min_stride, stride);
            set.constraints.min_stride = wanted.min_stride;
            // A driver that makes it shorter takes no padding.
            if (kind == Answer::exact || stride > wanted.max_stride) {
                set.constraints.max_stride = wanted.max_stride;
                set.evidence[ConstraintKind::max_stride] = {Confidence::known, "VIDIOC_TRY_FMT"};
            }
            set.evidence[ConstraintKind::min_stride] = {Confidence::known, "VIDIOC_TRY_FMT"};
            changed = true;
        }
        if (set.constraints.height_align % wanted.height_align != 0) {
            // Of all multiples only this one; the driver knows better than a quirk.
            set.constraints.height_align = wanted.height_align;
            set.evidence[ConstraintKind::height_align] = {Confidence::known, "VIDIOC_TRY_FMT"};
            changed = true;
        }
        if (wanted.min_size > set.constraints.min_size) {
            changed = changed || layout.dmabuf_sizes.front() < wanted.min_size;
            set.constraints.min_size = wanted.min_size;
            set.evidence[ConstraintKind::min_size] = {Confidence::known, "VIDIOC_TRY_FMT"};
        }
    }
    return changed;
}

struct Settled {
    solver::Output output;
    solver::Input input; ///< with the answers
    bool drivers_agree = true;
    bool asked_again = false; ///< some answer differed from what was proposed
};

Result<Settled> settle(const Request::Fields& request, Answer kind, solver::Input& input) {
    Settled settled;
    for (int round = 0;; ++round) {
        auto solved = solver::candidates(input);
        if (!solved)
            return solved.error();
        const std::size_t before = settled.output.work;
        settled.output = std::move(*solved);
        settled.output.work += before;
        if (settled.output.choices.empty())
            return settled;
        const auto changed = negotiate(request, settled.output.choices.front(), kind, input.uses);
        if (!changed)
            return changed.error();
        if (!*changed)
            return settled;
        settled.asked_again = true;
        if (round == max_format_rounds) {
            settled.drivers_agree = false;
            return settled;
        }
    }
}

/// An answer is taken as the only stride of the driver, so that every candidate has it. Where that
/// leaves nothing, a driver that only rounds up is given the next stride that suits the others.
Result<Settled> settle(const Request::Fields& request, const solver::Input& input) {
    solver::Input exact = input;
    auto settled = settle(request, Answer::exact, exact);
    if (settled)
        settled->input = std::move(exact);
    if (!settled || !settled->output.choices.empty() || !settled->asked_again)
        return settled;
    solver::Input least = input;
    auto rounded = settle(request, Answer::least, least);
    if (rounded)
        rounded->input = std::move(least);
    const bool better = rounded && !rounded->output.choices.empty() && rounded->drivers_agree;
    return better ? rounded : settled;
}

/// What plans of a request and of its relaxations have in common.
struct Surroundings {
    const Policy& policy;
    std::span<const SourceRecord> sources;
    const solver::Input& input;
};

Result<solver::Input> input_for(const Request::Fields& request, const Surroundings& around) {
    solver::Input input = around.input;
    input.request = request;
    auto uses = find_uses(request);
    if (!uses)
        return uses.error();
    input.uses = std::move(*uses);
    for (const DeviceUse& use : request.uses)
        add_preferred_sources(use.device.record(), use.use, request.fourcc, input.preferred);
    apply_policy(request, around.policy, around.sources, input.sources);
    return input;
}

/// A relaxed request is planned as if it had been asked for: the drivers have their say.
std::optional<solver::Output> replan(solver::Relaxed relaxed, const Surroundings& around) {
    std::vector<DeviceUse> uses;
    for (const std::size_t use : relaxed.uses)
        uses.push_back(relaxed.request.uses[use]);
    relaxed.request.uses = std::move(uses);
    auto input = input_for(relaxed.request, around);
    if (!input)
        return std::nullopt;
    if (relaxed.split_planes)
        for (solver::SourceInput& source : input->sources)
            source.offer.max_dmabufs.reset();
    auto settled = settle(relaxed.request, *input);
    if (!settled)
        return std::nullopt;
    return std::move(settled->output);
}

void explain_failure(const Settled& settled, const Surroundings& around, PlanData& data) {
    const solver::Core core = solver::find_core(settled.input);
    data.conflict = solver::conflict_of(settled.input, core);
    std::vector<Fourcc> formats;
    for (const DeviceUse& use : settled.input.request.uses)
        for (const Fourcc format : listed_formats(use))
            formats.push_back(format);
    data.relaxations =
        solver::relaxations(settled.input, core, formats, [&](const solver::Relaxed& relaxed) {
            return replan(relaxed, around);
        });
}

} // namespace

Result<solver::UseInput> find_use(const DeviceUse& use, Fourcc fourcc) {
    const DeviceRecord& record = use.device.record();
    auto alternatives = capabilities(record, use, fourcc);
    if (!alternatives)
        return alternatives.error();
    solver::UseInput input;
    input.party = party_name(record, use.use);
    input.device = record.id;
    if (!record.described && !record.driver.empty())
        input.row = record.subsystem + ":" + record.driver;
    input.use = use.use;
    input.alternatives = std::move(*alternatives);
    input.coherent = record.reach.coherent;
    input.notes = source_notes(record, use.use, fourcc);
    if (const auto cached = use_quirk(record, use.use, fourcc, "cached-memory");
        cached && cached->text == "no")
        input.refuses_cached = cached->origin;
    return input;
}

Result<Plan> make_plan(const Request& request, const Policy& policy,
                       std::vector<std::shared_ptr<const DeviceRecord>> devices,
                       const Quirks& quirks, std::vector<solver::Input::Refusal> refusals,
                       std::vector<QuotaState> quotas) {
    const Request::Fields& fields = request.fields();
    auto data = std::make_shared<PlanData>(PlanData{request, {}, {}, {}, {}, {}, {}, {}, true});

    solver::Input common;
    common.order = fields.order.empty() ? policy.order.value : fields.order;
    common.order_origin = fields.order.empty() ? policy.order.origin : "caller";
    common.page_size = kernel::page_size();
    common.available_memory = available_memory();
    common.refusals = std::move(refusals);
    data->sources = find_sources(devices, quirks);
    data->quotas = bind_quotas(std::move(quotas), data->sources);
    common.quotas = data->quotas;
    for (const SourceRecord& source : data->sources)
        common.sources.push_back(source.input);
    const Surroundings around{policy, data->sources, common};
    auto input = input_for(fields, around);
    if (!input)
        return input.error();
    auto settled = settle(fields, *input);
    if (!settled)
        return settled.error();
    solver::Output& output = settled->output;
    data->settled = settled->drivers_agree;

    data->choices = std::move(output.choices);
    for (const solver::Choice& choice : data->choices)
        data->candidates.push_back(choice.candidate);
    data->rejections = std::move(output.rejections);
    if (data->choices.empty())
        explain_failure(*settled, around, *data);
    log::line(LogLevel::debug, "plan: {} candidates, {} rejections, best {}",
              data->candidates.size(), data->rejections.size(),
              data->candidates.empty() ? "none" : data->candidates.front().source);
    return Plan(std::move(data));
}

Plan::Plan(std::shared_ptr<const PlanData> data) noexcept : data_(std::move(data)) {}

std::span<const Candidate> Plan::candidates() const noexcept {
    return data_->candidates;
}
std::span<const Rejection> Plan::rejections() const noexcept {
    return data_->rejections;
}
std::span<const Conflict> Plan::conflict() const noexcept {
    return data_->conflict;
}
std::span<const Relaxation> Plan::relaxations() const noexcept {
    return data_->relaxations;
}
std::span<const QuotaState> Plan::quotas() const noexcept {
    return data_->quotas;
}
const Request& Plan::request() const noexcept {
    return data_->request;
}

Result<Setup> Plan::setup(std::size_t use_index, std::size_t candidate) const {
    const auto& uses = data_->request.fields().uses;
    if (use_index >= uses.size() || candidate >= data_->candidates.size())
        return failure(Stage::request, Cause::invalid, 0, "setup",
                       fmt::format("use {} of {}, candidate {} of {}", use_index, uses.size(),
                                   candidate, data_->candidates.size()));
    const DeviceUse& use = uses[use_index];
    return make_setup(use.device.record(), use, data_->candidates[candidate].layout);
}

} // namespace simplealloc
