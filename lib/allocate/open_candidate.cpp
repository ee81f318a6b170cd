// SPDX-License-Identifier: MIT
// Allocates from one candidate, and checks what the kernel made of it.
#include "lib/allocate/open_candidate.hpp"
#include "lib/base/internal.hpp"
#include "lib/buffer/mapping.hpp"

#include "lib/allocate/presence.hpp"
#include "lib/base/failure.hpp"
#include "lib/base/size_text.hpp"
#include "lib/buffer/cpu_memory.hpp"
#include "lib/buffer/zero.hpp"
#include "lib/discovery/v4l2/try_format.hpp"
#include "lib/kernel/dmabuf.hpp"
#include "lib/kernel/log.hpp"
#include "lib/kernel/memory.hpp"
#include "lib/model/layout.hpp"
#include "lib/solver/search/accept.hpp"
#include "lib/solver/search/remedy.hpp"
#include "lib/solver/solver.hpp"

#include <fmt/format.h>
#include <utility>

namespace simplealloc {

namespace {

AllocationSpec spec_of(const PlanData& plan, const solver::Choice& choice,
                       const SourceRecord& source) {
    const Request& request = plan.request;
    AllocationSpec spec;
    spec.layout = choice.candidate.layout;
    spec.caching = solver::caching_for(source.input.offer, request.cpu);
    spec.modifiers = choice.modifiers;
    spec.explicit_modifier = choice.explicit_modifier;
    for (const DeviceUse& use : request.uses)
        if (source.device && use.device.id() == source.device->id)
            spec.own_uses.push_back(use.use);
    spec.name = request.name;
    return spec;
}

std::shared_ptr<const BufferOrigin> origin_of(const PlanData& plan, const solver::Choice& choice,
                                              const AllocationSpec& spec) {
    auto origin = std::make_shared<BufferOrigin>();
    origin->source = plan.sources[choice.source];
    origin->facts = origin->source.facts;
    // The plan's fact has both ways, the buffer has one.
    for (Fact& fact : origin->facts)
        if (fact.name == "caching" && origin->source.input.offer.caching_selectable)
            fact.value = spec.caching == solver::CpuCaching::cached ? "cached" : "write-combined";
    origin->request = plan.request;
    origin->criteria = choice.candidate.criteria;
    return origin;
}

/// Not the Buffer's own mapping, which would hold a descriptor of it.
Result<void> try_mapping(const DmaBuf& dmabuf, Access access,
                         const std::shared_ptr<const CacheFlush>& flush) {
    auto memory = CpuMemory::create(dmabuf.fd, dmabuf.size, access, flush);
    if (!memory)
        return std::move(memory).error();
    auto mapping = begin_mapping(*std::move(memory), access);
    return mapping ? mapping->finish() : mapping.error();
}

/// ENODEV of an exporter without kernel mapping does not mean that anything has gone.
Error unmappable(Error error, const std::string& source) {
    error.stage = Stage::map;
    error.object = source;
    error.detail = "the CPU can't map it: " + error.detail;
    if (error.cause == Cause::gone || error.cause == Cause::our_bug)
        error.cause = Cause::unsupported;
    if (error.cause == Cause::unsupported)
        error.remedy = to_string(solver::no_cpu_remedy());
    return error;
}

} // namespace

OpenCandidate::OpenCandidate(const PlanData& plan, const solver::Choice& choice, Ledger& ledger)
    : plan_(plan), choice_(choice), ledger_(ledger),
      account_(ledger.account(plan.sources[choice.source].input)),
      layout_class_(solver::layout_class(choice.candidate.layout)),
      spec_(spec_of(plan, choice, plan.sources[choice.source])),
      origin_(origin_of(plan, choice, spec_)) {}

/// The kernel does not bound a system heap's request: it kills processes until the memory is there.
/// Asked again when half of what was there may be used up, since a plan may be old.
Result<void> OpenCandidate::check_memory() {
    const solver::Offer& offer = source().input.offer;
    if (offer.memory_kind != MemoryKind::system || offer.scarce)
        return {};
    const std::uint64_t wanted = solver::total_size(spec_.layout);
    if (wanted <= memory_left_) {
        memory_left_ -= wanted;
        return {};
    }
    const std::uint64_t available = available_memory();
    if (wanted > available)
        return failure(
            Stage::allocate, Cause::exhausted, 0, source().input.name,
            fmt::format("{} wanted, {} available", size_text(wanted), size_text(available)),
            "free memory or ask for less");
    memory_left_ = (available - wanted) / 2;
    return {};
}

/// Planning settled the strides of the best candidate with the V4L2 drivers; another layout is
/// asked about here, since the queue may not be ours to test it.
Result<void> OpenCandidate::check_drivers(const Layout& layout) const {
    if (plan_.settled && layout.planes == plan_.candidates.front().layout.planes)
        return {};
    for (const DeviceUse& use : plan_.request.uses)
        if (auto checked = check_format(Internal::data(use.device), use, layout); !checked) {
            Error error = checked.error();
            error.detail = error.object + ' ' + error.detail;
            error.object = source().input.name;
            return error;
        }
    return {};
}

Result<void> OpenCandidate::accept(const std::shared_ptr<const Layout>& layout) {
    if (accepted_ == layout)
        return {};
    if (auto checked = solver::check_layout(*layout, choice_.merged); !checked) {
        Error error = checked.error();
        error.cause = Cause::mismatch;
        error.stage = Stage::layout;
        error.object = source().input.name;
        error.detail = "the kernel gave another layout than the uses accept: " + error.detail;
        return error;
    }
    if (auto checked = check_drivers(*layout); !checked)
        return checked;
    accepted_ = layout;
    return {};
}

Result<void> OpenCandidate::clear(BufferData& data) {
    auto cleared = clear_memory(data, source().input.offer.zeroed);
    if (!cleared)
        return std::move(cleared).error();
    if (!*cleared)
        return {};
    account_.cpu_reads = account_.cpu_writes = true;
    if (cleared_ == nullptr) {
        auto origin = std::make_shared<BufferOrigin>(*origin_);
        note_cleared(origin->facts);
        cleared_ = std::move(origin);
    }
    data.origin = cleared_;
    return {};
}

/// Whether an exporter has mmap shows only when it is asked. What one buffer of a source has shown
/// holds for the next ones, so that they cost nothing.
Result<void> OpenCandidate::prove_mappable(const BufferData& data) {
    const CpuAccess cpu = plan_.request.cpu;
    const Access access = cpu == CpuAccess::write ? Access::read_write : Access::read;
    std::atomic<bool>& proven = access == Access::read ? account_.cpu_reads : account_.cpu_writes;
    if (cpu == CpuAccess::none || proven)
        return {};
    for (const DmaBuf& dmabuf : data.dmabufs)
        if (auto mapped = try_mapping(dmabuf, access, data.flush); !mapped)
            return unmappable(mapped.error(), source().input.name);
    proven = true;
    return {};
}

Result<void> OpenCandidate::open() {
    if (open_ != nullptr)
        return {};
    // Another device may have got the name of one that is gone.
    if (source().device)
        if (auto present = check_present(*source().device); !present)
            return present;
    const Backend* backend = find_backend(source().input.backend);
    if (backend == nullptr)
        return failure(Stage::allocate, Cause::our_bug, 0, source().input.name,
                       "backend is missing");
    auto opened = backend->open(origin_->source);
    if (!opened)
        return std::move(opened).error();
    open_ = std::move(*opened);
    return {};
}

Result<std::unique_ptr<BufferData>> OpenCandidate::allocate() {
    const std::lock_guard lock(mutex_);
    if (auto checked = check_memory(); !checked)
        return std::move(checked).error();
    auto charge = ledger_.charge(account_, solver::total_size(spec_.layout));
    if (!charge)
        return std::move(charge).error();
    if (auto opened = open(); !opened)
        return std::move(opened).error();
    auto raw = open_->allocate(spec_);
    if (!raw) {
        // The descriptor is of a driver that is gone; the node may have come back.
        if (raw.error().cause == Cause::gone)
            open_.reset();
        return std::move(raw).error();
    }
    if (auto charged = charge->resize(solver::total_size(*raw->layout)); !charged)
        return std::move(charged).error();
    if (auto accepted = accept(raw->layout); !accepted)
        return std::move(accepted).error();

    auto data = std::make_unique_for_overwrite<BufferData>();
    data->charge = std::move(*charge);
    data->layout = accepted_;
    data->origin = origin_;
    data->flush = std::move(raw->flush);
    data->fds = std::move(raw->dmabufs);
    data->unseen = true;
    data->dmabufs.reserve(data->fds.size());
    for (std::size_t i = 0; i < data->fds.size(); ++i) {
        const int fd = data->fds[i].get();
        data->dmabufs.push_back({fd, accepted_->dmabuf_sizes[i]});
        // A name helps people only: kernels before 5.3 have none.
        if (!spec_.name.empty())
            if (auto named = dmabuf::set_name(fd, spec_.name); !named)
                log::line(LogLevel::debug, "allocate: {}", named.error().message());
    }
    if (plan_.request.zeroed)
        if (auto cleared = clear(*data); !cleared)
            return std::move(cleared).error();
    if (auto mapped = prove_mappable(*data); !mapped)
        return std::move(mapped).error();
    return data;
}

} // namespace simplealloc
