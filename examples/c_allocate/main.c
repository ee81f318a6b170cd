// SPDX-License-Identifier: MIT
// An image that the CPU draws and the named devices use, in C99. Each device is a node and what it
// does: c_allocate /dev/video0 capture /dev/dri/card0 scanout
#include <simplealloc/simplealloc.h>

#include <stdio.h>
#include <string.h>

#define WIDTH 1280
#define HEIGHT 720

#define MAX_DEVICES 8

/// Devices, and what each does.
struct devices {
    struct simplealloc_device* found[MAX_DEVICES];
    struct simplealloc_device_use uses[MAX_DEVICES];
    const struct simplealloc_device_use* list[MAX_DEVICES + 1]; ///< for a request
};

static int find_devices(const struct simplealloc_allocator* allocator, int count, char** words,
                        struct devices* devices, struct simplealloc_error** error) {
    static const struct simplealloc_device_use init = SIMPLEALLOC_DEVICE_USE_INIT;
    int i, code = 0;
    for (i = 0; code == 0 && i < count / 2 && i < MAX_DEVICES; i++) {
        struct simplealloc_device_use* use = &devices->uses[i];
        *use = init;
        if (simplealloc_use_parse(words[2 * i + 1], &use->use) < 0) {
            fprintf(stderr, "%s: no such use\n", words[2 * i + 1]);
            return -1;
        }
        code = simplealloc_allocator_device(allocator, words[2 * i], &devices->found[i], error);
        use->device = devices->found[i];
        devices->list[i] = use;
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
    struct devices devices = {{NULL}, {{0}}, {NULL}};
    struct simplealloc_request request = SIMPLEALLOC_REQUEST_INIT;
    struct simplealloc_plan* plan = NULL;
    struct simplealloc_buffer* buffer = NULL;
    int i, code;

    if ((code = simplealloc_allocator_open(NULL, &allocator, &error)) < 0 ||
        (code = find_devices(allocator, argc - 1, argv + 1, &devices, &error)) < 0)
        goto out;
    request.width = WIDTH;
    request.height = HEIGHT;
    request.fourcc = SIMPLEALLOC_FOURCC('X', 'R', '2', '4');
    request.cpu = SIMPLEALLOC_CPU_WRITE;
    request.uses = devices.list;
    if ((code = simplealloc_allocator_plan(allocator, &request, &plan, &error)) < 0)
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
    for (i = 0; i < MAX_DEVICES; i++)
        simplealloc_device_free(devices.found[i]);
    simplealloc_allocator_free(allocator);
    return code < 0;
}
