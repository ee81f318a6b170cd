// SPDX-License-Identifier: MIT
// The udmabuf backend: its limit, and every way in which an allocation ends.
#include "tests/support/backend_checks.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/udmabuf.h>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

constexpr const char* limit_path = "/sys/module/udmabuf/parameters/size_limit_mb";

const Backend& backend() {
    return *find_backend("udmabuf");
}

std::vector<SourceRecord> sources() {
    return backend().find({});
}

} // namespace

TEST_CASE("udmabuf is one source of scattered, cached, zeroed memory up to its limit") {
    FakeKernel fake;
    add_udmabuf(fake, 64);
    const auto found = sources();
    REQUIRE(found.size() == 1);
    CHECK(found[0].input.name == "udmabuf");
    const solver::Offer& offer = found[0].input.offer;
    CHECK(offer.contiguity == solver::OfferContiguity::scattered);
    CHECK(offer.caching == solver::CpuCaching::cached);
    CHECK(offer.zeroed == true);
    CHECK(offer.sync_effective);
    CHECK(offer.max_size == 64U << 20U);
    CHECK(offer.max_size_reason == "size_limit_mb of udmabuf is 64 MiB");
    CHECK(offer.max_size_remedy == std::string("raise it to N MiB: echo N > ") + limit_path +
                                       ", or boot with udmabuf.size_limit_mb=N");
    CHECK(find_fact(found[0], "max-size")->origin == limit_path);
    CHECK(find_fact(found[0], "list-limit")->value == "1024");
    CHECK(fake.count("open") == 0);
}

TEST_CASE("a kernel without udmabuf has no such source, a container without udev has") {
    FakeKernel fake;
    CHECK(sources().empty());
    fake.udev_error = -ENOENT;
    add_udmabuf(fake);
    CHECK(sources().size() == 1);
}

TEST_CASE("the node is looked up by its name, not among all of its class") {
    FakeKernel fake;
    add_udmabuf(fake);
    REQUIRE(sources().size() == 1);
    std::vector<std::string> asked;
    for (const FakeCall& call : fake.calls())
        if (call.name == "udev")
            asked.push_back(call.object);
    CHECK(asked == std::vector<std::string>{"misc:udmabuf"});
}

TEST_CASE("a udmabuf without readable limit has none that is known") {
    FakeKernel fake;
    add_udmabuf(fake);
    fake.remove("/sys/module/udmabuf");
    CHECK(sources().at(0).input.offer.max_size == no_limit);
    CHECK(find_fact(sources().at(0), "max-size") == nullptr);
}

TEST_CASE("who is not in the node's group gets the remedy") {
    FakeKernel fake;
    add_udmabuf(fake);
    fake.root = false;
    const auto found = sources();
    CHECK_FALSE(found.at(0).input.usable);
    const auto buffer = backend().allocate(found[0], bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::denied);
    CHECK_FALSE(buffer.error().remedy.empty());
}

TEST_CASE("a udmabuf is page-rounded, its memfd is sealed, named and closed") {
    FakeKernel fake;
    add_udmabuf(fake);
    AllocationSpec spec = bytes_spec(5000);
    spec.layout.dmabuf_sizes = {5000};
    spec.name = "preview";
    const auto buffer = backend().allocate(sources().at(0), spec);
    REQUIRE(buffer);
    CHECK(buffer->layout->dmabuf_sizes == std::vector<std::uint64_t>{8192});
    CHECK(fake.census() == Census{.fds = 1, .dmabufs = 1});
    const auto memfd =
        std::static_pointer_cast<FakeMemfd>(fake.dmabuf(buffer->dmabufs[0].get())->backing);
    CHECK(memfd->name == "preview");
    CHECK(memfd->seals == F_SEAL_SHRINK);
}

TEST_CASE("a name longer than a memfd may have is cut") {
    FakeKernel fake;
    add_udmabuf(fake);
    AllocationSpec spec = bytes_spec(4096);
    spec.name = std::string(1000, 'n');
    CHECK(backend().allocate(sources().at(0), spec));
    CHECK(fake.count("memfd") == 1);
    for (const FakeCall& call : fake.calls())
        if (call.name == "memfd")
            CHECK(call.object.size() == 249);
}

TEST_CASE("what udmabuf refuses above its limit is explained by the limit") {
    FakeKernel fake;
    add_udmabuf(fake, 64);
    const auto buffer = backend().allocate(sources().at(0), bytes_spec(100U << 20U));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::limit);
    CHECK(buffer.error().sys_errno == EINVAL);
    CHECK(buffer.error().detail == "100 MiB wanted, size_limit_mb of udmabuf is 64 MiB");
    CHECK(buffer.error().remedy == std::string("raise it: echo 100 > ") + limit_path);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a limit that is lowered between the look and the call is still the limit") {
    FakeKernel fake;
    add_udmabuf(fake, 64);
    const SourceRecord source = sources().at(0);
    // open, memfd, truncate, add_seals, then the ioctl.
    fake.before_nth_syscall(5, [&] { fake.add_file(limit_path, "1\n"); });
    const auto buffer = backend().allocate(source, bytes_spec(2U << 20U));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::limit);
    CHECK(buffer.error().sys_errno == EINVAL);
    CHECK(fake.count(UDMABUF_CREATE) == 1);
    CHECK(fake.census() == Census{});
}

TEST_CASE("sizes near the end of 64 bits are above the limit, not wrapped around") {
    FakeKernel fake;
    add_udmabuf(fake, 64);
    AllocationSpec spec = bytes_spec(4096);
    spec.layout.dmabuf_sizes = {UINT64_MAX - 10};
    const auto buffer = backend().allocate(sources().at(0), spec);
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::limit);
}

TEST_CASE("a udmabuf allocation leaves nothing, whichever system call fails") {
    FakeKernel fake;
    add_udmabuf(fake);
    // Without the limit's file the kernel has the last word.
    fail_each_syscall(fake, sources().at(0), nv12_spec(64, 48, Placement::per_plane),
                      [](const FakeCall& call) { return call.name == "read_file"; });
}

TEST_CASE("each errno of udmabuf has its cause") {
    FakeKernel fake;
    add_udmabuf(fake);
    const SourceRecord source = sources().at(0);
    const auto row = GENERATE(table<int, Cause>({
        {ENOMEM, Cause::exhausted},
        {EINVAL, Cause::our_bug},
        {EBADFD, Cause::our_bug},
        {EACCES, Cause::denied},
        {ENOTTY, Cause::unsupported},
        {EMFILE, Cause::fd_limit},
        {EINTR, Cause::interrupted},
    }));
    CHECK(cause_when(fake, source, bytes_spec(4096), UDMABUF_CREATE, std::get<0>(row)) ==
          std::get<1>(row));
    CHECK(cause_when(fake, source, bytes_spec(4096), "memfd", ENOSYS) == Cause::unsupported);
    CHECK(cause_when(fake, source, bytes_spec(4096), "truncate", EFBIG) == Cause::limit);
    CHECK(cause_when(fake, source, bytes_spec(4096), "open", ENODEV) == Cause::gone);
}
