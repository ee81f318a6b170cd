// SPDX-License-Identifier: MIT
// What counts of what the caller and a policy file want.
#include "lib/policy/policy.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"
#include "lib/model/source_names.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

namespace simplealloc {

namespace {

constexpr const char* administrators_file = "/etc/libsimplealloc/policy.conf";
constexpr const char* built_in = "built-in";
constexpr const char* disable_variable = "SIMPLEALLOC_DISABLE";

Result<PolicyFile> load_file(const std::string& path) {
    const std::string file = path.empty() ? administrators_file : path;
    auto parsed = read_policy(file);
    if (!parsed) {
        const int sys_errno = parsed.error().sys_errno;
        if (path.empty() && (sys_errno == ENOENT || sys_errno == ENOTDIR))
            return PolicyFile{};
        return std::move(parsed).error();
    }
    if (!parsed->mistakes.empty())
        return ini::error_of(file, parsed->mistakes, "simplealloc policy --check",
                             "simplealloc-policy(5)");
    return std::move(parsed->policy);
}

Result<void> check_options(const AllocatorOptions& options) {
    if (auto checked = check_source_names(options.without, "without"); !checked)
        return checked;
    if (auto checked = check_source_names(options.order, "order"); !checked)
        return checked;
    std::vector<std::string> names;
    for (const Quota& quota : options.quotas)
        if (!quota.of.empty())
            names.push_back(quota.of);
    return check_source_names(names, "quotas");
}

void add_disabled(std::vector<Forbidden>& forbidden) {
    const char* disabled = kernel::environment(disable_variable);
    for (std::string& name : solver::split_names(disabled != nullptr ? disabled : "").names) {
        if (!solver::names_backend_or_source(name))
            log::line(LogLevel::warning, "{}: no backend or source is called '{}'",
                      disable_variable, name);
        forbidden.push_back({std::move(name), disable_variable, solver::ExcludedBy::environment});
    }
}

Sourced<bool> choose(std::optional<bool> caller, const std::optional<Sourced<bool>>& file) {
    if (caller)
        return {*caller, "caller"};
    return file.value_or(Sourced<bool>{false, built_in});
}

/// Of quotas with the same name the first counts.
void add_quota(const Ledger::Limit& limit, std::vector<Ledger::Limit>& quotas) {
    const bool known = std::any_of(quotas.begin(), quotas.end(), [&](const Ledger::Limit& other) {
        return other.quota.of == limit.quota.of;
    });
    if (!known)
        quotas.push_back(limit);
}

template <typename Words>
std::string join(const Words& words) {
    return fmt::format("{}", fmt::join(words, " "));
}

} // namespace

Result<void> check_source_names(const std::vector<std::string>& names, const char* what) {
    for (const std::string& name : names)
        if (!solver::names_backend_or_source(name))
            return failure(Stage::request, Cause::invalid, 0, what,
                           fmt::format("no backend or source is called '{}'", name),
                           "name one of " + solver::source_names_text());
    return {};
}

Result<Policy> Policy::load(const AllocatorOptions& options) {
    if (auto checked = check_options(options); !checked)
        return std::move(checked).error();
    auto file = load_file(options.policy_path);
    if (!file)
        return std::move(file).error();

    Policy policy;
    for (const std::string& name : options.without)
        policy.forbidden.push_back({name, "caller"});
    add_disabled(policy.forbidden);
    policy.forbidden.insert(policy.forbidden.end(), file->forbidden.begin(), file->forbidden.end());
    if (!options.order.empty())
        policy.order = {options.order, "caller"};
    else
        policy.order = file->order.value_or(Sourced<std::vector<std::string>>{{}, built_in});
    policy.strict = choose(options.strict, file->strict);
    policy.any_device = choose(options.any_device, file->any_device);
    for (const Quota& quota : options.quotas)
        add_quota({quota, "caller"}, policy.quotas);
    for (const Ledger::Limit& limit : file->quotas)
        add_quota(limit, policy.quotas);
    policy.devices = std::move(file->devices);
    return policy;
}

Request Policy::complete(const Request& request) const {
    Request full = request;
    full.any_device = full.any_device.value_or(any_device.value);
    full.strict = full.strict.value_or(strict.value);
    return full;
}

std::vector<PolicyValue> Policy::values() const {
    const auto word = [](bool yes) { return yes ? "yes" : "no"; };
    std::vector<PolicyValue> values;
    values.push_back({"policy", "order",
                      order.value.empty() ? join(solver::known_backends()) : join(order.value),
                      order.origin});
    for (const Forbidden& name : forbidden)
        values.push_back({"policy", "forbid", name.value, name.origin});
    values.push_back({"policy", "strict", word(strict.value), strict.origin});
    values.push_back({"policy", "any-device", word(any_device.value), any_device.origin});
    for (const Ledger::Limit& limit : quotas)
        values.push_back({"quota", limit.quota.of.empty() ? "total" : limit.quota.of,
                          fmt::format("{}", limit.quota.bytes), limit.origin});
    for (const QuirkRow& row : devices)
        for (const auto& [key, value] : row.values)
            values.push_back(
                {row.place.empty() ? row.subsystem + ":" + row.driver : "by-path:" + row.place, key,
                 value, row.origin});
    return values;
}

Result<FileReport> check_policy_file(const std::string& path) {
    auto parsed = read_policy(path);
    if (!parsed)
        return std::move(parsed).error();
    return FileReport{parsed->values, std::move(parsed->mistakes)};
}

} // namespace simplealloc
