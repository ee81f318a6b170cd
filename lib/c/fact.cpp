// SPDX-License-Identifier: MIT
// Facts for C.
#include "lib/c/fact.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/constraints.hpp"

namespace simplealloc::c {

simplealloc_confidence to_c(Confidence confidence) {
    return static_cast<simplealloc_confidence>(confidence);
}

simplealloc_fact to_c(const Fact& fact, Arena& arena) {
    return {arena.text(fact.name), arena.text(fact.value), to_c(fact.confidence),
            arena.text(fact.origin)};
}

simplealloc_contributor to_c(const Contributor& contributor, Arena& arena) {
    return {arena.text(contributor.party), to_c(contributor.constraint),
            arena.text(contributor.value), to_c(contributor.confidence),
            arena.text(contributor.origin)};
}

} // namespace simplealloc::c

using namespace simplealloc;

const char* simplealloc_confidence_to_string(simplealloc_confidence confidence) {
    return to_string(c::unchecked<Confidence>(confidence)).data();
}
