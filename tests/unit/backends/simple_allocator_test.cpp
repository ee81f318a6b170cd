// SPDX-License-Identifier: MIT
// The simple allocator backend: which nodes it finds, and what it makes of an errno that stands for
// everything.
#include "backends/simple_allocator.hpp"
#include "backends/uapi/simple_allocator.h"
#include "tests/support/backend_checks.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <cstddef>
#include <fcntl.h>

using namespace simplealloc;
using namespace simplealloc::test;
using solver::CpuCaching;
using solver::OfferContiguity;

static_assert(offsetof(sa_allocation_data, version) == 0);
static_assert(offsetof(sa_allocation_data, length) == 8);
static_assert(offsetof(sa_allocation_data, flags) == 16);
static_assert(offsetof(sa_allocation_data, fd) == 24);

namespace {

const Backend& backend() {
    return *find_backend("simple-allocator");
}

std::vector<SourceRecord> sources() {
    return backend().find({});
}

/// What the driver was asked for, which answers EINVAL.
sa_allocation_data asked(FakeKernel& fake, std::uint64_t size) {
    sa_allocation_data seen = {};
    const auto node = add_simple_allocator(fake);
    node->override = [&seen](unsigned long, void* argument) {
        seen = *static_cast<sa_allocation_data*>(argument);
        return -EINVAL;
    };
    AllocationSpec spec = bytes_spec(size);
    spec.layout.dmabuf_sizes = {size};
    CHECK_FALSE(backend().allocate(sources().at(0), spec));
    return seen;
}

} // namespace

TEST_CASE("nodes are found by their class, whatever their name, and not opened") {
    FakeKernel fake;
    CHECK(sources().empty());
    add_simple_allocator(fake, {.name = "cma0"});
    add_simple_allocator(fake, {.name = "cma10"});
    add_simple_allocator(fake, {.name = "cma2"});
    add_simple_allocator(fake, {.name = "tile3"});
    // The name alone makes no simple allocator.
    FakeNode other;
    other.path = "/dev/cma5";
    fake.add_node(other);
    const auto found = sources();
    REQUIRE(found.size() == 4);
    CHECK(found[0].input.name == "simple-allocator:cma0");
    CHECK(found[1].input.name == "simple-allocator:cma2");
    CHECK(found[2].input.name == "simple-allocator:cma10");
    CHECK(found[3].input.name == "simple-allocator:tile3");
    CHECK(found[0].path == "/dev/cma0");
    CHECK(found[0].input.backend == "simple-allocator");
    CHECK(found[0].input.usable);
    CHECK(fake.count("open") == 0);
}

TEST_CASE("a CMA node offers scarce contiguous memory with old data, no larger than the areas") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "CmaTotal:         131072 kB\n");
    add_simple_allocator(fake);
    const auto found = sources();
    const solver::Offer& offer = found.at(0).input.offer;
    CHECK(offer.contiguity == OfferContiguity::physical);
    CHECK(offer.caching == CpuCaching::cached);
    CHECK(offer.zeroed == false);
    CHECK(offer.scarce);
    CHECK_FALSE(offer.sync_effective);
    CHECK(offer.max_size == 128U << 20U);
    CHECK(find_fact(found[0], "contiguity")->confidence == Confidence::known);
    CHECK(find_fact(found[0], "caching")->confidence == Confidence::assumed);
    CHECK(find_fact(found[0], "zeroed")->value == "no");
    CHECK(find_fact(found[0], "mode")->value == "0600, group root");
}

TEST_CASE("nothing is guessed of a node with a name of its own") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "CmaTotal:         131072 kB\n");
    const auto name = GENERATE("tile3", "cma", "cmax", "cma0x");
    add_simple_allocator(fake, {.name = name});
    const auto found = sources();
    const solver::Offer& offer = found.at(0).input.offer;
    INFO(name);
    CHECK(offer.contiguity == OfferContiguity::unknown);
    CHECK(offer.caching == CpuCaching::unknown);
    CHECK_FALSE(offer.zeroed);
    CHECK(offer.max_size == no_limit);
    CHECK(find_fact(found[0], "contiguity")->confidence == Confidence::unknown);
}

