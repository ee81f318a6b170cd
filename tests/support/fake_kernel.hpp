// SPDX-License-Identifier: MIT
// A kernel in memory that takes the place of lib/kernel/kernel.cpp and lib/kernel/udev.cpp in unit
// tests.
#pragma once

#include "lib/kernel/kernel.hpp"
#include "lib/kernel/udev.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <iosfwd>
#include <linux/magic.h>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace simplealloc::test {

/// Answers the ioctls of one open file: zero or more, or a negative errno. State of the open file
/// lives in what it captures, and dies when the last descriptor is closed.
using IoctlHandler = std::function<int(int fd, unsigned long request, void* argument)>;
/// Those of these events of poll(2) that have come.
using PollHandler = std::function<int(int events)>;

/// A character device.
struct FakeNode {
    std::string path;
    dev_t devnum = 0;
    mode_t mode = 0600;
    gid_t group = 0;
    /// Called by every open(); without it every ioctl is ENOTTY.
    std::function<IoctlHandler(int flags)> open = {};
};

/// The owner is root. Directories come from the paths of what is in them.
struct FakeFile {
    std::string text;
    mode_t mode = 0644;
};

/// Work of a device.
struct FakeFence {
    bool over = false;
    int sys_errno = 0; ///< why it failed
};
using FakeFences = std::vector<std::shared_ptr<FakeFence>>;

struct FakeDmaBuf {
    std::uint64_t size = 0;
    ino_t inode = 0;
    std::string exporter;
    std::string name;
    int flags = 0; ///< access mode: that of the first export, for the life of the dma-buf
    bool mappable = true;
    bool contiguous = false;
    std::uint32_t filesystem = DMA_BUF_MAGIC; ///< ANON_INODE_FS_MAGIC before Linux 5.3
    unsigned char old_data = 0;               ///< fills fresh memory
    /// udmabuf answers EINVAL to SYNC_END before the first SYNC_START.
    bool end_needs_start = false;
    bool has_sync_files = true; ///< false: as before Linux 6.0
    FakeFences readers;         ///< what reads it
    FakeFences writers;         ///< what writes it
    unsigned sync_starts = 0;
    unsigned sync_ends = 0;
    unsigned open_reads = 0; ///< begun and not ended
    unsigned open_writes = 0;
    bool begun_twice = false;      ///< a direction that was open already
    std::shared_ptr<void> backing; ///< what lives as long as the memory, e.g. a charge on a pool
    std::shared_ptr<std::byte[]> memory; ///< made by the first mapping
};

/// A DRM syncobj: with fences at points in order, or a single one at point 0.
struct FakeSyncobj {
    std::map<std::uint64_t, FakeFences> points;
    /// Eventfds that are told once a point is there, or over.
    struct Event {
        std::optional<std::uint64_t>* counter = nullptr; ///< in `file`
        std::shared_ptr<void> file;
        std::uint64_t point = 0;
        bool available = false;
    };
    std::vector<Event> events;
};

struct FakeMemfd {
    std::string name;
    std::uint64_t size = 0;
    int seals = 0;
};

/// A socket for hotplug events.
struct FakeMonitor {
    std::set<std::string, std::less<>> subsystems; ///< empty: all
    std::deque<udev::Event> events;
    bool lost = false; ///< some had no room
};

/// What a leak would change. Printable.
struct Census {
    std::size_t fds = 0;
    std::size_t mappings = 0;
    std::size_t dmabufs = 0;
    std::size_t gem_handles = 0;
    std::size_t queue_buffers = 0;
    bool operator==(const Census&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Census& census);

/// A live object of the census.
class Counted {
public:
    explicit Counted(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --*count_; }

private:
    std::shared_ptr<std::size_t> count_;
};

struct FakeCall {
    std::string name;          ///< of the function, e.g. `open`
    std::string object;        ///< path, or the path behind the descriptor
    unsigned long request = 0; ///< of an ioctl
};

/// A function of kernel.hpp or udev.hpp by name (`open`, `udev`), or an ioctl by number.
using FakeTarget = std::variant<std::string, unsigned long>;

/// The current kernel from its construction to its destruction; one at a time. Descriptor numbers
/// start high and are never used twice, so that a stale one is noticed. Everything is reset with a
/// new object. Declare it before whatever owns descriptors. Thread-safe, but for its data members
/// and what returns a reference.
class FakeKernel {
public:
    FakeKernel();
    ~FakeKernel();
    FakeKernel(const FakeKernel&) = delete;
    FakeKernel& operator=(const FakeKernel&) = delete;
    static FakeKernel& current();
    static FakeKernel* installed() noexcept;

