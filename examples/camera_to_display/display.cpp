// SPDX-License-Identifier: MIT
// A DRM display that scans out imported dma-bufs.
#include "display.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <xf86drm.h>

namespace {

void must(int result, const char* what) {
    if (result != 0)
        throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

Display::Display(const std::string& path)
    : path_(path), fd_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0)
        throw std::system_error(errno, std::generic_category(), path);
    find_output();
    if (connector_ == 0) {
        close(fd_);
        throw std::runtime_error(path + ": no connected display");
    }
}

Display::~Display() {
    if (before_ != nullptr) {
        if (before_->mode_valid != 0)
            drmModeSetCrtc(fd_, before_->crtc_id, before_->buffer_id, before_->x, before_->y,
                           &connector_, 1, &before_->mode);
        drmModeFreeCrtc(before_);
    }
    close(fd_);
}

void Display::find_output() {
    const std::unique_ptr<drmModeRes, decltype(&drmModeFreeResources)> resources(
        drmModeGetResources(fd_), drmModeFreeResources);
    for (int i = 0; resources && i < resources->count_connectors && connector_ == 0; ++i) {
        const std::unique_ptr<drmModeConnector, decltype(&drmModeFreeConnector)> connector(
            drmModeGetConnector(fd_, resources->connectors[i]), drmModeFreeConnector);
        if (!connector || connector->connection != DRM_MODE_CONNECTED ||
            connector->count_modes == 0)
            continue;
        for (int e = 0; e < connector->count_encoders && crtc_ == 0; ++e) {
            const std::unique_ptr<drmModeEncoder, decltype(&drmModeFreeEncoder)> encoder(
                drmModeGetEncoder(fd_, connector->encoders[e]), drmModeFreeEncoder);
            for (int c = 0; encoder && c < resources->count_crtcs && crtc_ == 0; ++c)
                if ((encoder->possible_crtcs & (1U << static_cast<unsigned>(c))) != 0)
                    crtc_ = resources->crtcs[c];
        }
        if (crtc_ == 0)
            continue;
        connector_ = connector->connector_id;
        modes_.assign(connector->modes, connector->modes + connector->count_modes);
    }
    const auto area = [](const drmModeModeInfo& mode) { return mode.hdisplay * mode.vdisplay; };
    std::stable_sort(modes_.begin(), modes_.end(), [&](const auto& a, const auto& b) {
        const bool preferred_a = (a.type & DRM_MODE_TYPE_PREFERRED) != 0;
        const bool preferred_b = (b.type & DRM_MODE_TYPE_PREFERRED) != 0;
        return preferred_a != preferred_b ? preferred_a : area(a) > area(b);
    });
}

void Display::add(const simplealloc::Buffer& buffer) {
    if (!importer_)
        importer_ = simplealloc::DrmImporter::open(fd_).value();
    imports_.push_back(importer_->import(buffer).value());
    framebuffers_.push_back(imports_.back().framebuffer().value());
}

void Display::show(const drmModeModeInfo& mode, int index) {
    before_ = drmModeGetCrtc(fd_, crtc_);
    drmModeModeInfo wanted = mode;
    must(drmModeSetCrtc(fd_, crtc_, framebuffers_[static_cast<std::size_t>(index)], 0, 0,
                        &connector_, 1, &wanted),
         "set mode");
}

void Display::flip(int index) {
    must(drmModePageFlip(fd_, crtc_, framebuffers_[static_cast<std::size_t>(index)],
                         DRM_MODE_PAGE_FLIP_EVENT, this),
         "page flip");
    flipping_ = true;
}

void Display::handle_events() {
    drmEventContext context = {};
    context.version = 2;
    context.page_flip_handler = [](int, unsigned, unsigned, unsigned, void* self) {
        static_cast<Display*>(self)->flipping_ = false;
    };
    must(drmHandleEvent(fd_, &context), "read DRM events");
}
