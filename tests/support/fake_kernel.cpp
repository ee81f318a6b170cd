// SPDX-License-Identifier: MIT
// The world of the fake kernel, its census and its scripted failures; fake_calls.cpp has the calls.
#include "tests/support/fake_kernel.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>

namespace simplealloc::test {

namespace {

FakeKernel* current_kernel = nullptr;

[[noreturn]] void give_up(const char* text) {
    std::fprintf(stderr, "fake kernel: %s\n", text);
    std::abort();
}

bool matches(const FakeTarget& target, const FakeCall& call) {
    if (const auto* request = std::get_if<unsigned long>(&target))
        return call.name == "ioctl" && call.request == *request;
    return call.name == std::get<std::string>(target);
}

bool is_below(const std::string& path, const std::string& folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

} // namespace

std::ostream& operator<<(std::ostream& out, const Census& census) {
    return out << fmt::format("{} fds, {} mappings, {} dma-bufs, {} GEM handles, {} queue buffers",
                              census.fds, census.mappings, census.dmabufs, census.gem_handles,
                              census.queue_buffers);
}

FakeKernel::FakeKernel() {
    if (current_kernel != nullptr)
        give_up("two at a time");
    current_kernel = this;
}

FakeKernel::~FakeKernel() {
    // Handlers own other objects of this kernel (queues, handles): they go while it is still there.
    fds_.clear();
    current_kernel = nullptr;
}

FakeKernel& FakeKernel::current() {
    if (current_kernel == nullptr)
        give_up("none is installed: a call before its construction or after its destruction");
    return *current_kernel;
}

FakeKernel* FakeKernel::installed() noexcept {
    return current_kernel;
}

void FakeKernel::add_file(const std::string& path, std::string text, mode_t mode) {
    const std::lock_guard lock(mutex_);
    files_[path] = {std::move(text), mode};
}

void FakeKernel::add_directory(const std::string& path) {
    const std::lock_guard lock(mutex_);
    directories_.insert(path);
}

void FakeKernel::add_link(const std::string& path, const std::string& target) {
    const std::lock_guard lock(mutex_);
    links_[path] = target;
}

void FakeKernel::add_node(FakeNode node) {
    const std::lock_guard lock(mutex_);
    nodes_[node.path] = std::move(node);
}

void FakeKernel::add_udev(udev::Node node) {
    const std::lock_guard lock(mutex_);
    udev_.push_back(std::move(node));
}

void FakeKernel::remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto gone = [&](const auto& entry) {
        return entry.first == path || is_below(entry.first, path);
    };
    std::erase_if(files_, gone);
    std::erase_if(links_, gone);
    std::erase_if(nodes_, gone);
    std::erase_if(directories_,
                  [&](const std::string& d) { return d == path || is_below(d, path); });
    std::erase_if(udev_, [&](const udev::Node& node) { return node.devnode == path; });
}

std::optional<std::string> FakeKernel::text(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(resolve(path));
    if (found == files_.end())
        return std::nullopt;
    return found->second.text;
}

void FakeKernel::replace(const std::string& path) {
    const std::lock_guard lock(mutex_);
    ++replaced_[resolve(path)];
}

void FakeKernel::send(const udev::Event& event) {
    const std::lock_guard lock(mutex_);
    for (const auto& entry : monitors_)
        if (const auto monitor = entry.lock();
            monitor &&
            (monitor->subsystems.empty() || monitor->subsystems.contains(event.node.subsystem)))
            monitor->events.push_back(event);
}

void FakeKernel::lose_events() {
    const std::lock_guard lock(mutex_);
    for (const auto& entry : monitors_)
        if (const auto monitor = entry.lock()) {
            monitor->events.clear();
            monitor->lost = true;
        }
}

std::string FakeKernel::resolve(const std::string& path) const {
    std::string rest = path;
    std::string done;
    int links = 0;
    while (!rest.empty()) {
        const std::size_t begin = rest.find_first_not_of('/');
        if (begin == std::string::npos)
            break;
        const std::size_t end = std::min(rest.find('/', begin), rest.size());
        const std::string name = rest.substr(begin, end - begin);
        rest.erase(0, end);
        if (name == ".")
            continue;
        if (name == "..") {
            done.erase(std::min(done.rfind('/'), done.size()));
            continue;
        }
        const auto link = links_.find(done + "/" + name);
        if (link == links_.end()) {
            done += "/" + name;
            continue;
        }
        if (++links > 40)
            return {};
        if (link->second.starts_with('/'))
            done.clear();
        rest.insert(0, link->second);
    }
    return done.empty() ? "/" : done;
}

bool FakeKernel::is_directory(const std::string& resolved) const {
    if (resolved == "/" || directories_.contains(resolved))
        return true;
    const auto holds = [&](const auto& map) {
        const auto next = map.lower_bound(resolved + "/");
        return next != map.end() && is_below(next->first, resolved);
    };
    const auto next = directories_.lower_bound(resolved + "/");
    return holds(files_) || holds(links_) || holds(nodes_) ||
           (next != directories_.end() && is_below(*next, resolved));
}

bool FakeKernel::exists(const std::string& resolved) const {
    return files_.contains(resolved) || nodes_.contains(resolved) || is_directory(resolved);
}

bool FakeKernel::permits(mode_t mode, gid_t group, int wanted) const {
    if (root)
        return true;
    const unsigned bits = member_of.contains(group) ? (mode >> 3U) & 7U : mode & 7U;
    return (bits & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
}

int FakeKernel::stat_path(const std::string& path, kernel::Stat& out) const {
    const std::string resolved = resolve(path);
    out = {};
    if (const auto node = nodes_.find(resolved); node != nodes_.end()) {
        out.mode = S_IFCHR | node->second.mode;
        out.group = node->second.group;
        out.rdev = node->second.devnum;
    } else if (const auto entry = files_.find(resolved); entry != files_.end()) {
        out.mode = S_IFREG | entry->second.mode;
        out.size = entry->second.text.size();
    } else if (is_directory(resolved)) {
        out.mode = S_IFDIR | 0755;
    } else {
        return -ENOENT;
    }
    if (const auto at = modified.find(resolved); at != modified.end())
        out.modified = at->second;
    const auto replaced = replaced_.find(resolved);
    out.inode =
        std::hash<std::string>{}(resolved) + (replaced == replaced_.end() ? 0 : replaced->second);
    return 0;
}

std::shared_ptr<FakeDmaBuf> FakeKernel::make_dmabuf(std::uint64_t size, std::string exporter,
                                                    int flags, std::shared_ptr<void> backing) {
    const std::lock_guard lock(mutex_);
    auto made = std::make_shared<FakeDmaBuf>();
    made->size = (size + page - 1) / page * page;
    made->inode = next_inode_++;
    made->exporter = std::move(exporter);
    made->flags = flags & O_ACCMODE;
    made->backing = std::move(backing);
    dmabufs_.push_back(made);
    return made;
}

int FakeKernel::install(std::shared_ptr<FakeDmaBuf> dmabuf) {
    const std::lock_guard lock(mutex_);
    auto opened = std::make_shared<OpenFile>();
    opened->path = "dmabuf:" + dmabuf->exporter;
    opened->flags = dmabuf->flags;
    opened->stat.inode = dmabuf->inode;
    opened->stat.size = dmabuf->size;
    opened->dmabuf = std::move(dmabuf);
    return add_fd(std::move(opened));
}

int FakeKernel::install(const std::string& path, IoctlHandler handler, PollHandler poll) {
    const std::lock_guard lock(mutex_);
    auto opened = std::make_shared<OpenFile>();
    opened->path = path;
    opened->flags = O_RDWR;
    opened->handler = std::move(handler);
    opened->poll = std::move(poll);
    return add_fd(std::move(opened));
}

int FakeKernel::install_sync_file(FakeFences fences) {
    const std::lock_guard lock(mutex_);
    auto opened = std::make_shared<OpenFile>();
    opened->path = "sync_file";
    opened->flags = O_RDWR;
    opened->sync_file = std::move(fences);
    return add_fd(std::move(opened));
}

void FakeKernel::finish(FakeFence& fence) {
    const std::lock_guard lock(mutex_);
    fence.over = true;
    changed_.notify_all();
}

int FakeKernel::add_fd(std::shared_ptr<OpenFile> file) {
    fds_[next_fd_] = std::move(file);
    return next_fd_++;
}

std::shared_ptr<FakeKernel::OpenFile> FakeKernel::file(int fd) const {
    const auto found = fds_.find(fd);
    return found == fds_.end() ? nullptr : found->second;
}

std::shared_ptr<FakeKernel::OpenFile> FakeKernel::usable(int fd) const {
    auto found = file(fd);
    return found && (found->flags & O_PATH) == 0 ? std::move(found) : nullptr;
}

std::shared_ptr<FakeDmaBuf> FakeKernel::dmabuf(int fd) const {
    const std::lock_guard lock(mutex_);
    const auto opened = usable(fd);
    return opened ? opened->dmabuf : nullptr;
}

std::shared_ptr<FakeMemfd> FakeKernel::memfd(int fd) const {
    const std::lock_guard lock(mutex_);
    const auto opened = file(fd);
    return opened ? opened->memfd : nullptr;
}

std::optional<FakeFences> FakeKernel::sync_file(int fd) const {
    const auto opened = file(fd);
    return opened ? opened->sync_file : std::nullopt;
}

std::string FakeKernel::describe(int fd) const {
    const std::lock_guard lock(mutex_);
    const auto opened = file(fd);
    return opened ? opened->path : fmt::format("fd {}", fd);
}

std::optional<std::string> FakeKernel::fdinfo(const std::string& path) const {
    constexpr std::string_view folder = "/proc/self/fdinfo/";
    if (!path.starts_with(folder))
        return std::nullopt;
    const auto opened = file(std::atoi(path.c_str() + folder.size()));
    if (!opened)
        return std::nullopt;
    std::string out =
        fmt::format("pos:\t0\nflags:\t0{:o}\nmnt_id:\t15\nino:\t{}\n",
                    static_cast<unsigned>(opened->flags | O_CLOEXEC), opened->stat.inode);
    if (const auto& buffer = opened->dmabuf) {
        const auto same = [&](const auto& entry) { return entry.second->dmabuf == buffer; };
        out += fmt::format("size:\t{}\ncount:\t{}\nexp_name:\t{}\n", buffer->size,
                           std::count_if(fds_.begin(), fds_.end(), same), buffer->exporter);
        if (!buffer->name.empty())
            out += fmt::format("name:\t{}\n", buffer->name);
    }
    return out;
}

Census FakeKernel::census() const {
    const std::lock_guard lock(mutex_);
    const auto alive = [](const std::weak_ptr<FakeDmaBuf>& entry) { return !entry.expired(); };
    return {fds_.size(), mapped_.size(),
            static_cast<std::size_t>(std::count_if(dmabufs_.begin(), dmabufs_.end(), alive)),
            *gem_handles_, *queue_buffers_};
}

std::vector<int> FakeKernel::open_fds() const {
    const std::lock_guard lock(mutex_);
    std::vector<int> out;
    for (const auto& entry : fds_)
        out.push_back(entry.first);
    return out;
}

std::size_t FakeKernel::mappings() const {
    const std::lock_guard lock(mutex_);
    return mapped_.size();
}

std::shared_ptr<Counted> FakeKernel::count_gem_handle() const {
    return std::make_shared<Counted>(gem_handles_);
}

std::shared_ptr<Counted> FakeKernel::count_queue_buffer() const {
    return std::make_shared<Counted>(queue_buffers_);
}

void FakeKernel::fail(FakeTarget target, unsigned nth, int sys_errno, unsigned times) {
    const std::lock_guard lock(mutex_);
    failures_.push_back({std::move(target), nth, sys_errno, times});
    failed_ = false;
}

void FakeKernel::fail_nth_syscall(std::uint64_t nth, int sys_errno) {
    const std::lock_guard lock(mutex_);
    fail_at_ = {syscalls_ + nth, sys_errno};
    failed_ = false;
}

void FakeKernel::before_nth_syscall(std::uint64_t nth, std::function<void()> action) {
    const std::lock_guard lock(mutex_);
    before_.emplace(syscalls_ + nth, std::move(action));
}

void FakeKernel::clear_failures() {
    const std::lock_guard lock(mutex_);
    failures_.clear();
    before_.clear();
    fail_at_.reset();
    failed_ = false;
}

std::size_t FakeKernel::count(const FakeTarget& target) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        calls_.begin(), calls_.end(), [&](const FakeCall& call) { return matches(target, call); }));
}

int FakeKernel::enter(const char* name, std::string object, unsigned long request) {
    calls_.push_back({name, std::move(object), request});
    // What runs before a call may make calls itself.
    const FakeCall call = calls_.back();
    const std::uint64_t number = ++syscalls_;
    const auto [first, last] = before_.equal_range(number);
    std::vector<std::function<void()>> actions;
    for (auto entry = first; entry != last; ++entry)
        actions.push_back(entry->second);
    for (const auto& action : actions)
        action();
    if (fail_at_ && fail_at_->first == number) {
        failed_ = true;
        return fail_at_->second;
    }
    for (Failure& failure : failures_) {
        if (!matches(failure.target, call))
            continue;
        ++failure.seen;
        if (failure.nth == 0 ||
            (failure.seen >= failure.nth && failure.seen - failure.nth < failure.times)) {
            failed_ = true;
            return failure.sys_errno;
        }
    }
    return 0;
}

} // namespace simplealloc::test
