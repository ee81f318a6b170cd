// SPDX-License-Identifier: MIT
// The screen of vkms, and what can be seen on it through its writeback connector.
#include "tests/kernel/virtual_screen.hpp"

#include "tests/kernel/expect.hpp"

#include "tests/kernel/guest.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <xf86drm.h>

using namespace simplealloc;
using guest::expect;

namespace {

void must(int result, const char* what) {
    if (result != 0)
        throw std::system_error(errno, std::generic_category(), what);
}

template <typename T, void (*free)(T*)>
struct Freed {
    void operator()(T* object) const { free(object); }
};
template <typename T, void (*free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, free>>;

using Commit = Owned<drmModeAtomicReq, drmModeAtomicFree>;

} // namespace

VirtualScreen::VirtualScreen() : path_(guest::card("vkms")) {
    fd_ = open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (fd_ < 0)
        throw std::system_error(errno, std::generic_category(), path_);
    must(drmSetClientCap(fd_, DRM_CLIENT_CAP_ATOMIC, 1), "atomic");
    must(drmSetClientCap(fd_, DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1), "writeback connectors");
    find_objects();
}

VirtualScreen::~VirtualScreen() {
    const Commit off(drmModeAtomicAlloc());
    set(off.get(), connector_, "CRTC_ID", 0);
    set(off.get(), crtc_, "ACTIVE", 0);
    set(off.get(), crtc_, "MODE_ID", 0);
    set(off.get(), plane_, "FB_ID", 0);
    set(off.get(), plane_, "CRTC_ID", 0);
    drmModeAtomicCommit(fd_, off.get(), DRM_MODE_ATOMIC_ALLOW_MODESET, nullptr);
    if (mode_ != 0)
        drmModeDestroyPropertyBlob(fd_, mode_);
    close(fd_);
}

void VirtualScreen::find_objects() {
    const Owned<drmModeRes, drmModeFreeResources> resources(drmModeGetResources(fd_));
    if (!resources || resources->count_crtcs == 0)
        throw std::runtime_error("vkms has no CRTC");
    crtc_ = {resources->crtcs[0], DRM_MODE_OBJECT_CRTC};
    for (int i = 0; i < resources->count_connectors; ++i) {
        const Owned<drmModeConnector, drmModeFreeConnector> connector(
            drmModeGetConnector(fd_, resources->connectors[i]));
        const bool back = connector && connector->connector_type == DRM_MODE_CONNECTOR_WRITEBACK;
        (back ? writeback_ : connector_) = {resources->connectors[i], DRM_MODE_OBJECT_CONNECTOR};
    }
    const Owned<drmModePlaneRes, drmModeFreePlaneResources> planes(drmModeGetPlaneResources(fd_));
    for (std::uint32_t i = 0; planes && i < planes->count_planes; ++i) {
        const Object plane{planes->planes[i], DRM_MODE_OBJECT_PLANE};
        const Owned<drmModeObjectProperties, drmModeFreeObjectProperties> properties(
            drmModeObjectGetProperties(fd_, plane.id, plane.type));
        const std::uint32_t type = property(plane, "type");
        for (std::uint32_t p = 0; p < properties->count_props; ++p)
            if (properties->props[p] == type &&
                properties->prop_values[p] == DRM_PLANE_TYPE_PRIMARY)
                plane_ = plane;
    }
    if (plane_.id == 0 || connector_.id == 0 || writeback_.id == 0)
        throw std::runtime_error("vkms has no primary plane, connector or writeback connector");
}

std::uint32_t VirtualScreen::property(Object object, const std::string& name) const {
    const Owned<drmModeObjectProperties, drmModeFreeObjectProperties> properties(
        drmModeObjectGetProperties(fd_, object.id, object.type));
    for (std::uint32_t i = 0; properties && i < properties->count_props; ++i) {
        const Owned<drmModePropertyRes, drmModeFreeProperty> one(
            drmModeGetProperty(fd_, properties->props[i]));
        if (one && one->name == name)
            return one->prop_id;
    }
    throw std::runtime_error("no property " + name);
}

void VirtualScreen::set(drmModeAtomicReq* request, Object object, const std::string& name,
                        std::uint64_t value) const {
    drmModeAtomicAddProperty(request, object.id, property(object, name), value);
}

void VirtualScreen::set_mode(drmModeAtomicReq* request, std::uint32_t width, std::uint32_t height) {
    // A virtual screen has any size.
    drmModeModeInfo mode = {};
    const auto pixels = [](std::uint32_t number) { return static_cast<std::uint16_t>(number); };
    mode.hdisplay = pixels(width);
    mode.hsync_start = pixels(width + 16);
    mode.hsync_end = pixels(width + 32);
    mode.htotal = pixels(width + 64);
    mode.vdisplay = pixels(height);
    mode.vsync_start = pixels(height + 4);
    mode.vsync_end = pixels(height + 8);
    mode.vtotal = pixels(height + 16);
    mode.clock = mode.htotal * mode.vtotal * 60U / 1000U;
    if (mode_ != 0)
        drmModeDestroyPropertyBlob(fd_, mode_);
    must(drmModeCreatePropertyBlob(fd_, &mode, sizeof mode, &mode_), "create a mode");
    set(request, connector_, "CRTC_ID", crtc_.id);
    set(request, crtc_, "MODE_ID", mode_);
    set(request, crtc_, "ACTIVE", 1);
    width_ = width;
    height_ = height;
}

void VirtualScreen::show(std::uint32_t framebuffer, std::uint32_t width, std::uint32_t height) {
    const Commit commit(drmModeAtomicAlloc());
    std::uint32_t flags = 0;
    if (width != width_ || height != height_) {
        set_mode(commit.get(), width, height);
        flags = DRM_MODE_ATOMIC_ALLOW_MODESET;
    }
    set(commit.get(), plane_, "FB_ID", framebuffer);
    set(commit.get(), plane_, "CRTC_ID", crtc_.id);
    set(commit.get(), plane_, "SRC_W", std::uint64_t{width} << 16U);
    set(commit.get(), plane_, "SRC_H", std::uint64_t{height} << 16U);
    set(commit.get(), plane_, "CRTC_W", width);
    set(commit.get(), plane_, "CRTC_H", height);
    must(drmModeAtomicCommit(fd_, commit.get(), flags, nullptr), "show a framebuffer");
}

Picture VirtualScreen::look(const Allocator& allocator) {
    const Device device = expect(allocator.device(path_));
    const Buffer buffer =
        expect(allocator.allocate(Request::image(width_, height_, fourcc::xrgb8888)
                                      .use(device, Use::scanout)
                                      .cpu(CpuAccess::read_often)));
    const DrmImporter importer = expect(DrmImporter::open(device));
    DrmImport import = expect(importer.import(buffer));

    int out_fence = -1;
    const Commit commit(drmModeAtomicAlloc());
    // One after the other: vkms does not say that its two encoders may clone each other
    // (drm_atomic_check_valid_clones()).
    set(commit.get(), connector_, "CRTC_ID", 0);
    set(commit.get(), writeback_, "CRTC_ID", crtc_.id);
    set(commit.get(), writeback_, "WRITEBACK_FB_ID", expect(import.framebuffer()));
    set(commit.get(), writeback_, "WRITEBACK_OUT_FENCE_PTR",
        reinterpret_cast<std::uintptr_t>(&out_fence));
    must(drmModeAtomicCommit(fd_, commit.get(), DRM_MODE_ATOMIC_ALLOW_MODESET, nullptr),
         "write the screen back");
    const Fence written = expect(Fence::adopt(UniqueFd::adopt(out_fence)));
    if (!expect(written.wait(std::chrono::seconds(20))))
        throw std::runtime_error("the screen is not written back after twenty seconds");
    const Commit back(drmModeAtomicAlloc());
    set(back.get(), writeback_, "CRTC_ID", 0);
    set(back.get(), connector_, "CRTC_ID", crtc_.id);
    must(drmModeAtomicCommit(fd_, back.get(), DRM_MODE_ATOMIC_ALLOW_MODESET, nullptr),
         "return to the screen");

    Picture picture{width_, height_, {}};
    picture.rgb.reserve(std::size_t{width_} * height_ * 3);
    const Mapping mapping = expect(buffer.map(Access::read));
    const Plane& plane = buffer.planes()[0];
    for (std::uint32_t y = 0; y < height_; ++y)
        for (std::uint32_t x = 0; x < width_; ++x) {
            const std::size_t at = plane.offset + y * plane.stride + std::size_t{x} * 4;
            for (const std::size_t component : {2, 1, 0})
                picture.rgb.push_back(
                    std::to_integer<std::uint8_t>(mapping.bytes()[at + component]));
        }
    return picture;
}
