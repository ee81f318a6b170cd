// SPDX-License-Identifier: MIT
// Counts what an Allocator's Buffers hold, and keeps it within quotas.
#include "lib/policy/ledger.hpp"

#include "lib/base/failure.hpp"
#include "lib/base/size_text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

bool counts(std::string_view of, const Ledger::Account& account) {
    return of.empty() ||
           std::find(account.names.begin(), account.names.end(), of) != account.names.end();
}

/// What leaves more of it.
std::string remedy(const Ledger::Limit& limit) {
    if (limit.line == 0)
        return fmt::format("destroy buffers, or raise the quota ({})", limit.origin);
    return fmt::format("destroy buffers, or raise `{}` ({}, line {})",
                       limit.quota.of.empty() ? "total" : limit.quota.of, limit.origin, limit.line);
}

Error exceeded(const std::string& source, const Ledger::Limit& limit, std::uint64_t held,
               std::uint64_t wanted) {
    const std::string whose = limit.quota.of.empty() ? "of everything" : "of " + limit.quota.of;
    return failure(Stage::allocate, Cause::limit, 0, source,
                   fmt::format("{} wanted; the quota {} is {}, {} are held", size_text(wanted),
                               whose, size_text(limit.quota.bytes), size_text(held)),
                   remedy(limit));
}

} // namespace

std::shared_ptr<Ledger> Ledger::create(std::vector<Limit> limits) {
    return std::shared_ptr<Ledger>(new Ledger(std::move(limits)));
}

Ledger::Account& Ledger::account(const solver::SourceInput& source) {
    const std::lock_guard lock(mutex_);
    for (Account& account : accounts_)
        if (account.source == source.name)
            return account;
    Account& account = accounts_.emplace_back();
    account.source = source.name;
    account.names = source.aliases;
    account.names.insert(account.names.end(), {source.name, source.backend});
    for (const Limit& limit : limits_)
        if (counts(limit.quota.of, account))
            account.limits.push_back(&limit);
    return account;
}

std::uint64_t Ledger::sum(std::string_view of) const {
    std::uint64_t total = 0;
    for (const Account& account : accounts_)
        if (counts(of, account))
            total += account.bytes;
    return total;
}

std::uint64_t Ledger::held(std::string_view of) const {
    const std::lock_guard lock(mutex_);
    return sum(of);
}

std::vector<QuotaState> Ledger::quotas() const {
    const std::lock_guard lock(mutex_);
    std::vector<QuotaState> states;
    for (const Limit& limit : limits_)
        states.push_back({limit.quota, sum(limit.quota.of), {}, limit.origin, remedy(limit)});
    return states;
}

Result<void> Ledger::change(Account& account, std::uint64_t was, std::uint64_t bytes) {
    // Less than before is within every quota.
    if (bytes > was && !account.limits.empty())
        return grow_within_limits(account, was, bytes);
    account.bytes += bytes - was;
    return {};
}

Result<void> Ledger::grow_within_limits(Account& account, std::uint64_t was, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    for (const Limit* limit : account.limits) {
        const std::uint64_t others = sum(limit->quota.of) - was;
        if (others > limit->quota.bytes || bytes > limit->quota.bytes - others)
            return exceeded(account.source, *limit, others, bytes);
    }
    account.bytes += bytes - was;
    return {};
}

Result<Charge> Ledger::charge(Account& account, std::uint64_t bytes) {
    if (auto booked = change(account, 0, bytes); !booked)
        return std::move(booked).error();
    return Charge(shared_from_this(), account, bytes);
}

Stats Ledger::stats() const {
    Stats stats;
    stats.total = total_.read();
    const std::lock_guard lock(mutex_);
    for (const Account& account : accounts_) {
        SourceStats one = account.counters.read();
        one.source = account.source;
        // A plan's candidates all have an account; those after the first that served were not
        // tried.
        if (one.allocations != 0 || !one.failures.empty())
            stats.sources.push_back(std::move(one));
    }
    std::sort(stats.sources.begin(), stats.sources.end(),
              [](const auto& a, const auto& b) { return a.source < b.source; });
    return stats;
}

Charge::~Charge() {
    if (!ledger_)
        return;
    (void)ledger_->change(*account_, bytes_, 0);
    if (!settled_)
        return;
    account_->counters.died(bytes_);
    ledger_->total_.died(bytes_);
}

void Charge::settle(bool fallback) noexcept {
    settled_ = true;
    account_->counters.born(bytes_, fallback);
    ledger_->total_.born(bytes_, fallback);
}

Result<void> Charge::resize(std::uint64_t bytes) {
    if (bytes == bytes_)
        return {};
    if (auto booked = ledger_->change(*account_, bytes_, bytes); !booked)
        return booked;
    bytes_ = bytes;
    return {};
}

} // namespace simplealloc
