// SPDX-License-Identifier: MIT
// A DRM card with dumb buffers and PRIME for the fake kernel.
#include "tests/support/fake_devices.hpp"
#include "tests/support/fake_syncobjs.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>

#include <drm.h>
#include <drm_mode.h>
#include <sys/sysmacros.h>

namespace simplealloc::test {

namespace {

/// A GEM object: its memory, and the dma-buf while one exists.
struct Object {
    std::uint64_t size = 0;
    std::shared_ptr<void> charge;
    std::weak_ptr<FakeDmaBuf> exported;
    std::shared_ptr<FakeDmaBuf> imported; ///< of another exporter
};

struct Handle {
    std::shared_ptr<Object> object;
    /// The kernel keeps the dma-buf on the object while a handle is there: the access mode of the
    /// first export sticks.
    std::shared_ptr<FakeDmaBuf> exported;
    std::shared_ptr<Counted> counted;
};

class CardFile {
public:
    enum class Kind { card, render, accel, lessee };

    CardFile(FakeKernel& kernel, std::shared_ptr<FakeCard> card, Kind kind)
        : kernel_(kernel), card_(std::move(card)), render_(kind == Kind::render),
          lessee_(kind == Kind::lessee),
          syncobjs_(kernel_, card_->timelines, card_->timeline_events) {
        if (kind == Kind::card && !card_->has_master)
            card_->has_master = master_ = true;
        if (lessee_)
            ++card_->lessees;
    }
    CardFile(const CardFile&) = delete;
    CardFile& operator=(const CardFile&) = delete;
    ~CardFile() {
        if (master_)
            card_->has_master = false;
        if (lessee_) {
            --card_->lessees;
            ++card_->ended_leases;
        }
        card_->framebuffers -= framebuffers_.size();
    }

    int ioctl(unsigned long request, void* argument) {
        if (card_->override)
            if (const auto answer = card_->override(request, argument))
                return *answer;
        switch (request) {
        case DRM_IOCTL_GET_CAP:
            return get_cap(*static_cast<drm_get_cap*>(argument));
        case DRM_IOCTL_VERSION:
            return version(*static_cast<drm_version*>(argument));
        case DRM_IOCTL_GEM_CLOSE:
            return close_handle(static_cast<drm_gem_close*>(argument)->handle, "GEM_CLOSE");
        case DRM_IOCTL_PRIME_HANDLE_TO_FD:
            return export_handle(*static_cast<drm_prime_handle*>(argument));
        case DRM_IOCTL_PRIME_FD_TO_HANDLE:
            return import(*static_cast<drm_prime_handle*>(argument));
        default:
            if (const auto answer = syncobjs_.ioctl(request, argument))
                return *answer;
            // Everything above is RENDER_ALLOW, nothing below (drivers/gpu/drm/drm_ioctl.c).
            return render_ ? -EACCES : card_ioctl(request, argument);
        }
    }

private:
    int card_ioctl(unsigned long request, void* argument) {
        switch (request) {
        case DRM_IOCTL_SET_MASTER:
            if (card_->has_master && !master_)
                return -EBUSY;
            card_->has_master = master_ = true;
            return 0;
        case DRM_IOCTL_DROP_MASTER:
            if (!kernel_.root && (card_->drop_needs_admin || !was_master()))
                return -EACCES;
            if (!master_)
                return -EINVAL;
            card_->has_master = master_ = false;
            dropped_ = true;
            return 0;
        case DRM_IOCTL_AUTH_MAGIC:
            return master_ ? -EINVAL : -EACCES;
        case DRM_IOCTL_MODE_CREATE_DUMB:
            return create(*static_cast<drm_mode_create_dumb*>(argument));
        case DRM_IOCTL_MODE_DESTROY_DUMB:
            return close_handle(static_cast<drm_mode_destroy_dumb*>(argument)->handle,
                                "DESTROY_DUMB");
        case DRM_IOCTL_MODE_ADDFB2:
            return add_framebuffer(*static_cast<drm_mode_fb_cmd2*>(argument));
        case DRM_IOCTL_MODE_RMFB:
            if (framebuffers_.erase(*static_cast<std::uint32_t*>(argument)) == 0) {
                kernel_.record_error("RMFB of a framebuffer of another description");
                return -ENOENT;
            }
            --card_->framebuffers;
            return 0;
        case DRM_IOCTL_MODE_GETFB2:
            return get_framebuffer(*static_cast<drm_mode_fb_cmd2*>(argument));
        case DRM_IOCTL_SET_CLIENT_CAP:
            if (static_cast<drm_set_client_cap*>(argument)->capability == DRM_CLIENT_CAP_ATOMIC)
                atomic_ = card_->screen && card_->screen->atomic;
            return card_->kms ? 0 : -EOPNOTSUPP;
        case DRM_IOCTL_MODE_CREATE_LEASE:
            return lease(*static_cast<drm_mode_create_lease*>(argument));
        case DRM_IOCTL_MODE_ATOMIC:
            if (!master_ && !lessee_)
                return -EACCES;
            [[fallthrough]];
        default:
            if (card_->screen)
                if (const auto answer =
                        screen_ioctl(kernel_, *card_->screen, atomic_, request, argument))
                    return *answer;
            return card_->kms ? -EINVAL : -EOPNOTSUPP;
        }
    }

