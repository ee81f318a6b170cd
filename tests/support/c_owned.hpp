// SPDX-License-Identifier: MIT
// Objects of the C API that tests need not free.
#pragma once

#include <simplealloc/simplealloc.h>

#include <cstddef>

namespace simplealloc::test {

template <typename T, void (*Free)(T*)>
class Owned {
public:
    Owned() = default;
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() { Free(object_); }

    /// For a function that hands one out.
    T** out() {
        Free(object_);
        object_ = nullptr;
        return &object_;
    }
    operator T*() const { return object_; }
    T* operator->() const { return object_; }

private:
    T* object_ = nullptr;
};

using CError = Owned<simplealloc_error, simplealloc_error_free>;
using CAllocator = Owned<simplealloc_allocator, simplealloc_allocator_free>;
using CDevice = Owned<simplealloc_device, simplealloc_device_free>;
using CRequest = Owned<simplealloc_request, simplealloc_request_free>;
using CPlan = Owned<simplealloc_plan, simplealloc_plan_free>;
using CBuffer = Owned<simplealloc_buffer, simplealloc_buffer_free>;
using CFence = Owned<simplealloc_fence, simplealloc_fence_free>;
using CSetup = Owned<simplealloc_setup, simplealloc_setup_free>;
using CCapabilities = Owned<simplealloc_capabilities, simplealloc_capabilities_free>;

/// Of a list that ends with NULL.
template <typename T>
std::size_t length(const T* const* list) {
    std::size_t count = 0;
    while (list[count] != nullptr)
        ++count;
    return count;
}

} // namespace simplealloc::test
