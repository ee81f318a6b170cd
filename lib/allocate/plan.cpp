// SPDX-License-Identifier: MIT
// From a request to a plan: collects what discovery and backends know, and what solver and V4L2
// drivers agree on.
#include <simplealloc/plan.hpp>

#include "lib/allocate/negotiate.hpp"
#include "lib/allocate/opaque_image.hpp"
#include "lib/allocate/plan_data.hpp"
#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/discovery/capabilities.hpp"
#include "lib/discovery/limits/quirk_limits.hpp"
#include "lib/discovery/other_nodes.hpp"
#include "lib/discovery/setup.hpp"
#include "lib/discovery/v4l2/choice.hpp"
#include "lib/discovery/v4l2/min_buffers.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"
#include "lib/kernel/memory.hpp"
#include "lib/model/source_names.hpp"
#include "lib/solver/explain/conflict.hpp"
#include "lib/solver/explain/relax.hpp"
#include "lib/solver/solver.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <linux/videodev2.h>
#include <numeric>

namespace simplealloc {

namespace {

/// Whether somebody leaves the source out.
void exclude(const solver::ResolvedRequest& request, const Policy& policy,
             solver::SourceInput& source) {
    const auto names = [&](std::string_view name) { return source.is_called(name); };
    const auto forbidden = std::ranges::find_if(policy.forbidden, names, &Forbidden::value);
    if (std::any_of(request.without.begin(), request.without.end(), names)) {
        source.excluded = solver::ExcludedBy::caller;
        source.exclusion = "caller";
    } else if (forbidden != policy.forbidden.end()) {
        source.excluded = forbidden->by;
        source.exclusion = forbidden->origin;
    } else {
        source.excluded = solver::ExcludedBy::nobody;
        source.exclusion.clear();
    }
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

/// A V4L2 source makes its buffers on the queue of its device's own uses.
solver::QueueSide making_side(std::span<const DeviceUse> uses, const DeviceRecord& device) {
    if (!device.v4l2)
        return solver::QueueSide::none;
    std::vector<Use> own;
    for (const DeviceUse& use : uses)
        if (use.device.id() == device.id)
            own.push_back(use.use);
    const auto types = making_queues(*device.v4l2, own);
    if (types.empty())
        return solver::QueueSide::none;
    return V4L2_TYPE_IS_OUTPUT(types.front()) ? solver::QueueSide::output
                                              : solver::QueueSide::capture;
}

/// Marks the sources that the request's policy keeps out.
void apply_policy(const solver::ResolvedRequest& request, std::span<const DeviceUse> uses,
                  const Policy& policy, std::span<const SourceRecord> records,
                  std::vector<solver::SourceInput>& inputs) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        solver::SourceInput& input = inputs[i];
        const auto& device = records[i].device;
        exclude(request, policy, input);
        if (device)
            input.offer.queue = making_side(uses, *device);
        input.named = !device || request.any_device ||
                      std::any_of(uses.begin(), uses.end(), [&](const DeviceUse& use) {
                          return use.device.id() == device->id;
                      });
    }
}

/// What the display refused without.
void add_padding(std::span<const Padding> paddings, Fourcc fourcc, solver::UseInput& use) {
    for (const Padding& padding : paddings) {
        if (padding.party != use.party || padding.fourcc != fourcc)
            continue;
        for (solver::CapabilitySet& set : use.alternatives) {
            std::uint64_t& align = set.constraints.stride_align;
            align = std::lcm(std::max<std::uint64_t>(align, 1), padding.stride_align);
            set.evidence[ConstraintKind::stride_align] = {
                Confidence::assumed, "AddFB2 took it before, and refused shorter lines"};
        }
    }
}

Result<std::vector<solver::UseInput>> find_uses(std::span<const DeviceUse> asked, Fourcc fourcc,
                                                std::span<const Padding> paddings,
                                                solver::Spending& spending) {
    std::vector<solver::UseInput> uses;
    for (const DeviceUse& use : asked) {
        auto input = find_use(use, fourcc, spending);
        if (!input)
            return std::move(input).error();
        add_padding(paddings, fourcc, *input);
        uses.push_back(std::move(*input));
    }
    return uses;
}

/// What plans of a request and of its relaxations have in common.
struct Surroundings {
    std::span<const DeviceUse> uses; ///< of the request
    solver::Spending& spending;
    const Policy& policy;
    std::span<const SourceRecord> sources;
    const solver::Input& input;
    std::span<const Padding> paddings;
};

Result<solver::Input> input_for(solver::ResolvedRequest request, std::span<const DeviceUse> asked,
                                const Surroundings& around) {
    solver::Input input = around.input;
    input.request = std::move(request);
    const Fourcc fourcc = input.request.fourcc;
    auto uses = find_uses(asked, fourcc, around.paddings, around.spending);
    if (!uses)
        return std::move(uses).error();
    input.uses = std::move(*uses);
    input.least_count = std::max(least_buffers(asked), input.least_count);
    if (auto told = ask_opaque_sizes(input.request, asked, input.uses, around.spending); !told)
        return std::move(told).error();
    for (const DeviceUse& use : asked)
        add_preferred_sources(Internal::data(use.device), use.use, fourcc, input.preferred);
    apply_policy(input.request, asked, around.policy, around.sources, input.sources);
    return input;
}

/// A relaxed request is planned as if it had been asked for: the drivers have their say.
std::optional<solver::Output> replan(const solver::Relaxed& relaxed, const Surroundings& around) {
    const solver::Spending::Memory memory(around.spending);
    std::vector<DeviceUse> uses;
    for (const std::size_t use : relaxed.uses) {
        if (!pay_for_copy(around.uses[use].alternatives, around.spending))
            return std::nullopt;
        uses.push_back(around.uses[use]);
    }
    auto input = input_for(relaxed.request, uses, around);
    if (!input)
        return std::nullopt;
    if (relaxed.split_planes)
        for (solver::SourceInput& source : input->sources)
            source.offer.max_dmabufs.reset();
    auto settled = settle(uses, std::move(*input), around.spending);
    if (!settled)
        return std::nullopt;
    return std::move(settled->output);
}

void explain_failure(const Settled& settled, const Surroundings& around, PlanData& data) {
    const solver::Core core =
        solver::find_core(settled.input, around.spending, settled.output.undecided);
    data.conflict = solver::conflict_of(settled.input, core, around.spending);
    std::vector<Fourcc> formats;
    for (const DeviceUse& use : around.uses)
        for (const Fourcc format : listed_formats(use))
            formats.push_back(format);
    data.relaxations = solver::relaxations(
        settled.input, core, formats,
        [&](const solver::Relaxed& relaxed) { return replan(relaxed, around); }, around.spending);
}

} // namespace

