// SPDX-License-Identifier: MIT
// Holds settings and what devices refused; runs a plan's candidates with checks and fallback.
#include <simplealloc/allocator.hpp>

#include "lib/allocator_data.hpp"
#include "lib/backend.hpp"
#include "lib/buffer_data.hpp"
#include "lib/dmabuf.hpp"
#include "lib/failure.hpp"
#include "lib/log.hpp"
#include "lib/plan_data.hpp"
#include "lib/policy.hpp"
#include "lib/refusals.hpp"
#include "lib/solver/accept.hpp"
#include "lib/solver/layout.hpp"
#include "lib/solver/solver.hpp"
#include "lib/verify.hpp"
#include "lib/zero.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <utility>

namespace simplealloc {

Result<Allocator> Allocator::open(AllocatorOptions options) {
    auto quirks = Quirks::load(options.quirk_path);
    if (!quirks)
        return quirks.error();
    auto policy = Policy::load(options);
    if (!policy)
        return policy.error();
    quirks->add(policy->devices);
    auto ledger = Ledger::create(policy->quotas);
    return Allocator(std::unique_ptr<AllocatorData>(new AllocatorData{
        std::move(*policy), Discovery(std::move(*quirks)), std::move(ledger), {}, {}}));
}

Allocator::Allocator(std::unique_ptr<AllocatorData> data) noexcept : data_(std::move(data)) {}
Allocator::Allocator(Allocator&&) noexcept = default;
Allocator& Allocator::operator=(Allocator&&) noexcept = default;
Allocator::~Allocator() = default;

namespace {

Result<Device> to_device(Result<DeviceRecord> record) {
    if (!record)
        return record.error();
    return Device(std::make_shared<const DeviceRecord>(std::move(*record)));
}

} // namespace

Result<Device> Allocator::device(const std::string& path) const {
    return to_device(data_->discovery.find(path));
}

Result<Device> Allocator::device(int fd, QueueAccess access) const {
    return to_device(data_->discovery.find(fd, access));
}

Result<std::vector<Device>> Allocator::devices() const {
    auto records = data_->discovery.list();
    if (!records)
        return records.error();
    std::vector<Device> devices;
    for (DeviceRecord& record : *records)
        devices.emplace_back(std::make_shared<const DeviceRecord>(std::move(record)));
    return devices;
}

Result<std::vector<SourceInfo>> Allocator::sources() const {
    auto records = data_->discovery.list();
    if (!records)
        return records.error();
    std::vector<std::shared_ptr<const DeviceRecord>> devices;
    for (DeviceRecord& record : *records)
        devices.push_back(std::make_shared<const DeviceRecord>(std::move(record)));
    std::vector<SourceInfo> sources;
    for (const Backend& backend : backends())
        for (const SourceRecord& source : sources_of(backend, devices, data_->discovery.quirks()))
            sources.push_back({source.input.name, source.input.backend, source.path,
                               source.input.usable, source.input.reason, source.input.remedy,
                               source.facts});
    return sources;
}

std::vector<PolicyValue> Allocator::policy() const {
    return data_->policy.values();
}

std::uint64_t Allocator::held(const std::string& of) const {
    return data_->ledger->held(of);
}

Result<Plan> Allocator::plan(const Request& request) const {
    const Request full = data_->policy.complete(request);
    if (auto checked = check_source_names(full.fields().without, "without"); !checked)
        return checked.error();
    if (auto checked = check_source_names(full.fields().order, "order"); !checked)
        return checked.error();

    auto devices = data_->devices(full.fields().uses);
    if (!devices)
        return devices.error();
    return make_plan(full, data_->policy, std::move(*devices), data_->discovery.quirks(),
                     data_->refusals.current());
}

Result<Buffer> Allocator::allocate(const Request& request, AllocateOptions options) const {
    const auto planned = plan(request);
    if (!planned)
        return planned.error();
    return allocate(*planned, options);
}

namespace {

Attempt attempt_of(const std::string& source, Error error) {
    const std::string remedy = std::exchange(error.remedy, {});
    return {source, error.stage, error.cause, error.sys_errno, error.message(), remedy};
}

/// Whether another candidate may still work after this one failed so.
bool goes_on(Cause cause) {
    return cause != Cause::fd_limit && cause != Cause::our_bug;
}

std::uint64_t total_size(const Layout& layout) {
    std::uint64_t total = 0;
    for (const std::uint64_t size : layout.dmabuf_sizes)
        total += size;
    return total;
}

/// The kernel does not bound a system heap's request: it kills processes until the memory is there.
/// Asked again before each allocation, since a plan may be old.
Result<void> check_memory(const SourceRecord& source, const Layout& layout) {
    if (source.input.offer.memory_kind != MemoryKind::system || source.input.offer.scarce)
        return {};
    const std::uint64_t available = available_memory();
    const std::uint64_t wanted = total_size(layout);
    if (wanted <= available)
        return {};
    return failure(Stage::allocate, Cause::exhausted, 0, source.input.name,
                   fmt::format("{} bytes wanted, {} available", wanted, available),
                   "free memory or ask for less");
}

/// Planning settled the strides of the best candidate with the V4L2 drivers; another layout is
/// asked about here, since the queue may not be ours to test it.
Result<void> check_drivers(const PlanData& plan, const Layout& layout) {
    if (plan.settled && layout.planes == plan.candidates.front().layout.planes)
        return {};
    for (const DeviceUse& use : plan.request.fields().uses)
        if (auto checked = check_format(use.device.record(), use, layout); !checked)
            return checked;
    return {};
}

Result<std::unique_ptr<BufferData>> allocate_from(const PlanData& plan,
                                                  const solver::Choice& choice, Ledger& ledger) {
    const SourceRecord& source = plan.sources[choice.source];
    const Backend* backend = find_backend(source.input.backend);
    if (backend == nullptr)
        return failure(Stage::allocate, Cause::our_bug, 0, source.input.name, "backend is missing");
    if (auto checked = check_memory(source, choice.candidate.layout); !checked)
        return checked.error();
    auto charge = ledger.charge(source.input.name, total_size(choice.candidate.layout));
    if (!charge)
        return charge.error();

    const Request::Fields& request = plan.request.fields();
    AllocationSpec spec;
    spec.layout = choice.candidate.layout;
    spec.caching = solver::caching_for(source.input.offer, request.cpu);
    spec.modifiers = choice.modifiers;
    spec.explicit_modifier = choice.explicit_modifier;
    for (const DeviceUse& use : request.uses)
        if (source.device && use.device.id() == source.device->id)
            spec.own_uses.push_back(use.use);
    spec.name = request.name.empty() ? "simplealloc" : request.name;
    auto raw = backend->allocate(source, spec);
    if (!raw)
        return raw.error();
    if (auto charged = charge->resize(total_size(raw->layout)); !charged)
        return charged.error();
    if (auto checked = solver::check_layout(raw->layout, choice.merged); !checked) {
        Error error = checked.error();
        error.cause = Cause::mismatch;
        error.stage = Stage::layout;
        error.object = source.input.name;
        error.detail = "the kernel gave another layout than the uses accept: " + error.detail;
        return error;
    }
    if (auto checked = check_drivers(plan, raw->layout); !checked) {
        Error error = checked.error();
        error.detail = error.object + ' ' + error.detail;
        error.object = source.input.name;
        return error;
    }

    auto data = std::make_unique<BufferData>();
    data->charge = std::move(*charge);
    for (UniqueFd& fd : raw->dmabufs) {
        data->dmabufs.push_back({fd.get(), raw->layout.dmabuf_sizes[data->fds.size()]});
        // A name helps people only: kernels before 5.3 have none.
        if (auto named = dmabuf::set_name(fd.get(), spec.name); !named)
            log::line(LogLevel::debug, "allocate: {}", named.error().message());
        data->fds.push_back(std::move(fd));
    }
    data->layout = std::move(raw->layout);
    data->source = source;
    data->flush = std::move(raw->flush);
    data->facts = source.facts;
    // The plan's fact has both ways, the buffer has one.
    for (Fact& fact : data->facts)
        if (fact.name == "caching" && source.input.offer.caching_selectable)
            fact.value = spec.caching == solver::CpuCaching::cached ? "cached" : "write-combined";
    data->request = plan.request;
    data->criteria = choice.candidate.criteria;
    if (request.zeroed)
        if (auto cleared = clear_memory(*data, source.input.offer.zeroed); !cleared)
            return cleared.error();
    return data;
}

} // namespace

Result<Buffer> Allocator::allocate(const Plan& plan, AllocateOptions options) const {
    const PlanData& planned = plan.data();
    const auto& uses = planned.request.fields().uses;
    std::vector<Attempt> attempts;
    for (const solver::Choice& choice : planned.choices) {
        const SourceRecord& source = planned.sources[choice.source];
        const std::string layout_class = solver::layout_class(choice.candidate.layout);
        if (const auto refusal = data_->refusals.find(source.input.name, layout_class, uses)) {
            attempts.push_back({source.input.name, Stage::verify, Cause::refused, 0,
                                fmt::format("{}: {} refused such a buffer before: {}",
                                            source.input.name, refusal->party, refusal->reason),
                                ""});
            continue;
        }
        auto data = [&] {
            const auto queue = data_->hold_queues(source.device.get());
            return allocate_from(planned, choice, *data_->ledger);
        }();
        if (!data) {
            attempts.push_back(attempt_of(source.input.name, data.error()));
            log::line(LogLevel::info, "allocate: {}", attempts.back().message);
            if (goes_on(attempts.back().cause))
                continue;
            break;
        }
        Buffer buffer(std::move(*data));
        if (options.verify) {
            std::vector<Verification> verified;
            for (std::size_t i = 0; i < uses.size(); ++i) {
                const auto queue = data_->hold_queues(&uses[i].device.record());
                verified.push_back(verify_import(uses[i], buffer, source.input.offer.device,
                                                 options.borrow_idle_queues));
            }
            const auto refused =
                std::find_if(verified.begin(), verified.end(),
                             [](const auto& one) { return one.imported == std::optional(false); });
            if (refused != verified.end()) {
                data_->refusals.remember(
                    {source.input.name, layout_class, refused->device, refused->reason});
                attempts.push_back({source.input.name, Stage::verify, Cause::refused, 0,
                                    fmt::format("{}: refused by {}: {}", source.input.name,
                                                refused->device, refused->reason),
                                    ""});
                log::line(LogLevel::info, "allocate: {}", attempts.back().message);
                continue;
            }
            buffer.set_verified(std::move(verified));
        }
        buffer.set_attempts(std::move(attempts));
        log::line(LogLevel::info, "allocate: {} from {}", total_size(buffer.layout()),
                  buffer.source());
        return buffer;
    }

    Error error;
    if (attempts.empty()) {
        error = failure(Stage::plan, Cause::unsatisfiable, 0, "request",
                        "no source satisfies all uses");
    } else {
        error =
            failure(attempts.back().stage, attempts.back().cause, attempts.back().sys_errno,
                    attempts.back().source,
                    attempts.size() == 1 ? "the only candidate failed" : "every candidate failed",
                    attempts.back().remedy);
    }
    error.attempts = std::move(attempts);
    error.rejections = planned.rejections;
    error.conflict = planned.conflict;
    error.relaxations = planned.relaxations;
    return error;
}

} // namespace simplealloc
