// SPDX-License-Identifier: MIT
// The functions of lib/kernel/kernel.hpp and lib/kernel/udev.hpp, answered by the current fake
// kernel.
#include "tests/support/fake_fences.hpp"
#include "tests/support/fake_kernel.hpp"

#include <simplealloc/unique_fd.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include <chrono>
#include <new>
#include <thread>
#include <type_traits>

namespace simplealloc::test {

struct FakeKernel::Implementation {
    /// A link of /proc/self/fd is followed to the file itself, wherever its name leads by now.
    static int open_again(FakeKernel& k, const OpenFile& known, int flags) {
        auto opened = std::make_shared<OpenFile>(known);
        opened->flags = flags;
        if ((flags & O_PATH) == 0) {
            // Files that are no device have no open() (fs/inode.c: no_open()).
            if (!known.node)
                return -ENXIO;
            if (!k.permits(known.stat.mode, known.stat.group, R_OK | W_OK))
                return -EACCES;
            opened->handler = known.node(flags);
        }
        return k.add_fd(std::move(opened));
    }

    static int open(FakeKernel& k, const char* path, int flags) {
        constexpr std::string_view links = "/proc/self/fd/";
        if (std::string_view(path).starts_with(links)) {
            const auto known = k.proc ? k.file(std::atoi(path + links.size())) : nullptr;
            return known ? open_again(k, *known, flags) : -ENOENT;
        }
        const std::string resolved = k.resolve(path);
        const int access = flags & O_ACCMODE;
        const int wanted = (access != O_WRONLY ? R_OK : 0) | (access != O_RDONLY ? W_OK : 0);
        auto opened = std::make_shared<OpenFile>();
        if (const int error = k.stat_path(path, opened->stat); error < 0)
            return error;
        if (k.is_directory(resolved) && access != O_RDONLY)
            return -EISDIR;
        if (!k.permits(opened->stat.mode, opened->stat.group, wanted))
            return -EACCES;
        opened->path = resolved;
        opened->flags = flags;
        if (const auto node = k.nodes_.find(resolved);
            node != k.nodes_.end() && node->second.open) {
            opened->node = node->second.open;
            opened->handler = opened->node(flags);
        }
        return k.add_fd(std::move(opened));
    }

    static int close(FakeKernel& k, int fd) {
        const auto found = k.fds_.find(fd);
        if (found == k.fds_.end()) {
            k.record_error("close of fd " + std::to_string(fd) + ", which is not open");
            return -EBADF;
        }
        for (const auto& [number, other] : k.fds_)
            if (number != fd && other->watched && other->watched->contains(fd))
                k.record_error("close of fd " + std::to_string(fd) + ", which an epoll watches");
        // What the file owns may look at the kernel while it dies.
        const std::shared_ptr<OpenFile> file = std::move(found->second);
        k.fds_.erase(found);
        return 0;
    }

    static int begin_access(FakeDmaBuf& buffer, std::uint64_t flags) {
        ++buffer.sync_starts;
        buffer.open_reads += (flags & DMA_BUF_SYNC_READ) != 0 ? 1 : 0;
        buffer.open_writes += (flags & DMA_BUF_SYNC_WRITE) != 0 ? 1 : 0;
        buffer.begun_twice |= buffer.open_reads > 1 || buffer.open_writes > 1;
        return 0;
    }

    static int end_access(FakeKernel& k, FakeDmaBuf& buffer, std::uint64_t flags) {
        if (buffer.end_needs_start && buffer.sync_starts == 0)
            return -EINVAL;
        ++buffer.sync_ends;
        if (((flags & DMA_BUF_SYNC_READ) != 0 && buffer.open_reads-- == 0) ||
            ((flags & DMA_BUF_SYNC_WRITE) != 0 && buffer.open_writes-- == 0))
            k.record_error("SYNC_END of a direction that was not begun");
        return 0;
    }

    static int dmabuf_ioctl(FakeKernel& k, FakeDmaBuf& buffer, unsigned long request,
                            void* argument) {
        switch (request) {
        case DMA_BUF_IOCTL_SYNC: {
            const std::uint64_t flags = static_cast<dma_buf_sync*>(argument)->flags;
            if ((flags & ~std::uint64_t{DMA_BUF_SYNC_VALID_FLAGS_MASK}) != 0 ||
                (flags & DMA_BUF_SYNC_RW) == 0) {
                return -EINVAL;
            }
            return (flags & DMA_BUF_SYNC_END) == 0 ? begin_access(buffer, flags)
                                                   : end_access(k, buffer, flags);
        }
        case DMA_BUF_SET_NAME_A:
        case DMA_BUF_SET_NAME_B: {
            const auto* name = static_cast<const char*>(argument);
            if (::strnlen(name, 32) == 32)
                return -EINVAL;
            buffer.name = name;
            return 0;
        }
        default:
            return dmabuf_fence_ioctl(k, buffer, request, argument);
        }
    }

