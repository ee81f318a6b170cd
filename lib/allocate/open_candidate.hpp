// SPDX-License-Identifier: MIT
// One candidate of a plan, held ready to be allocated from.
#pragma once

#include "lib/allocate/plan_data.hpp"
#include "lib/buffer/data.hpp"
#include "lib/policy/ledger.hpp"
#include "lib/source/backend.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace simplealloc {

/// Opens its source at the first allocation. What the devices said of a layout is remembered, since
/// the kernel makes an equal buffer of an equal request. Thread-safe.
class OpenCandidate {
public:
    /// Borrows from the plan's data, and the ledger.
    OpenCandidate(const PlanData& plan, const solver::Choice& choice, Ledger& ledger);

    /// Checked against what the uses and the CPU need, and cleared where the request wants that.
    Result<std::unique_ptr<BufferData>> allocate();

    [[nodiscard]] Ledger::Account& account() const noexcept { return account_; }
    [[nodiscard]] const SourceRecord& source() const noexcept { return origin_->source; }
    [[nodiscard]] const std::string& layout_class() const noexcept { return layout_class_; }

private:
    Result<void> check_memory();
    Result<void> open();
    Result<void> accept(const std::shared_ptr<const Layout>& layout);
    [[nodiscard]] Result<void> check_drivers(const Layout& layout) const;
    Result<void> clear(BufferData& data);
    Result<void> prove_mappable(const BufferData& data);

    const PlanData& plan_;
    const solver::Choice& choice_;
    Ledger& ledger_;
    Ledger::Account& account_;
    const std::string layout_class_;
    AllocationSpec spec_;
    std::shared_ptr<const BufferOrigin> origin_;
    std::shared_ptr<const BufferOrigin> cleared_; ///< the same when the CPU has cleared the memory

    std::mutex mutex_; ///< of what follows
    std::unique_ptr<OpenSource> open_;
    std::shared_ptr<const Layout> accepted_; ///< what was checked last
    std::uint64_t memory_left_ = 0; ///< bytes that may be allocated without asking the kernel again
};

} // namespace simplealloc
