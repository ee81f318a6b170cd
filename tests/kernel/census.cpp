// SPDX-License-Identifier: MIT
#include "tests/kernel/census.hpp"

#include <algorithm>
#include <chrono>
#include <drm.h>
#include <drm_mode.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <thread>

namespace guest {

namespace {

using namespace std::chrono_literals;

std::size_t entries(const std::string& path) {
    const std::filesystem::directory_iterator all(path);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t dmabuf_mappings() {
    std::ifstream file("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);)
        count += line.find("/dmabuf:") != std::string::npos ? 1 : 0;
    return count;
}

void must(int fd, unsigned long request, void* argument, const char* what) {
    if (ioctl(fd, request, argument) != 0)
        throw std::runtime_error(what);
}

std::vector<std::uint32_t> next_gem_handles() {
    std::vector<std::uint32_t> handles;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code error;
        const auto target = std::filesystem::read_symlink(entry.path(), error);
        if (error || target.string().rfind("/dev/dri/card", 0) != 0)
            continue;
        const int fd = std::stoi(entry.path().filename());
        drm_mode_create_dumb create = {};
        create.width = create.height = 16;
        create.bpp = 32;
        must(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create, "create a dumb buffer");
        handles.push_back(create.handle);
        drm_mode_destroy_dumb destroy = {create.handle};
        must(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy, "destroy a dumb buffer");
    }
    std::sort(handles.begin(), handles.end());
    return handles;
}

} // namespace

Census::Census()
    : descriptors(entries("/proc/self/fd")), mappings(dmabuf_mappings()),
      dmabufs(entries("/sys/kernel/dmabuf/buffers")), gem_handles(next_gem_handles()) {}

std::ostream& operator<<(std::ostream& out, const Census& census) {
    out << census.descriptors << " descriptors, " << census.mappings << " mappings, "
        << census.dmabufs << " dma-bufs, next GEM handles";
    for (const std::uint32_t handle : census.gem_handles)
        out << ' ' << handle;
    return out;
}

Census settle(const Census& before) {
    Census after;
    for (int attempt = 0; attempt < 100 && !(after == before); ++attempt) {
        std::this_thread::sleep_for(100ms);
        after = Census();
    }
    return after;
}

std::uint64_t resident() {
    malloc_trim(0);
    std::uint64_t all = 0;
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> all >> pages;
    return pages * 4096;
}

} // namespace guest