TEST_CASE(
    "memory of a node with a name of its own comes last, and a strict request has none of it") {
    FakeKernel fake;
    add_simple_allocator(fake, {.name = "cma0"});
    add_simple_allocator(fake, {.name = "a-tile"});
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto plan = allocator->plan(Request::bytes(4096));
    REQUIRE(plan);
    REQUIRE(plan->candidates().size() == 2);
    CHECK(plan->candidates()[0].source == "simple-allocator:cma0");
    CHECK(plan->candidates()[1].unproven);
    CHECK(allocator->plan(Request::bytes(4096).strict())->candidates().size() == 1);
}

TEST_CASE("a node that this process may not open is listed with the remedy") {
    FakeKernel fake;
    add_simple_allocator(fake);
    fake.root = false;
    const auto found = sources();
    REQUIRE(found.size() == 1);
    CHECK_FALSE(found[0].input.usable);
    CHECK(found[0].input.remedy ==
          R"(add a udev rule: SUBSYSTEM=="simple_allocator", GROUP="video", MODE="0660")");
    const auto buffer = backend().allocate(found[0], bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::denied);
    CHECK(buffer.error().stage == Stage::open);
    CHECK(buffer.error().remedy == found[0].input.remedy);
}

TEST_CASE("only a 32-bit process on a 64-bit kernel needs compat ioctls") {
    CHECK(simple_allocator::needs_compat(4, "x86_64"));
    CHECK(simple_allocator::needs_compat(4, "aarch64"));
    CHECK_FALSE(simple_allocator::needs_compat(8, "x86_64"));
    CHECK_FALSE(simple_allocator::needs_compat(4, "armv7l"));
    CHECK_FALSE(simple_allocator::needs_compat(4, "i686"));
}

TEST_CASE("a program that needs compat ioctls is told so, and does not call the driver") {
    FakeKernel fake;
    fake.machine = "x86_64";
    add_simple_allocator(fake);
    const auto found = sources();
    REQUIRE(found.size() == 1);
    const bool narrow = sizeof(void*) == 4;
    CHECK(found[0].input.usable != narrow);
    CHECK((found[0].input.reason.find("compat_ioctl") != std::string::npos) == narrow);
    CHECK(found[0].input.remedy == (narrow ? "use a 64-bit build of the program" : ""));
    CHECK(fake.count("open") == 0);
}

TEST_CASE(
    "the driver is asked for whole pages, version 0 and a writable close-on-exec descriptor") {
    FakeKernel fake;
    const sa_allocation_data request = asked(fake, 5000);
    CHECK(request.version == 0);
    CHECK(request.length == 8192);
    CHECK(request.flags == (O_RDWR | O_CLOEXEC));
    CHECK(request.reserved1 == 0);
    CHECK(request.reserved2 == 0);
}

TEST_CASE("a length that does not fit once rounded is a limit, found before the call") {
    FakeKernel fake;
    add_simple_allocator(fake);
    AllocationSpec spec = bytes_spec(4096);
    spec.layout.dmabuf_sizes = {UINT64_MAX};
    const auto buffer = backend().allocate(sources().at(0), spec);
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::limit);
    CHECK(fake.count(SA_IOC_ALLOC) == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a simple allocator gives a dma-buf for each size of the layout, in either version") {
    FakeKernel fake;
    add_simple_allocator(fake, {.v1 = GENERATE(false, true)});
    AllocationSpec spec = nv12_spec(64, 48, Placement::per_plane);
    spec.layout.dmabuf_sizes = {5000, 3000};
    auto buffer = backend().allocate(sources().at(0), spec);
    REQUIRE(buffer);
    CHECK(buffer->layout->dmabuf_sizes == std::vector<std::uint64_t>{8192, 4096});
    CHECK(fake.census() == Census{.fds = 2, .dmabufs = 2});
    buffer->dmabufs.clear();
    CHECK(fake.census() == Census{});
}

