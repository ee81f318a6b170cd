// SPDX-License-Identifier: MIT
// What a program without the library would do: the kernel's calls, and nothing else.
#pragma once

#include <simplealloc/plan.hpp>

#include <functional>
#include <memory>
#include <string>

namespace simplealloc::bench {

/// Allocates and frees one buffer like that of the candidate; nothing for sources that are not
/// measured. What has to be open is opened here. The function throws std::system_error.
std::function<void()> bare_allocation(const Candidate& candidate);

/// One dma-buf from a heap, mapped between the calls.
class BareMapping {
public:
    explicit BareMapping(std::size_t size);
    BareMapping(const BareMapping&) = delete;
    BareMapping& operator=(const BareMapping&) = delete;
    ~BareMapping();
    /// SYNC_START, one byte written, SYNC_END.
    void touch() const;

private:
    int fd_ = -1;
    std::size_t size_;
    void* address_ = nullptr;
};

/// The device nodes that udev knows of, as discovery enumerates them.
void enumerate_with_udev();

} // namespace simplealloc::bench
