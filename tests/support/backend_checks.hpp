// SPDX-License-Identifier: MIT
// What every backend is held to, whatever it allocates from.
#pragma once

#include "lib/source/backend.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <string>

namespace simplealloc::test {

/// `size` plain bytes in one dma-buf.
inline AllocationSpec bytes_spec(std::uint64_t size) {
    AllocationSpec spec;
    spec.layout.planes = {{0, 0, 0, size}};
    spec.layout.dmabuf_sizes = {(size + 4095) / 4096 * 4096};
    spec.name = "test";
    return spec;
}

inline std::vector<SourceRecord> sources_of(const Backend& backend, DeviceRecord record) {
    const std::vector<std::shared_ptr<const DeviceRecord>> devices{
        std::make_shared<const DeviceRecord>(std::move(record))};
    return backend.find(devices);
}

inline SourceRecord only_source_of(const Backend& backend, DeviceRecord record) {
    auto found = sources_of(backend, std::move(record));
    REQUIRE(found.size() == 1);
    return std::move(found[0]);
}

/// An XRGB8888 image without padding.
inline AllocationSpec image_spec(std::uint32_t width, std::uint32_t height) {
    const std::uint64_t size = std::uint64_t{width} * 4 * height;
    AllocationSpec spec = bytes_spec(size);
    spec.layout.width = width;
    spec.layout.height = height;
    spec.layout.fourcc = fourcc::xrgb8888;
    spec.layout.modifier = Modifier::linear();
    spec.layout.planes = {{0, 0, std::uint64_t{width} * 4, size}};
    return spec;
}

/// An NV12 image, packed or with a dma-buf for each plane.
inline AllocationSpec nv12_spec(std::uint32_t width, std::uint32_t height, Placement placement) {
    const std::uint64_t luma = std::uint64_t{width} * height;
    const bool apart = placement == Placement::per_plane;
    AllocationSpec spec = bytes_spec(apart ? luma : luma * 3 / 2);
    spec.layout.width = width;
    spec.layout.height = height;
    spec.layout.fourcc = fourcc::nv12;
    spec.layout.modifier = Modifier::linear();
    spec.layout.placement = placement;
    spec.layout.planes = {{0, 0, width, luma},
                          {apart ? 1U : 0U, apart ? 0 : luma, width, luma / 2}};
    if (apart)
        spec.layout.dmabuf_sizes.push_back((luma / 2 + 4095) / 4096 * 4096);
    return spec;
}

/// Lets each system call of an allocation fail in turn, with an errno that has one meaning
/// everywhere, until none is left to fail. Whatever fails: the errno is reported, with its cause
/// and a stage after planning, and nothing is left. `optional` is true for calls that the backend
/// can do without.
template <typename Optional>
void fail_each_syscall(FakeKernel& fake, const SourceRecord& source, const AllocationSpec& spec,
                       Optional&& optional) {
    const Backend* backend = find_backend(source.input.backend);
    REQUIRE(backend != nullptr);
    const Census before = fake.census();
    unsigned failed = 0;
    for (unsigned n = 1; n < 200; ++n) {
        fake.clear_failures();
        fake.clear_calls();
        fake.fail_nth_syscall(n, EMFILE);
        const auto buffer = backend->allocate(source, spec);
        if (!fake.failed()) {
            REQUIRE(buffer);
            REQUIRE(failed > 0);
            break;
        }
        const FakeCall call = fake.calls()[n - 1];
        INFO("system call " << n << ": " << call.name << " " << call.object << " " << std::hex
                            << call.request);
        if (!buffer) {
            ++failed;
            CHECK(buffer.error().cause == Cause::fd_limit);
            CHECK(buffer.error().sys_errno == EMFILE);
            CHECK((buffer.error().stage == Stage::open || buffer.error().stage == Stage::allocate ||
                   buffer.error().stage == Stage::export_fd ||
                   buffer.error().stage == Stage::layout));
            CHECK_FALSE(buffer.error().object.empty());
            CHECK(fake.census() == before);
        } else {
            CHECK((call.name == "close" || optional(call)));
        }
        REQUIRE(n < 199);
    }
    fake.clear_failures();
    CHECK(fake.census() == before);
    CHECK(fake.errors() == std::vector<std::string>{});
}

inline void fail_each_syscall(FakeKernel& fake, const SourceRecord& source,
                              const AllocationSpec& spec) {
    fail_each_syscall(fake, source, spec, [](const FakeCall&) { return false; });
}

/// The cause that the backend gives to an errno of one call.
inline Cause cause_when(FakeKernel& fake, const SourceRecord& source, const AllocationSpec& spec,
                        const FakeTarget& target, int sys_errno) {
    fake.clear_failures();
    fake.fail(target, 0, sys_errno);
    const auto buffer = find_backend(source.input.backend)->allocate(source, spec);
    fake.clear_failures();
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().sys_errno == sys_errno);
    return buffer.error().cause;
}

inline const Fact* find_fact(const SourceRecord& source, const std::string& name) {
    for (const Fact& fact : source.facts)
        if (fact.name == name)
            return &fact;
    return nullptr;
}

} // namespace simplealloc::test
