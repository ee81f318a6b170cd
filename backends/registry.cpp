// SPDX-License-Identifier: MIT
// The one table of backends.
#include "lib/source/backend.hpp"

#include "backends/dma_heap/dma_heap.hpp"
#include "backends/drm_dumb/drm_dumb.hpp"
#include "backends/gbm/gbm.hpp"
#include "backends/ion/ion.hpp"
#include "backends/simple_allocator.hpp"
#include "backends/udmabuf.hpp"
#include "backends/v4l2/v4l2.hpp"

// Written by Meson: HAVE_… for each backend that is compiled.
#include "backends/enabled_backends.h"

namespace simplealloc {

namespace {

// The end marker keeps the array from being empty when every backend is disabled.
constexpr Backend table[] = {
#if HAVE_DMA_HEAP
    {"dma-heap", false, dma_heap::find, dma_heap::open},
#endif
#if HAVE_UDMABUF
    {"udmabuf", false, udmabuf::find, udmabuf::open},
#endif
#if HAVE_SIMPLE_ALLOCATOR
    {"simple-allocator", false, simple_allocator::find, simple_allocator::open},
#endif
#if HAVE_ION
    {"ion", false, ion::find, ion::open, ion::find_with_quirks},
#endif
#if HAVE_GBM
    {"gbm", true, gbm::find, gbm::open},
#endif
#if HAVE_V4L2
    {"v4l2", true, v4l2::find, v4l2::open},
#endif
#if HAVE_DRM_DUMB
    {"drm-dumb", true, drm_dumb::find, drm_dumb::open},
#endif
    {nullptr, false, nullptr, nullptr},
};

} // namespace

std::span<const Backend> backends() {
    return {table, std::size(table) - 1};
}

Result<RawBuffer> Backend::allocate(const SourceRecord& source, const AllocationSpec& spec) const {
    auto opened = open(source);
    if (!opened)
        return std::move(opened).error();
    return (*opened)->allocate(spec);
}

const Backend* find_backend(std::string_view name) {
    for (const Backend& backend : backends()) {
        if (name == backend.name)
            return &backend;
    }
    return nullptr;
}

std::vector<SourceRecord> sources_of(const Backend& backend,
                                     std::span<const std::shared_ptr<const DeviceRecord>> devices,
                                     const Quirks& quirks) {
    return backend.find_with_quirks != nullptr ? backend.find_with_quirks(quirks)
                                               : backend.find(devices);
}

} // namespace simplealloc
