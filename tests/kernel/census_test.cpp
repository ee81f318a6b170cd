// SPDX-License-Identifier: MIT
// What counts leaks must see them.
#include "tests/kernel/census.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <fcntl.h>
#include <optional>
#include <simplealloc/simplealloc.hpp>
#include <sys/mman.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

using namespace simplealloc;
using guest::Census;

TEST_CASE_METHOD(guest::NothingLeft,
                 "the census sees a descriptor, a dma-buf, a mapping and a GEM handle", "[full]") {
    const UniqueFd card = UniqueFd::adopt(open(guest::card("vkms").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(card);
    const Census nothing;

    auto buffer = Allocator::open()->allocate(Request::bytes(4096).cpu(CpuAccess::write));
    REQUIRE(buffer);
    const Census allocated;
    CHECK(allocated.descriptors == nothing.descriptors + 1);
    CHECK(allocated.dmabufs == nothing.dmabufs + 1);

    std::optional<Mapping> mapping = *buffer->map(Access::read);
    const Census mapped;
    CHECK(mapped.mappings == nothing.mappings + 1);
    mapping.reset();

    std::uint32_t handle = 0;
    REQUIRE(drmPrimeFDToHandle(card.get(), buffer->dmabufs()[0].fd, &handle) == 0);
    const Census imported;
    CHECK(imported.gem_handles != nothing.gem_handles);
    REQUIRE(drmCloseBufferHandle(card.get(), handle) == 0);

    (void)buffer->release();
    CHECK(guest::settle(nothing) == nothing);
}
