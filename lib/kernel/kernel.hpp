// SPDX-License-Identifier: MIT
// The only room that makes system calls, with kernel_socket.hpp; tests link a fake in its place
// (tests/support/fake_kernel.*).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

/// Calls return a value of zero or more, or a negative errno: errno is read on the line after the
/// call, once, here. All descriptors are close-on-exec.
namespace simplealloc::kernel {

struct Stat {
    mode_t mode = 0;
    gid_t group = 0;
    dev_t rdev = 0;
    dev_t dev = 0;
    ino_t inode = 0;
    std::uint64_t size = 0;
    std::chrono::nanoseconds modified{}; ///< by wall_time()

    bool operator==(const Stat&) const = default;
};

/// O_CLOEXEC and O_NOCTTY are added. Restarted after a signal.
int open(const char* path, int flags);
/// Never repeated: on Linux the descriptor is gone even after EINTR.
int close(int fd);
int dup(int fd);
/// Restarted after a signal (EINTR); EAGAIN is returned.
int ioctl(int fd, unsigned long request, void* argument);
/// Sets `address`.
int map(int fd, std::size_t size, int protection, void** address);
/// Of a whole mapping.
int protect(void* address, std::size_t size, int protection);
int unmap(void* address, std::size_t size);
/// How many have events, 0 when the time ran out; nothing waits for ever. Not restarted after a
/// signal (EINTR), because time has passed; may wait less than was asked.
int poll(std::span<pollfd> targets, std::optional<std::chrono::nanoseconds> timeout);
/// An eventfd that counts: readable while it is not zero.
int counter();
int add(int counter, std::uint64_t count);
/// One less; EAGAIN at zero.
int take(int counter);
/// An epoll: readable while one of the descriptors in it has events that are watched for.
int watcher();
/// `events` are those of poll(2). Must end before the descriptor is closed: as long as anybody else
/// has the open file, the epoll keeps it and nobody could take it out (fs/eventpoll.c).
int watch(int watcher, int fd, short events);
int unwatch(int watcher, int fd);
/// A clock that only runs forward.
std::chrono::nanoseconds now();
/// Since 1970; somebody may set this clock.
std::chrono::nanoseconds wall_time();
/// Size by lseek(SEEK_END): the only way that all kernels answer for a dma-buf.
std::int64_t seek_end(int fd);
int stat(const char* path, Stat& out);
/// What the kernel knows: a filesystem that lives elsewhere (FUSE, NFS) is not waited for.
int fstat(int fd, Stat& out);
/// Sets `magic` to the kind of filesystem that an open file without a type is on (an anonymous
/// inode: dma-bufs, sync_files, eventfd…), and to 0 for every other. Waits no more than fstat().
int filesystem(int fd, std::uint32_t& magic);
/// Clears O_NONBLOCK.
int set_blocking(int fd);
/// MFD_ALLOW_SEALING and MFD_CLOEXEC are added.
int memfd(const char* name, unsigned flags);
int truncate(int fd, std::uint64_t size);
int add_seals(int fd, int seals);
/// F_GETFL.
int status_flags(int fd);
/// access(2) with the effective ids.
int access(const char* path, int mode);
std::size_t page_size();
/// uname's machine, e.g. `x86_64`: that of the kernel, whatever this process is.
std::string machine();
/// uname's release, e.g. `6.12.9-amd64`; empty when it can't be asked.
std::string release();

/// The whole of a small text file (sysfs, procfs), at most 1 MiB. Nothing but files is read:
/// EOPNOTSUPP for a FIFO or a terminal, which could be waited for. /dev/null is an empty one.
int read_file(const std::string& path, std::string& out);
/// Names in a directory but for . and .., sorted.
int list_directory(const std::string& path, std::vector<std::string>& out);
/// The real path behind symbolic links.
int real_path(const std::string& path, std::string& out);

/// The group's name, or its number in digits where the user database does not know it.
std::string group_name(gid_t group);

/// An environment variable, unless the program is set-uid; null when not set.
const char* environment(const char* name);

} // namespace simplealloc::kernel