    static int ioctl(FakeKernel& k, int fd, unsigned long request, void* argument) {
        const std::shared_ptr<OpenFile> file = k.usable(fd);
        if (!file)
            return -EBADF;
        if (file->dmabuf)
            return dmabuf_ioctl(k, *file->dmabuf, request, argument);
        if (file->sync_file)
            return sync_file_ioctl(k, *file->sync_file, request, argument);
        return file->handler ? file->handler(fd, request, argument) : -ENOTTY;
    }

    static std::multimap<void*, Mapped>::iterator find_mapped(FakeKernel& k, void* address,
                                                              std::size_t size) {
        const auto [first, last] = k.mapped_.equal_range(address);
        const auto found =
            std::find_if(first, last, [&](const auto& entry) { return entry.second.size == size; });
        return found == last ? k.mapped_.end() : found;
    }

    static int map(FakeKernel& k, int fd, std::size_t size, int protection, void** address) {
        const std::shared_ptr<OpenFile> file = k.usable(fd);
        if (!file)
            return -EBADF;
        const std::shared_ptr<FakeDmaBuf>& buffer = file->dmabuf;
        if (!buffer)
            return -ENODEV;
        if ((protection & PROT_WRITE) != 0 && (buffer->flags & O_ACCMODE) != O_RDWR)
            return -EACCES;
        if (!buffer->mappable || size == 0 || size > buffer->size)
            return -EINVAL;
        if (!buffer->memory) {
            const auto align = std::align_val_t{k.page};
            auto* memory = static_cast<std::byte*>(::operator new[](buffer->size, align));
            std::memset(memory, buffer->old_data, buffer->size);
            buffer->memory = {memory, [align](std::byte* p) { ::operator delete[](p, align); }};
        }
        *address = buffer->memory.get();
        k.mapped_.emplace(*address, Mapped{size, protection, buffer});
        return 0;
    }

    static int protect(FakeKernel& k, void* address, std::size_t size, int protection) {
        const auto found = find_mapped(k, address, size);
        if (found == k.mapped_.end())
            return -ENOMEM;
        if ((protection & PROT_WRITE) != 0 && (found->second.dmabuf->flags & O_ACCMODE) != O_RDWR)
            return -EACCES;
        found->second.protection = protection;
        return 0;
    }

    static int unmap(FakeKernel& k, void* address, std::size_t size) {
        const auto found = find_mapped(k, address, size);
        if (found == k.mapped_.end()) {
            k.record_error("unmap of " + std::to_string(size) + " bytes that are not mapped");
            return -EINVAL;
        }
        k.mapped_.erase(found);
        return 0;
    }

    static int events_of(const FakeKernel& k, const pollfd& target) {
        const std::shared_ptr<OpenFile> file = k.usable(target.fd);
        if (!file)
            return POLLNVAL;
        if (file->dmabuf)
            return poll_dmabuf(*file->dmabuf, target.events);
        if (file->sync_file)
            return poll_sync_file(*file->sync_file, target.events);
        if (file->counter)
            return target.events & (*file->counter > 0 ? POLLIN | POLLOUT : POLLOUT);
        if (file->watched)
            return std::any_of(file->watched->begin(), file->watched->end(),
                               [&](const auto& watched) {
                                   return events_of(k, {watched.first, watched.second, 0}) != 0;
                               })
                       ? target.events & POLLIN
                       : 0;
        return file->poll ? file->poll(target.events) : target.events;
    }

    /// Whether something changed in time.
    static bool wait_for_others(FakeKernel& k, std::optional<std::chrono::nanoseconds> timeout) {
        if (timeout)
            return k.changed_.wait_for(k.mutex_, *timeout) == std::cv_status::no_timeout;
        k.changed_.wait(k.mutex_);
        return true;
    }