TEST_CASE("EINVAL is taken for used up memory, and the first dma-buf is given back") {
    FakeKernel fake;
    const auto node = add_simple_allocator(fake);
    node->pool->capacity = 4096;
    const auto buffer =
        backend().allocate(sources().at(0), nv12_spec(64, 48, Placement::per_plane));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::exhausted);
    CHECK(buffer.error().sys_errno == EINVAL);
    CHECK(buffer.error().stage == Stage::allocate);
    CHECK_FALSE(buffer.error().remedy.empty());
    CHECK(node->pool->used == 0);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a CMA node's limit tells what a driver of the first version makes of it") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "CmaTotal:         131072 kB\n");
    add_simple_allocator(fake);
    const auto plan = Allocator::open()->plan(Request::bytes(129U << 20U));
    REQUIRE(plan);
    REQUIRE(plan->rejections().size() == 1);
    CHECK(plan->rejections()[0].reason ==
          "129 MiB are needed in one dma-buf, the source gives at most 128 MiB: the CMA areas hold "
          "128 MiB, of which a driver of the first version gives no more than 32 KiB, since it "
          "takes 4096 times what it is asked");
}

TEST_CASE("a driver of the first version that takes 4096 times what it is asked is found out") {
    FakeKernel fake;
    fake.add_file("/proc/meminfo", "CmaTotal:         131072 kB\n");
    const auto node = add_simple_allocator(fake, {.v1 = true});
    node->pool->capacity = 128U << 20U;
    const SourceRecord source = sources().at(0);
    {
        const auto all = backend().allocate(source, bytes_spec(32768));
        REQUIRE(all);
        CHECK(node->pool->used == 128U << 20U);
    }
    const auto buffer = backend().allocate(source, bytes_spec(65536));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::limit);
    CHECK(buffer.error().sys_errno == EINVAL);
    CHECK(buffer.error().detail ==
          "allocate 64 KiB: a driver of the first version takes 4096 times that, 256 MiB, and "
          "the CMA areas hold 128 MiB");
    CHECK(buffer.error().remedy == "request at most 32 KiB, or load the second version");
    CHECK(node->pool->used == 0);
    CHECK(fake.census() == Census{});
    // It may be used up all the same.
    const auto most = backend().allocate(source, bytes_spec(32768));
    REQUIRE(most);
    const auto more = backend().allocate(source, bytes_spec(4096));
    REQUIRE_FALSE(more);
    CHECK(more.error().cause == Cause::exhausted);
}

TEST_CASE("EINVAL is the descriptor limit when the node can't be opened once more") {
    FakeKernel fake;
    add_simple_allocator(fake);
    const SourceRecord source = sources().at(0);
    const int sys_errno = GENERATE(EMFILE, ENFILE);
    fake.fail(SA_IOC_ALLOC, 1, EINVAL);
    fake.fail("open", 2, sys_errno);
    const auto buffer = backend().allocate(source, bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::fd_limit);
    CHECK(buffer.error().sys_errno == EINVAL);
    CHECK(fake.census() == Census{});
}

TEST_CASE("a node that vanished after EINVAL makes no descriptor limit of it") {
    FakeKernel fake;
    add_simple_allocator(fake);
    const SourceRecord source = sources().at(0);
    fake.fail(SA_IOC_ALLOC, 1, EINVAL);
    fake.fail("open", 2, ENOENT);
    const auto buffer = backend().allocate(source, bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::exhausted);
    CHECK(fake.errors() == std::vector<std::string>{});
}

