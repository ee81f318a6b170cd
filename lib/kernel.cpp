// SPDX-License-Identifier: MIT
// The system calls, each wrapped once: errno is read on the line after the call.
#include "lib/kernel.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

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

void fill(const struct ::stat& from, Stat& to) {
    to.mode = from.st_mode;
    to.group = from.st_gid;
    to.rdev = from.st_rdev;
    to.dev = from.st_dev;
    to.inode = from.st_ino;
    to.size = static_cast<std::uint64_t>(from.st_size);
}

} // namespace

int open(const char* path, int flags) {
    return restart([&] { return ::open(path, flags | O_CLOEXEC); });
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

std::chrono::nanoseconds now() {
    return std::chrono::steady_clock::now().time_since_epoch();
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
    struct ::stat info = {};
    if (::fstat(fd, &info) != 0)
        return -errno;
    fill(info, out);
    return 0;
}

int filesystem(int fd, std::uint32_t& magic) {
    magic = 0;
    struct ::statx info = {};
    int asked = ::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &info);
    // Linux before 4.11 and old sandboxes have no statx.
    if (asked != 0 && (errno == ENOSYS || errno == EPERM)) {
        struct ::stat old = {};
        asked = ::fstat(fd, &old);
        info.stx_mode = static_cast<std::uint16_t>(old.st_mode);
    }
    if (asked != 0)
        return -errno;
    // Only the kernel makes files without a type, and it answers for them itself.
    if ((info.stx_mode & S_IFMT) != 0)
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
    const int fd = open(path.c_str(), O_RDONLY);
    if (fd < 0)
        return fd;
    std::array<char, 4096> chunk;
    int result = 0;
    for (;;) {
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            result = -errno;
        if (got <= 0)
            break;
        out.append(chunk.data(), static_cast<std::size_t>(got));
        if (out.size() > max_file_size) {
            result = -EFBIG;
            break;
        }
    }
    close(fd);
    return result;
}

int list_directory(const std::string& path, std::vector<std::string>& out) {
    out.clear();
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr)
        return -errno;
    int result = 0;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(directory);
        if (entry == nullptr) {
            result = -errno;
            break;
        }
        const std::string name = entry->d_name;
        if (name != "." && name != "..")
            out.push_back(name);
    }
    ::closedir(directory);
    std::sort(out.begin(), out.end());
    return result;
}

int real_path(const std::string& path, std::string& out) {
    char* resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr)
        return -errno;
    out = resolved;
    std::free(resolved);
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
