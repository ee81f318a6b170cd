// SPDX-License-Identifier: MIT
// What a capability set asks of a buffer, limit by limit, for both outputs.
#pragma once

#include <simplealloc/capability_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace simplealloc::tools {

/// One thing that is limited. How it is known is unsaid (`unknown`, no origin) where the set has no
/// evidence of it.
struct Limit {
    ConstraintKind kind = ConstraintKind::format;
    std::variant<std::uint64_t, bool, std::vector<std::string>> value;
    std::string_view unit;            ///< of a number: `bytes`, `pixels`; else empty
    std::optional<std::size_t> plane; ///< nothing: of all planes, or of the whole
    Evidence evidence{Confidence::unknown, {}};
};

/// Numbers first, then those of single planes, then the rest; what is not limited is left out.
std::vector<Limit> limits_of(const CapabilitySet& set);

/// `64 bytes`, `64 bytes (plane 1)`, `yes`, `single or packed`.
std::string value_in_words(const Limit& limit);

} // namespace simplealloc::tools
