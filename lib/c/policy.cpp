// SPDX-License-Identifier: MIT
// Policies for C.
#include "lib/c/policy.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/file_report.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"

using namespace simplealloc;
using namespace simplealloc::c;

namespace simplealloc::c {

static simplealloc_policy_value to_c(const PolicyValue& value, Arena& arena) {
    return {arena.text(value.section), arena.text(value.key), arena.text(value.value),
            arena.text(value.origin)};
}

simplealloc_policy to_c(const std::vector<PolicyValue>& values, Arena& arena) {
    return {arena.list(values)};
}

} // namespace simplealloc::c

void simplealloc_policy_free(simplealloc_policy* policy) {
    take_back(policy);
}

int simplealloc_check_policy_file(const char* path, simplealloc_file_report** report,
                                  simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(report, "report");
        return give_struct(out, check_policy_file(&need(path, "path")));
    });
}
