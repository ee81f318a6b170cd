// SPDX-License-Identifier: MIT
// What devices refused is remembered until something is hotplugged, and not a moment longer.
#include "lib/allocate/refusals.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_kernel.hpp"

using namespace simplealloc;
using test::FakeKernel;

namespace {

Refusals::Refusal refusal(const std::string& source) {
    return {source, "XR24/LINEAR/1 dma-bufs/2^12", "v4l2:video0", "/dev/video0 (capture)",
            "can't map it"};
}

std::vector<std::string> sources(Refusals& refusals) {
    std::vector<std::string> names;
    for (const Refusals::Refusal& one : *refusals.current())
        names.push_back(one.source);
    return names;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("a refusal is remembered until something is hotplugged") {
    FakeKernel kernel;
    kernel.add_file("/sys/kernel/uevent_seqnum", "100\n");
    Refusals refusals;
    CHECK(sources(refusals).empty());
    refusals.remember(refusal("udmabuf"));
    refusals.remember(refusal("dma-heap:system"));
    CHECK(sources(refusals) == Names{"udmabuf", "dma-heap:system"});
    SECTION("as the kernel counts") {
        kernel.add_file("/sys/kernel/uevent_seqnum", "101\n");
    }
    SECTION("as an event says") {
        refusals.forget();
    }
    CHECK(sources(refusals).empty());
    refusals.remember(refusal("ion:system"));
    CHECK(sources(refusals) == Names{"ion:system"});
}

TEST_CASE("the latest refusals are remembered, each once") {
    FakeKernel kernel;
    Refusals refusals;
    for (int i = 0; i < 1000; ++i) {
        refusals.remember(refusal("dma-heap:" + std::to_string(i)));
        refusals.remember(refusal("dma-heap:999"));
    }
    const Names names = sources(refusals);
    REQUIRE(names.size() == Refusals::most);
    CHECK(names.front() == "dma-heap:" + std::to_string(1000 - Refusals::most));
    CHECK(names.back() == "dma-heap:999");
}

TEST_CASE("who reads what is remembered copies none of it") {
    FakeKernel kernel;
    Refusals refusals;
    refusals.remember(refusal("udmabuf"));
    const auto before = refusals.current();
    CHECK(refusals.current() == before);
    refusals.remember(refusal("ion:system"));
    CHECK(before->size() == 1);
    CHECK(refusals.current()->size() == 2);
}
