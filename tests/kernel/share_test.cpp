// SPDX-License-Identifier: MIT
// Buffers between processes, with real dma-bufs.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <array>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace simplealloc;
using namespace std::chrono_literals;

namespace {

std::array<share::Channel, 2> connect(int type) {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) == 0);
    auto first = share::Channel::open(UniqueFd::adopt(fds[0]));
    auto second = share::Channel::open(UniqueFd::adopt(fds[1]));
    REQUIRE((first && second));
    return {*std::move(first), *std::move(second)};
}

Buffer allocate() {
    auto buffer = Allocator::open()->allocate(
        Request::image(640, 480, fourcc::nv12).cpu(CpuAccess::read_often));
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    return *std::move(buffer);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft,
                 "a process in a user namespace without device nodes receives a buffer, maps it "
                 "and gives it back",
                 "[stock][full]") {
    const auto ran = guest::run({"share_between_processes"});
    INFO(ran.output << ran.errors);
    CHECK(ran.status == 0);
    CHECK(ran.output.find("worker: no device nodes; received 640x480 XR24 from ") !=
          std::string::npos);
    CHECK(ran.output.find("the same dma-buf came back, its pixels are the worker's") !=
          std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft, "what arrives is the same dma-buf with the same layout",
                 "[stock][full]") {
    const int type = GENERATE(SOCK_STREAM, SOCK_SEQPACKET);
    auto ends = connect(type);
    const Buffer sent = allocate();
    REQUIRE(ends[0].send(sent, 5s));
    const auto got = ends[1].receive(5s);
    INFO((got ? "" : got.error().message()));
    REQUIRE(got);
    CHECK(got->is_same(sent));
    CHECK(got->info()->inode == sent.info()->inode);
    CHECK(got->layout() == sent.layout());
    CHECK(got->source() == sent.source());
    CHECK_FALSE(got->is_same(allocate()));
    auto pixels = got->map(Access::write);
    REQUIRE(pixels);
    pixels->bytes()[0] = std::byte{42};
    REQUIRE(pixels->finish());
    CHECK(sent.map(Access::read)->bytes()[0] == std::byte{42});
}

TEST_CASE_METHOD(guest::NothingLeft, "a memfd is not taken for a dma-buf", "[stock][full]") {
    const Buffer buffer = allocate();
    const UniqueFd memfd = UniqueFd::adopt(::memfd_create("stranger", MFD_CLOEXEC));
    REQUIRE(::ftruncate(memfd.get(), 1 << 20) == 0);
    const auto parcel = share::pack(buffer);
    REQUIRE(parcel);
    std::vector<UniqueFd> fds;
    fds.push_back(*UniqueFd::dup(memfd.get()));
    CHECK(share::unpack(parcel->bytes, std::move(fds)).error().cause == Cause::invalid);
    CHECK(Buffer::import(std::array{memfd.get()}, buffer.layout()).error().cause == Cause::invalid);
}
