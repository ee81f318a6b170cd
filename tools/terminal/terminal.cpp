// SPDX-License-Identifier: MIT
// Terminal size, colour, and output.
#include "tools/terminal/terminal.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>

namespace simplealloc::tools {

namespace {

constexpr std::size_t least_width = 40;
constexpr std::size_t most_width = 500;

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? std::string_view(value) : std::string_view();
}

std::size_t columns_of(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    std::size_t columns = 0;
    const std::string_view text = environment("COLUMNS");
    std::from_chars(text.data(), text.data() + text.size(), columns);
    return columns > 0 ? columns : Screen{}.width;
}

} // namespace

void guard_standard_streams() {
    std::signal(SIGPIPE, SIG_IGN);
    for (int fd = 0; fd <= 2; ++fd)
        if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            // The lowest free number is `fd`. Read-only: write() on it fails with EBADF, as before.
            if (::open("/dev/null", O_RDONLY) < 0)
                return;
}

Screen screen_of(int fd) {
    Screen screen;
    screen.width = std::clamp(columns_of(fd), least_width, most_width);
    screen.colour =
        ::isatty(fd) == 1 && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
    return screen;
}

bool write_output(std::string_view text) {
    errno = 0;
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (written && std::fflush(stdout) == 0)
        return true;
    const int error = errno;
    if (error != EPIPE)
        write_error("simplealloc: standard output: " + std::generic_category().message(error) +
                    "\n");
    return false;
}

void write_error(std::string_view text) {
    // Where standard error is gone too there is nobody left to tell.
    std::fwrite(text.data(), 1, text.size(), stderr);
}

} // namespace simplealloc::tools
