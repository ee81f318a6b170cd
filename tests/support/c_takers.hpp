// SPDX-License-Identifier: MIT
// For each struct that begins with its size, a function of the C API that takes it.
#pragma once

#include "tests/support/c_world.hpp"

#include <array>

namespace simplealloc::test {

/// A struct and a function that takes it; what is handed out is freed.
/// @{
inline int take(CWorld& w, const simplealloc_capability_set* set) {
    const std::array<const simplealloc_capability_set*, 2> sets = {set, nullptr};
    Owned<simplealloc_message, simplealloc_message_free> out;
    return simplealloc_wire_encode(sets.data(), out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_constraints* constraints) {
    simplealloc_capability_set set = SIMPLEALLOC_CAPABILITY_SET_INIT;
    set.constraints = constraints;
    return take(w, &set);
}
inline int take(CWorld& w, const simplealloc_format_support* format) {
    const std::array<const simplealloc_format_support*, 2> formats = {format, nullptr};
    simplealloc_capability_set set = SIMPLEALLOC_CAPABILITY_SET_INIT;
    set.formats = formats.data();
    return take(w, &set);
}
inline int take(CWorld& w, const simplealloc_evidence* evidence) {
    const std::array<const simplealloc_evidence*, 2> list = {evidence, nullptr};
    simplealloc_capability_set set = SIMPLEALLOC_CAPABILITY_SET_INIT;
    set.evidence = list.data();
    return take(w, &set);
}
inline int take(CWorld& w, const simplealloc_allocator_options* options) {
    CAllocator out;
    return simplealloc_allocator_open(options, out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_allocate_options* options) {
    CBuffer out;
    return simplealloc_allocator_allocate(w.allocator, w.plan, options, out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_pool_options* options) {
    Owned<simplealloc_pool, simplealloc_pool_free> out;
    return simplealloc_pool_create(w.allocator, w.plan, options, out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_check_options* options) {
    Owned<simplealloc_check, simplealloc_check_free> out;
    simplealloc_device_use use = SIMPLEALLOC_DEVICE_USE_INIT;
    use.device = w.npu;
    use.use = SIMPLEALLOC_USE_READ;
    return simplealloc_allocator_check(w.allocator, w.buffer, &use, options, out.out(),
                                       w.error.out());
}
inline int take(CWorld& w, const simplealloc_foreign_buffer* foreign) {
    CBuffer out;
    return simplealloc_allocator_adopt(w.allocator, foreign, out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_device_description* description) {
    CDevice out;
    return simplealloc_device_describe(description, out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_device_use* use) {
    CSetup out;
    return simplealloc_buffer_setup_for(w.buffer, use, out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_request* request) {
    CPlan out;
    return simplealloc_allocator_plan(w.allocator, request, out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_dmabuf_feedback* feedback) {
    CCapabilities out;
    return simplealloc_capabilities_from_dmabuf_feedback(feedback, out.out(), w.error.out());
}
inline int take(CWorld& w, const simplealloc_layout* layout) {
    CBuffer out;
    const int fd = simplealloc_buffer_get_dmabufs(w.buffer)[0]->fd;
    return simplealloc_buffer_import(&fd, 1, layout, out.out(), w.error.out());
}
/// @}

} // namespace simplealloc::test
