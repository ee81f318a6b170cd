// SPDX-License-Identifier: MIT
// Calls that fail for want of the kernel's memory, see Documentation/fault-injection of its source.
#pragma once

#include <simplealloc/unique_fd.hpp>

#include <string>

namespace guest {

enum class FaultKind {
    none,
    memory, ///< a slab or a page was not to be had
    copy,   ///< from or to the program: never for want of memory
};

/// What has failed.
struct Fault {
    FaultKind kind = FaultKind::none;
    std::string calls; ///< the functions of the kernel that led there, where it was memory

    [[nodiscard]] bool within(const std::string& function) const;
};

/// Faults of the calling thread, whose pages stay in memory meanwhile: one that could not be read
/// would end the program.
class Faults {
public:
    Faults();
    ~Faults();
    Faults(const Faults&) = delete;
    Faults& operator=(const Faults&) = delete;

    /// The nth place from now on where something can fail does so.
    void arm(unsigned nth) const;
    /// What has failed since arm().
    [[nodiscard]] Fault disarm() const;
    /// How many places there were since arm(`nth`), if there were fewer.
    [[nodiscard]] unsigned disarm_and_count(unsigned nth) const;

    /// From now on each slab and page is not to be had with this probability.
    void fail_at_random(unsigned percent) const;
    void stop() const;

private:
    /// How many are left, 0 when the fault has happened.
    [[nodiscard]] unsigned remaining() const;

    simplealloc::UniqueFd nth_;
    simplealloc::UniqueFd random_;
    simplealloc::UniqueFd log_;
    std::string console_level_;
};

} // namespace guest
