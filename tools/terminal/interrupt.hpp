// SPDX-License-Identifier: MIT
// Being asked to stop.
#pragma once

#include <cstdint>
#include <optional>

namespace simplealloc::tools {

/// SIGINT and SIGTERM as a descriptor: from its construction on they don't end the program, so
/// construct it before telling anyone that there is something to stop.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    /// Readable after a signal; -1 where the kernel gives none, and the signals end the program.
    [[nodiscard]] int fd() const noexcept { return fd_; }

    enum class Woken : std::uint8_t { readable, interrupted, late };
    /// Until `fd` is readable, a signal comes, or `milliseconds` (nothing: no end) have passed.
    [[nodiscard]] Woken wait(int fd, std::optional<std::int64_t> milliseconds) const;

private:
    int fd_ = -1;
};

} // namespace simplealloc::tools
