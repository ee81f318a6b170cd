// SPDX-License-Identifier: MIT
// The machine of most tests: enough memory, heaps, and what a test adds to them.
#pragma once

#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/allocator.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace simplealloc::test {

constexpr std::uint64_t mebibyte = 1U << 20U;

struct FakeMachine {
    FakeKernel kernel;
    std::shared_ptr<FakeHeap> system;
    std::shared_ptr<FakeHeap> reserved; ///< contiguous

    explicit FakeMachine(const std::vector<std::string>& heaps = {"system"}) {
        kernel.add_file("/proc/meminfo", "MemTotal:       4194304 kB\n"
                                         "MemAvailable:   2097152 kB\n"
                                         "CmaTotal:         131072 kB\n");
        for (const std::string& name : heaps)
            (name == "reserved" ? reserved : system) = add_heap(name);
    }
    std::shared_ptr<FakeHeap> add_heap(const std::string& name) {
        FakeHeap heap;
        heap.name = name;
        heap.contiguous = name == "reserved";
        return add_dma_heap(kernel, std::move(heap));
    }
    std::shared_ptr<FakeVideo> add_camera(FakeVideo camera = {}) {
        camera.m2m = false;
        return add_v4l2(kernel, std::move(camera));
    }
    std::shared_ptr<FakeDmaBuf> dmabuf(const Buffer& buffer, std::size_t index = 0) const {
        return kernel.dmabuf(buffer.dmabufs()[index].fd);
    }
};

/// Plain bytes come from the heap, or from udmabuf.
struct HeapMachine : FakeMachine {
    HeapMachine() { add_udmabuf(kernel); }
};

/// What udev knows of the node at a path.
inline udev::Node node_at(const std::string& subsystem, const std::string& path) {
    int error = 0;
    for (udev::Node& node : udev::enumerate(subsystem, error))
        if (node.devnode == path)
            return std::move(node);
    throw std::runtime_error("udev has no " + path);
}

/// Answers TRY_FMT, and leaves the rest to the device.
inline Override try_format(std::function<void(v4l2_format&)> answer) {
    return
        [answer = std::move(answer)](unsigned long request, void* argument) -> std::optional<int> {
            if (request != VIDIOC_TRY_FMT)
                return std::nullopt;
            answer(*static_cast<v4l2_format*>(argument));
            return 0;
        };
}

inline Allocator open_allocator(AllocatorOptions options = {}) {
    auto allocator = Allocator::open(std::move(options));
    INFO((allocator ? "" : allocator.error().message()));
    REQUIRE(allocator);
    return *std::move(allocator);
}

inline Buffer allocate(const Allocator& allocator, const Request& request,
                       const AllocateOptions& options = {}) {
    auto buffer = allocator.allocate(request, options);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    return *std::move(buffer);
}

/// A device that tells one alternative, and tests buffers where it has a say.
inline Device described(std::string name, const Constraints& constraints = {},
                        std::function<Result<void>(const Buffer&)> verify = {}) {
    DeviceDescription description;
    description.name = std::move(name);
    description.alternatives.emplace_back().constraints = constraints;
    description.verify = std::move(verify);
    return Device::described(std::move(description));
}

/// For the CPU alone: the heap serves it, then udmabuf.
inline RequestBuilder mebibytes_request(std::uint64_t mebibytes) {
    return Request::bytes(mebibytes * mebibyte).cpu(CpuAccess::read_often);
}

} // namespace simplealloc::test
