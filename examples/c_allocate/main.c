// SPDX-License-Identifier: MIT
// An image that the CPU draws and the named devices use, in C99. Each device is a node and what it
// does: c_allocate /dev/video0 capture /dev/dri/card0 scanout
#include <simplealloc/simplealloc.h>

#include <stdio.h>
#include <string.h>

#define WIDTH 1280
#define HEIGHT 720

static int add_devices(const struct simplealloc_allocator* allocator,
                       struct simplealloc_request* request, int count, char** words,
                       struct simplealloc_error** error) {
    int i, code = 0;
    for (i = 0; code == 0 && i + 1 < count; i += 2) {
        struct simplealloc_device* device = NULL;
        enum simplealloc_use use;
        if (simplealloc_use_parse(words[i + 1], &use) < 0) {
            fprintf(stderr, "%s: no such use\n", words[i + 1]);
            return -1;
        }
        code = simplealloc_allocator_device(allocator, words[i], &device, error);
        if (code == 0)
            code = simplealloc_request_add_use(request, device, use, error);
        simplealloc_device_free(device); // the request has its own
    }
    return code;
}

static void print_plan(const struct simplealloc_plan* plan) {
    const struct simplealloc_candidate* const* candidate = simplealloc_plan_get_candidates(plan);
    const struct simplealloc_rejection* const* rejection = simplealloc_plan_get_rejections(plan);
    for (; *candidate; candidate++)
        printf("candidate: %s%s\n", (*candidate)->source, (*candidate)->unproven ? " ?" : "");
    for (; *rejection; rejection++)
        printf("rejected: %s: %s\n", (*rejection)->source, (*rejection)->reason);
}

/// A ramp from left to right, in bytes.
static int draw(const struct simplealloc_buffer* buffer, struct simplealloc_error** error) {
    struct simplealloc_mapped_planes* planes = NULL;
    const struct simplealloc_plane_view* const* view;
    int code = simplealloc_buffer_map_planes(buffer, SIMPLEALLOC_ACCESS_WRITE, &planes, error);
    if (code < 0)
        return code;
    for (view = simplealloc_mapped_planes_get_views(planes); *view; view++) {
        size_t row, column;
        for (row = 0; row < (*view)->rows; row++) {
            unsigned char* pixels = (unsigned char*)(*view)->data + row * (*view)->plane.stride;
            for (column = 0; column < (*view)->row_bytes; column++)
                pixels[column] = (unsigned char)(column * 255 / (*view)->row_bytes);
        }
    }
    code = simplealloc_mapped_planes_finish(planes, error); // devices may look from now on
    simplealloc_mapped_planes_free(planes);
    return code;
}

int main(int argc, char** argv) {
    struct simplealloc_error* error = NULL;
    struct simplealloc_allocator* allocator = NULL;
    struct simplealloc_request* request = NULL;
    struct simplealloc_plan* plan = NULL;
    struct simplealloc_buffer* buffer = NULL;
    int code;

    if ((code = simplealloc_allocator_open(NULL, &allocator, &error)) < 0 ||
        (code = simplealloc_request_new_image(WIDTH, HEIGHT, SIMPLEALLOC_FOURCC('X', 'R', '2', '4'),
                                              &request, &error)) < 0 ||
        (code = simplealloc_request_set_cpu(request, SIMPLEALLOC_CPU_WRITE, &error)) < 0 ||
        (code = add_devices(allocator, request, argc - 1, argv + 1, &error)) < 0 ||
        (code = simplealloc_allocator_plan(allocator, request, &plan, &error)) < 0)
        goto out;
    print_plan(plan);
    if ((code = simplealloc_allocator_allocate(allocator, plan, NULL, &buffer, &error)) < 0 ||
        (code = draw(buffer, &error)) < 0)
        goto out;
    printf("%s, dma-bufs:", simplealloc_buffer_get_source(buffer));
    for (; simplealloc_buffer_get_dmabufs(buffer)[code]; code++)
        printf(" %d", simplealloc_buffer_get_dmabufs(buffer)[code]->fd);
    printf(", stride %llu\n",
           (unsigned long long)simplealloc_buffer_get_layout(buffer)->planes[0].stride);

out:
    if (error)
        fprintf(stderr, "%s\n", error->message);
    simplealloc_error_free(error);
    simplealloc_buffer_free(buffer);
    simplealloc_plan_free(plan);
    simplealloc_request_free(request);
    simplealloc_allocator_free(allocator);
    return code < 0;
}
