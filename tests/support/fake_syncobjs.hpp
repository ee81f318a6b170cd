// SPDX-License-Identifier: MIT
// The syncobjs of one open DRM node, as Linux 6.12 handles them.
#pragma once

#include "tests/support/fake_kernel.hpp"

#include <drm.h>

namespace simplealloc::test {

/// drm_syncobj_eventfd, which older headers of libdrm lack.
struct FakeSyncobjEventfd {
    std::uint32_t handle;
    std::uint32_t flags;
    std::uint64_t point;
    std::int32_t fd;
    std::uint32_t pad;
};
inline constexpr unsigned long fake_syncobj_eventfd = DRM_IOWR(0xCF, FakeSyncobjEventfd);

class FakeSyncobjs {
public:
    FakeSyncobjs(FakeKernel& kernel, bool timelines, bool events)
        : kernel_(kernel), timelines_(timelines), events_(events) {}

    /// Nothing where the call is not about syncobjs.
    std::optional<int> ioctl(unsigned long request, void* argument);

private:
    using Object = std::shared_ptr<FakeSyncobj>;

    int answer(unsigned long request, void* argument);
    [[nodiscard]] Object find(std::uint32_t handle) const;
    std::uint32_t add(Object object);
    int to_fd(drm_syncobj_handle& request);
    int from_fd(drm_syncobj_handle& request);
    int transfer(const drm_syncobj_transfer& request);
    int wait(const drm_syncobj_timeline_wait& request);
    int signal(const drm_syncobj_timeline_array& request);
    int query(const drm_syncobj_timeline_array& request);
    int watch(const FakeSyncobjEventfd& request);

    FakeKernel& kernel_;
    bool timelines_;
    bool events_;
    std::map<std::uint32_t, Object> objects_;
};

} // namespace simplealloc::test
