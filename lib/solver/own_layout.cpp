// SPDX-License-Identifier: MIT
// Which modifiers a source with a layout of its own (GBM) may use, best first.
#include "lib/solver/own_layout.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace simplealloc::solver {
namespace {

bool draws(Use use) {
    return use == Use::render || use == Use::sample;
}

template <typename Each>
void for_each_modifier(const UseInput& use, Fourcc fourcc, Each each) {
    for (const CapabilitySet& set : use.alternatives)
        for (const FormatSupport& format : set.formats)
            if (format.fourcc == fourcc)
                for (const std::uint64_t modifier : format.modifiers)
                    each(modifier);
}

bool lists_modifiers(const UseInput& use, Fourcc fourcc) {
    bool some = false;
    for_each_modifier(use, fourcc, [&](std::uint64_t) { some = true; });
    return some;
}

/// In the order of the alternatives, each modifier once.
std::vector<std::uint64_t> listed(const UseInput& use, Fourcc fourcc) {
    std::vector<std::uint64_t> all;
    std::set<std::uint64_t> seen;
    for_each_modifier(use, fourcc, [&](std::uint64_t modifier) {
        if (seen.insert(modifier).second)
            all.push_back(modifier);
    });
    return all;
}

/// The use whose order counts: of the source's device before others, then the one with most
/// traffic. Null when no use lists modifiers.
const UseInput* leader(const Input& input, const Scope& scope, const std::string& device) {
    const auto weight = [&](const UseInput& use) {
        return std::tuple(use.device == device, traffic(use.use));
    };
    const UseInput* found = nullptr;
    for (const std::size_t index : scope.uses) {
        const UseInput& use = input.uses[index];
        if (lists_modifiers(use, input.request.fourcc) &&
            (found == nullptr || weight(use) > weight(*found)))
            found = &use;
    }
    return found;
}

bool may_be_implicit(const Input& input, const Scope& scope, const std::string& device) {
    const auto own = [&](std::size_t i) { return input.uses[i].device == device; };
    const auto drawn = [&](std::size_t i) { return draws(input.uses[i].use); };
    return std::all_of(scope.uses.begin(), scope.uses.end(), own) &&
           std::any_of(scope.uses.begin(), scope.uses.end(), drawn);
}

} // namespace

int traffic(Use use) {
    switch (use) {
    case Use::render:
    case Use::sample:
        return 4;
    case Use::scanout:
        return 3;
    case Use::encode:
    case Use::decode:
    case Use::m2m_in:
    case Use::m2m_out:
        return 2;
    case Use::capture:
    case Use::read:
    case Use::write:
        return 1;
    case Use::cursor:
        break;
    }
    return 0;
}

std::vector<Modifier> modifiers_by_preference(const Input& input, const Scope& scope,
                                              const SourceInput& source) {
    if (input.request.modifier)
        return {*input.request.modifier};
    std::vector<Modifier> wishes;
    if (scope.cpu == CpuAccess::none) {
        const UseInput* first = leader(input, scope, source.offer.device);
        if (first != nullptr) {
            for (const std::uint64_t modifier : listed(*first, input.request.fourcc))
                if (!Modifier::named(modifier).is_linear())
                    wishes.push_back(Modifier::named(modifier));
        } else if (may_be_implicit(input, scope, source.offer.device)) {
            wishes.push_back(Modifier::implicit());
        }
    }
    wishes.push_back(Modifier::linear());
    return wishes;
}

bool names_modifiers(const CapabilitySet& set, Fourcc fourcc) {
    const auto found = std::find_if(set.formats.begin(), set.formats.end(),
                                    [&](const FormatSupport& f) { return f.fourcc == fourcc; });
    return found != set.formats.end() && !found->without_modifier;
}

} // namespace simplealloc::solver
