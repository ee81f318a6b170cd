// SPDX-License-Identifier: MIT
// drivers/gpu/drm/drm_syncobj.c, for one syncobj at a time.
#include "tests/support/fake_syncobjs.hpp"

#include "tests/support/fake_fences.hpp"

#include <algorithm>
#include <cerrno>

namespace simplealloc::test {

namespace {

/// What drm_syncobj_find_fence() finds: the work up to a point, or nothing.
std::optional<FakeFences> up_to(const FakeSyncobj& object, std::uint64_t point) {
    if (object.points.empty() || object.points.rbegin()->first < point)
        return std::nullopt;
    FakeFences found;
    for (const auto& [number, fences] : object.points) {
        found.insert(found.end(), fences.begin(), fences.end());
        if (point != 0 && number >= point)
            break;
    }
    return found;
}

bool has_come(const FakeSyncobj& object, std::uint64_t point, bool available) {
    const auto fences = up_to(object, point);
    return fences && (available || all_over(*fences));
}

void tell(FakeSyncobj& object) {
    std::erase_if(object.events, [&](const FakeSyncobj::Event& event) {
        const bool come = has_come(object, event.point, event.available);
        if (come)
            ++**event.counter;
        return come;
    });
}

/// A point before the last would give the timeline a new beginning (dma_fence_chain_init()).
int add_point(FakeKernel& kernel, FakeSyncobj& object, std::uint64_t point, FakeFences fences) {
    if (!object.points.empty() && object.points.rbegin()->first >= point)
        kernel.record_error("a point that is out of order");
    object.points[point] = std::move(fences);
    tell(object);
    return 0;
}

template <typename T>
T* at(std::uint64_t address) {
    return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address));
}

} // namespace

std::optional<int> FakeSyncobjs::ioctl(unsigned long request, void* argument) {
    constexpr unsigned long numbers[] = {DRM_IOCTL_SYNCOBJ_CREATE,
                                         DRM_IOCTL_SYNCOBJ_DESTROY,
                                         DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD,
                                         DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE,
                                         DRM_IOCTL_SYNCOBJ_TRANSFER,
                                         DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT,
                                         DRM_IOCTL_SYNCOBJ_QUERY,
                                         DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL,
                                         fake_syncobj_eventfd};
    for (const unsigned long number : numbers) {
        if (number == request)
            return timelines_ ? answer(request, argument) : -EOPNOTSUPP;
    }
    return std::nullopt;
}

int FakeSyncobjs::answer(unsigned long request, void* argument) {
    switch (request) {
    case DRM_IOCTL_SYNCOBJ_CREATE:
        static_cast<drm_syncobj_create*>(argument)->handle = add(std::make_shared<FakeSyncobj>());
        return 0;
    case DRM_IOCTL_SYNCOBJ_DESTROY:
        if (objects_.erase(static_cast<drm_syncobj_destroy*>(argument)->handle) == 1)
            return 0;
        kernel_.record_error("SYNCOBJ_DESTROY of a handle that does not exist");
        return -EINVAL;
    case DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD:
        return to_fd(*static_cast<drm_syncobj_handle*>(argument));
    case DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE:
        return from_fd(*static_cast<drm_syncobj_handle*>(argument));
    case DRM_IOCTL_SYNCOBJ_TRANSFER:
        return transfer(*static_cast<drm_syncobj_transfer*>(argument));
    case DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT:
        return wait(*static_cast<drm_syncobj_timeline_wait*>(argument));
    case DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL:
        return signal(*static_cast<drm_syncobj_timeline_array*>(argument));
    case DRM_IOCTL_SYNCOBJ_QUERY:
        return query(*static_cast<drm_syncobj_timeline_array*>(argument));
    default:
        return watch(*static_cast<FakeSyncobjEventfd*>(argument));
    }
}

FakeSyncobjs::Object FakeSyncobjs::find(std::uint32_t handle) const {
    const auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
}

