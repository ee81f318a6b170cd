// SPDX-License-Identifier: MIT
// Quirks for C.
#include "lib/c/arguments.hpp"
#include "lib/c/device.hpp"
#include "lib/c/fact.hpp"
#include "lib/c/file_report.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"

#include <simplealloc/quirks.h>
#include <simplealloc/quirks.hpp>

using namespace simplealloc;
using namespace simplealloc::c;

namespace simplealloc::c {

static simplealloc_applied_quirk to_c(const AppliedQuirk& quirk, Arena& arena) {
    return {arena.text(quirk.key),    arena.text(quirk.value),  arena.text(quirk.scope),
            to_c(quirk.confidence),   arena.text(quirk.file),   quirk.line,
            arena.text(quirk.origin), arena.text(quirk.source), quirk.overridden};
}

static simplealloc_applied_quirks to_c(const std::vector<AppliedQuirk>& quirks, Arena& arena) {
    return {arena.list(quirks)};
}

} // namespace simplealloc::c

void simplealloc_applied_quirks_free(simplealloc_applied_quirks* quirks) {
    take_back(quirks);
}

int simplealloc_device_quirks(const simplealloc_device* device, simplealloc_applied_quirks** quirks,
                              simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(quirks, "quirks");
        out = hand_out<simplealloc_applied_quirks>(applied_quirks(need(device, "device").device));
    });
}

int simplealloc_check_quirk_file(const char* path, simplealloc_file_report** report,
                                 simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(report, "report");
        return give_struct(out, check_quirk_file(&need(path, "path")));
    });
}
