// SPDX-License-Identifier: MIT
// The C API while memory runs out: each allocation in turn is the first that fails, and all after
// it.
#include "tests/support/c_objects.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <limits>
#include <new>
#include <string_view>

using namespace simplealloc::test;

namespace {

constexpr std::size_t plenty = std::numeric_limits<std::size_t>::max();
/// How many allocations still succeed.
thread_local std::size_t allocations_left = plenty;

void* allocate(std::size_t size, std::size_t alignment) {
    if (allocations_left != plenty && allocations_left-- == 0) {
        allocations_left = 0;
        throw std::bad_alloc();
    }
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

/// Calls with ever more memory until that is enough. Returns how often it was not.
std::size_t until_it_works(const std::function<int(simplealloc_error**)>& call) {
    for (std::size_t enough = 0;; ++enough) {
        simplealloc_error* error = nullptr;
        allocations_left = enough;
        const int code = call(&error);
        const bool failed_once = allocations_left == 0;
        allocations_left = plenty;
        if (code >= 0) {
            REQUIRE(error == nullptr);
            return enough;
        }
        INFO("allocation " << enough + 1);
        REQUIRE(failed_once);
        REQUIRE(code == -ENOMEM);
        REQUIRE(error);
        CHECK(error->code == -ENOMEM);
        CHECK(error->cause == SIMPLEALLOC_CAUSE_EXHAUSTED);
        CHECK(length(error->attempts) == 0);
        simplealloc_error_free(error);
    }
}

} // namespace

void* operator new(std::size_t size) {
    return allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
// Sorting asks so; a sanitizer's own one would not fit the operators below.
void* operator new(std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
    try {
        return operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
    std::free(memory);
}

TEST_CASE("values of C are made whole or not at all") {
    const std::uint64_t modifiers[] = {0};
    simplealloc_format_support format = SIMPLEALLOC_FORMAT_SUPPORT_INIT;
    format.fourcc = SIMPLEALLOC_FOURCC('N', 'V', '1', '2');
    format.modifier_count = 1;
    format.modifiers = modifiers;
    const simplealloc_format_support* const formats[] = {&format, nullptr};
    simplealloc_capability_set set = SIMPLEALLOC_CAPABILITY_SET_INIT;
    set.formats = formats;
    set.label = "a label that is longer than a short string";
    const simplealloc_capability_set* const sets[] = {&set, nullptr};

    CDevice device;
    simplealloc_device_description description = SIMPLEALLOC_DEVICE_DESCRIPTION_INIT;
    int released = 0;
    description.name = "a device whose name is longer than a short string";
    description.alternatives = sets;
    description.data = &released;
    description.verify = [](const simplealloc_buffer*, void*) { return 0; };
    description.release = [](void* data) { ++*static_cast<int*>(data); };
    CHECK(until_it_works([&](simplealloc_error** error) {
              return simplealloc_device_describe(&description, device.out(), error);
          }) > 5);
    CHECK(released == 0);

    Owned<simplealloc_message, simplealloc_message_free> message;
    CHECK(until_it_works([&](simplealloc_error** error) {
              return simplealloc_wire_encode(sets, message.out(), error);
          }) > 0);
    CCapabilities back;
    CHECK(until_it_works([&](simplealloc_error** error) {
              return simplealloc_wire_decode(message->data, message->size, back.out(), error);
          }) > 0);
    CHECK(back->sets[0]->label == std::string_view(set.label));
    device.out();
    CHECK(released == 1);
}

TEST_CASE("an error that can't be told in full is told in short") {
    simplealloc_error* error = nullptr;
    allocations_left = 0;
    const int code = simplealloc_allocator_open(nullptr, nullptr, &error);
    allocations_left = plenty;
    CHECK(code == -ENOMEM);
    REQUIRE(error);
    CHECK(error->message == std::string_view("this process has no memory left"));
    simplealloc_error_free(error);
    CHECK(simplealloc_allocator_open(nullptr, nullptr, nullptr) == -EINVAL);
}

TEST_CASE("a plan for which there is no memory is no plan") {
    HeapMachine machine;
    CError error;
    CAllocator allocator;
    expect(simplealloc_allocator_open(nullptr, allocator.out(), error.out()), error);
    CRequest request;
    request.fields.bytes = 4096;
    CPlan plan;
    CHECK(until_it_works([&](simplealloc_error** out) {
              return simplealloc_allocator_plan(allocator, request, plan.out(), out);
          }) > 100);
    CHECK(length(simplealloc_plan_get_candidates(plan)) == 2);
}

TEST_CASE("what C is told of a plan is made when it is asked for") {
    HeapMachine machine;
    CError error;
    CAllocator allocator;
    expect(simplealloc_allocator_open(nullptr, allocator.out(), error.out()), error);
    CRequest request;
    request.fields.bytes = 4096;
    CPlan plan;
    expect(simplealloc_allocator_plan(allocator, request, plan.out(), error.out()), error);
    allocations_left = 0;
    const std::size_t told = length(simplealloc_plan_get_candidates(plan));
    const simplealloc_request* const fields = simplealloc_plan_get_request(plan);
    allocations_left = plenty;
    CHECK(told == 0);
    CHECK(fields == nullptr);
    const auto* const candidates = simplealloc_plan_get_candidates(plan);
    CHECK(length(candidates) == 2);
    CHECK(simplealloc_plan_get_candidates(plan) == candidates);
    CHECK(simplealloc_plan_get_request(plan)->bytes == 4096);
}

TEST_CASE("what a buffer of C consists of is there without memory, what is told of it later") {
    HeapMachine machine;
    CError error;
    CAllocator allocator;
    CBuffer buffer;
    CRequest request;
    request.fields.bytes = 4096;
    expect(simplealloc_allocator_open(nullptr, allocator.out(), error.out()), error);
    expect(simplealloc_allocator_allocate_request(allocator, request, nullptr, buffer.out(),
                                                  error.out()),
           error);
    allocations_left = 0;
    const std::size_t told = length(simplealloc_buffer_get_facts(buffer));
    const std::size_t dmabufs = length(simplealloc_buffer_get_dmabufs(buffer));
    const simplealloc_layout* const layout = simplealloc_buffer_get_layout(buffer);
    allocations_left = plenty;
    CHECK(told == 0);
    CHECK(dmabufs == 1);
    CHECK(layout->dmabuf_count == 1);
    const auto* const facts = simplealloc_buffer_get_facts(buffer);
    CHECK(length(facts) > 0);
    CHECK(simplealloc_buffer_get_facts(buffer) == facts);
}