    /// drivers/gpu/drm/drm_lease.c: no sub-leases; a lease of no objects is a lease.
    int lease(drm_mode_create_lease& request) {
        if (!master_ && !lessee_)
            return -EACCES;
        if (lessee_ || !card_->leases)
            return -EINVAL;
        const auto file = std::make_shared<CardFile>(kernel_, card_, Kind::lessee);
        request.fd = static_cast<std::uint32_t>(
            kernel_.install(card_->card_path(), [file](int, unsigned long number, void* argument) {
                return file->ioctl(number, argument);
            }));
        return 0;
    }

    [[nodiscard]] bool was_master() const { return master_ || dropped_; }

    [[nodiscard]] int get_cap(drm_get_cap& request) const {
        if (request.capability == DRM_CAP_PRIME) {
            request.value = DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT;
            return 0;
        }
        if (request.capability == DRM_CAP_SYNCOBJ_TIMELINE) {
            request.value = card_->timelines ? 1 : 0;
            return 0;
        }
        if (!card_->kms)
            return -EOPNOTSUPP;
        request.value = request.capability == DRM_CAP_DUMB_BUFFER && card_->dumb ? 1 : 0;
        return 0;
    }

    [[nodiscard]] int version(drm_version& request) const {
        const std::size_t room = request.name_len;
        if (request.name != nullptr)
            std::memcpy(request.name, card_->driver.data(), std::min(room, card_->driver.size()));
        request.name_len = card_->driver.size();
        request.desc_len = request.date_len = 0;
        request.version_major = 1;
        return 0;
    }

    /// drivers/gpu/drm/drm_dumb_buffers.c: drm_mode_create_dumb.
    int create(drm_mode_create_dumb& request) {
        if (!card_->dumb)
            return -ENOSYS;
        if (request.width == 0 || request.height == 0 || request.bpp == 0)
            return -EINVAL;
        const std::uint64_t bytes = (std::uint64_t{request.bpp} + 7) / 8;
        if (bytes * request.width > UINT32_MAX ||
            request.height > UINT32_MAX / (bytes * request.width)) {
            return -EINVAL;
        }
        if (!card_->bpps.empty() && !card_->bpps.contains(request.bpp))
            return -EINVAL;
        request.pitch = card_->pitch ? card_->pitch(request.width, request.bpp)
                                     : static_cast<std::uint32_t>(bytes * request.width);
        request.size = std::uint64_t{request.pitch} * request.height;
        auto object = std::make_shared<Object>();
        object->size = card_->size ? card_->size(request.pitch, request.height) : request.size;
        object->charge = FakePool::take(card_->pool, object->size);
        if (!object->charge)
            return -ENOMEM;
        request.handle = add({std::move(object), nullptr, kernel_.count_gem_handle()});
        return 0;
    }

