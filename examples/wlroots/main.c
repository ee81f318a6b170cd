// SPDX-License-Identifier: MIT
// A compositor as small as can be: it moves a square over the display, draws on the CPU, and saves
// the last frame as a PNG file. Its frames are memory of libsimplealloc.
#include "allocator.h"

#include <drm_fourcc.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <wayland-server-core.h>
#include <wlr/backend.h>
#include <wlr/render/pixman.h>
#include <wlr/render/wlr_renderer.h>
#include <wlr/types/wlr_buffer.h>
#include <wlr/types/wlr_output.h>
#include <wlr/util/box.h>
#include <wlr/util/log.h>

struct compositor {
    struct wl_display* display;
    struct wlr_renderer* renderer;
    struct wlr_allocator* allocator;
    struct wlr_output* output; ///< the first; others stay dark
    const char* png;
    int frames; ///< to be shown
    int shown;
    bool failed;
    struct wl_listener new_output;
    struct wl_listener frame;
    struct wl_listener commit;
};

static void fail(struct compositor* compositor, const char* what) {
    fprintf(stderr, "%s\n", what);
    compositor->failed = true;
    wl_display_terminate(compositor->display);
}

static void draw(struct compositor* compositor) {
    static const float blue[] = {0.f, 0.f, 1.f, 1.f};
    static const float red[] = {1.f, 0.f, 0.f, 1.f};
    struct wlr_output* output = compositor->output;
    const struct wlr_box square = {compositor->shown, output->height / 4, output->height / 2,
                                   output->height / 2};
    if (!wlr_output_attach_render(output, NULL)) {
        fail(compositor, "there is no buffer to draw on");
        return;
    }
    wlr_renderer_begin(compositor->renderer, (uint32_t)output->width, (uint32_t)output->height);
    wlr_renderer_clear(compositor->renderer, blue);
    wlr_render_rect(compositor->renderer, &square, red, output->transform_matrix);
    wlr_renderer_end(compositor->renderer);
    if (!wlr_output_commit(output))
        fail(compositor, "the display did not take the frame");
}

static bool save(struct wlr_buffer* frame, const char* path) {
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)frame->width,
                       .height = (png_uint_32)frame->height,
                       .format = PNG_FORMAT_BGRA};
    void* pixels;
    uint32_t format;
    size_t stride;
    bool saved = false;
    if (!wlr_buffer_begin_data_ptr_access(frame, WLR_BUFFER_DATA_PTR_ACCESS_READ, &pixels, &format,
                                          &stride))
        return false;
    if (format == DRM_FORMAT_XRGB8888 || format == DRM_FORMAT_ARGB8888)
        saved = png_image_write_to_file(&image, path, 0, pixels, (png_int_32)stride, NULL) != 0;
    wlr_buffer_end_data_ptr_access(frame);
    return saved;
}

static void on_commit(struct wl_listener* listener, void* data) {
    struct compositor* compositor = wl_container_of(listener, compositor, commit);
    const struct wlr_output_event_commit* event = data;
    if (event->buffer == NULL || ++compositor->shown < compositor->frames)
        return;
    printf("%d frames of %dx%d on %s, memory from %s\n", compositor->shown,
           compositor->output->width, compositor->output->height, compositor->output->name,
           simple_allocator_source(event->buffer));
    if (!save(event->buffer, compositor->png))
        fail(compositor, "the frame could not be saved");
    wl_display_terminate(compositor->display);
}

static void on_frame(struct wl_listener* listener, void* data) {
    struct compositor* compositor = wl_container_of(listener, compositor, frame);
    (void)data;
    if (compositor->shown < compositor->frames && !compositor->failed)
        draw(compositor);
}

static void on_new_output(struct wl_listener* listener, void* data) {
    struct compositor* compositor = wl_container_of(listener, compositor, new_output);
    struct wlr_output* output = data;
    struct wlr_output_mode* mode = wlr_output_preferred_mode(output);
    if (compositor->output != NULL)
        return;
    compositor->output = output;
    if (!wlr_output_init_render(output, compositor->allocator, compositor->renderer)) {
        fail(compositor, "the display can't show what this allocator makes");
        return;
    }
    if (mode != NULL)
        wlr_output_set_mode(output, mode);
    wlr_output_enable(output, true);
    compositor->frame.notify = on_frame;
    wl_signal_add(&output->events.frame, &compositor->frame);
    compositor->commit.notify = on_commit;
    wl_signal_add(&output->events.commit, &compositor->commit);
    draw(compositor);
}

static int run(struct compositor* compositor) {
    struct wlr_backend* backend;
    int status = 1;
    compositor->display = wl_display_create();
    // WLR_BACKENDS=drm and WLR_DRM_DEVICES choose the display.
    backend = wlr_backend_autocreate(compositor->display);
    if (backend == NULL) {
        fprintf(stderr, "no backend: is there a seat, and the right to the display?\n");
        wl_display_destroy(compositor->display);
        return 1;
    }
    compositor->renderer = wlr_pixman_renderer_create();
    compositor->allocator = simple_allocator_create(wlr_backend_get_drm_fd(backend));
    if (compositor->renderer != NULL && compositor->allocator != NULL) {
        compositor->new_output.notify = on_new_output;
        wl_signal_add(&backend->events.new_output, &compositor->new_output);
        if (wlr_backend_start(backend))
            wl_display_run(compositor->display);
        status = compositor->failed || compositor->shown < compositor->frames;
    }
    wlr_backend_destroy(backend);
    if (compositor->allocator != NULL)
        wlr_allocator_destroy(compositor->allocator);
    if (compositor->renderer != NULL)
        wlr_renderer_destroy(compositor->renderer);
    wl_display_destroy(compositor->display);
    return status;
}

int main(int argc, char** argv) {
    struct compositor compositor = {0};
    if (argc != 3 || atoi(argv[1]) < 1) {
        fprintf(stderr, "usage: wlroots_compositor FRAMES PNG\n");
        return 2;
    }
    compositor.frames = atoi(argv[1]);
    compositor.png = argv[2];
    wlr_log_init(WLR_ERROR, NULL);
    return run(&compositor);
}
