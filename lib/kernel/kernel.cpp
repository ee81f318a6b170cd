// SPDX-License-Identifier: MIT
// The system calls, each wrapped once: errno is read on the line after the call.
#include "lib/kernel/kernel.hpp"

#include <simplealloc/unique_fd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits>
#include <memory>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utility>

namespace simplealloc::kernel {

namespace {

constexpr std::size_t max_file_size = 1U << 20U;

template <typename Call>
int restart(Call call) {
    for (;;) {
        const auto value = call();
        if (value >= 0)
            return static_cast<int>(value);
        if (errno != EINTR)
            return -errno;
    }
}

std::chrono::nanoseconds since_1970(std::int64_t seconds, std::int64_t nanoseconds) {
    return std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds);
}

void fill(const struct ::stat& from, Stat& to) {
    to.mode = from.st_mode;
    to.group = from.st_gid;
    to.rdev = from.st_rdev;
    to.dev = from.st_dev;
    to.inode = from.st_ino;
    to.size = static_cast<std::uint64_t>(from.st_size);
    to.modified = since_1970(from.st_mtim.tv_sec, from.st_mtim.tv_nsec);
}

void fill(const struct ::statx& from, Stat& to) {
    to.mode = from.stx_mode;
    to.group = from.stx_gid;
    to.rdev = ::makedev(from.stx_rdev_major, from.stx_rdev_minor);
    to.dev = ::makedev(from.stx_dev_major, from.stx_dev_minor);
    to.inode = from.stx_ino;
    to.size = from.stx_size;
    to.modified = since_1970(from.stx_mtime.tv_sec, from.stx_mtime.tv_nsec);
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

struct Free {
    void operator()(char* text) const { std::free(text); }
};

/// O_NONBLOCK, since opening a FIFO to read it waits for a writer.
int open_file(const std::string& path, UniqueFd& out) {
    const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return fd;
    out.reset(fd);
    Stat stat;
    if (const int result = fstat(out.get(), stat); result < 0)
        return result;
    const bool null = S_ISCHR(stat.mode) && stat.rdev == ::makedev(1, 3);
    return S_ISREG(stat.mode) || null ? 0 : -EOPNOTSUPP;
}

} // namespace

int open(const char* path, int flags) {
    return restart([&] { return ::open(path, flags | O_CLOEXEC | O_NOCTTY); });
}

int close(int fd) {
    return ::close(fd) == 0 ? 0 : -errno;
}

int dup(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy >= 0 ? copy : -errno;
}

int ioctl(int fd, unsigned long request, void* argument) {
    return restart([&] { return ::ioctl(fd, request, argument); });
}

int map(int fd, std::size_t size, int protection, void** address) {
    void* mapped = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return -errno;
    *address = mapped;
    return 0;
}

int protect(void* address, std::size_t size, int protection) {
    return ::mprotect(address, size, protection) == 0 ? 0 : -errno;
}

int unmap(void* address, std::size_t size) {
    return ::munmap(address, size) == 0 ? 0 : -errno;
}

int poll(std::span<pollfd> targets, std::optional<std::chrono::nanoseconds> timeout) {
    using std::chrono::seconds;
    ::timespec limit = {};
    if (timeout) {
        // Seconds have 32 bits in a 32-bit program.
        const auto whole = std::min(std::chrono::duration_cast<seconds>(*timeout),
                                    seconds(std::numeric_limits<std::int32_t>::max()));
        limit.tv_sec = static_cast<time_t>(whole.count());
        limit.tv_nsec = static_cast<long>((*timeout % seconds(1)).count());
    }
    const int ready = ::ppoll(targets.data(), targets.size(), timeout ? &limit : nullptr, nullptr);
    return ready >= 0 ? ready : -errno;
}

int counter() {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    return fd >= 0 ? fd : -errno;
}

int add(int counter, std::uint64_t count) {
    return restart([&] { return static_cast<int>(::write(counter, &count, sizeof count)); });
}

int take(int counter) {
    std::uint64_t one = 0;
    return restart([&] { return static_cast<int>(::read(counter, &one, sizeof one)); });
}

int watcher() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int watch(int watcher, int fd, short events) {
    ::epoll_event event = {};
    event.events = static_cast<std::uint32_t>(events);
    return ::epoll_ctl(watcher, EPOLL_CTL_ADD, fd, &event) >= 0 ? 0 : -errno;
}

int unwatch(int watcher, int fd) {
    return ::epoll_ctl(watcher, EPOLL_CTL_DEL, fd, nullptr) >= 0 ? 0 : -errno;
}

std::chrono::nanoseconds now() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

std::chrono::nanoseconds wall_time() {
    return std::chrono::system_clock::now().time_since_epoch();
}

std::int64_t seek_end(int fd) {
    const off_t end = ::lseek(fd, 0, SEEK_END);
    return end >= 0 ? end : -errno;
}

int stat(const char* path, Stat& out) {
    struct ::stat info = {};
    if (::stat(path, &info) != 0)
        return -errno;
    fill(info, out);
    return 0;
}

int fstat(int fd, Stat& out) {
    struct ::statx info = {};
    if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &info) == 0) {
        fill(info, out);
        return 0;
    }
    // Linux before 4.11 and old sandboxes have no statx.
    struct ::stat old = {};
    if ((errno != ENOSYS && errno != EPERM) || ::fstat(fd, &old) != 0)
        return -errno;
    fill(old, out);
    return 0;
}

