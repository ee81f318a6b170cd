// SPDX-License-Identifier: MIT
// A program that has a DRM node open: its GEM handles there, and what it may not do.
#pragma once

#include "tests/support/catch.hpp"

#include <cstdint>
#include <grp.h>
#include <unistd.h>
#include <xf86drm.h>

namespace guest {

inline drm_mode_create_dumb create_dumb(int fd, std::uint32_t width, std::uint32_t height) {
    drm_mode_create_dumb request = {};
    request.width = width;
    request.height = height;
    request.bpp = 32;
    REQUIRE(drmIoctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &request) == 0);
    return request;
}

inline void destroy_dumb(int fd, std::uint32_t handle) {
    drm_mode_destroy_dumb request = {handle};
    CHECK(drmIoctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &request) == 0);
}

/// The kernel gives out the lowest number that is free, so one handle more shows in the next.
inline std::uint32_t next_handle(int fd) {
    const std::uint32_t handle = create_dumb(fd, 64, 64).handle;
    destroy_dumb(fd, handle);
    return handle;
}

/// While it lives, this process may open no DRM node, but /dev/udmabuf.
class OrdinaryUser {
public:
    OrdinaryUser() {
        const group* kvm = getgrnam("kvm");
        REQUIRE(kvm != nullptr);
        REQUIRE(setgroups(1, &kvm->gr_gid) == 0);
        REQUIRE(seteuid(4242) == 0);
    }
    OrdinaryUser(const OrdinaryUser&) = delete;
    OrdinaryUser& operator=(const OrdinaryUser&) = delete;
    ~OrdinaryUser() {
        CHECK(seteuid(0) == 0);
        CHECK(setgroups(0, nullptr) == 0);
    }
};

} // namespace guest