    // The world
    void add_file(const std::string& path, std::string text, mode_t mode = 0644);
    void add_directory(const std::string& path);
    void add_link(const std::string& path, const std::string& target);
    void add_node(FakeNode node);
    void add_udev(udev::Node node);
    /// Node, file or link with everything below it.
    void remove(const std::string& path);
    [[nodiscard]] std::optional<std::string> text(const std::string& path) const;
    /// From now on it is another one under the same name.
    void replace(const std::string& path);
    /// To every open monitor of its subsystem.
    void send(const udev::Event& event);
    /// Every open monitor loses what waits, and says so.
    void lose_events();

    std::map<std::string, std::string> environment;
    std::map<gid_t, std::string> groups{{0, "root"}, {44, "video"}, {104, "kvm"}, {105, "render"}};
    bool root = true;          ///< whether the process passes all permission checks
    std::set<gid_t> member_of; ///< its groups when it is not root
    int udev_error = 0;        ///< what enumerate reports, a negative errno
    bool proc = true;          ///< /proc/self/fd leads to what descriptors are of
    std::size_t page = 4096;
    /// By default one that runs programs of this width without translating their ioctls.
    std::string machine = sizeof(void*) == 4 ? "i686" : "x86_64";
    std::string release = "6.12.0"; ///< of uname
    /// After each call, so that threads really interleave; poll then waits for them.
    bool lets_others_run = false;
    std::chrono::nanoseconds time{1}; ///< of the clock, which a wait in vain turns on
    std::map<std::string, std::chrono::nanoseconds> modified; ///< files and folders, by wall_time()

    // Objects behind descriptors
    std::shared_ptr<FakeDmaBuf> make_dmabuf(std::uint64_t size, std::string exporter, int flags,
                                            std::shared_ptr<void> backing = {});
    /// A new descriptor for a dma-buf.
    int install(std::shared_ptr<FakeDmaBuf> dmabuf);
    /// A new descriptor for a new open file of the device at `path`.
    int install(const std::string& path, IoctlHandler handler, PollHandler poll = {});
    /// A new descriptor for a new sync_file.
    int install_sync_file(FakeFences fences);
    /// The work is over, which wakes up who waits in another thread.
    void finish(FakeFence& fence);
    /// The dma-buf behind a descriptor, or null.
    [[nodiscard]] std::shared_ptr<FakeDmaBuf> dmabuf(int fd) const;
    [[nodiscard]] std::shared_ptr<FakeMemfd> memfd(int fd) const;
    /// What a sync_file waits for; nothing when the descriptor is none.
    [[nodiscard]] std::optional<FakeFences> sync_file(int fd) const;
    /// The path that was opened.
    [[nodiscard]] std::string describe(int fd) const;

    // The census
    [[nodiscard]] Census census() const;
    [[nodiscard]] std::vector<int> open_fds() const;
    [[nodiscard]] std::size_t mappings() const;
    [[nodiscard]] std::shared_ptr<Counted> count_gem_handle() const;
    [[nodiscard]] std::shared_ptr<Counted> count_queue_buffer() const;
    /// Double closes, unmaps of what is not mapped, double GEM closes; in words.
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
    void record_error(std::string text) { errors_.push_back(std::move(text)); }