TEST_CASE("each errno of a simple allocator has its cause") {
    FakeKernel fake;
    add_simple_allocator(fake);
    const SourceRecord source = sources().at(0);
    const auto row = GENERATE(table<int, Cause>({
        {EINVAL, Cause::exhausted},
        {ENODEV, Cause::unsupported},
        {ENOTTY, Cause::unsupported},
        {EFAULT, Cause::our_bug},
        {EACCES, Cause::denied},
        {EINTR, Cause::interrupted},
        {ENOMEM, Cause::exhausted},
    }));
    CHECK(cause_when(fake, source, bytes_spec(4096), SA_IOC_ALLOC, std::get<0>(row)) ==
          std::get<1>(row));
    CHECK(cause_when(fake, source, bytes_spec(4096), "open", ENOENT) == Cause::gone);
    CHECK(cause_when(fake, source, bytes_spec(4096), "open", EMFILE) == Cause::fd_limit);
}

TEST_CASE("an allocation from a simple allocator leaves nothing, whichever system call fails") {
    FakeKernel fake;
    add_simple_allocator(fake);
    fail_each_syscall(fake, sources().at(0), nv12_spec(64, 48, Placement::per_plane));
}

TEST_CASE("memory of a simple allocator is cleared before it is handed out") {
    FakeKernel fake;
    add_simple_allocator(fake, {.v1 = GENERATE(false, true)});
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer = allocator->allocate(Request::bytes(5000));
    REQUIRE(buffer);
    CHECK(buffer->source() == "simple-allocator:cma0");
    const auto mapping = buffer->map(Access::read);
    REQUIRE(mapping);
    REQUIRE(mapping->bytes().size() == 8192);
    CHECK(mapping->bytes()[0] == std::byte{0});
    CHECK(mapping->bytes()[8191] == std::byte{0});
}

TEST_CASE("the headline of a used up simple allocator says what is likely, not an invalid argument "
          "alone") {
    FakeKernel fake;
    const auto node = add_simple_allocator(fake);
    node->pool->capacity = 0;
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer = allocator->allocate(Request::bytes(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().detail ==
          "the only candidate failed: allocate 4 KiB: the driver does not say why; most likely "
          "its memory is used up or fragmented");
    CHECK(buffer.error().remedy == "free buffers of this source or ask for less");
}

TEST_CASE("the limit on descriptors has its remedy at every stage") {
    FakeKernel fake;
    add_simple_allocator(fake);
    const SourceRecord source = sources().at(0);
    const auto remedy_when = [&](const FakeTarget& target, unsigned nth, int sys_errno) {
        fake.clear_failures();
        fake.fail(target, nth, sys_errno);
        const auto buffer = backend().allocate(source, bytes_spec(4096));
        REQUIRE_FALSE(buffer);
        CHECK(buffer.error().cause == Cause::fd_limit);
        return buffer.error().remedy;
    };
    CHECK(remedy_when("open", 1, EMFILE) ==
          "raise the limit of open files (ulimit -n) or close some");
    CHECK(remedy_when("open", 1, ENFILE) ==
          "raise the system's limit of open files (sysctl fs.file-max) or close some");
    CHECK(remedy_when(SA_IOC_ALLOC, 1, EMFILE) ==
          "raise the limit of open files (ulimit -n) or close some");
    fake.clear_failures();
    fake.fail(SA_IOC_ALLOC, 1, EINVAL);
    fake.fail("open", 2, EMFILE);
    const auto buffer = backend().allocate(source, bytes_spec(4096));
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().remedy == "raise the limit of open files (ulimit -n) or close some");
}

TEST_CASE("a simple allocator that is used up is an attempt, and the next source serves") {
    FakeKernel fake;
    const auto node = add_simple_allocator(fake, {.name = "cma0"});
    node->pool->capacity = 0;
    add_simple_allocator(fake, {.name = "cma1"});
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer = allocator->allocate(Request::bytes(4096));
    REQUIRE(buffer);
    CHECK(buffer->source() == "simple-allocator:cma1");
    REQUIRE(buffer->attempts().size() == 1);
    CHECK(buffer->attempts()[0].source == "simple-allocator:cma0");
    CHECK(buffer->attempts()[0].cause == Cause::exhausted);
    CHECK(buffer->attempts()[0].sys_errno == EINVAL);
}