Result<solver::UseInput> find_use(const DeviceUse& use, Fourcc fourcc, solver::Spending& spending) {
    const DeviceRecord& record = Internal::data(use.device);
    auto alternatives = capabilities(record, use, fourcc, spending);
    if (!alternatives)
        return std::move(alternatives).error();
    solver::UseInput input;
    input.party = party_name(record, use.use);
    input.device = record.id;
    if (record.by_row)
        input.row = row_of_node(record.path);
    else if (!record.described && !record.driver.empty())
        input.row = record.subsystem + ":" + record.driver;
    input.use = use.use;
    input.queue = queue_side(record, use.use);
    input.alternatives = std::move(*alternatives);
    // Who copies by the CPU sees what the CPU sees.
    input.coherent =
        record.reach.coherent || std::all_of(input.alternatives.begin(), input.alternatives.end(),
                                             [](const solver::CapabilitySet& set) {
                                                 return set.import_path == ImportPath::vmap;
                                             });
    // Of a described device nobody says that it can't.
    input.peer_to_peer = record.peer_to_peer || record.described.has_value();
    input.forbidden = forbidden_sources(record, use.use, fourcc);
    if (const auto cached = use_quirk(record, use.use, fourcc, "cached-memory");
        cached && cached->text == "no")
        input.refuses_cached = cached->origin;
    if (const auto mapping = use_quirk(record, use.use, fourcc, "kernel-mapping");
        mapping && mapping->text == "yes")
        input.maps_too = mapping->origin;
    return input;
}

bool pay_for_copy(const std::vector<CapabilitySet>& alternatives, solver::Spending& spending) {
    return std::ranges::all_of(alternatives, [&](const CapabilitySet& set) {
        const solver::Extent extent = solver::extent_of(set);
        return spending.afford(extent.copying()) && spending.hold(extent.bytes);
    });
}

Result<Plan> make_plan(Request request, const Policy& policy, std::vector<SourceRecord> sources,
                       solver::Input::Refusals refusals, std::vector<QuotaState> quotas,
                       std::span<const Padding> paddings, solver::Spending& spending) {
    auto data = std::make_shared<PlanData>(
        PlanData{std::move(request), std::move(sources), {}, {}, {}, {}, {}, {}, true});
    const Request& fields = data->request;

    solver::Input common;
    common.order = fields.order.empty() ? policy.order.value : fields.order;
    common.order_origin = fields.order.empty() ? policy.order.origin : "caller";
    common.page_size = kernel::page_size();
    common.available_memory = available_memory();
    common.refusals = std::move(refusals);
    data->quotas = bind_quotas(std::move(quotas), data->sources);
    common.quotas = data->quotas;
    for (const SourceRecord& source : data->sources)
        common.sources.push_back(source.input);
    const Surroundings around{fields.uses, spending, policy, data->sources, common, paddings};
    auto input = input_for(solver::resolved(fields), fields.uses, around);
    if (!input)
        return std::move(input).error();
    auto settled = settle(fields.uses, std::move(*input), spending);
    if (!settled)
        return std::move(settled).error();
    solver::Output& output = settled->output;
    data->settled = settled->drivers_agree;

    data->choices = std::move(output.choices);
    for (const solver::Choice& choice : data->choices)
        data->candidates.push_back(choice.candidate);
    data->rejections = std::move(output.rejections);
    add_refused_ways(settled->input, data->rejections);
    if (data->choices.empty())
        explain_failure(*settled, around, *data);
    log::line(LogLevel::debug, "plan: {} candidates, {} rejections, best {}",
              data->candidates.size(), data->rejections.size(),
              data->candidates.empty() ? "none" : data->candidates.front().source);
    return Internal::make<Plan>(std::move(data));
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
    const auto& uses = data_->request.uses;
    if (use_index >= uses.size() || candidate >= data_->candidates.size())
        return failure(Stage::request, Cause::invalid, 0, "setup",
                       fmt::format("use {} of {}, candidate {} of {}", use_index, uses.size(),
                                   candidate, data_->candidates.size()));
    const DeviceUse& use = uses[use_index];
    const Request& fields = data_->request;
    return make_setup(Internal::data(use.device), use, data_->candidates[candidate].layout,
                      {0, 0, fields.crop_width, fields.crop_height});
}

} // namespace simplealloc
