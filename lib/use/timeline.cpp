// SPDX-License-Identifier: MIT
// What a DRM syncobj with a timeline can be asked (drivers/gpu/drm/drm_syncobj.c).
#include <simplealloc/timeline.hpp>

#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/discovery/record/device_record.hpp"
#include "lib/kernel/drm_node.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/log.hpp"
#include "lib/kernel/wait.hpp"

#include <cerrno>
#include <drm.h>
#include <fmt/format.h>
#include <limits>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace simplealloc {

namespace {

// Linux 6.6; older headers of libdrm lack it.
struct SyncobjEventfd {
    std::uint32_t handle;
    std::uint32_t flags;
    std::uint64_t point;
    std::int32_t fd;
    std::uint32_t pad;
};
constexpr unsigned long syncobj_eventfd = DRM_IOWR(0xCF, SyncobjEventfd);

Error timeline_failure(Cause cause, int result, std::string detail, std::string remedy = {}) {
    return failure(Stage::sync, cause, -result, "timeline", std::move(detail), std::move(remedy));
}

Error timeline_failure(int result, std::string detail) {
    return timeline_failure(cause_of(-result), result, std::move(detail));
}

Error no_drm_node(std::string object, int result) {
    return failure(Stage::sync, Cause::invalid, -result, std::move(object), "it is no DRM node",
                   "name a node such as /dev/dri/renderD128, or give an open one");
}

/// The caller's description serves as well as one of our own: the kernel gives a new handle to each
/// that asks, so nobody else's can be closed.
Result<UniqueFd> node_of(const Device& device) {
    const DeviceRecord& record = Internal::data(device);
    if (!record.drm && !record.accel)
        return no_drm_node(record.path, 0);
    if (record.caller_fd)
        return UniqueFd::dup(record.caller_fd.get());
    auto opened = open_drm_node(record.path, record.devnum);
    if (opened || opened.error().cause != Cause::denied)
        return opened;
    Error error = opened.error();
    error.remedy = record.denied_remedy;
    return error;
}

/// Nothing but a device node of DRM is asked: a filesystem could let the caller wait.
Result<UniqueFd> node_of(int fd) {
    kernel::Stat stat;
    const int result = kernel::fstat(fd, stat);
    if (result < 0 || !S_ISCHR(stat.mode) ||
        (major(stat.rdev) != drm_major && major(stat.rdev) != accel_major))
        return no_drm_node("file descriptor " + std::to_string(fd), result);
    return UniqueFd::dup(fd);
}

Result<UniqueFd> with_timelines(Result<UniqueFd> node) {
    if (!node)
        return node;
    drm_get_cap request = {};
    request.capability = DRM_CAP_SYNCOBJ_TIMELINE;
    const int result = kernel::ioctl(node->get(), DRM_IOCTL_GET_CAP, &request);
    if (result == -EBADF)
        return no_drm_node("O_PATH descriptor", result);
    // An older kernel does not know the question.
    if (result < 0 && result != -EINVAL && result != -EOPNOTSUPP)
        return timeline_failure(result, "ask the driver for timelines");
    if (result < 0 || request.value == 0)
        return timeline_failure(Cause::unsupported, result, "the driver has no timelines",
                                "use the node of another GPU, or sync_files (Fence)");
    return node;
}

int create_syncobj(int node, std::uint32_t& handle) {
    drm_syncobj_create request = {};
    const int result = kernel::ioctl(node, DRM_IOCTL_SYNCOBJ_CREATE, &request);
    handle = request.handle;
    return result;
}

void destroy_syncobj(int node, std::uint32_t handle) noexcept {
    drm_syncobj_destroy request = {};
    request.handle = handle;
    if (const int result = kernel::ioctl(node, DRM_IOCTL_SYNCOBJ_DESTROY, &request); result < 0)
        log::line(LogLevel::warning, "timeline: destroy syncobj {}: errno {}", handle, -result);
}

/// One without points: between a timeline and a sync_file, which the kernel takes and gives of such
/// ones only.
class Binary {
public:
    explicit Binary(int node) : node_(node), created_(create_syncobj(node, handle_)) {}
    Binary(const Binary&) = delete;
    Binary& operator=(const Binary&) = delete;
    ~Binary() {
        if (created_ >= 0)
            destroy_syncobj(node_, handle_);
    }

