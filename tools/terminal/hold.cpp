// SPDX-License-Identifier: MIT
// Waits for a signal or standard input.
#include "tools/terminal/hold.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace simplealloc::tools {

namespace {

bool is_dev_null(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

enum class Input { more, ended, not_ours };

Input read_input() {
    std::array<char, 256> text{};
    const ssize_t got = ::read(STDIN_FILENO, text.data(), text.size());
    if (got < 0) {
        if (errno == EINTR || errno == EAGAIN)
            return Input::more;
        // EIO: a background job may not read the terminal, whose input is for someone else.
        return errno == EIO ? Input::not_ours : Input::ended;
    }
    char* const end = text.data() + got;
    return got == 0 || std::find(text.data(), end, '\n') != end ? Input::ended : Input::more;
}

} // namespace

Hold::Hold() {
    // Reading the terminal from the background then fails instead of stopping the program.
    std::signal(SIGTTIN, SIG_IGN);
}

void Hold::wait() {
    // poll() skips negative descriptors.
    std::array<pollfd, 2> fds{
        {{interrupt_.fd(), POLLIN, 0}, {is_dev_null(STDIN_FILENO) ? -1 : STDIN_FILENO, POLLIN, 0}}};
    while (true) {
        if (::poll(fds.data(), fds.size(), -1) < 0) {
            if (errno == EINTR)
                continue;
            return;
        }
        if (fds[0].revents != 0)
            return;
        if (fds[1].revents == 0)
            continue;
        switch (read_input()) {
        case Input::more:
            break;
        case Input::ended:
            return;
        case Input::not_ours:
            fds[1].fd = -1;
            break;
        }
    }
}

} // namespace simplealloc::tools
