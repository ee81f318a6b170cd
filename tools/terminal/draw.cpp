// SPDX-License-Identifier: MIT
// Runs dot(1) with the document as its standard input.
#include "tools/terminal/draw.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace simplealloc::tools {

namespace {

Error dot_error(Cause cause, int sys_errno, std::string detail, std::string remedy = {}) {
    Error error;
    error.cause = cause;
    error.stage = Stage::request;
    error.sys_errno = sys_errno;
    error.object = "dot";
    error.detail = std::move(detail);
    error.remedy = std::move(remedy);
    return error;
}

/// An errno, 0 when the program runs.
int start_dot(const std::string& file, int input, pid_t& child) {
    std::string output = "-o" + file;
    std::array<char, 4> name{"dot"};
    std::array<char, 6> format{"-Tsvg"};
    std::array<char*, 4> arguments{name.data(), format.data(), output.data(), nullptr};
    posix_spawn_file_actions_t actions;
    if (const int error = ::posix_spawn_file_actions_init(&actions); error != 0)
        return error;
    int error = ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (error == 0)
        error = ::posix_spawnp(&child, name.data(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
}

/// A reader that has gone says why by its exit status.
void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

} // namespace

Result<void> draw_svg(const std::string& document, const std::string& file) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
        return dot_error(Cause::fd_limit, errno, "make a pipe");
    pid_t child = -1;
    const int error = start_dot(file, pipe[0], child);
    ::close(pipe[0]);
    if (error == 0)
        write_all(pipe[1], document);
    ::close(pipe[1]);
    if (error == ENOENT)
        return dot_error(Cause::unsupported, error, "run it to draw an SVG picture",
                         "install graphviz, the Debian package that has it");
    if (error != 0)
        return dot_error(Cause::unsupported, error, "run it to draw an SVG picture");

    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return dot_error(Cause::unsupported, errno, "wait for its end");
    if (WIFSIGNALED(status))
        return dot_error(Cause::unsupported, 0,
                         "was ended by signal " + std::to_string(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        return dot_error(Cause::unsupported, 0,
                         "could not draw " + file + ", exit status " +
                             std::to_string(WEXITSTATUS(status)));
    return {};
}

} // namespace simplealloc::tools