    // Failures. close and unmap still do their work when they fail, as close does on Linux.
    /// The nth of these calls from now on (from 1), and `times - 1` after it, fails; nth 0: all do.
    void fail(FakeTarget target, unsigned nth, int sys_errno, unsigned times = 1);
    /// The nth system call from now on fails, whichever it is.
    void fail_nth_syscall(std::uint64_t nth, int sys_errno);
    /// Runs just before the nth system call from now on: something that changes meanwhile.
    void before_nth_syscall(std::uint64_t nth, std::function<void()> action);
    void clear_failures();
    /// Whether a scripted failure has happened since it was set.
    [[nodiscard]] bool failed() const { return failed_; }

    [[nodiscard]] const std::vector<FakeCall>& calls() const { return calls_; }
    [[nodiscard]] std::size_t count(const FakeTarget& target) const;
    void clear_calls() { calls_.clear(); }

    // For the functions of kernel.hpp and udev.hpp
    struct OpenFile {
        std::string path;
        int flags = 0;
        IoctlHandler handler;
        PollHandler poll;
        std::function<IoctlHandler(int flags)> node; ///< opens the device once more
        std::shared_ptr<FakeDmaBuf> dmabuf;
        std::shared_ptr<FakeMemfd> memfd;
        std::optional<FakeFences> sync_file;
        std::shared_ptr<FakeSyncobj> syncobj;
        std::optional<std::uint64_t> counter;
        std::optional<std::map<int, short>> watched; ///< of an epoll: descriptors and events
        kernel::Stat stat;
    };
    struct Implementation; ///< fake_calls.cpp
    /// None behind O_PATH, which most calls answer with EBADF (fs/file.c: fdget()).
    [[nodiscard]] std::shared_ptr<OpenFile> usable(int fd) const;

private:
    friend struct Implementation;
    struct Failure {
        FakeTarget target;
        unsigned nth;
        int sys_errno;
        unsigned times;
        unsigned seen = 0;
    };

    /// Logs the call; the errno when it is to fail.
    int enter(const char* name, std::string object, unsigned long request = 0);
    int add_fd(std::shared_ptr<OpenFile> file);
    [[nodiscard]] std::shared_ptr<OpenFile> file(int fd) const;
    /// Follows symbolic links; the empty string when there is a loop.
    [[nodiscard]] std::string resolve(const std::string& path) const;
    [[nodiscard]] bool exists(const std::string& resolved) const;
    [[nodiscard]] bool is_directory(const std::string& resolved) const;
    [[nodiscard]] bool permits(mode_t mode, gid_t group, int wanted) const;
    int stat_path(const std::string& path, kernel::Stat& out) const;
    [[nodiscard]] std::optional<std::string> fdinfo(const std::string& path) const;

    mutable std::recursive_mutex mutex_;
    std::condition_variable_any changed_; ///< something that poll looks at
    std::map<std::string, FakeFile> files_;
    std::map<std::string, std::string> links_;
    std::map<std::string, FakeNode> nodes_;
    std::set<std::string> directories_;
    std::vector<udev::Node> udev_;
    std::map<std::string, ino_t> replaced_;
    std::vector<std::weak_ptr<FakeMonitor>> monitors_;

    int next_fd_ = 1000;
    ino_t next_inode_ = 1;
    std::map<int, std::shared_ptr<OpenFile>> fds_;
    struct Mapped {
        std::size_t size;
        int protection;
        std::shared_ptr<FakeDmaBuf> dmabuf;
    };
    std::multimap<void*, Mapped> mapped_;
    std::vector<std::weak_ptr<FakeDmaBuf>> dmabufs_;
    std::shared_ptr<std::size_t> gem_handles_ = std::make_shared<std::size_t>(0);
    std::shared_ptr<std::size_t> queue_buffers_ = std::make_shared<std::size_t>(0);

    std::vector<FakeCall> calls_;
    std::vector<std::string> errors_;
    std::vector<Failure> failures_;
    std::uint64_t syscalls_ = 0;
    std::optional<std::pair<std::uint64_t, int>> fail_at_;
    std::multimap<std::uint64_t, std::function<void()>> before_;
    bool failed_ = false;
};

} // namespace simplealloc::test
