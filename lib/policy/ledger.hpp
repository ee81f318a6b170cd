// SPDX-License-Identifier: MIT
// Counts what an Allocator's Buffers hold, and keeps it within quotas.
#pragma once

#include "lib/model/model.hpp"
#include "lib/policy/counters.hpp"

#include <simplealloc/policy.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simplealloc {

class Charge;

/// Outlives its Allocator where Buffers do. Thread-safe.
class Ledger : public std::enable_shared_from_this<Ledger> {
public:
    struct Limit {
        Quota quota;
        std::string origin;   ///< see PolicyValue
        std::size_t line = 0; ///< of the policy file; 0: the caller's
    };

    /// What living Buffers hold of one source. Looked up once; booking without a limit is a single
    /// atomic addition.
    struct Account {
        std::string source;
        std::vector<std::string> names;       ///< by which quotas count it
        std::vector<const Limit*> limits;     ///< those that count this source
        std::atomic<bool> cpu_reads = false;  ///< the CPU has mapped such memory to read
        std::atomic<bool> cpu_writes = false; ///< and to write
        std::atomic<std::uint64_t> bytes = 0; ///< booked, also for what is still being made
        Counters counters;
    };

    static std::shared_ptr<Ledger> create(std::vector<Limit> limits);

    /// The account of a source, which lives as long as the Ledger.
    Account& account(const solver::SourceInput& source);
    /// Books `bytes`, or fails with limit and books nothing.
    Result<Charge> charge(Account& account, std::uint64_t bytes);
    /// In bytes; `of` as in Quota.
    [[nodiscard]] std::uint64_t held(std::string_view of) const;
    /// All quotas, of one moment; QuotaState::sources is left empty.
    [[nodiscard]] std::vector<QuotaState> quotas() const;
    /// Over all accounts.
    Counters& total() { return total_; }
    [[nodiscard]] Stats stats() const;

private:
    friend class Charge;
    explicit Ledger(std::vector<Limit> limits) : limits_(std::move(limits)) {}
    /// `was` bytes of the account become `bytes`.
    Result<void> change(Account& account, std::uint64_t was, std::uint64_t bytes);
    Result<void> grow_within_limits(Account& account, std::uint64_t was, std::uint64_t bytes);
    [[nodiscard]] std::uint64_t sum(std::string_view of) const;

    const std::vector<Limit> limits_;
    /// Of the list of accounts, and of growing what is limited: nobody may grow between a check and
    /// its booking.
    mutable std::mutex mutex_;
    std::deque<Account> accounts_;
    Counters total_;
};

/// A share of a Ledger, given back when it dies. Move-only.
class Charge {
public:
    Charge() = default;
    Charge(Charge&& other) noexcept { swap(other); }
    Charge& operator=(Charge&& other) noexcept {
        Charge(std::move(other)).swap(*this);
        return *this;
    }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;
    ~Charge();

    [[nodiscard]] bool is_of(const Ledger& ledger) const noexcept {
        return ledger_.get() == &ledger;
    }
    /// Fails with limit, and stays as it was.
    Result<void> resize(std::uint64_t bytes);
    /// From now on it is a living Buffer's, which the statistics count.
    void settle(bool fallback) noexcept;

private:
    friend class Ledger;
    Charge(std::shared_ptr<Ledger> ledger, Ledger::Account& account, std::uint64_t bytes)
        : ledger_(std::move(ledger)), account_(&account), bytes_(bytes) {}
    void swap(Charge& other) noexcept {
        std::swap(ledger_, other.ledger_);
        std::swap(account_, other.account_);
        std::swap(bytes_, other.bytes_);
        std::swap(settled_, other.settled_);
    }

    std::shared_ptr<Ledger> ledger_; ///< keeps the account alive
    Ledger::Account* account_ = nullptr;
    std::uint64_t bytes_ = 0;
    bool settled_ = false;
};

} // namespace simplealloc
