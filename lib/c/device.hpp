// SPDX-License-Identifier: MIT
// Devices and uses of C.
#pragma once

#include "lib/c/arena.hpp"

#include <simplealloc/device.h>
#include <simplealloc/device.hpp>

#include <vector>

struct simplealloc_device {
    explicit simplealloc_device(simplealloc::Device what);

    struct Facts {
        explicit Facts(const simplealloc::Device& device);

        simplealloc::c::Arena arena;
        const simplealloc_fact* const* list;
    };

    simplealloc::Device device;
    simplealloc::c::Lazy<Facts> facts;
    std::vector<simplealloc_use> uses;
};

namespace simplealloc::c {

Use read_use(const simplealloc_use& use);

} // namespace simplealloc::c
