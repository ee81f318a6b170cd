// SPDX-License-Identifier: MIT
// One section of a quirk file: what it is for, and what it says.
#include "lib/discovery/quirks/row.hpp"

#include <algorithm>

namespace simplealloc {

namespace {

/// An encoder's input is the input of a memory-to-memory device, a decoder's output its output.
bool is_role(const std::string& role, Use use, bool m2m) {
    if (role == "output")
        return use == Use::read && !m2m;
    const auto named = parse_use(role);
    const auto queue = [](Use any) {
        if (any == Use::encode)
            return Use::m2m_in;
        return any == Use::decode ? Use::m2m_out : any;
    };
    return named && queue(*named) == queue(use);
}

} // namespace

bool counts_for(const QuirkRow& row, Use use, Fourcc fourcc, bool m2m,
                std::optional<std::uint64_t> modifier) {
    if (!row.modifiers.empty() &&
        (!modifier ||
         std::find(row.modifiers.begin(), row.modifiers.end(), *modifier) == row.modifiers.end()))
        return false;
    const bool role = row.roles.empty() ||
                      std::any_of(row.roles.begin(), row.roles.end(),
                                  [&](const std::string& one) { return is_role(one, use, m2m); });
    return role && (row.formats.empty() ||
                    std::find(row.formats.begin(), row.formats.end(), fourcc) != row.formats.end());
}

std::optional<QuirkValue> find_value(std::span<const QuirkRowPtr> rows, const std::string& key) {
    for (const QuirkRowPtr& row : rows)
        if (const auto value = row->values.find(key); value != row->values.end() &&
                                                      row->roles.empty() && row->formats.empty() &&
                                                      row->modifiers.empty())
            return QuirkValue{value->second, row->origin, row->confidence, row->decides};
    return std::nullopt;
}

} // namespace simplealloc