    /// Zero or more, or a negative errno.
    [[nodiscard]] int created() const { return created_; }
    [[nodiscard]] std::uint32_t handle() const { return handle_; }

private:
    int node_;
    std::uint32_t handle_ = 0;
    int created_;
};

int transfer(int node, std::uint32_t from, std::uint64_t from_point, std::uint32_t to,
             std::uint64_t to_point) {
    drm_syncobj_transfer request = {};
    request.src_handle = from;
    request.src_point = from_point;
    request.dst_handle = to;
    request.dst_point = to_point;
    return kernel::ioctl(node, DRM_IOCTL_SYNCOBJ_TRANSFER, &request);
}

Error no_timeline() {
    return timeline_failure(Cause::invalid, 0, "there is none: it was moved away");
}

/// Point 0 means the whole syncobj to the kernel.
Result<void> check(const Timeline& timeline, std::uint64_t point) {
    if (timeline.fd() < 0)
        return no_timeline();
    if (point == 0)
        return timeline_failure(Cause::invalid, 0, "there is no point 0", "points begin with 1");
    return {};
}

Result<void> check_new(const Timeline& timeline, std::uint64_t point) {
    if (auto checked = check(timeline, point); !checked)
        return checked;
    const auto last = timeline.last_point(PointState::submitted);
    if (!last)
        return last.error();
    if (point > *last)
        return {};
    return timeline_failure(
        Cause::invalid, 0,
        fmt::format("point {} is not after {}, which has been submitted", point, *last),
        "submit each point once, in order");
}

std::uint32_t wait_flags(PointState state) {
    return state == PointState::submitted ? DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE
                                          : DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
}

/// Of CLOCK_MONOTONIC; 0 only looks.
std::int64_t deadline(const Countdown& countdown) {
    const Timeout left = countdown.left();
    if (!left)
        return std::numeric_limits<std::int64_t>::max();
    return *left == std::chrono::nanoseconds::zero() ? 0 : (kernel::now() + *left).count();
}

std::uint64_t address_of(void* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

Result<Timeline> create_on(Result<UniqueFd> node) {
    node = with_timelines(std::move(node));
    if (!node)
        return std::move(node).error();
    std::uint32_t handle = 0;
    if (const int result = create_syncobj(node->get(), handle); result < 0)
        return timeline_failure(result, "create a syncobj");
    return Internal::make<Timeline>(std::move(*node), handle);
}

Result<Timeline> import_on(Result<UniqueFd> node, int syncobj) {
    node = with_timelines(std::move(node));
    if (!node)
        return std::move(node).error();
    drm_syncobj_handle request = {};
    request.fd = syncobj;
    const int result = kernel::ioctl(node->get(), DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &request);
    if (result == -EINVAL)
        return timeline_failure(Cause::invalid, result, "the descriptor is no syncobj");
    if (result < 0)
        return timeline_failure(result, "import a syncobj");
    return Internal::make<Timeline>(std::move(*node), request.handle);
}

} // namespace

Result<Timeline> Timeline::create(const Device& device) {
    return create_on(node_of(device));
}

Result<Timeline> Timeline::create(int node) {
    return create_on(node_of(node));
}

Result<Timeline> Timeline::import(const Device& device, int syncobj) {
    return import_on(node_of(device), syncobj);
}

Result<Timeline> Timeline::import(int node, int syncobj) {
    return import_on(node_of(node), syncobj);
}

Timeline::Timeline(Timeline&& other) noexcept
    : node_(std::move(other.node_)), handle_(std::exchange(other.handle_, 0)) {}

Timeline& Timeline::operator=(Timeline&& other) noexcept {
    Timeline taken(std::move(other));
    std::swap(node_, taken.node_);
    std::swap(handle_, taken.handle_);
    return *this;
}

Timeline::~Timeline() {
    if (node_)
        destroy_syncobj(fd(), handle_);
}

Result<UniqueFd> Timeline::export_fd() const {
    if (!node_)
        return no_timeline();
    drm_syncobj_handle request = {};
    request.handle = handle_;
    const int result = kernel::ioctl(fd(), DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &request);
    if (result < 0)
        return timeline_failure(result, "export a syncobj");
    return UniqueFd::adopt(request.fd);
}

Result<void> Timeline::signal(std::uint64_t point) const {
    if (auto checked = check_new(*this, point); !checked)
        return checked;
    std::uint32_t handle = handle_;
    drm_syncobj_timeline_array request = {};
    request.handles = address_of(&handle);
    request.points = address_of(&point);
    request.count_handles = 1;
    const int result = kernel::ioctl(fd(), DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &request);
    if (result < 0)
        return timeline_failure(result, fmt::format("signal point {}", point));
    return {};
}

Result<void> Timeline::import_sync_file(int sync_file, std::uint64_t point) const {
    if (auto checked = check_new(*this, point); !checked)
        return checked;
    const Binary binary(fd());
    if (binary.created() < 0)
        return timeline_failure(binary.created(), "create a syncobj for a sync_file");
    drm_syncobj_handle request = {};
    request.handle = binary.handle();
    request.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE;
    request.fd = sync_file;
    int result = kernel::ioctl(fd(), DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &request);
    if (result == -EINVAL)
        return timeline_failure(Cause::invalid, result, "the descriptor is no sync_file",
                                "where an API answers -1 for a fence, signal() the point");
    if (result >= 0)
        result = transfer(fd(), binary.handle(), 0, handle_, point);
    if (result < 0)
        return timeline_failure(result, fmt::format("make a sync_file point {}", point));
    return {};
}

Result<Fence> Timeline::export_sync_file(std::uint64_t point) const {
    if (auto checked = check(*this, point); !checked)
        return std::move(checked).error();
    const Binary binary(fd());
    if (binary.created() < 0)
        return timeline_failure(binary.created(), "create a syncobj for a sync_file");
    int result = transfer(fd(), handle_, point, binary.handle(), 0);
    if (result == -EINVAL)
        return timeline_failure(Cause::busy, result,
                                fmt::format("point {} has not been submitted yet", point),
                                "wait for PointState::submitted first");
    drm_syncobj_handle request = {};
    request.handle = binary.handle();
    request.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE;
    if (result >= 0)
        result = kernel::ioctl(fd(), DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &request);
    // The binary one has a fence now: EINVAL says that there was no memory for the sync_file.
    if (result < 0)
        return timeline_failure(result == -EINVAL ? Cause::exhausted : cause_of(-result), result,
                                fmt::format("make point {} a sync_file", point));
    return Internal::make<Fence>(UniqueFd::adopt(request.fd));
}

Result<bool> Timeline::wait(std::uint64_t point, Timeout timeout, PointState state) const {
    if (auto checked = check(*this, point); !checked)
        return std::move(checked).error();
    std::uint32_t handle = handle_;
    const Countdown countdown(timeout);
    for (;;) {
        drm_syncobj_timeline_wait request = {};
        request.handles = address_of(&handle);
        request.points = address_of(&point);
        request.count_handles = 1;
        request.flags = wait_flags(state);
        request.timeout_nsec = deadline(countdown);
        const int result = kernel::ioctl(fd(), DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &request);
        if (result >= 0)
            return true;
        if (result != -ETIME)
            return timeline_failure(result, fmt::format("wait for point {}", point));
        // The kernel may have waited less than was asked: its longest wait is shorter than ours.
        if (countdown.is_over())
            return false;
    }
}

Result<UniqueFd> Timeline::event(std::uint64_t point, PointState state) const {
    if (auto checked = check(*this, point); !checked)
        return std::move(checked).error();
    const int made = kernel::counter();
    if (made < 0)
        return timeline_failure(made, "make an eventfd");
    UniqueFd event = UniqueFd::adopt(made);
    SyncobjEventfd request = {};
    request.handle = handle_;
    request.flags =
        state == PointState::submitted ? std::uint32_t{DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE} : 0;
    request.point = point;
    request.fd = event.get();
    const int result = kernel::ioctl(fd(), syncobj_eventfd, &request);
    // What the kernel answers to a number that it does not know (drm_ioctl()).
    if (result == -EINVAL)
        return timeline_failure(Cause::unsupported, result,
                                "the kernel has no events for points (Linux 6.6)",
                                "wait() in a thread, or poll an exported sync_file");
    if (result < 0)
        return timeline_failure(result, fmt::format("watch point {}", point));
    return event;
}

Result<std::uint64_t> Timeline::last_point(PointState state) const {
    if (!node_)
        return no_timeline();
    std::uint32_t handle = handle_;
    std::uint64_t point = 0;
    drm_syncobj_timeline_array request = {};
    request.handles = address_of(&handle);
    request.points = address_of(&point);
    request.count_handles = 1;
    request.flags =
        state == PointState::submitted ? std::uint32_t{DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED} : 0;
    const int result = kernel::ioctl(fd(), DRM_IOCTL_SYNCOBJ_QUERY, &request);
    if (result < 0)
        return timeline_failure(result, "ask for the last point");
    return point;
}

} // namespace simplealloc
