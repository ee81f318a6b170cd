// SPDX-License-Identifier: MIT
// Prepared plans of C.
#include "lib/c/prepared.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/buffer.hpp"
#include "lib/c/guard.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

AllocateOptions c::read_options(const simplealloc_allocate_options* options) {
    const auto given = read_struct(
        options, simplealloc_allocate_options SIMPLEALLOC_ALLOCATE_OPTIONS_INIT, "options");
    AllocateOptions out;
    out.verify = flag(given.verify, "verify");
    out.borrow_idle_queues = flag(given.borrow_idle_queues, "borrow_idle_queues");
    return out;
}

int simplealloc_prepared_allocate(const simplealloc_prepared* prepared, simplealloc_buffer** buffer,
                                  simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(buffer, "buffer");
        return give(out, need(prepared, "prepared").prepared.allocate());
    });
}

const simplealloc_plan* simplealloc_prepared_get_plan(const simplealloc_prepared* prepared) {
    return got(prepared, [](const auto& p) { return &p.plan; });
}

void simplealloc_prepared_free(simplealloc_prepared* prepared) {
    delete prepared;
}
