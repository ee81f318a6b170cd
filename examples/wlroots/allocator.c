// SPDX-License-Identifier: MIT
#include "allocator.h"

#include <drm_fourcc.h>
#include <stdlib.h>
#include <wlr/render/drm_format_set.h>
#include <wlr/types/wlr_buffer.h>
#include <wlr/util/log.h>

struct simple_allocator {
    struct wlr_allocator base;
    struct simplealloc_allocator* allocator;
    struct simplealloc_device* display;
};

struct simple_buffer {
    struct wlr_buffer base;
    struct simplealloc_buffer* buffer;
    struct simplealloc_mapping* turn; ///< of the CPU; NULL: not its turn
};

static void log_and_free(struct simplealloc_error* error) {
    wlr_log(WLR_ERROR, "%s", error != NULL ? error->message : "out of memory");
    simplealloc_error_free(error);
}

static struct simple_buffer* simple_buffer_from(struct wlr_buffer* base);

static void buffer_destroy(struct wlr_buffer* base) {
    struct simple_buffer* self = simple_buffer_from(base);
    simplealloc_mapping_free(self->turn);
    simplealloc_buffer_free(self->buffer);
    free(self);
}

static bool buffer_get_dmabuf(struct wlr_buffer* base, struct wlr_dmabuf_attributes* out) {
    struct simple_buffer* self = simple_buffer_from(base);
    const struct simplealloc_layout* layout = simplealloc_buffer_get_layout(self->buffer);
    const struct simplealloc_dmabuf* const* dmabufs = simplealloc_buffer_get_dmabufs(self->buffer);
    uint32_t i;
    *out = (struct wlr_dmabuf_attributes){
        .width = base->width,
        .height = base->height,
        .format = layout->fourcc,
        .modifier = layout->modifier.state == SIMPLEALLOC_MODIFIER_IMPLICIT
                        ? DRM_FORMAT_MOD_INVALID
                        : layout->modifier.value,
        .n_planes = (int)layout->plane_count,
    };
    for (i = 0; i < layout->plane_count; i++) {
        out->offset[i] = (uint32_t)layout->planes[i].offset;
        out->stride[i] = (uint32_t)layout->planes[i].stride;
        out->fd[i] = dmabufs[layout->planes[i].dmabuf]->fd;
    }
    return true;
}

static bool buffer_begin_data_ptr_access(struct wlr_buffer* base, uint32_t flags, void** data,
                                         uint32_t* format, size_t* stride) {
    struct simple_buffer* self = simple_buffer_from(base);
    const struct simplealloc_layout* layout = simplealloc_buffer_get_layout(self->buffer);
    struct simplealloc_error* error = NULL;
    const bool reads = (flags & WLR_BUFFER_DATA_PTR_ACCESS_READ) != 0;
    const bool writes = (flags & WLR_BUFFER_DATA_PTR_ACCESS_WRITE) != 0;
    const enum simplealloc_access access = !writes ? SIMPLEALLOC_ACCESS_READ
                                           : reads ? SIMPLEALLOC_ACCESS_READ_WRITE
                                                   : SIMPLEALLOC_ACCESS_WRITE;
    if (simplealloc_buffer_map(self->buffer, access, layout->planes[0].dmabuf, &self->turn,
                               &error) < 0) {
        log_and_free(error);
        return false;
    }
    *data =
        (unsigned char*)simplealloc_mapping_get_data(self->turn, NULL) + layout->planes[0].offset;
    *format = layout->fourcc;
    *stride = layout->planes[0].stride;
    return true;
}

static void buffer_end_data_ptr_access(struct wlr_buffer* base) {
    struct simple_buffer* self = simple_buffer_from(base);
    struct simplealloc_error* error = NULL;
    if (simplealloc_mapping_finish(self->turn, &error) < 0)
        log_and_free(error);
    simplealloc_mapping_free(self->turn);
    self->turn = NULL;
}

