// SPDX-License-Identifier: MIT
// Capability sets from and to C.
#include "lib/c/capability_set.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/constraints.hpp"
#include "lib/c/fact.hpp"
#include "lib/c/handed.hpp"

namespace simplealloc::c {

namespace {

using Evidences = std::map<ConstraintKind, Evidence>;

simplealloc_format_support to_c(const FormatSupport& format, Arena& arena) {
    simplealloc_format_support out = SIMPLEALLOC_FORMAT_SUPPORT_INIT;
    out.fourcc = format.fourcc.value;
    out.without_modifier = format.without_modifier;
    out.modifier_count = format.modifiers.size();
    out.modifiers = arena.copy(format.modifiers.data(), format.modifiers.size());
    return out;
}

simplealloc_evidence to_c(const Evidences::value_type& evidence, Arena& arena) {
    simplealloc_evidence out = SIMPLEALLOC_EVIDENCE_INIT;
    out.constraint = c::to_c(evidence.first);
    out.confidence = c::to_c(evidence.second.confidence);
    out.origin = arena.text(evidence.second.origin);
    return out;
}

FormatSupport read_format(const simplealloc_format_support* format) {
    const auto given =
        read_struct(format, simplealloc_format_support SIMPLEALLOC_FORMAT_SUPPORT_INIT, "format");
    FormatSupport out;
    out.fourcc = Fourcc(given.fourcc);
    out.without_modifier = flag(given.without_modifier, "without_modifier");
    const auto modifiers = array(given.modifiers, given.modifier_count, "modifiers");
    out.modifiers.assign(modifiers.begin(), modifiers.end());
    return out;
}

Evidences::value_type read_evidence(const simplealloc_evidence* evidence) {
    const auto given =
        read_struct(evidence, simplealloc_evidence SIMPLEALLOC_EVIDENCE_INIT, "evidence");
    return {read_constraint(given.constraint),
            {checked(given.confidence, Confidence::unknown, "confidence"), text(given.origin)}};
}

CapabilitySet read_set(const simplealloc_capability_set* set) {
    const auto given = read_struct(set, simplealloc_capability_set SIMPLEALLOC_CAPABILITY_SET_INIT,
                                   "capability set");
    CapabilitySet out;
    out.constraints = read_constraints(given.constraints);
    for (auto* format = given.formats; format != nullptr && *format != nullptr; ++format)
        out.formats.push_back(read_format(*format));
    out.import_path = checked(given.import_path, ImportPath::vmap, "import_path");
    for (auto* evidence = given.evidence; evidence != nullptr && *evidence != nullptr; ++evidence)
        out.evidence.insert(read_evidence(*evidence));
    out.label = text(given.label);
    return out;
}

} // namespace

simplealloc_capability_set to_c(const CapabilitySet& set, Arena& arena) {
    simplealloc_capability_set out = SIMPLEALLOC_CAPABILITY_SET_INIT;
    out.constraints = arena.add(to_c(set.constraints, arena));
    out.formats = arena.pointers<simplealloc_format_support>(
        set.formats, [&](const FormatSupport& format) { return arena.add(to_c(format, arena)); });
    out.import_path = static_cast<simplealloc_import_path>(set.import_path);
    out.evidence = arena.pointers<simplealloc_evidence>(
        set.evidence, [&](const auto& evidence) { return arena.add(to_c(evidence, arena)); });
    out.label = arena.text(set.label);
    return out;
}

simplealloc_capabilities to_c(const std::vector<CapabilitySet>& sets, Arena& arena) {
    return {arena.list(sets)};
}

std::vector<CapabilitySet> read_sets(const simplealloc_capability_set* const* sets) {
    std::vector<CapabilitySet> out;
    for (; sets != nullptr && *sets != nullptr; ++sets)
        out.push_back(read_set(*sets));
    return out;
}

} // namespace simplealloc::c

void simplealloc_capabilities_free(simplealloc_capabilities* capabilities) {
    simplealloc::c::take_back(capabilities);
}
