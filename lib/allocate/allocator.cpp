// SPDX-License-Identifier: MIT
// Holds settings and what devices refused; lists, plans, and hands out.
#include <simplealloc/allocator.hpp>

#include "lib/allocate/data.hpp"
#include "lib/allocate/plan_data.hpp"
#include "lib/allocate/presence.hpp"
#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/discovery/discovery.hpp"
#include "lib/discovery/v4l2/min_buffers.hpp"
#include "lib/discovery/v4l2/v4l2.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"
#include "lib/policy/policy.hpp"
#include "lib/solver/solver.hpp"
#include "lib/source/backend.hpp"

#include <utility>

namespace simplealloc {

Result<Allocator> Allocator::open(AllocatorOptions options) {
    auto quirks = Quirks::load(options.quirk_path);
    if (!quirks)
        return std::move(quirks).error();
    auto policy = Policy::load(options);
    if (!policy)
        return std::move(policy).error();
    quirks->add(policy->devices);
    auto ledger = Ledger::create(policy->quotas);
    return Allocator(
        std::shared_ptr<AllocatorData>(new AllocatorData{std::move(*policy),
                                                         Inventory(Discovery(std::move(*quirks))),
                                                         std::move(ledger),
                                                         options.budget,
                                                         {},
                                                         {},
                                                         {}}));
}

Allocator::Allocator(std::shared_ptr<AllocatorData> data) noexcept : data_(std::move(data)) {}
Allocator::Allocator(Allocator&&) noexcept = default;
Allocator& Allocator::operator=(Allocator&&) noexcept = default;
Allocator::~Allocator() = default;

namespace {

Result<Device> to_device(Result<DeviceRecord> record) {
    if (!record)
        return record.error();
    return Internal::make<Device>(std::make_shared<const DeviceRecord>(std::move(*record)));
}

} // namespace

Result<Device> Allocator::device(const std::string& path) const {
    return to_device(questions::ask_all([&] { return data_->inventory.discovery().find(path); }));
}

Result<Device> Allocator::device(int fd, QueueAccess access) const {
    return to_device(
        questions::ask_all([&] { return data_->inventory.discovery().find(fd, access); }));
}

Result<Device> Allocator::device(std::uint64_t number) const {
    return to_device(
        questions::ask_all([&] { return data_->inventory.discovery().find(dev_t{number}); }));
}

Result<std::vector<Device>> Allocator::devices() const {
    auto records = questions::ask_all([&] { return data_->inventory.discovery().list(); });
    if (!records)
        return std::move(records).error();
    std::vector<Device> devices;
    for (DeviceRecord& record : *records) {
        ask_uses(record);
        devices.push_back(
            Internal::make<Device>(std::make_shared<const DeviceRecord>(std::move(record))));
    }
    return devices;
}

Result<std::vector<SourceInfo>> Allocator::sources() const {
    auto records = questions::ask_all([&] { return data_->all_sources(); });
    if (!records)
        return std::move(records).error();
    std::vector<SourceInfo> sources;
    for (const SourceRecord& source : *records)
        sources.push_back({source.input.name, source.input.backend, source.path,
                           source.input.usable, source.input.reason, source.input.remedy,
                           source.facts, source.input.offer});
    return sources;
}

std::vector<PolicyValue> Allocator::policy() const {
    return data_->policy.values();
}

std::uint64_t Allocator::held(const std::string& of) const {
    return data_->ledger->held(of);
}

Stats Allocator::stats() const {
    return data_->ledger->stats();
}

Result<Plan> Allocator::plan(const Request& request) const {
    solver::Spending spending(data_->budget);
    for (const DeviceUse& use : request.uses)
        if (!pay_for_copy(use.alternatives, spending))
            return failure(Stage::request, Cause::limit, 0,
                           party_name(Internal::data(use.device), use.use),
                           "its alternatives and modifiers are more than the budget of a plan "
                           "allows",
                           "give it fewer, or the plan more budget (AllocatorOptions::budget)");
    Request full = data_->policy.complete(request);
    if (!full.count)
        full.count = std::max<std::uint32_t>(least_buffers(full.uses), 1);
    // Before any device is asked: what makes no sense is not for them to refuse.
    if (auto checked = solver::check_request(solver::resolved(full), kernel::page_size()); !checked)
        return std::move(checked).error();
    if (auto checked = check_source_names(full.without, "without"); !checked)
        return std::move(checked).error();
    if (auto checked = check_source_names(full.order, "order"); !checked)
        return std::move(checked).error();

    return questions::ask_all([&]() -> Result<Plan> {
        if (auto present = check_present(full.uses); !present)
            return std::move(present).error();
        auto sources = data_->sources(full.uses);
        if (!sources)
            return std::move(sources).error();
        const auto paddings = data_->paddings.current();
        return make_plan(std::move(full), data_->policy, *std::move(sources),
                         data_->refusals.current(), data_->ledger->quotas(), *paddings, spending);
    });
}

Result<Buffer> Allocator::allocate(const Request& request, AllocateOptions options) const {
    auto planned = plan(request);
    if (!planned)
        return std::move(planned).error();
    return allocate(*planned, options);
}

} // namespace simplealloc
