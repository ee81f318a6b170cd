// SPDX-License-Identifier: MIT
// The simple allocator's driver, used by its interface and by the library.
#include "backends/uapi/simple_allocator.h"
#include "tests/kernel/command.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <simplealloc/simplealloc.hpp>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace simplealloc;
using command::Words;

namespace {

constexpr std::uint64_t mebibyte = 1U << 20U;
constexpr std::byte old_data{0xa5}; // what the driver leaves in fresh memory

/// The driver, and the check that all its buffers are gone at the end.
class SimpleAllocator {
public:
    explicit SimpleAllocator(const Words& parameters = {})
        : driver_("simple_allocator", parameters) {}
    ~SimpleAllocator() { CHECK(live_buffers() == 0); }
    SimpleAllocator(const SimpleAllocator&) = delete;
    SimpleAllocator& operator=(const SimpleAllocator&) = delete;

    static int live_buffers() {
        std::ifstream file("/sys/kernel/debug/simple_allocator/buffers");
        int count = -1;
        file >> count;
        return count;
    }

private:
    guest::Driver driver_;
};

/// The errno of an ioctl on the node, 0 when it worked.
int raw_ioctl(unsigned long request, void* argument) {
    const int fd = open("/dev/cma0", O_RDWR | O_CLOEXEC);
    REQUIRE(fd >= 0);
    const int error = ioctl(fd, request, argument) == 0 ? 0 : errno;
    close(fd);
    return error;
}

sa_allocation_data asking(std::uint64_t length) {
    sa_allocation_data data = {};
    data.length = length;
    data.flags = O_RDWR | O_CLOEXEC;
    return data;
}

bool all_bytes_are(const Buffer& buffer, std::byte value) {
    const auto mapping = buffer.map(Access::read);
    REQUIRE(mapping);
    REQUIRE(mapping->bytes().size() == buffer.dmabufs()[0].size);
    const auto bytes = mapping->bytes();
    return std::all_of(bytes.begin(), bytes.end(), [&](std::byte one) { return one == value; });
}

std::string zeroed(const Buffer& buffer) {
    for (const Fact& fact : buffer.facts())
        if (fact.name == "zeroed")
            return fact.value;
    return "no such fact";
}

RequestBuilder from_simple_allocator(std::uint64_t size) {
    return Request::bytes(size).without("dma-heap").without("udmabuf");
}

const Words alone{"--without", "dma-heap", "--without", "udmabuf"};

Words preview(const std::string& camera, const std::string& display) {
    return {"--image",           "1280x720:XR24", "--use",
            camera + ":capture", "--use",         display + ":scanout"};
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "the driver fails as the proposal says", "[full]") {
    const SimpleAllocator driver;
    auto data = asking(4096);
    CHECK(raw_ioctl(_IO('S', 1), &data) == ENODEV);
    CHECK(raw_ioctl(SA_IOC_ALLOC, nullptr) == EFAULT);
    data.version = 1;
    CHECK(raw_ioctl(SA_IOC_ALLOC, &data) == EINVAL);
    for (const std::uint64_t length : {std::uint64_t{0}, 65 * mebibyte, UINT64_MAX}) {
        INFO(length);
        data = asking(length);
        CHECK(raw_ioctl(SA_IOC_ALLOC, &data) == EINVAL);
    }
    CHECK(SimpleAllocator::live_buffers() == 0);
    data = asking(5000);
    REQUIRE(raw_ioctl(SA_IOC_ALLOC, &data) == 0);
    CHECK(data.length == 8192);
    CHECK(SimpleAllocator::live_buffers() == 1);
    // A live buffer keeps its driver.
    CHECK(guest::run({"rmmod", "simple_allocator"}).status != 0);
    close(data.fd);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "where only the simple allocator is left, it serves a contiguous camera and a "
                 "display",
                 "[full]") {
    const SimpleAllocator driver({"regions=2"});
    const std::string camera = guest::video("vivid-000-vid-cap");
    const std::string display = guest::card("vkms");
    const Words request = command::join(preview(camera, display), alone);
    const auto planned = command::plan(request);
    INFO(planned.output << planned.errors);
    REQUIRE(planned.status == 0);
    const Words sources = command::sources(planned.json());
    REQUIRE(sources.size() >= 2);
    CHECK(sources[0] == "simple-allocator:cma0");
    CHECK(sources[1] == "simple-allocator:cma1");

    const auto allocated = command::alloc(request);
    INFO(allocated.output << allocated.errors);
    REQUIRE(allocated.status == 0);
    const auto buffer = command::buffer(allocated);
    CHECK(buffer.at("source") == "simple-allocator:cma0");
    REQUIRE(buffer.at("verified").size() == 2);
    CHECK(buffer.at("verified")[0].at("imported") == true);
    CHECK(buffer.at("verified")[1].at("imported") == true);

    const auto streamed =
        guest::run(command::join({"camera_to_display", "--camera", camera, "--display", display,
                                  "--size", "1280x720", "--frames", "8"},
                                 alone));
    INFO(streamed.output << streamed.errors);
    REQUIRE(streamed.status == 0);
    CHECK(streamed.output.find("8 frames, 0 copies, memory from simple-allocator:cma0") !=
          std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "the simple allocator ranks after the CMA heap, unless the caller says otherwise",
                 "[full]") {
    const SimpleAllocator driver;
    const Words request = preview(guest::video("vivid-000-vid-cap"), guest::card("vkms"));
    const auto built_in = command::plan(request);
    INFO(built_in.output << built_in.errors);
    REQUIRE(built_in.status == 0);
    const Words sources = command::sources(built_in.json());
    REQUIRE(sources.size() >= 2);
    CHECK(sources[0] == "dma-heap:reserved");
    CHECK(sources[1] == "simple-allocator:cma0");

    const auto chosen =
        command::alloc(command::join(request, {"--order", "simple-allocator,dma-heap"}));
    INFO(chosen.output << chosen.errors);
    REQUIRE(chosen.status == 0);
    CHECK(command::buffer(chosen).at("source") == "simple-allocator:cma0");
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "old data of the simple allocator is cleared, or left where nobody cares",
                 "[full]") {
    const SimpleAllocator driver;
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto clean = allocator->allocate(from_simple_allocator(mebibyte));
    REQUIRE(clean);
    CHECK(clean->source() == "simple-allocator:cma0");
    CHECK(zeroed(*clean) == "yes");
    CHECK(all_bytes_are(*clean, std::byte{0}));
    const auto dirty = allocator->allocate(from_simple_allocator(mebibyte).zeroed(false));
    REQUIRE(dirty);
    CHECK(zeroed(*dirty) == "no");
    CHECK(all_bytes_are(*dirty, old_data));

    const auto typed = command::alloc(command::join({"--bytes", "4096", "--no-zero"}, alone));
    INFO(typed.output << typed.errors);
    REQUIRE(typed.status == 0);
    const auto facts = command::buffer(typed).at("facts");
    CHECK(std::any_of(facts.begin(), facts.end(), [](const auto& fact) {
        return fact.at("name") == "zeroed" && fact.at("value") == "no";
    }));
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "the first version's odd sizes lose no part of a page to the library", "[full]") {
    const SimpleAllocator driver({"v1=1"});
    auto data = asking(5000);
    REQUIRE(raw_ioctl(SA_IOC_ALLOC, &data) == 0);
    CHECK(data.length == 5000);
    // What its callers suffer from: the second page exists, and can't be had.
    CHECK(mmap(nullptr, 5000, PROT_READ, MAP_SHARED, data.fd, 0) == MAP_FAILED);
    close(data.fd);

    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer = allocator->allocate(from_simple_allocator(5000));
    REQUIRE(buffer);
    CHECK(buffer->dmabufs()[0].size == 8192);
    CHECK(all_bytes_are(*buffer, std::byte{0}));
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "the first version takes 4096 times what it is asked, and the error says so",
                 "[full]") {
    const SimpleAllocator driver({"v1=1", "size_mb=128"});
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    {
        const auto all = allocator->allocate(from_simple_allocator(32768));
        REQUIRE(all);
        const auto more = allocator->allocate(from_simple_allocator(4096));
        REQUIRE_FALSE(more);
        CHECK(more.error().cause == Cause::exhausted);
    }
    const auto large = allocator->allocate(from_simple_allocator(65536));
    REQUIRE_FALSE(large);
    CHECK(large.error().cause == Cause::limit);
    CHECK(large.error().detail.find("takes 4096 times that") != std::string::npos);
    CHECK(large.error().remedy.find("at most 32 KiB") != std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a used up region is an attempt with EINVAL, and the next one serves", "[full]") {
    const SimpleAllocator driver({"regions=2", "size_mb=1,1"});
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const RequestBuilder request = from_simple_allocator(mebibyte);
    const auto first = allocator->allocate(request);
    REQUIRE(first);
    CHECK(first->source() == "simple-allocator:cma0");
    {
        const auto second = allocator->allocate(request);
        REQUIRE(second);
        CHECK(second->source() == "simple-allocator:cma1");
        REQUIRE(second->attempts().size() == 1);
        CHECK(second->attempts()[0].cause == Cause::exhausted);
        CHECK(second->attempts()[0].sys_errno == EINVAL);
        const auto third = allocator->allocate(request);
        REQUIRE_FALSE(third);
        CHECK(third.error().cause == Cause::exhausted);
        CHECK(third.error().attempts.size() == 2);
    }
    CHECK(allocator->allocate(request));
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a full descriptor table is told from used up memory by the simple allocator",
                 "[full]") {
    const SimpleAllocator driver;
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto plan = allocator->plan(from_simple_allocator(mebibyte));
    REQUIRE(plan);
    // Room for the node's descriptor, none for the buffer's.
    const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(lowest);
    rlimit before = {};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(lowest) + 1;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
    const auto buffer = allocator->allocate(*plan);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().cause == Cause::fd_limit);
    REQUIRE(buffer.error().attempts.size() == 1);
    CHECK(buffer.error().attempts[0].stage == Stage::allocate);
    CHECK(buffer.error().attempts[0].sys_errno == EINVAL);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a kernel without CMA gives contiguous memory of the simple allocator in small "
                 "pieces",
                 "[stock]") {
    const SimpleAllocator driver;
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto buffer = allocator->allocate(from_simple_allocator(mebibyte));
    REQUIRE(buffer);
    CHECK(buffer->source() == "simple-allocator:cma0");
    CHECK(buffer->info()->exporter == "simple_allocator_cma");
    CHECK(all_bytes_are(*buffer, std::byte{0}));
    // The page allocator's largest block has 4 MiB.
    const auto large = allocator->allocate(from_simple_allocator(5 * mebibyte));
    REQUIRE_FALSE(large);
    CHECK(large.error().cause == Cause::exhausted);
    CHECK(large.error().sys_errno == EINVAL);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a 32-bit program is told that the simple allocator has no calls for it",
                 "[full-32]") {
    const SimpleAllocator driver;
    auto data = asking(4096);
    CHECK(raw_ioctl(SA_IOC_ALLOC, &data) == ENOTTY);
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto plan = allocator->plan(from_simple_allocator(4096).without("ion"));
    REQUIRE(plan);
    CHECK(plan->candidates().empty());
    const auto rejections = plan->rejections();
    const auto access = std::find_if(rejections.begin(), rejections.end(), [](const auto& one) {
        return one.source == "simple-allocator:cma0" && one.constraint == ConstraintKind::access;
    });
    REQUIRE(access != rejections.end());
    CHECK(access->reason.find("no compat_ioctl") != std::string::npos);
    CHECK(to_string(access->remedies) == "use a 64-bit build of the program");
}
