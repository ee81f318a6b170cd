// SPDX-License-Identifier: MIT
// Being asked to stop.
#include "tools/terminal/interrupt.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <limits>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace simplealloc::tools {

Interrupt::Interrupt() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    fd_ = ::signalfd(-1, &set, SFD_CLOEXEC);
    if (fd_ < 0) // then they end the program, and the kernel frees what it held
        ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

Interrupt::~Interrupt() {
    if (fd_ >= 0)
        ::close(fd_);
}

Interrupt::Woken Interrupt::wait(int fd, std::optional<std::int64_t> milliseconds) const {
    using Clock = std::chrono::steady_clock;
    constexpr std::int64_t longest = std::numeric_limits<int>::max();
    const Clock::time_point begin = Clock::now();
    // poll() skips negative descriptors.
    std::array<pollfd, 2> fds{{{fd_, POLLIN, 0}, {fd, POLLIN, 0}}};
    while (true) {
        std::int64_t left = -1;
        if (milliseconds) {
            const auto passed =
                std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
            left = std::clamp<std::int64_t>(*milliseconds - passed, 0, longest);
        }
        const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left));
        if (ready < 0 && errno != EINTR)
            return Woken::interrupted;
        if (fds[0].revents != 0)
            return Woken::interrupted;
        if (ready > 0)
            return Woken::readable;
        if (ready == 0 && left < longest)
            return Woken::late;
    }
}

} // namespace simplealloc::tools
