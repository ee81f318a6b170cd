// SPDX-License-Identifier: MIT
// What a capability set on the wire may hold: the same rules for writing and reading, so that what
// is written can be read.
#pragma once

#include "lib/share/wire/entries.hpp"

#include <simplealloc/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace simplealloc::wire {

Error broken(Cause cause, std::string object, std::string detail);
Error invalid(std::string object, std::string detail);
Error too_many(const char* what, std::size_t number, std::size_t most);

Result<void> check_text(const char* what, std::string_view text);
/// Before the field that the number goes to may be narrower than it.
Result<void> check_number(const NumberEntry& row, std::uint64_t value);
Result<void> check(const CapabilitySet& set);

} // namespace simplealloc::wire
