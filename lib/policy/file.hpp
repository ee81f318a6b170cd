// SPDX-License-Identifier: MIT
// Reads a policy file; simplealloc-policy(5) has the format.
#pragma once

#include "lib/base/ini.hpp"
#include "lib/discovery/quirks/row.hpp"
#include "lib/policy/ledger.hpp"

#include <simplealloc/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc {

/// A value and who gave it: see PolicyValue::origin.
template <typename T>
struct Sourced {
    T value{};
    std::string origin;
};

/// A backend or source that nobody may use.
struct Forbidden {
    std::string value; ///< its name
    std::string origin;
    solver::ExcludedBy by = solver::ExcludedBy::caller;
};

struct PolicyFile {
    std::optional<Sourced<std::vector<std::string>>> order;
    std::vector<Forbidden> forbidden;
    std::optional<Sourced<bool>> strict;
    std::optional<Sourced<bool>> any_device;
    std::vector<Ledger::Limit> quotas;
    std::vector<QuirkRow> devices;
};

struct ParsedPolicy {
    PolicyFile policy;
    std::size_t values = 0;            ///< that were understood
    std::vector<FileMistake> mistakes; ///< by line; with one the policy counts for nothing
};

/// `file` is for origins.
ParsedPolicy parse_policy(std::string_view text, const std::string& file);

/// Fails when the file can't be read, not when it is wrong.
Result<ParsedPolicy> read_policy(const std::string& path);

} // namespace simplealloc