    static int poll(FakeKernel& k, std::span<pollfd> targets,
                    std::optional<std::chrono::nanoseconds> timeout) {
        for (;;) {
            int ready = 0;
            for (pollfd& target : targets) {
                target.revents = static_cast<short>(events_of(k, target));
                ready += target.revents != 0 ? 1 : 0;
            }
            if (ready != 0 || timeout == std::chrono::nanoseconds::zero())
                return ready;
            if (k.lets_others_run && wait_for_others(k, timeout))
                continue;
            // Nobody else signals a fence or sends: what is not over now never is.
            if (!timeout) {
                k.record_error("poll waits for ever");
                return -EDEADLK;
            }
            k.time += *timeout;
            return 0;
        }
    }

    static int counter(FakeKernel& k) {
        auto opened = std::make_shared<OpenFile>();
        opened->path = "counter";
        opened->counter = 0;
        return k.add_fd(std::move(opened));
    }

    static int add(FakeKernel& k, int fd, std::uint64_t count) {
        const std::shared_ptr<OpenFile> file = k.file(fd);
        if (!file || !file->counter)
            return file ? -EINVAL : -EBADF;
        *file->counter += count;
        // All are woken, but all but the first may be so slow that they find it taken.
        if (count == 1)
            k.changed_.notify_one();
        else
            k.changed_.notify_all();
        return 0;
    }

    static int take(FakeKernel& k, int fd) {
        const std::shared_ptr<OpenFile> file = k.file(fd);
        if (!file || !file->counter)
            return file ? -EINVAL : -EBADF;
        if (*file->counter == 0)
            return -EAGAIN;
        --*file->counter;
        return 0;
    }

    static int watcher(FakeKernel& k) {
        auto opened = std::make_shared<OpenFile>();
        opened->path = "epoll";
        opened->watched.emplace();
        return k.add_fd(std::move(opened));
    }

    static int watch(FakeKernel& k, int watcher, int fd, short events) {
        const std::shared_ptr<OpenFile> file = k.file(watcher);
        if (!file || !k.usable(fd))
            return -EBADF;
        if (!file->watched || watcher == fd)
            return -EINVAL;
        return file->watched->emplace(fd, events).second ? 0 : -EEXIST;
    }

    static int unwatch(FakeKernel& k, int watcher, int fd) {
        const std::shared_ptr<OpenFile> file = k.file(watcher);
        if (!file || !k.usable(fd))
            return -EBADF;
        if (!file->watched)
            return -EINVAL;
        return file->watched->erase(fd) == 1 ? 0 : -ENOENT;
    }

    static std::int64_t seek_end(FakeKernel& k, int fd) {
        const std::shared_ptr<OpenFile> file = k.usable(fd);
        if (!file)
            return -EBADF;
        if (file->dmabuf)
            return static_cast<std::int64_t>(file->dmabuf->size);
        if (file->memfd)
            return static_cast<std::int64_t>(file->memfd->size);
        return -ESPIPE;
    }

    static int fstat(FakeKernel& k, int fd, kernel::Stat& out) {
        const std::shared_ptr<OpenFile> file = k.file(fd);
        if (!file)
            return -EBADF;
        out = file->stat;
        return 0;
    }

    static int filesystem(FakeKernel& k, int fd, std::uint32_t& magic) {
        const std::shared_ptr<OpenFile> file = k.file(fd);
        if (!file)
            return -EBADF;
        if (file->dmabuf)
            magic = file->dmabuf->filesystem;
        else
            magic = file->sync_file ? ANON_INODE_FS_MAGIC : 0;
        return 0;
    }

    static int duplicate(FakeKernel& k, int fd) {
        const std::shared_ptr<OpenFile> file = k.file(fd);
        return file ? k.add_fd(file) : -EBADF;
    }

    static int status_flags(const FakeKernel& k, int fd) {
        const std::shared_ptr<OpenFile> file = k.file(fd);
        return file ? file->flags : -EBADF;
    }

    static int set_blocking(FakeKernel& k, int fd) {
        const std::shared_ptr<OpenFile> file = k.file(fd);
        if (!file)
            return -EBADF;
        file->flags &= ~O_NONBLOCK;
        return 0;
    }

    static int stat(const FakeKernel& k, const char* path, kernel::Stat& out) {
        return k.stat_path(path, out);
    }

    static int memfd(FakeKernel& k, const char* name) {
        auto opened = std::make_shared<OpenFile>();
        opened->path = std::string("memfd:") + name;
        opened->flags = O_RDWR;
        opened->memfd = std::make_shared<FakeMemfd>();
        opened->memfd->name = name;
        return k.add_fd(std::move(opened));
    }

