// SPDX-License-Identifier: MIT
// Devices that join a buffer late: what real drivers make of the answers.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <simplealloc/simplealloc.hpp>

using namespace simplealloc;

namespace {

Allocator open_allocator() {
    auto allocator = Allocator::open();
    REQUIRE(allocator);
    return *std::move(allocator);
}

DeviceUse use_of(const Allocator& allocator, const std::string& path, Use use) {
    auto device = allocator.device(path);
    INFO(path);
    REQUIRE(device);
    return {*std::move(device), use, {}};
}

/// A picture for the vivid device whose queue takes any memory.
Buffer scattered_picture(const Allocator& allocator) {
    auto buffer = allocator.allocate(
        Request::image(640, 360, fourcc::xrgb8888)
            .use(use_of(allocator, guest::video("vivid-001-vid-cap"), Use::capture)));
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    REQUIRE(buffer->source() == "dma-heap:system");
    return *std::move(buffer);
}

Check check(const Allocator& allocator, const Buffer& buffer, const DeviceUse& use,
            bool replaceable = true) {
    CheckOptions options;
    options.replaceable = replaceable;
    options.borrow_idle_queues = true;
    auto answer = allocator.check(buffer, use, options);
    INFO((answer ? "" : answer.error().message()));
    REQUIRE(answer);
    return *std::move(answer);
}

Buffer allocate(const Allocator& allocator, const Plan& plan) {
    AllocateOptions options;
    options.borrow_idle_queues = true;
    auto buffer = allocator.allocate(plan, options);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    return *std::move(buffer);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "a display that joins imports a camera's buffer as it is",
                 "[full]") {
    const Allocator allocator = open_allocator();
    const Buffer buffer = scattered_picture(allocator);
    const Check answer =
        check(allocator, buffer, use_of(allocator, guest::card("vkms"), Use::scanout));
    INFO(answer.reason);
    CHECK(answer.verdict == Verdict::import_as_is);
    REQUIRE(answer.verified);
    CHECK(answer.verified->imported == std::optional(true));
    CHECK(answer.verified->how.find("AddFB2") != std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a device that joins and needs contiguous memory has the buffer reallocated from "
                 "the CMA heap, which both then import",
                 "[full]") {
    const Allocator allocator = open_allocator();
    const Buffer buffer = scattered_picture(allocator);
    const std::string path = guest::video("vivid-000-vid-cap");
    const Check answer = check(allocator, buffer, use_of(allocator, path, Use::capture));
    INFO(answer.reason);
    REQUIRE(answer.verdict == Verdict::reallocate);
    CHECK(answer.reason == "pages are scattered; " + path +
                               " (capture) needs contiguous memory; a buffer from "
                               "dma-heap:reserved serves all uses");
    REQUIRE(answer.objections.size() == 1);
    CHECK(answer.objections[0].constraint == ConstraintKind::contiguity);
    const Buffer shared = allocate(allocator, *answer.reallocate);
    CHECK(shared.source() == "dma-heap:reserved");
    REQUIRE(shared.verified().size() == 2);
    for (const Verification& verified : shared.verified()) {
        INFO(verified.device << ": " << verified.reason);
        CHECK(verified.imported == std::optional(true));
    }
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a buffer that can't be replaced is copied by the CPU into memory that the device "
                 "which joins imports",
                 "[full]") {
    const Allocator allocator = open_allocator();
    const Buffer buffer = scattered_picture(allocator);
    {
        auto pixels = buffer.map(Access::write);
        REQUIRE(pixels);
        std::fill(pixels->bytes().begin(), pixels->bytes().end(), std::byte{0x5a});
        REQUIRE(pixels->finish());
    }
    const Check answer =
        check(allocator, buffer, use_of(allocator, guest::video("vivid-000-vid-cap"), Use::capture),
              false);
    INFO(answer.reason);
    REQUIRE(answer.verdict == Verdict::copy);
    const Buffer copy = allocate(allocator, *answer.copy);
    CHECK(copy.source() == "dma-heap:reserved");
    CHECK(copy.verified()[0].imported == std::optional(true));
    const auto from = buffer.map(Access::read);
    auto to = copy.map(Access::read_write);
    REQUIRE(from);
    REQUIRE(to);
    REQUIRE(copy.planes()[0] == buffer.planes()[0]);
    const auto length = static_cast<std::size_t>(buffer.planes()[0].size);
    std::copy_n(from->bytes().begin(), length, to->bytes().begin());
    CHECK(std::equal(from->bytes().begin(), from->bytes().begin() + static_cast<long>(length),
                     to->bytes().begin()));
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "of a buffer whose memory nobody knows, a test import has the last word",
                 "[full]") {
    const Allocator allocator = open_allocator();
    const Buffer buffer = scattered_picture(allocator);
    ForeignBuffer foreign;
    foreign.layout = buffer.layout();
    foreign.dmabufs = {buffer.dmabufs()[0].fd};
    // What is true of neither.
    foreign.contiguous = true;
    foreign.max_address = 0x7fffffff;
    const auto adopted = allocator.adopt(foreign);
    REQUIRE(adopted);
    const Check answer = check(allocator, *adopted,
                               use_of(allocator, guest::video("vivid-000-vid-cap"), Use::capture));
    INFO(answer.reason);
    CHECK(answer.verdict == Verdict::reallocate);
    REQUIRE(answer.objections.size() == 1);
    CHECK(answer.objections[0].constraint == ConstraintKind::attach);
    CHECK(answer.objections[0].reason.find("not contiguous enough") != std::string::npos);
}