static const struct wlr_buffer_impl buffer_impl = {
    .destroy = buffer_destroy,
    .get_dmabuf = buffer_get_dmabuf,
    .begin_data_ptr_access = buffer_begin_data_ptr_access,
    .end_data_ptr_access = buffer_end_data_ptr_access,
};

static struct simple_buffer* simple_buffer_from(struct wlr_buffer* base) {
    return base->impl == &buffer_impl ? wl_container_of(base, (struct simple_buffer*)NULL, base)
                                      : NULL;
}

/// The format and those of its modifiers that wlroots may be given.
static int allocate(const struct simple_allocator* self, int width, int height,
                    const struct wlr_drm_format* format, struct simplealloc_buffer** buffer,
                    struct simplealloc_error** error) {
    const struct simplealloc_modifier linear = {DRM_FORMAT_MOD_LINEAR, SIMPLEALLOC_MODIFIER_NAMED};
    struct simplealloc_device_use use = SIMPLEALLOC_DEVICE_USE_INIT;
    const struct simplealloc_device_use* const uses[] = {&use, NULL};
    struct simplealloc_request request = SIMPLEALLOC_REQUEST_INIT;
    use.device = self->display;
    use.use = SIMPLEALLOC_USE_SCANOUT;
    request.width = (uint32_t)width;
    request.height = (uint32_t)height;
    request.fourcc = format->format;
    request.uses = uses;
    request.cpu = SIMPLEALLOC_CPU_READ_OFTEN; // blending reads what is there
    request.modifier = &linear;               // the renderer draws on lines of pixels
    return simplealloc_allocator_allocate_request(self->allocator, &request, NULL, buffer, error);
}

static bool accepts_linear(const struct wlr_drm_format* format) {
    size_t i;
    for (i = 0; i < format->len; i++)
        if (format->modifiers[i] == DRM_FORMAT_MOD_LINEAR ||
            format->modifiers[i] == DRM_FORMAT_MOD_INVALID)
            return true;
    return format->len == 0;
}

static struct wlr_buffer* create_buffer(struct wlr_allocator* base, int width, int height,
                                        const struct wlr_drm_format* format) {
    struct simple_allocator* self = wl_container_of(base, self, base);
    struct simplealloc_error* error = NULL;
    struct simple_buffer* buffer;
    if (!accepts_linear(format)) {
        wlr_log(WLR_ERROR, "the CPU can't draw on a layout that is not linear");
        return NULL;
    }
    buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL)
        return NULL;
    if (allocate(self, width, height, format, &buffer->buffer, &error) < 0) {
        log_and_free(error);
        free(buffer);
        return NULL;
    }
    wlr_buffer_init(&buffer->base, &buffer_impl, width, height);
    return &buffer->base;
}

static void allocator_destroy(struct wlr_allocator* base) {
    struct simple_allocator* self = wl_container_of(base, self, base);
    simplealloc_device_free(self->display);
    simplealloc_allocator_free(self->allocator);
    free(self);
}

static const struct wlr_allocator_interface allocator_impl = {
    .create_buffer = create_buffer,
    .destroy = allocator_destroy,
};

struct wlr_allocator* simple_allocator_create(int card) {
    struct simplealloc_error* error = NULL;
    struct simple_allocator* self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    if (simplealloc_allocator_open(NULL, &self->allocator, &error) < 0 ||
        simplealloc_allocator_device_fd(self->allocator, card, SIMPLEALLOC_QUEUE_ACCESS_NONE,
                                        &self->display, &error) < 0) {
        log_and_free(error);
        simplealloc_allocator_free(self->allocator);
        free(self);
        return NULL;
    }
    wlr_allocator_init(&self->base, &allocator_impl,
                       WLR_BUFFER_CAP_DATA_PTR | WLR_BUFFER_CAP_DMABUF);
    return &self->base;
}

const char* simple_allocator_source(struct wlr_buffer* buffer) {
    return simplealloc_buffer_get_source(simple_buffer_from(buffer)->buffer);
}