std::uint32_t FakeSyncobjs::add(Object object) {
    std::uint32_t number = 1;
    while (objects_.contains(number))
        ++number;
    objects_.emplace(number, std::move(object));
    return number;
}

int FakeSyncobjs::to_fd(drm_syncobj_handle& request) {
    const Object object = find(request.handle);
    if (!object)
        return -EINVAL;
    if (request.flags == DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE) {
        const auto fences = up_to(*object, 0);
        if (!fences)
            return -EINVAL;
        request.fd = kernel_.install_sync_file(*fences);
        return 0;
    }
    request.fd = kernel_.install("syncobj", {});
    kernel_.usable(request.fd)->syncobj = object;
    return 0;
}

int FakeSyncobjs::from_fd(drm_syncobj_handle& request) {
    if (request.flags == DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE) {
        const auto fences = kernel_.sync_file(request.fd);
        const Object object = find(request.handle);
        if (!fences || !object)
            return fences ? -ENOENT : -EINVAL;
        object->points = {{0, *fences}};
        return 0;
    }
    const auto file = kernel_.usable(request.fd);
    if (!file || !file->syncobj)
        return -EINVAL;
    request.handle = add(file->syncobj);
    return 0;
}

int FakeSyncobjs::transfer(const drm_syncobj_transfer& request) {
    const Object from = find(request.src_handle);
    const Object to = find(request.dst_handle);
    if (!from || !to)
        return -ENOENT;
    const auto fences = up_to(*from, request.src_point);
    if (!fences)
        return -EINVAL;
    if (request.dst_point != 0)
        return add_point(kernel_, *to, request.dst_point, *fences);
    to->points = {{0, *fences}};
    return 0;
}

/// Nobody else signals anything: what has not come now never will.
int FakeSyncobjs::wait(const drm_syncobj_timeline_wait& request) {
    const Object object = find(*at<std::uint32_t>(request.handles));
    if (!object)
        return -ENOENT;
    const std::uint64_t point = *at<std::uint64_t>(request.points);
    const bool available = (request.flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE) != 0;
    if (!available && (request.flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT) == 0 &&
        !up_to(*object, point))
        return -EINVAL;
    if (has_come(*object, point, available))
        return 0;
    if (request.timeout_nsec == INT64_MAX) {
        kernel_.record_error("a syncobj is waited for for ever");
        return -EDEADLK;
    }
    const std::chrono::nanoseconds deadline(request.timeout_nsec);
    // The fake clock stands still between the question for the time and the wait.
    if (deadline.count() != 0 && deadline <= kernel_.time) {
        kernel_.record_error("a syncobj is waited for until a time that is over");
        return -EINVAL;
    }
    kernel_.time = std::max(kernel_.time, deadline);
    return -ETIME;
}

int FakeSyncobjs::signal(const drm_syncobj_timeline_array& request) {
    const Object object = find(*at<std::uint32_t>(request.handles));
    return object ? add_point(kernel_, *object, *at<std::uint64_t>(request.points), {}) : -ENOENT;
}

int FakeSyncobjs::query(const drm_syncobj_timeline_array& request) {
    const Object object = find(*at<std::uint32_t>(request.handles));
    if (!object)
        return -ENOENT;
    const bool submitted = (request.flags & DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED) != 0;
    std::uint64_t& last = *at<std::uint64_t>(request.points);
    last = 0;
    for (const auto& [point, fences] : object->points)
        if (has_come(*object, point, submitted))
            last = point;
    return 0;
}

int FakeSyncobjs::watch(const FakeSyncobjEventfd& request) {
    const Object object = find(request.handle);
    const auto file = kernel_.usable(request.fd);
    if (!events_ || !file || !file->counter)
        return -EINVAL;
    if (!object)
        return -ENOENT;
    object->events.push_back({&file->counter, file, request.point,
                              (request.flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE) != 0});
    tell(*object);
    return 0;
}

} // namespace simplealloc::test