    static int truncate(FakeKernel& k, int fd, std::uint64_t size) {
        const auto memfd = k.memfd(fd);
        if (!memfd)
            return k.file(fd) ? -EINVAL : -EBADF;
        if (size > static_cast<std::uint64_t>(INT64_MAX))
            return -EINVAL;
        if ((size < memfd->size && (memfd->seals & F_SEAL_SHRINK) != 0) ||
            (size > memfd->size && (memfd->seals & F_SEAL_GROW) != 0)) {
            return -EPERM;
        }
        memfd->size = size;
        return 0;
    }

    static int add_seals(FakeKernel& k, int fd, int seals) {
        const auto memfd = k.memfd(fd);
        if (!memfd)
            return k.file(fd) ? -EINVAL : -EBADF;
        if ((memfd->seals & F_SEAL_SEAL) != 0)
            return -EPERM;
        memfd->seals |= seals;
        return 0;
    }

    static int read_file(const FakeKernel& k, const std::string& path, std::string& out) {
        if (auto info = k.fdinfo(path)) {
            out = std::move(*info);
            return 0;
        }
        const std::string resolved = k.resolve(path);
        const auto file = k.files_.find(resolved);
        if (file == k.files_.end())
            return k.is_directory(resolved) ? -EISDIR : -ENOENT;
        if (!k.permits(file->second.mode, 0, R_OK))
            return -EACCES;
        out = file->second.text;
        return 0;
    }

    static int list_directory(const FakeKernel& k, const std::string& path,
                              std::vector<std::string>& out) {
        const std::string resolved = k.resolve(path);
        if (!k.is_directory(resolved))
            return k.exists(resolved) ? -ENOTDIR : -ENOENT;
        const std::string folder = resolved == "/" ? "/" : resolved + "/";
        std::set<std::string> names;
        const auto add = [&](const std::string& entry) {
            if (entry.size() > folder.size() && entry.starts_with(folder))
                names.insert(
                    entry.substr(folder.size(), entry.find('/', folder.size()) - folder.size()));
        };
        for (const auto& entry : k.files_)
            add(entry.first);
        for (const auto& entry : k.nodes_)
            add(entry.first);
        for (const auto& entry : k.links_)
            add(entry.first);
        for (const std::string& entry : k.directories_)
            add(entry);
        out.assign(names.begin(), names.end());
        return 0;
    }

    static int real_path(const FakeKernel& k, const std::string& path, std::string& out) {
        const std::string resolved = k.resolve(path);
        if (resolved.empty())
            return -ELOOP;
        if (!k.exists(resolved))
            return -ENOENT;
        out = resolved;
        return 0;
    }

    static int access(const FakeKernel& k, const char* path, int mode) {
        kernel::Stat stat;
        if (const int error = k.stat_path(path, stat); error < 0)
            return error;
        return k.permits(stat.mode, stat.group, mode) ? 0 : -EACCES;
    }

    /// Logs the call, then fails as scripted or does `work`.
    template <typename Work>
    static auto call(const char* name, const std::string& object, unsigned long request,
                     Work&& work) -> std::invoke_result_t<Work, FakeKernel&> {
        FakeKernel& k = FakeKernel::current();
        std::unique_lock lock(k.mutex_);
        const int error = k.enter(name, object, request);
        const auto result = error != 0 ? -error : work(k);
        lock.unlock();
        if (k.lets_others_run)
            std::this_thread::sleep_for(std::chrono::microseconds(1));
        return result;
    }
    /// The same for what is done even when it fails.
    template <typename Work>
    static int release(const char* name, const std::string& object, Work&& work) {
        FakeKernel& k = FakeKernel::current();
        const std::lock_guard lock(k.mutex_);
        const int error = k.enter(name, object);
        const int result = work(k);
        return error != 0 ? -error : result;
    }

    static std::string describe(int fd) {
        FakeKernel& k = FakeKernel::current();
        const std::lock_guard lock(k.mutex_);
        return k.describe(fd);
    }

