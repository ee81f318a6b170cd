// SPDX-License-Identifier: MIT
// What the tests know of the guest they run in, and how they run programs there.
#include "tests/kernel/guest.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <drm.h>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace guest {

namespace {

constexpr uid_t ordinary_user = 4242;
constexpr int program_limit_ms = 60000;

std::set<std::string> names_in(const std::string& path) {
    std::set<std::string> names;
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr)
        return names;
    while (const dirent* entry = readdir(directory))
        if (entry->d_name[0] != '.')
            names.insert(entry->d_name);
    closedir(directory);
    return names;
}

[[noreturn]] void become(const std::vector<std::string>& command, const User& user,
                         const std::map<std::string, std::string>& environment) {
    for (const auto& [name, value] : environment)
        setenv(name.c_str(), value.c_str(), 1);
    if (!user.root) {
        std::vector<gid_t> groups;
        for (const std::string& name : user.groups) {
            const group* entry = getgrnam(name.c_str());
            if (entry == nullptr)
                _exit(126);
            groups.push_back(entry->gr_gid);
        }
        if (setgroups(groups.size(), groups.data()) != 0 || setgid(ordinary_user) != 0 ||
            setuid(ordinary_user) != 0)
            _exit(126);
    }
    std::vector<char*> arguments;
    for (const std::string& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

int exit_status(int wait_status) {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

} // namespace

Outcome run(const std::vector<std::string>& command, const User& user,
            const std::map<std::string, std::string>& environment) {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("pipe2");
    const pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        become(command, user, environment);
    }
    close(out[1]);
    close(err[1]);
    Outcome outcome;
    std::array<pollfd, 2> waits{{{out[0], POLLIN, 0}, {err[0], POLLIN, 0}}};
    std::array<std::string*, 2> texts{&outcome.output, &outcome.errors};
    int open_pipes = 2;
    while (open_pipes > 0) {
        if (poll(waits.data(), waits.size(), program_limit_ms) <= 0) {
            kill(child, SIGKILL);
            break;
        }
        for (std::size_t i = 0; i < waits.size(); ++i) {
            if (waits[i].fd < 0 || waits[i].revents == 0)
                continue;
            std::array<char, 4096> chunk;
            const ssize_t got = read(waits[i].fd, chunk.data(), chunk.size());
            if (got > 0) {
                texts[i]->append(chunk.data(), static_cast<std::size_t>(got));
            } else {
                waits[i].fd = -1;
                --open_pipes;
            }
        }
    }
    close(out[0]);
    close(err[0]);
    int status = 0;
    waitpid(child, &status, 0);
    outcome.status = exit_status(status);
    return outcome;
}

std::string video(const std::string& name) {
    for (const std::string& node : names_in("/sys/class/video4linux")) {
        std::ifstream file("/sys/class/video4linux/" + node + "/name");
        std::string found;
        std::getline(file, found);
        if (found.rfind(name, 0) == 0)
            return "/dev/" + node;
    }
    throw std::runtime_error("no V4L2 device is called " + name);
}

std::string card(const std::string& driver) {
    for (const std::string& node : names_in("/dev/dri")) {
        if (node.rfind("card", 0) != 0)
            continue;
        const std::string path = "/dev/dri/" + node;
        const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0)
            continue;
        std::array<char, 64> name{};
        drm_version version = {};
        version.name = name.data();
        version.name_len = name.size() - 1;
        const bool answered = ioctl(fd, DRM_IOCTL_VERSION, &version) == 0;
        close(fd);
        if (answered && driver == name.data())
            return path;
    }
    throw std::runtime_error("no DRM card has driver " + driver);
}

Background::Background(const std::vector<std::string>& command) {
    std::array<int, 2> out{};
    std::array<int, 2> in{};
    if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(in.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("pipe2");
    pid_ = fork();
    if (pid_ == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        become(command, {}, {});
    }
    close(out[1]);
    close(in[0]);
    output_ = out[0];
    input_ = in[1];
}

Background::~Background() {
    kill(pid_, SIGTERM);
    int status = 0;
    waitpid(pid_, &status, 0);
    close(output_);
    close(input_);
}

std::string Background::next_line() {
    std::string line;
    char next = 0;
    pollfd waits{output_, POLLIN, 0};
    while (poll(&waits, 1, program_limit_ms) > 0 && read(output_, &next, 1) == 1 && next != '\n')
        line += next;
    return line;
}

Driver::Driver(std::string name, const std::vector<std::string>& parameters)
    : name_(std::move(name)) {
    std::vector<std::string> command{"insmod", "/run/lane/drivers/" + name_ + ".ko"};
    command.insert(command.end(), parameters.begin(), parameters.end());
    const Outcome loaded = run(command);
    if (loaded.status != 0)
        throw std::runtime_error(loaded.errors);
    run({"udevadm", "settle"});
}

Driver::~Driver() {
    const Outcome unloaded = run({"rmmod", name_});
    INFO(unloaded.errors);
    CHECK(unloaded.status == 0);
    run({"udevadm", "settle"});
}

namespace {

std::set<std::string> excused_dmabufs;

std::string open_files() {
    std::string all;
    for (const std::string& fd : names_in("/proc/self/fd")) {
        std::array<char, 256> target{};
        const std::string link = "/proc/self/fd/" + fd;
        if (readlink(link.c_str(), target.data(), target.size() - 1) > 0)
            all += fd + " is " + target.data() + "; ";
    }
    return all;
}

} // namespace

void NothingLeft::excuse_dmabufs() {
    excused_dmabufs.merge(names_in("/sys/kernel/dmabuf/buffers"));
}

NothingLeft::NothingLeft()
    : descriptors_(names_in("/proc/self/fd").size()),
      dmabufs_(names_in("/sys/kernel/dmabuf/buffers")) {}

NothingLeft::~NothingLeft() {
    {
        INFO(open_files());
        CHECK(names_in("/proc/self/fd").size() == descriptors_);
    }
    std::set<std::string> left;
    // The last reference of a dma-buf may be dropped from a work queue: give it a moment.
    for (int attempt = 0; attempt < 50; ++attempt) {
        left.clear();
        for (const std::string& inode : names_in("/sys/kernel/dmabuf/buffers"))
            if (!dmabufs_.contains(inode) && !excused_dmabufs.contains(inode))
                left.insert(inode);
        if (left.empty())
            break;
        usleep(100000);
    }
    CHECK(left == std::set<std::string>{});
}

} // namespace guest
