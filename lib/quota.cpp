// SPDX-License-Identifier: MIT
// Keeps what an Allocator's Buffers hold within quotas.
#include "lib/quota.hpp"

#include "lib/failure.hpp"
#include "lib/solver/source_names.hpp"

#include <fmt/format.h>

namespace simplealloc {

namespace {

std::string_view backend_of(std::string_view source) {
    return source.substr(0, source.find(':'));
}

bool counts(std::string_view of, std::string_view source) {
    return of.empty() || solver::means(of, source, backend_of(source));
}

Error exceeded(const std::string& source, const Ledger::Limit& limit, std::uint64_t held,
               std::uint64_t wanted) {
    const std::string whose = limit.quota.of.empty() ? "of everything" : "of " + limit.quota.of;
    return failure(Stage::allocate, Cause::limit, 0, source,
                   fmt::format("{} bytes wanted; the quota {} is {} bytes, {} are held", wanted,
                               whose, limit.quota.bytes, held),
                   fmt::format("destroy buffers, or raise the quota ({})", limit.origin));
}

} // namespace

std::shared_ptr<Ledger> Ledger::create(std::vector<Limit> limits) {
    return std::shared_ptr<Ledger>(new Ledger(std::move(limits)));
}

std::uint64_t Ledger::sum(std::string_view of) const {
    std::uint64_t total = 0;
    for (const auto& [source, bytes] : held_)
        if (counts(of, source))
            total += bytes;
    return total;
}

std::uint64_t Ledger::held(std::string_view of) const {
    const std::lock_guard lock(mutex_);
    return sum(of);
}

Result<void> Ledger::change(const std::string& source, std::uint64_t was, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    for (const Limit& limit : limits_) {
        if (bytes <= was || !counts(limit.quota.of, source))
            continue;
        const std::uint64_t others = sum(limit.quota.of) - was;
        if (others > limit.quota.bytes || bytes > limit.quota.bytes - others)
            return exceeded(source, limit, others, bytes);
    }
    std::uint64_t& held = held_[source];
    held = held - was + bytes;
    return {};
}

Result<Charge> Ledger::charge(const std::string& source, std::uint64_t bytes) {
    if (auto booked = change(source, 0, bytes); !booked)
        return booked.error();
    return Charge(shared_from_this(), source, bytes);
}

Charge::~Charge() {
    // Less than before is within every quota.
    if (ledger_)
        (void)ledger_->change(source_, bytes_, 0);
}

Result<void> Charge::resize(std::uint64_t bytes) {
    if (auto booked = ledger_->change(source_, bytes_, bytes); !booked)
        return booked;
    bytes_ = bytes;
    return {};
}

} // namespace simplealloc