    static std::vector<udev::Node> nodes(std::string_view subsystem, int& error) {
        FakeKernel& k = FakeKernel::current();
        const std::lock_guard lock(k.mutex_);
        std::vector<udev::Node> out;
        error = -k.enter("udev", std::string(subsystem));
        if (error == 0)
            error = k.udev_error;
        if (error != 0)
            return out;
        for (const udev::Node& node : k.udev_) {
            if ((subsystem.empty() || node.subsystem == subsystem) && !node.devnode.empty())
                out.push_back(node);
        }
        std::stable_sort(out.begin(), out.end(), [](const udev::Node& a, const udev::Node& b) {
            return ::strverscmp(a.sysname.c_str(), b.sysname.c_str()) < 0;
        });
        return out;
    }

    static int listen(FakeKernel& k, std::shared_ptr<FakeMonitor> monitor) {
        k.monitors_.push_back(monitor);
        auto opened = std::make_shared<OpenFile>();
        opened->path = "monitor";
        return k.add_fd(std::move(opened));
    }

    static int receive(FakeMonitor& monitor, std::optional<udev::Event>& event) {
        if (std::exchange(monitor.lost, false))
            return -ENOBUFS;
        if (monitor.events.empty())
            return 0;
        event = std::move(monitor.events.front());
        monitor.events.pop_front();
        return 0;
    }

    /// The first node that `is_it` accepts; `asked` is what log and faults call the question.
    template <typename IsIt>
    static std::optional<udev::Node> node(const std::string& asked, IsIt is_it) {
        FakeKernel& k = FakeKernel::current();
        const std::lock_guard lock(k.mutex_);
        const int failed = k.enter("udev", asked);
        if (failed == ENOMEM) // as lib/kernel/udev.cpp does
            throw std::bad_alloc();
        if (failed != 0)
            return std::nullopt;
        const auto found = std::find_if(k.udev_.begin(), k.udev_.end(), is_it);
        return found == k.udev_.end() ? std::nullopt : std::optional(*found);
    }
};

} // namespace simplealloc::test

namespace simplealloc {

using test::FakeKernel;
using Fake = FakeKernel::Implementation;

namespace kernel {

int open(const char* path, int flags) {
    return Fake::call("open", path, 0, [&](FakeKernel& k) { return Fake::open(k, path, flags); });
}

int close(int fd) {
    return Fake::release("close", Fake::describe(fd),
                         [&](FakeKernel& k) { return Fake::close(k, fd); });
}

int dup(int fd) {
    return Fake::call("dup", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::duplicate(k, fd); });
}

int ioctl(int fd, unsigned long request, void* argument) {
    return Fake::call("ioctl", Fake::describe(fd), request,
                      [&](FakeKernel& k) { return Fake::ioctl(k, fd, request, argument); });
}

int map(int fd, std::size_t size, int protection, void** address) {
    return Fake::call("map", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::map(k, fd, size, protection, address); });
}

int protect(void* address, std::size_t size, int protection) {
    return Fake::call("protect", {}, 0,
                      [&](FakeKernel& k) { return Fake::protect(k, address, size, protection); });
}

int unmap(void* address, std::size_t size) {
    return Fake::release("unmap", {}, [&](FakeKernel& k) { return Fake::unmap(k, address, size); });
}

int poll(std::span<pollfd> targets, std::optional<std::chrono::nanoseconds> timeout) {
    return Fake::call("poll", targets.empty() ? "" : Fake::describe(targets[0].fd), 0,
                      [&](FakeKernel& k) { return Fake::poll(k, targets, timeout); });
}

int counter() {
    return Fake::call("counter", {}, 0, [](FakeKernel& k) { return Fake::counter(k); });
}

int add(int counter, std::uint64_t count) {
    return Fake::call("add", Fake::describe(counter), 0,
                      [&](FakeKernel& k) { return Fake::add(k, counter, count); });
}

int take(int counter) {
    return Fake::call("take", Fake::describe(counter), 0,
                      [&](FakeKernel& k) { return Fake::take(k, counter); });
}

int watcher() {
    return Fake::call("watcher", {}, 0, [](FakeKernel& k) { return Fake::watcher(k); });
}
int watch(int watcher, int fd, short events) {
    return Fake::call("watch", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::watch(k, watcher, fd, events); });
}
int unwatch(int watcher, int fd) {
    return Fake::call("unwatch", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::unwatch(k, watcher, fd); });
}
std::chrono::nanoseconds now() {
    return FakeKernel::current().time;
}

std::chrono::nanoseconds wall_time() {
    return std::chrono::hours(1) + FakeKernel::current().time;
}

std::int64_t seek_end(int fd) {
    return Fake::call("seek_end", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::seek_end(k, fd); });
}