    int export_handle(drm_prime_handle& request) {
        if ((request.flags & ~std::uint32_t{DRM_CLOEXEC | DRM_RDWR}) != 0)
            return -EINVAL;
        const auto found = handles_.find(request.handle);
        if (found == handles_.end())
            return -ENOENT;
        Handle& handle = found->second;
        if (handle.object->imported) {
            request.fd = kernel_.install(handle.object->imported);
            return 0;
        }
        auto dmabuf = handle.object->exported.lock();
        if (!dmabuf) {
            dmabuf = kernel_.make_dmabuf(handle.object->size, card_->exporter,
                                         (request.flags & DRM_RDWR) != 0 ? O_RDWR : O_RDONLY,
                                         handle.object->charge);
            dmabuf->contiguous = card_->contiguous;
            handle.object->exported = dmabuf;
        }
        handle.exported = dmabuf;
        request.fd = kernel_.install(std::move(dmabuf));
        return 0;
    }

    int import(drm_prime_handle& request) {
        const auto dmabuf = kernel_.dmabuf(request.fd);
        if (!dmabuf)
            return -EBADF;
        // Handles are not counted per import: a known object keeps the handle that it has.
        for (const auto& [number, handle] : handles_) {
            if (handle.object->imported == dmabuf || handle.exported == dmabuf) {
                request.handle = number;
                return 0;
            }
        }
        if (!card_->imports && dmabuf->exporter != card_->exporter)
            return -EINVAL;
        auto object = std::make_shared<Object>();
        object->size = dmabuf->size;
        object->imported = dmabuf;
        request.handle = add({std::move(object), nullptr, kernel_.count_gem_handle()});
        return 0;
    }

    int add_framebuffer(drm_mode_fb_cmd2& request) {
        if (!card_->kms)
            return -EOPNOTSUPP;
        for (std::size_t i = 0; i < 4; ++i) {
            if (request.handles[i] == 0)
                continue;
            const auto found = handles_.find(request.handles[i]);
            if (found == handles_.end())
                return -ENOENT;
            if (request.offsets[i] > found->second.object->size)
                return -EINVAL;
        }
        ++card_->framebuffers;
        request.fb_id = ++card_->last_framebuffer;
        drm_mode_fb_cmd2 kept = request;
        if (card_->keep)
            card_->keep(kept);
        framebuffers_.emplace(request.fb_id, kept);
        return 0;
    }

    /// drivers/gpu/drm/drm_framebuffer.c drm_mode_getfb2_ioctl(): handles are for a master or
    /// root, new ones, and equal where the objects are.
    int get_framebuffer(drm_mode_fb_cmd2& request) {
        const auto found = framebuffers_.find(request.fb_id);
        if (!card_->getfb2)
            return -EINVAL;
        if (found == framebuffers_.end())
            return -ENOENT;
        request = found->second;
        std::map<std::uint32_t, std::uint32_t> made;
        for (std::uint32_t& handle : request.handles) {
            const auto object = handles_.find(handle);
            if (handle == 0 || object == handles_.end() || (!master_ && !kernel_.root)) {
                handle = 0;
                continue;
            }
            if (card_->new_handles && made.count(handle) == 0)
                made[handle] = add({object->second.object, nullptr, kernel_.count_gem_handle()});
            if (card_->new_handles)
                handle = made[handle];
        }
        return 0;
    }

    int close_handle(std::uint32_t handle, const char* name) {
        if (handles_.erase(handle) == 1)
            return 0;
        kernel_.record_error(std::string(name) + " of handle " + std::to_string(handle) +
                             ", which does not exist");
        return -EINVAL;
    }

