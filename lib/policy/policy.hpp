// SPDX-License-Identifier: MIT
// What counts of what the caller and a policy file want.
#pragma once

#include "lib/policy/file.hpp"

#include <simplealloc/allocator.hpp>

#include <string>
#include <vector>

namespace simplealloc {

/// The caller's word comes before the file's; what either leaves out stays out.
struct Policy {
    Sourced<std::vector<std::string>> order; ///< empty: the built-in one
    std::vector<Forbidden> forbidden;
    Sourced<bool> strict;
    Sourced<bool> any_device;
    std::vector<Ledger::Limit> quotas; ///< no name twice
    std::vector<QuirkRow> devices;     ///< what is said of single devices

    /// Of the caller's options and SIMPLEALLOC_DISABLE, then the file of the options or else the
    /// administrator's, which need not exist. Fails where one of them is wrong.
    static Result<Policy> load(const AllocatorOptions& options);

    /// The request with what it leaves open filled in.
    [[nodiscard]] Request complete(const Request& request) const;
    [[nodiscard]] std::vector<PolicyValue> values() const;
};

/// Fails with invalid, naming `what`, where a name is that of no backend or source.
Result<void> check_source_names(const std::vector<std::string>& names, const char* what);

} // namespace simplealloc