int filesystem(int fd, std::uint32_t& magic) {
    magic = 0;
    Stat stat;
    if (const int result = fstat(fd, stat); result < 0)
        return result;
    // Only the kernel makes files without a type, and it answers for them itself.
    if ((stat.mode & S_IFMT) != 0)
        return 0;
    struct ::statfs kind = {};
    const int result = restart([&] { return ::fstatfs(fd, &kind); });
    if (result >= 0)
        magic = static_cast<std::uint32_t>(kind.f_type);
    return result;
}

int memfd(const char* name, unsigned flags) {
    const int fd = ::memfd_create(name, flags | MFD_ALLOW_SEALING | MFD_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int truncate(int fd, std::uint64_t size) {
    return restart([&] { return ::ftruncate(fd, static_cast<off_t>(size)); });
}

int add_seals(int fd, int seals) {
    return ::fcntl(fd, F_ADD_SEALS, seals) == 0 ? 0 : -errno;
}

int status_flags(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 ? flags : -errno;
}

int set_blocking(int fd) {
    const int flags = status_flags(fd);
    if (flags < 0)
        return flags;
    return ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0 ? 0 : -errno;
}

int access(const char* path, int mode) {
    return ::faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 ? 0 : -errno;
}

std::size_t page_size() {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::string machine() {
    struct ::utsname name = {};
    return ::uname(&name) == 0 ? name.machine : "";
}

std::string release() {
    struct ::utsname name = {};
    return ::uname(&name) == 0 ? name.release : "";
}

int read_file(const std::string& path, std::string& out) {
    out.clear();
    UniqueFd fd;
    if (const int result = open_file(path, fd); result < 0)
        return result;
    std::array<char, 4096> chunk;
    for (;;) {
        const int got = restart([&] { return ::read(fd.get(), chunk.data(), chunk.size()); });
        if (got <= 0)
            return got;
        out.append(chunk.data(), static_cast<std::size_t>(got));
        if (out.size() > max_file_size)
            return -EFBIG;
    }
}

int list_directory(const std::string& path, std::vector<std::string>& out) {
    out.clear();
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
    if (!directory)
        return -errno;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr)
            break;
        std::string name = entry->d_name;
        if (name != "." && name != "..")
            out.push_back(std::move(name));
    }
    const int result = -errno;
    std::sort(out.begin(), out.end());
    return result;
}

int real_path(const std::string& path, std::string& out) {
    const std::unique_ptr<char, Free> resolved(::realpath(path.c_str(), nullptr));
    if (!resolved)
        return -errno;
    out = resolved.get();
    return 0;
}

std::string group_name(gid_t group) {
    std::vector<char> storage(1024);
    struct ::group entry = {};
    struct ::group* found = nullptr;
    int error = 0;
    while ((error = ::getgrgid_r(group, &entry, storage.data(), storage.size(), &found)) ==
               ERANGE &&
           storage.size() < max_file_size)
        storage.resize(storage.size() * 2);
    return error == 0 && found != nullptr ? entry.gr_name : std::to_string(group);
}

const char* environment(const char* name) {
    return ::secure_getenv(name);
}

} // namespace simplealloc::kernel