int stat(const char* path, Stat& out) {
    return Fake::call("stat", path, 0, [&](FakeKernel& k) { return Fake::stat(k, path, out); });
}

int fstat(int fd, Stat& out) {
    return Fake::call("fstat", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::fstat(k, fd, out); });
}

int filesystem(int fd, std::uint32_t& magic) {
    return Fake::call("filesystem", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::filesystem(k, fd, magic); });
}

int memfd(const char* name, unsigned) {
    return Fake::call("memfd", name, 0, [&](FakeKernel& k) { return Fake::memfd(k, name); });
}

int truncate(int fd, std::uint64_t size) {
    return Fake::call("truncate", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::truncate(k, fd, size); });
}

int add_seals(int fd, int seals) {
    return Fake::call("add_seals", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::add_seals(k, fd, seals); });
}

int status_flags(int fd) {
    return Fake::call("status_flags", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::status_flags(k, fd); });
}

int set_blocking(int fd) {
    return Fake::call("set_blocking", Fake::describe(fd), 0,
                      [&](FakeKernel& k) { return Fake::set_blocking(k, fd); });
}

int access(const char* path, int mode) {
    return Fake::call("access", path, 0,
                      [&](FakeKernel& k) { return Fake::access(k, path, mode); });
}

std::size_t page_size() {
    const FakeKernel* k = FakeKernel::installed();
    return k != nullptr ? k->page : 4096;
}

std::string machine() {
    return FakeKernel::current().machine;
}

std::string release() {
    return FakeKernel::current().release;
}

int read_file(const std::string& path, std::string& out) {
    return Fake::call("read_file", path, 0,
                      [&](FakeKernel& k) { return Fake::read_file(k, path, out); });
}

int list_directory(const std::string& path, std::vector<std::string>& out) {
    return Fake::call("list_directory", path, 0,
                      [&](FakeKernel& k) { return Fake::list_directory(k, path, out); });
}

int real_path(const std::string& path, std::string& out) {
    return Fake::call("real_path", path, 0,
                      [&](FakeKernel& k) { return Fake::real_path(k, path, out); });
}

std::string group_name(gid_t group) {
    const FakeKernel& k = FakeKernel::current();
    const auto found = k.groups.find(group);
    return found == k.groups.end() ? std::to_string(group) : found->second;
}

const char* environment(const char* name) {
    // The log asks for its variable in tests that have no kernel, too.
    const FakeKernel* k = FakeKernel::installed();
    if (k == nullptr)
        return nullptr;
    const auto found = k->environment.find(name);
    return found == k->environment.end() ? nullptr : found->second.c_str();
}

} // namespace kernel

namespace udev {

std::vector<Node> enumerate(std::string_view subsystem, int& error) {
    return Fake::nodes(subsystem, error);
}

std::optional<Node> by_devnum(dev_t devnum) {
    return Fake::node(std::to_string(devnum),
                      [&](const Node& node) { return node.devnum == devnum; });
}

std::optional<Node> by_name(std::string_view subsystem, std::string_view sysname) {
    if (FakeKernel::current().udev_error != 0)
        return std::nullopt;
    return Fake::node(fmt::format("{}:{}", subsystem, sysname), [&](const Node& node) {
        return node.subsystem == subsystem && node.sysname == sysname;
    });
}

struct Monitor::State {
    UniqueFd fd;
    std::shared_ptr<test::FakeMonitor> monitor = std::make_shared<test::FakeMonitor>();
};

Monitor::Monitor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Monitor::~Monitor() = default;

std::unique_ptr<Monitor> Monitor::open(const char* group,
                                       std::span<const std::string_view> subsystems, int& error) {
    auto state = std::make_unique<State>();
    state->monitor->subsystems.insert(subsystems.begin(), subsystems.end());
    const int fd = Fake::call("monitor", group, 0,
                              [&](FakeKernel& k) { return Fake::listen(k, state->monitor); });
    error = std::min(fd, 0);
    if (fd < 0)
        return nullptr;
    state->fd = UniqueFd::adopt(fd);
    return std::unique_ptr<Monitor>(new Monitor(std::move(state)));
}

int Monitor::fd() const noexcept {
    return state_->fd.get();
}

std::optional<Event> Monitor::receive(int& error) {
    std::optional<Event> event;
    error = Fake::call("receive", {}, 0,
                       [&](FakeKernel&) { return Fake::receive(*state_->monitor, event); });
    return event;
}

} // namespace udev

} // namespace simplealloc
