// SPDX-License-Identifier: MIT
// Objects of the C API that tests need not free.
#pragma once

#include <simplealloc/simplealloc.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

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
using CPlan = Owned<simplealloc_plan, simplealloc_plan_free>;
using CBuffer = Owned<simplealloc_buffer, simplealloc_buffer_free>;
using CFence = Owned<simplealloc_fence, simplealloc_fence_free>;
using CTimeline = Owned<simplealloc_timeline, simplealloc_timeline_free>;
using CSetup = Owned<simplealloc_setup, simplealloc_setup_free>;
using CCapabilities = Owned<simplealloc_capabilities, simplealloc_capabilities_free>;

/// A request with the lists that it points to.
class CRequest {
public:
    simplealloc_request fields = SIMPLEALLOC_REQUEST_INIT;

    void make_image(std::uint32_t width, std::uint32_t height, std::uint32_t fourcc) {
        fields = SIMPLEALLOC_REQUEST_INIT;
        fields.width = width;
        fields.height = height;
        fields.fourcc = fourcc;
        uses_.assign(1, nullptr);
        without_.assign(1, nullptr);
    }
    void add_use(const simplealloc_device_use& use) {
        uses_.insert(uses_.end() - 1, &kept_.emplace_back(use));
        fields.uses = uses_.data();
    }
    void add_use(const simplealloc_device* device, simplealloc_use use) {
        simplealloc_device_use out = SIMPLEALLOC_DEVICE_USE_INIT;
        out.device = device;
        out.use = use;
        add_use(out);
    }
    void add_without(const std::string& backend_or_source) {
        without_.insert(without_.end() - 1, texts_.emplace_back(backend_or_source).c_str());
        fields.without = without_.data();
    }
    operator const simplealloc_request*() const { return &fields; }

private:
    std::deque<simplealloc_device_use> kept_;
    std::deque<std::string> texts_;
    std::vector<const simplealloc_device_use*> uses_ = {nullptr};
    std::vector<const char*> without_ = {nullptr};
};

/// Of a list that ends with NULL.
template <typename T>
std::size_t length(const T* const* list) {
    std::size_t count = 0;
    while (list[count] != nullptr)
        ++count;
    return count;
}

} // namespace simplealloc::test
