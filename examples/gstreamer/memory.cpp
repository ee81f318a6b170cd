// SPDX-License-Identifier: MIT
#include "memory.hpp"

#include <gst/allocators/gstdmabuf.h>
#include <utility>

namespace {

/// What a memory holds on to. It is on the root: a part of a memory shares its parent's.
struct Part {
    std::shared_ptr<const simplealloc::Buffer> buffer;
    std::size_t dmabuf;
};

G_DEFINE_QUARK(simplealloc - part, part)

const Part* part_of(GstMemory* memory) {
    GstMemory* root = memory->parent != nullptr ? memory->parent : memory;
    return static_cast<const Part*>(
        gst_mini_object_get_qdata(GST_MINI_OBJECT_CAST(root), part_quark()));
}

/// GstFdMemory would map without a word to the kernel; Buffer::map keeps caches in step.
gpointer map(GstMemory* memory, GstMapInfo* info, gsize) {
    using simplealloc::Access;
    const Part* part = part_of(memory);
    const bool writes = (info->flags & GST_MAP_WRITE) != 0;
    const bool reads = (info->flags & GST_MAP_READ) != 0;
    auto mapping = part->buffer->map(
        !writes ? Access::read : (reads ? Access::read_write : Access::write), part->dmabuf);
    if (!mapping) {
        GST_WARNING("%s", mapping.error().message().c_str());
        return nullptr;
    }
    auto* kept = new simplealloc::Mapping(*std::move(mapping));
    info->user_data[0] = kept;
    return kept->bytes().data();
}

void unmap(GstMemory*, GstMapInfo* info) {
    delete static_cast<simplealloc::Mapping*>(info->user_data[0]);
}

} // namespace

struct SimpleAllocator {
    GstDmaBufAllocator parent;
    std::shared_ptr<const simplealloc::Allocator> allocator;
};
struct SimpleAllocatorClass {
    GstDmaBufAllocatorClass parent;
};

G_DEFINE_TYPE(SimpleAllocator, simple_allocator, GST_TYPE_DMABUF_ALLOCATOR)

static GstMemory* simple_allocator_alloc(GstAllocator* allocator, gsize size,
                                         GstAllocationParams* params) {
    auto* self = reinterpret_cast<SimpleAllocator*>(allocator);
    const gsize needed = size + params->prefix + params->padding;
    auto buffer = self->allocator->allocate(
        simplealloc::Request::bytes(needed).cpu(simplealloc::CpuAccess::write));
    if (!buffer) {
        GST_WARNING("%s", buffer.error().message().c_str());
        return nullptr;
    }
    GstMemory* memory = simple_allocator_wrap(allocator, *std::move(buffer)).front();
    gst_memory_resize(memory, static_cast<gssize>(params->prefix), size);
    return memory;
}

static void simple_allocator_finalize(GObject* object) {
    std::destroy_at(&reinterpret_cast<SimpleAllocator*>(object)->allocator);
    G_OBJECT_CLASS(simple_allocator_parent_class)->finalize(object);
}

static void simple_allocator_class_init(SimpleAllocatorClass* type) {
    G_OBJECT_CLASS(type)->finalize = simple_allocator_finalize;
    auto* allocator = GST_ALLOCATOR_CLASS(type);
    allocator->alloc = simple_allocator_alloc;
}

static void simple_allocator_init(SimpleAllocator* self) {
    std::construct_at(&self->allocator);
    auto* allocator = GST_ALLOCATOR_CAST(self);
    allocator->mem_map = nullptr;
    allocator->mem_map_full = map;
    allocator->mem_unmap = nullptr;
    allocator->mem_unmap_full = unmap;
}

GstAllocator* simple_allocator_new(std::shared_ptr<const simplealloc::Allocator> allocator) {
    auto* self = static_cast<SimpleAllocator*>(g_object_new(simple_allocator_get_type(), nullptr));
    gst_object_ref_sink(self);
    self->allocator = std::move(allocator);
    return GST_ALLOCATOR_CAST(self);
}

std::vector<GstMemory*> simple_allocator_wrap(GstAllocator* allocator, simplealloc::Buffer buffer) {
    const auto shared = std::make_shared<const simplealloc::Buffer>(std::move(buffer));
    std::vector<GstMemory*> memories;
    for (std::size_t i = 0; i < shared->dmabufs().size(); ++i) {
        const simplealloc::DmaBuf& dmabuf = shared->dmabufs()[i];
        GstMemory* memory = gst_dmabuf_allocator_alloc_with_flags(allocator, dmabuf.fd, dmabuf.size,
                                                                  GST_FD_MEMORY_FLAG_DONT_CLOSE);
        gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(memory), part_quark(), new Part{shared, i},
                                  [](gpointer part) { delete static_cast<Part*>(part); });
        memories.push_back(memory);
    }
    return memories;
}

const simplealloc::Buffer* simple_memory_buffer(GstMemory* memory) {
    const Part* part = part_of(memory);
    return part == nullptr ? nullptr : part->buffer.get();
}
