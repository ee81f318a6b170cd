// SPDX-License-Identifier: MIT
// Why a source can't serve, and the words that such reasons share.
#pragma once

#include "lib/base/size_text.hpp"

#include <simplealloc/capability_set.hpp>
#include <simplealloc/constraints.hpp>
#include <simplealloc/error.hpp>
#include <simplealloc/request.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::solver {

struct Objection {
    ConstraintKind kind = ConstraintKind::format;
    std::string reason;
    std::vector<std::string> required_by; ///< uses, and the CPU where it matters
    std::vector<Remedy> remedies;
    bool by_source = false;  ///< the source's own limit is a side of the conflict
    std::string needed = {}; ///< see Rejection
    std::string offered = {};
};

/// What somebody else knows to help; nothing where that is empty.
std::vector<Remedy> advice(std::string words);

/// The same in the words of the public interface.
Rejection rejection(std::string source, Objection objection);

/// `0x0 to 0xffffffff`; a window without an end as `0x0 and up`.
std::string window_text(std::uint64_t from, std::uint64_t to);
/// Who refuses memory that can't be mapped, whatever the CPU profile.
inline constexpr std::string_view any_cpu = "cpu";
/// `cpu (read-often)`, the party that stands for the CPU profile.
std::string cpu_party(CpuAccess access);
/// `a, b and c`
std::string list_text(std::span<const std::string> names);
/// The same of no more than one reads: `a, b, c, d, e and 7 more`. `name`: by place.
template <typename Name>
std::string brief_list_text(std::size_t count, Name name) {
    constexpr std::size_t most = 6;
    const std::size_t named = count > most ? most - 1 : count;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < named; ++i)
        names.push_back(name(i));
    if (named < count)
        names.push_back(std::to_string(count - named) + " more");
    return list_text(names);
}
/// Of a format that a device lists, likewise in brief.
std::string modifiers_text(const FormatSupport& format);
std::string exporter_list_text(const std::vector<std::string>& exporters);
/// What one party's constraints say of `kind`, e.g. `stride a multiple of 64 bytes`.
std::string demand_text(ConstraintKind kind, const Constraints& constraints);

} // namespace simplealloc::solver
