// SPDX-License-Identifier: MIT
// Buffers inside of DRM devices, for C.
#include "lib/c/arguments.hpp"
#include "lib/c/buffer.hpp"
#include "lib/c/device.hpp"
#include "lib/c/guard.hpp"

#include <simplealloc/drm_import.h>
#include <simplealloc/drm_import.hpp>

using namespace simplealloc;
using namespace simplealloc::c;

struct simplealloc_drm_importer {
    DrmImporter importer;
};

struct simplealloc_drm_import {
    DrmImport import;
};

namespace {

DrmHandles read(const simplealloc_drm_handles& handles) {
    return checked(handles, DrmHandles::callers, "handles");
}

} // namespace

int simplealloc_drm_importer_open(const simplealloc_device* device, simplealloc_drm_handles handles,
                                  simplealloc_drm_importer** importer, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(importer, "importer");
        const Device& opened = need(device, "device").device;
        return give(out, DrmImporter::open(opened, read(handles)));
    });
}

int simplealloc_drm_importer_open_fd(int fd, simplealloc_drm_handles handles,
                                     simplealloc_drm_importer** importer,
                                     simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(importer, "importer");
        return give(out, DrmImporter::open(fd, read(handles)));
    });
}

void simplealloc_drm_importer_free(simplealloc_drm_importer* importer) {
    delete importer;
}

simplealloc_drm_place simplealloc_drm_importer_get_place(const simplealloc_drm_importer* importer) {
    return got(importer, [](const auto& i) {
        return static_cast<simplealloc_drm_place>(i.importer.place());
    });
}

int simplealloc_drm_importer_get_fd(const simplealloc_drm_importer* importer) {
    return importer == nullptr ? -1 : importer->importer.fd();
}

int simplealloc_drm_importer_import(const simplealloc_drm_importer* importer,
                                    const simplealloc_buffer* buffer,
                                    simplealloc_drm_import** import, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(import, "import");
        const Buffer& imported = need(buffer, "buffer").buffer;
        return give(out, need(importer, "importer").importer.import(imported));
    });
}

void simplealloc_drm_import_free(simplealloc_drm_import* import) {
    delete import;
}

const std::uint32_t* simplealloc_drm_import_get_handles(const simplealloc_drm_import* import,
                                                        std::size_t* count) {
    const auto handles = got(import, [](const auto& i) { return i.import.handles(); });
    if (count != nullptr)
        *count = handles.size();
    return handles.data();
}

int simplealloc_drm_import_framebuffer(simplealloc_drm_import* import, std::uint32_t* id,
                                       simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = need(id, "id");
        return store(out, need(import, "import").import.framebuffer());
    });
}
