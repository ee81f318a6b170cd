// SPDX-License-Identifier: MIT
// Which modifiers a source with a layout of its own (GBM) may use, best first.
#include "lib/solver/own_layout.hpp"

#include <algorithm>
#include <set>
#include <string_view>
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

/// The uses whose wishes count first: of the source's device before others, then those with most
/// traffic; the request's order decides nothing.
std::vector<const UseInput*> by_weight(const Input& input, const Scope& scope,
                                       const std::string& device) {
    const auto weight = [&](const UseInput* use) {
        return std::tuple(use->device != device, -traffic(use->use), std::string_view(use->party));
    };
    std::vector<const UseInput*> uses;
    for (const std::size_t index : scope.uses)
        uses.push_back(&input.uses[index]);
    std::sort(uses.begin(), uses.end(),
              [&](const UseInput* a, const UseInput* b) { return weight(a) < weight(b); });
    return uses;
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
        std::set<std::uint64_t> seen;
        for (const UseInput* use : by_weight(input, scope, source.offer.device)) {
            // A tiling stays on the device whose list it is: what GBM of this device may be asked
            // for is not what another one shows.
            const bool asked = !source.offer.own_layout || use->device == source.offer.device;
            for_each_modifier(*use, input.request.fourcc, [&](std::uint64_t value) {
                const Modifier modifier = Modifier::named(value);
                if (seen.insert(value).second && asked && !modifier.is_linear())
                    wishes.push_back(modifier);
            });
        }
        if (seen.empty() && may_be_implicit(input, scope, source.offer.device))
            wishes.push_back(Modifier::implicit());
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
