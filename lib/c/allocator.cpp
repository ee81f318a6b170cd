// SPDX-License-Identifier: MIT
// Allocators of C.
#include "lib/c/allocator.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/buffer.hpp"
#include "lib/c/device.hpp"
#include "lib/c/fact.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"
#include "lib/c/plan.hpp"
#include "lib/c/policy.hpp"
#include "lib/c/prepared.hpp"
#include "lib/c/request.hpp"
#include "lib/c/stats.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

namespace simplealloc::c {

static_assert(SIMPLEALLOC_OFFER_CONTIGUITY_UNKNOWN == static_cast<int>(OfferContiguity::unknown));
static_assert(SIMPLEALLOC_CPU_CACHING_UNKNOWN == static_cast<int>(CpuCaching::unknown));

static simplealloc_source_offer to_c(const SourceOffer& offer) {
    const auto zeroed = !offer.zeroed   ? SIMPLEALLOC_CHOICE_DEFAULT
                        : *offer.zeroed ? SIMPLEALLOC_CHOICE_YES
                                        : SIMPLEALLOC_CHOICE_NO;
    return {static_cast<simplealloc_offer_contiguity>(offer.contiguity),
            offer.chunk_size,
            offer.min_address,
            offer.max_address,
            static_cast<simplealloc_cpu_caching>(offer.caching),
            offer.caching_selectable,
            zeroed,
            static_cast<simplealloc_memory_kind>(offer.memory_kind),
            offer.protected_memory,
            offer.max_size,
            offer.max_total};
}

static simplealloc_source to_c(const SourceInfo& source, Arena& arena) {
    return {arena.text(source.name),   arena.text(source.backend),
            arena.text(source.path),   source.usable,
            arena.text(source.reason), arena.text(source.remedy),
            arena.list(source.facts),  to_c(source.offer)};
}

static simplealloc_sources to_c(const std::vector<SourceInfo>& sources, Arena& arena) {
    return {arena.list(sources)};
}

static simplealloc_devices to_c(const std::vector<Device>& devices, Arena& arena) {
    return {arena.pointers<simplealloc_device>(
        devices, [&](const Device& device) { return arena.own<simplealloc_device>(device); })};
}

} // namespace simplealloc::c

namespace {

AllocatorOptions read(const simplealloc_allocator_options* options) {
    const auto given = read_struct(
        options, simplealloc_allocator_options SIMPLEALLOC_ALLOCATOR_OPTIONS_INIT, "options");
    AllocatorOptions out;
    out.without = texts(given.without);
    out.order = texts(given.order);
    out.any_device = read_choice(given.any_device, "any_device");
    out.strict = read_choice(given.strict, "strict");
    for (const auto& quota : array(given.quotas, given.quota_count, "quotas"))
        out.quotas.push_back({text(quota.of), quota.bytes});
    out.policy_path = text(given.policy_path);
    out.quirk_path = text(given.quirk_path);
    if (given.budget.work != 0)
        out.budget.work = given.budget.work;
    if (given.budget.bytes != 0)
        out.budget.bytes = given.budget.bytes;
    return out;
}

const Allocator& of(const simplealloc_allocator* allocator) {
    return need(allocator, "allocator").allocator;
}

} // namespace

void simplealloc_sources_free(simplealloc_sources* sources) {
    take_back(sources);
}

void simplealloc_devices_free(simplealloc_devices* devices) {
    take_back(devices);
}

int simplealloc_allocator_open(const simplealloc_allocator_options* options,
                               simplealloc_allocator** allocator, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(allocator, "allocator");
        return give(out, Allocator::open(read(options)));
    });
}

void simplealloc_allocator_free(simplealloc_allocator* allocator) {
    delete allocator;
}

int simplealloc_allocator_device(const simplealloc_allocator* allocator, const char* path,
                                 simplealloc_device** device, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(device, "device");
        return give(out, of(allocator).device(&need(path, "path")));
    });
}

int simplealloc_allocator_device_fd(const simplealloc_allocator* allocator, int fd,
                                    simplealloc_queue_access access, simplealloc_device** device,
                                    simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(device, "device");
        const QueueAccess read = checked(access, QueueAccess::lent, "access");
        return give(out, of(allocator).device(fd, read));
    });
}

int simplealloc_allocator_device_number(const simplealloc_allocator* allocator,
                                        std::uint64_t number, simplealloc_device** device,
                                        simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(device, "device");
        return give(out, of(allocator).device(number));
    });
}

int simplealloc_allocator_devices(const simplealloc_allocator* allocator,
                                  simplealloc_devices** devices, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(devices, "devices");
        return give_struct(out, of(allocator).devices());
    });
}

int simplealloc_allocator_sources(const simplealloc_allocator* allocator,
                                  simplealloc_sources** sources, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(sources, "sources");
        return give_struct(out, of(allocator).sources());
    });
}

int simplealloc_allocator_policy(const simplealloc_allocator* allocator,
                                 simplealloc_policy** policy, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(policy, "policy");
        out = hand_out<simplealloc_policy>(of(allocator).policy());
    });
}

int simplealloc_allocator_held(const simplealloc_allocator* allocator, const char* what,
                               std::uint64_t* bytes, simplealloc_error** error) {
    return guarded(error, [&] { need(bytes, "bytes") = of(allocator).held(text(what)); });
}

int simplealloc_allocator_stats(const simplealloc_allocator* allocator, simplealloc_stats** stats,
                                simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(stats, "stats");
        out = hand_out<simplealloc_stats>(of(allocator).stats());
    });
}

int simplealloc_allocator_plan(const simplealloc_allocator* allocator,
                               const simplealloc_request* request, simplealloc_plan** plan,
                               simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(plan, "plan");
        return give(out, of(allocator).plan(read_request(request)));
    });
}

int simplealloc_allocator_is_current(const simplealloc_allocator* allocator,
                                     const simplealloc_plan* plan, simplealloc_error** error) {
    return guarded(error, [&] { return of(allocator).is_current(need(plan, "plan").plan); });
}

int simplealloc_allocator_allocate(const simplealloc_allocator* allocator,
                                   const simplealloc_plan* plan,
                                   const simplealloc_allocate_options* options,
                                   simplealloc_buffer** buffer, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(buffer, "buffer");
        const Plan& from = need(plan, "plan").plan;
        return give(out, of(allocator).allocate(from, read_options(options)));
    });
}

int simplealloc_allocator_allocate_request(const simplealloc_allocator* allocator,
                                           const simplealloc_request* request,
                                           const simplealloc_allocate_options* options,
                                           simplealloc_buffer** buffer, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(buffer, "buffer");
        const Request wanted = read_request(request);
        return give(out, of(allocator).allocate(wanted, read_options(options)));
    });
}

int simplealloc_allocator_prepare(const simplealloc_allocator* allocator,
                                  const simplealloc_plan* plan,
                                  const simplealloc_allocate_options* options,
                                  simplealloc_prepared** prepared, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(prepared, "prepared");
        const Plan& from = need(plan, "plan").plan;
        out = new simplealloc_prepared(of(allocator).prepare(from, read_options(options)));
    });
}