    /// The lowest number that is free (drm_gem_handle_create_tail(), lib/idr.c).
    std::uint32_t add(Handle handle) {
        std::uint32_t number = 1;
        while (handles_.contains(number))
            ++number;
        handles_.emplace(number, std::move(handle));
        return number;
    }

    FakeKernel& kernel_;
    std::shared_ptr<FakeCard> card_;
    bool render_;
    bool lessee_;
    bool atomic_ = false;
    std::map<std::uint32_t, drm_mode_fb_cmd2> framebuffers_;
    bool master_ = false;
    bool dropped_ = false;
    std::map<std::uint32_t, Handle> handles_;
    FakeSyncobjs syncobjs_;
};

void add_drm_node(FakeKernel& kernel, const std::shared_ptr<FakeCard>& card, bool render) {
    FakeNode node;
    node.path = render ? card->render_path() : card->card_path();
    node.devnum = makedev(card->accel ? 261 : 226, card->index + (render ? 128 : 0));
    node.mode = 0660;
    node.group = render || card->accel ? 105 : 44;
    const CardFile::Kind kind = render        ? CardFile::Kind::render
                                : card->accel ? CardFile::Kind::accel
                                              : CardFile::Kind::card;
    node.open = [&kernel, card, kind](int) -> IoctlHandler {
        const auto file = std::make_shared<CardFile>(kernel, card, kind);
        return [file](int, unsigned long request, void* argument) {
            return file->ioctl(request, argument);
        };
    };
    udev::Node known;
    known.sysname = node.path.substr(node.path.rfind('/') + 1);
    known.parent_syspath =
        "/sys/devices/" + card->parent + "/" + card->driver + "." + std::to_string(card->index);
    known.subsystem = card->accel ? "accel" : "drm";
    known.syspath = known.parent_syspath + "/" + known.subsystem + "/" + known.sysname;
    known.devnode = node.path;
    known.devnum = node.devnum;
    known.parent_subsystem = card->parent;
    known.driver = card->driver;
    known.properties["DEVTYPE"] = card->accel ? "accel_minor" : "drm_minor";
    kernel.add_directory(known.syspath);
    kernel.add_link(known.syspath + "/device", known.parent_syspath);
    kernel.add_link("/sys/class/" + known.subsystem + "/" + known.sysname, known.syspath);
    kernel.add_udev(std::move(known));
    kernel.add_node(std::move(node));
}

} // namespace

udev::Node add_character(FakeKernel& kernel, const FakeCharacter& node) {
    FakeNode device;
    device.path = node.path;
    device.devnum = makedev(node.major, node.minor);
    device.mode = node.mode;
    udev::Node known;
    known.sysname = node.path.substr(node.path.rfind('/') + 1);
    known.subsystem = node.node_class;
    known.devnode = node.path;
    known.devnum = device.devnum;
    known.parent_syspath = node.parent;
    if (!node.parent.empty()) {
        known.parent_subsystem = node.bus;
        known.driver = node.driver;
    }
    known.syspath = (node.parent.empty() ? "/sys/devices/virtual" : node.parent) + "/" +
                    node.node_class + "/" + known.sysname;
    kernel.add_node(std::move(device));
    if (!node.in_udev)
        return known;
    kernel.add_directory(known.syspath);
    kernel.add_link("/sys/class/" + node.node_class + "/" + known.sysname, known.syspath);
    kernel.add_udev(known);
    return known;
}

std::shared_ptr<FakeCard> add_drm_card(FakeKernel& kernel, FakeCard card) {
    auto shared = std::make_shared<FakeCard>(std::move(card));
    add_drm_node(kernel, shared, false);
    if (shared->render_node)
        add_drm_node(kernel, shared, true);
    return shared;
}

} // namespace simplealloc::test
