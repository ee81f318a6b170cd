// SPDX-License-Identifier: MIT
// A buffer's life in C99 on a real kernel: allocated from the source that is named, written and
// read, imported, lent by a pool, and shared with another process. Says each step that holds.
#define _POSIX_C_SOURCE 200809L

#include <simplealloc/simplealloc.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS INT64_C(20000000000)

static struct simplealloc_error* error;

static void must(int code, const char* what) {
    if (code >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, error ? error->message : strerror(-code));
    exit(1);
}

static void hold(int holds, const char* what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
    puts(what);
}

static void fill(const struct simplealloc_buffer* buffer, int value) {
    struct simplealloc_mapping* mapping;
    size_t size;
    must(simplealloc_buffer_map(buffer, SIMPLEALLOC_ACCESS_WRITE, 0, &mapping, &error), "map");
    memset(simplealloc_mapping_get_data(mapping, &size), value, 4096);
    must(simplealloc_mapping_finish(mapping, &error), "finish");
    simplealloc_mapping_free(mapping);
}

static int has(const struct simplealloc_buffer* buffer, int value) {
    struct simplealloc_mapped_planes* planes;
    int first;
    must(simplealloc_buffer_map_planes(buffer, SIMPLEALLOC_ACCESS_READ, &planes, &error), "map");
    first = *(unsigned char*)simplealloc_mapped_planes_get_views(planes)[0]->data;
    simplealloc_mapped_planes_free(planes);
    return first == value;
}

static void import(const struct simplealloc_buffer* buffer) {
    struct simplealloc_layout layout = *simplealloc_buffer_get_layout(buffer);
    struct simplealloc_buffer *imported, *none = NULL;
    int fd = simplealloc_buffer_dup_fd(buffer, 0, &error);
    must(fd, "dup");
    layout.dmabuf_count = 0;
    must(simplealloc_buffer_import(&fd, 1, &layout, &imported, &error), "import");
    close(fd);
    hold(simplealloc_buffer_is_same(imported, buffer), "an imported dma-buf is the same");
    hold(has(imported, 42), "its bytes are the same");
    simplealloc_buffer_free(imported);
    fd = STDIN_FILENO;
    hold(simplealloc_buffer_import(&fd, 1, &layout, &none, &error) == -EINVAL && none == NULL,
         "what is no dma-buf is refused");
    simplealloc_error_free(error);
}

static void lend(const struct simplealloc_allocator* allocator,
                 const struct simplealloc_plan* plan) {
    struct simplealloc_pool_options options = SIMPLEALLOC_POOL_OPTIONS_INIT;
    struct simplealloc_pool* pool;
    struct simplealloc_pool_slot *slot, *none;
    options.min_buffers = options.max_buffers = 1;
    must(simplealloc_pool_create(allocator, plan, &options, &pool, &error), "pool");
    must(simplealloc_pool_acquire(pool, 0, &slot, &error), "acquire");
    fill(simplealloc_pool_slot_get_buffer(slot), 7);
    hold(simplealloc_pool_acquire(pool, 1000000, &none, NULL) == -EBUSY, "a pool of one lends one");
    simplealloc_pool_slot_free(slot);
    must(simplealloc_pool_acquire(pool, 0, &slot, &error), "acquire");
    hold(has(simplealloc_pool_slot_get_buffer(slot), 7), "it lends the same buffer again");
    simplealloc_pool_free(pool);
    simplealloc_pool_slot_free(slot);
}

/// In the other process: turns the buffer that comes into another, and sends it back.
static void answer(int socket) {
    struct simplealloc_channel* channel;
    struct simplealloc_buffer* buffer;
    must(simplealloc_channel_open(socket, &channel, &error), "channel");
    must(simplealloc_channel_receive(channel, PATIENCE_NS, &buffer, &error), "receive");
    fill(buffer, 43);
    must(simplealloc_channel_send(channel, buffer, PATIENCE_NS, &error), "send");
    simplealloc_buffer_free(buffer);
    simplealloc_channel_free(channel);
}

static void share(const struct simplealloc_buffer* buffer) {
    struct simplealloc_channel* channel;
    struct simplealloc_buffer* back;
    int ends[2], status;
    pid_t child;
    fflush(stdout);
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0 ? 0 : -errno, "socketpair");
    child = fork();
    must(child >= 0 ? 0 : -errno, "fork");
    if (child == 0) {
        close(ends[0]);
        answer(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    must(simplealloc_channel_open(ends[0], &channel, &error), "channel");
    must(simplealloc_channel_send(channel, buffer, PATIENCE_NS, &error), "send");
    must(simplealloc_channel_receive(channel, PATIENCE_NS, &back, &error), "receive");
    hold(simplealloc_buffer_is_same(back, buffer), "the same dma-buf came back");
    hold(has(buffer, 43), "it has what the other process wrote");
    hold(waitpid(child, &status, 0) == child && status == 0, "the other process is content");
    simplealloc_buffer_free(back);
    simplealloc_channel_free(channel);
}

int main(int argc, char** argv) {
    const char* order[] = {NULL, NULL};
    struct simplealloc_allocator* allocator;
    struct simplealloc_request request = SIMPLEALLOC_REQUEST_INIT;
    struct simplealloc_plan* plan;
    struct simplealloc_buffer* buffer;
    if (argc != 2)
        return 2;
    order[0] = argv[1];
    must(simplealloc_allocator_open(NULL, &allocator, &error), "open");
    request.width = 640;
    request.height = 480;
    request.fourcc = SIMPLEALLOC_FOURCC('N', 'V', '1', '2');
    request.cpu = SIMPLEALLOC_CPU_READ_OFTEN;
    request.order = order;
    must(simplealloc_allocator_plan(allocator, &request, &plan, &error), "plan");
    must(simplealloc_allocator_allocate(allocator, plan, NULL, &buffer, &error), "allocate");
    hold(strcmp(simplealloc_buffer_get_source(buffer), argv[1]) == 0, "the source is as ordered");
    hold(has(buffer, 0), "fresh memory is zeroed");
    fill(buffer, 42);
    hold(has(buffer, 42), "what was written is read");
    import(buffer);
    lend(allocator, plan);
    share(buffer);
    simplealloc_buffer_free(buffer);
    simplealloc_plan_free(plan);
    simplealloc_allocator_free(allocator);
    return 0;
}
