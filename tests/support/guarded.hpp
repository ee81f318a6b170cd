// SPDX-License-Identifier: MIT
// Memory whose end is watched by the machine.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <sys/mman.h>
#include <unistd.h>

namespace simplealloc::test {

/// A copy of bytes that ends where a page begins that nobody may touch: to read on is a crash.
class Guarded {
public:
    explicit Guarded(std::span<const std::byte> bytes) : size_(bytes.size()) {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        const std::size_t room = (size_ + page - 1) / page * page;
        all_ = room + page;
        start_ = mmap(nullptr, all_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start_ == MAP_FAILED || mprotect(base() + room, page, PROT_NONE) != 0)
            std::abort();
        data_ = base() + room - size_;
        if (size_ != 0)
            std::memcpy(data_, bytes.data(), size_);
    }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    ~Guarded() { munmap(start_, all_); }

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] std::span<std::byte> bytes() const { return {data_, size_}; }

private:
    [[nodiscard]] std::byte* base() const { return static_cast<std::byte*>(start_); }

    std::size_t size_;
    std::size_t all_ = 0;
    void* start_ = nullptr;
    std::byte* data_ = nullptr;
};

} // namespace simplealloc::test
