// SPDX-License-Identifier: MIT
// Keeps what an Allocator's Buffers hold within quotas.
#pragma once

#include <simplealloc/policy.hpp>

#include <map>
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
        std::string origin; ///< see PolicyValue
    };

    static std::shared_ptr<Ledger> create(std::vector<Limit> limits);

    /// Books `bytes` of the source, or fails with limit and books nothing.
    Result<Charge> charge(const std::string& source, std::uint64_t bytes);
    /// In bytes; `of` as in Quota.
    [[nodiscard]] std::uint64_t held(std::string_view of) const;

private:
    friend class Charge;
    explicit Ledger(std::vector<Limit> limits) : limits_(std::move(limits)) {}
    /// `was` bytes of the source become `bytes`.
    Result<void> change(const std::string& source, std::uint64_t was, std::uint64_t bytes);
    [[nodiscard]] std::uint64_t sum(std::string_view of) const;

    const std::vector<Limit> limits_;
    mutable std::mutex mutex_;
    std::map<std::string, std::uint64_t> held_; ///< by source
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

    /// Fails with limit, and stays as it was.
    Result<void> resize(std::uint64_t bytes);

private:
    friend class Ledger;
    Charge(std::shared_ptr<Ledger> ledger, std::string source, std::uint64_t bytes)
        : ledger_(std::move(ledger)), source_(std::move(source)), bytes_(bytes) {}
    void swap(Charge& other) noexcept {
        std::swap(ledger_, other.ledger_);
        std::swap(source_, other.source_);
        std::swap(bytes_, other.bytes_);
    }

    std::shared_ptr<Ledger> ledger_;
    std::string source_;
    std::uint64_t bytes_ = 0;
};

} // namespace simplealloc
