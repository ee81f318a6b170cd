// SPDX-License-Identifier: MIT
// Buffers as the structures of a V4L2 queue, for C.
#include "lib/c/arguments.hpp"
#include "lib/c/buffer.hpp"
#include "lib/c/device.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/setup.hpp"

#include <simplealloc/v4l2_import.h>
#include <simplealloc/v4l2_import.hpp>

using namespace simplealloc;
using namespace simplealloc::c;

struct simplealloc_v4l2_import {
    V4l2Import import;
};

int simplealloc_v4l2_import_create(const simplealloc_setup* setup, simplealloc_use use,
                                   simplealloc_v4l2_import** import, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(import, "import");
        const V4l2Setup read = read_v4l2_setup(need(need(setup, "setup").v4l2, "setup->v4l2"));
        return give(out, V4l2Import::create(read, read_use(use)));
    });
}

void simplealloc_v4l2_import_free(simplealloc_v4l2_import* import) {
    delete import;
}

std::uint32_t simplealloc_v4l2_import_get_type(const simplealloc_v4l2_import* import) {
    return got(import, [](const auto& i) { return i.import.type(); });
}

int simplealloc_v4l2_import_fill_format(const simplealloc_v4l2_import* import, v4l2_format* format,
                                        simplealloc_error** error) {
    return guarded(error, [&] { need(import, "import").import.fill(need(format, "format")); });
}

int simplealloc_v4l2_import_check_format(const simplealloc_v4l2_import* import,
                                         const v4l2_format* format, simplealloc_error** error) {
    return guarded(error,
                   [&] { return need(import, "import").import.check(need(format, "format")); });
}

int simplealloc_v4l2_import_fill_request(const simplealloc_v4l2_import* import,
                                         v4l2_requestbuffers* request, simplealloc_error** error) {
    return guarded(error, [&] { need(import, "import").import.fill(need(request, "request")); });
}

int simplealloc_v4l2_import_add(simplealloc_v4l2_import* import, const simplealloc_buffer* buffer,
                                std::uint32_t* index, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = need(index, "index");
        return store(out, need(import, "import").import.add(need(buffer, "buffer").buffer));
    });
}

int simplealloc_v4l2_import_fill_buffer(simplealloc_v4l2_import* import, v4l2_buffer* buffer,
                                        std::uint32_t index, simplealloc_error** error) {
    return guarded(
        error, [&] { return need(import, "import").import.fill(need(buffer, "buffer"), index); });
}

int simplealloc_v4l2_import_fill_dequeue(simplealloc_v4l2_import* import, v4l2_buffer* buffer,
                                         simplealloc_error** error) {
    return guarded(error,
                   [&] { need(import, "import").import.fill_dequeue(need(buffer, "buffer")); });
}

int simplealloc_v4l2_import_index_of(const simplealloc_v4l2_import* import,
                                     const v4l2_buffer* buffer, std::uint32_t* index,
                                     simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = need(index, "index");
        return store(out, need(import, "import").import.index_of(need(buffer, "buffer")));
    });
}
