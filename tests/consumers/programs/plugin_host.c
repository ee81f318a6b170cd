/* SPDX-License-Identifier: MIT */
/* Loads, uses and unloads a plugin again and again; nothing may be left of it. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int open_descriptors(void) {
    int count = 0;
    DIR* folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        ++count;
    closedir(folder);
    return count;
}

static int mappings_of_library(void) {
    char line[4096];
    int count = 0;
    FILE* maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps) != NULL)
        count += strstr(line, "libsimplealloc") != NULL || strstr(line, "dmabuf") != NULL;
    fclose(maps);
    return count;
}

static int use(const char* path) {
    int (*run)(void);
    void* plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    *(void**)&run = dlsym(plugin, "plugin_run");
    if (run == NULL || run() != 0) {
        fprintf(stderr, "the plugin failed\n");
        return 1;
    }
    return dlclose(plugin);
}

int main(int argc, char** argv) {
    int i, descriptors, mappings;
    if (argc != 2 || use(argv[1]) != 0)
        return 1;
    descriptors = open_descriptors();
    mappings = mappings_of_library();
    for (i = 0; i < 20; ++i)
        if (use(argv[1]) != 0)
            return 1;
    if (open_descriptors() != descriptors || mappings_of_library() != mappings) {
        fprintf(stderr, "%d descriptors where %d were, %d mappings where %d were\n",
                open_descriptors(), descriptors, mappings_of_library(), mappings);
        return 1;
    }
    printf("21 times, %d mappings of the library left\n", mappings);
    return 0;
}
