// SPDX-License-Identifier: MIT
// A plan held ready to be allocated from again and again.
#pragma once

#include <simplealloc/buffer.hpp>

#include <memory>

namespace simplealloc {

/// Settings for one allocation, or for all of a Prepared.
struct AllocateOptions {
    /// Imports the fresh buffer into every device of the request that can be tested without
    /// disturbing anyone.
    bool verify = true;
    /// Also borrows V4L2 capture queues that nobody owns for it; formats are put back. Without
    /// this, a capture device is tested only through a caller's descriptor with QueueAccess::lent.
    bool borrow_idle_queues = false;
};

struct PreparedData;

/// Allocates from one Plan any number of times, with as few system calls as the kernel's interface
/// allows: sources stay open, and what was checked of one buffer isn't asked again for an equal
/// one. Opens a source when it is first needed, and keeps descriptors of it for as long as it
/// lives. It may outlive its Allocator, and Buffers may outlive it. Thread-safe; allocations from
/// one source wait for each other.
class SIMPLEALLOC_API Prepared {
public:
    Prepared(Prepared&&) noexcept;
    Prepared& operator=(Prepared&&) noexcept;
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;
    ~Prepared();

    /// As Allocator::allocate(): the plan's candidates in order, each once. With
    /// AllocateOptions::verify off and no Request::name, a further buffer of a dma-heap costs the
    /// ioctl that allocates it and nothing else. Fails with gone where a device of the request has
    /// gone: seen at each allocation that verifies; else at the first one, and after each event
    /// that a Monitor of the Allocator has read.
    [[nodiscard]] Result<Buffer> allocate() const;
    /// What it allocates from.
    [[nodiscard]] const Plan& plan() const noexcept;

private:
    friend class Internal;
    explicit Prepared(std::unique_ptr<PreparedData> data) noexcept;
    std::unique_ptr<PreparedData> data_;
};

} // namespace simplealloc
