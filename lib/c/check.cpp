// SPDX-License-Identifier: MIT
// Foreign buffers and late uses of C.
#include "lib/c/allocator.hpp"
#include "lib/c/arguments.hpp"
#include "lib/c/buffer.hpp"
#include "lib/c/error.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"
#include "lib/c/layout.hpp"
#include "lib/c/plan.hpp"
#include "lib/c/setup.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

namespace simplealloc::c {

static simplealloc_check to_c(const Check& check, Arena& arena) {
    const auto plan = [&](const std::optional<Plan>& given) {
        return given ? arena.own<simplealloc_plan>(*given) : nullptr;
    };
    return {static_cast<simplealloc_verdict>(check.verdict),
            arena.text(check.reason),
            arena.list(check.objections),
            check.verified ? arena.add(to_c(*check.verified, arena)) : nullptr,
            check.setup ? arena.add(to_c(*check.setup, arena)) : nullptr,
            plan(check.reallocate),
            plan(check.copy),
            arena.list(check.conflict)};
}

} // namespace simplealloc::c

namespace {

ForeignBuffer read(const simplealloc_foreign_buffer* foreign) {
    const auto given =
        read_struct(&need(foreign, "foreign"),
                    simplealloc_foreign_buffer SIMPLEALLOC_FOREIGN_BUFFER_INIT, "foreign");
    ForeignBuffer out;
    out.layout = read_layout(given.layout);
    const auto dmabufs = array(given.dmabufs, given.dmabuf_count, "dmabufs");
    out.dmabufs.assign(dmabufs.begin(), dmabufs.end());
    out.uses = read_device_uses(given.uses);
    out.cpu = read_cpu(given.cpu);
    out.source = text(given.source);
    out.contiguous = flag(given.contiguous, "contiguous");
    out.min_address = given.min_address;
    out.max_address = given.max_address;
    return out;
}

CheckOptions read(const simplealloc_check_options* options) {
    const auto given =
        read_struct(options, simplealloc_check_options SIMPLEALLOC_CHECK_OPTIONS_INIT, "options");
    CheckOptions out;
    out.replaceable = flag(given.replaceable, "replaceable");
    out.verify = flag(given.verify, "verify");
    out.borrow_idle_queues = flag(given.borrow_idle_queues, "borrow_idle_queues");
    return out;
}

} // namespace

int simplealloc_allocator_adopt(const simplealloc_allocator* allocator,
                                const simplealloc_foreign_buffer* foreign,
                                simplealloc_buffer** buffer, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(buffer, "buffer");
        const Allocator& adopter = need(allocator, "allocator").allocator;
        return give(out, adopter.adopt(read(foreign)));
    });
}

int simplealloc_allocator_check(const simplealloc_allocator* allocator,
                                const simplealloc_buffer* buffer, const simplealloc_device_use* use,
                                const simplealloc_check_options* options, simplealloc_check** check,
                                simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(check, "check");
        const Allocator& asked = need(allocator, "allocator").allocator;
        const Buffer& checked = need(buffer, "buffer").buffer;
        return give_struct(out, asked.check(checked, read_device_use(use), read(options)));
    });
}

void simplealloc_check_free(simplealloc_check* check) {
    take_back(check);
}

const char* simplealloc_verdict_to_string(simplealloc_verdict verdict) {
    return to_string(unchecked<Verdict>(verdict)).data();
}
