// SPDX-License-Identifier: MIT
// Each place where the kernel can run out of memory does so, one after the other: the cause is
// `exhausted`, nothing is left, and the same works right after.
#include "tests/kernel/census.hpp"
#include "tests/kernel/faults.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/kernel/sweep.hpp"
#include "tests/kernel/video_queue.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/simplealloc.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <linux/videodev2.h>
#include <new>
#include <optional>
#include <set>
#include <sys/socket.h>

using namespace simplealloc;
using namespace std::chrono_literals;
using guest::Census;
using guest::Faults;
using guest::Held;
using guest::keep;
using guest::sweep;

namespace {

/// Mesa is not ours to make fail.
Allocator open_allocator() {
    AllocatorOptions options;
    options.without = {"gbm"};
    auto allocator = Allocator::open(options);
    REQUIRE(allocator);
    return *std::move(allocator);
}

template <typename T>
T must(Result<T> result) {
    INFO((result ? "" : result.error().message()));
    REQUIRE(result);
    return *std::move(result);
}

std::string words(const std::vector<Fact>& facts) {
    std::string all;
    for (const Fact& fact : facts)
        all += " " + fact.name + "=" + fact.value;
    return all;
}

std::string words(const Plan& plan) {
    std::string all;
    for (const Candidate& candidate : plan.candidates())
        all += candidate.source + (candidate.unproven ? "? " : " ");
    for (const Rejection& rejection : plan.rejections())
        all += "not " + rejection.source + ": " + rejection.reason + " ";
    return all;
}

std::string words(const Buffer& buffer) {
    std::string all = buffer.source();
    for (const Attempt& attempt : buffer.attempts())
        all += " after " + attempt.message;
    for (const Verification& test : buffer.verified())
        all += " " + test.device + " " + test.how + " " + test.reason;
    return all;
}

/// The same plan from one source.
Plan alone(const Allocator& allocator, RequestBuilder request, const std::string& source) {
    const Plan all = must(allocator.plan(request));
    for (const Candidate& candidate : all.candidates())
        if (candidate.source != source)
            request.without(candidate.source);
    return must(allocator.plan(request));
}

RequestBuilder shown(const Device& display) {
    return Request::image(320, 180, fourcc::xrgb8888)
        .use(display, Use::scanout)
        .cpu(CpuAccess::write);
}

/// Buffers that were made, but could not be told of.
void free_buffers(const VideoNode& camera) {
    v4l2_requestbuffers none = {};
    none.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    none.memory = V4L2_MEMORY_MMAP;
    camera.call(VIDIOC_REQBUFS, &none, "VIDIOC_REQBUFS");
}

/// From each source that serves it, with test imports. What was refused for want of anything but
/// memory is remembered: each time it is another allocator.
void sweep_allocations(const Allocator& allocator, const Request& request, const VideoNode& camera,
                       std::set<std::string>& swept) {
    const Plan all = must(allocator.plan(request));
    for (const Candidate& candidate : all.candidates()) {
        const Plan plan = alone(allocator, RequestBuilder(request), candidate.source);
        std::optional<Allocator> fresh;
        sweep(
            "allocate from " + candidate.source,
            [&](Held& held) -> Result<std::string> {
                auto buffer = fresh->allocate(plan);
                if (!buffer)
                    return buffer.error();
                return words(keep(held, *std::move(buffer)));
            },
            [&](Held&) {
                free_buffers(camera);
                fresh = open_allocator();
            });
        swept.insert(candidate.backend);
    }
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "finding devices and sources survives failing calls",
                 "[faults]") {
    const Allocator allocator = open_allocator();
    const std::string node = GENERATE(guest::card("vkms"), guest::video("vivid-000-vid-cap"));
    sweep("device " + node, [&](Held&) -> Result<std::string> {
        const auto device = allocator.device(node);
        if (!device)
            return device.error();
        return device->driver() + words(device->facts());
    });
    if (node.starts_with("/dev/video"))
        return;
    sweep("open", [](Held& held) { return keep(held, Allocator::open()); });
    sweep("monitor", [&](Held& held) { return keep(held, allocator.monitor()); });
    sweep("devices", [&](Held&) -> Result<std::string> {
        const auto devices = allocator.devices();
        if (!devices)
            return devices.error();
        std::string all;
        for (const Device& device : *devices)
            all += device.path() + words(device.facts()) + "\n";
        return all;
    });
    sweep("sources", [&](Held&) -> Result<std::string> {
        const auto sources = allocator.sources();
        if (!sources)
            return sources.error();
        std::string all;
        for (const SourceInfo& source : *sources)
            all += source.name + " " + source.reason + words(source.facts) + "\n";
        return all;
    });
}

TEST_CASE_METHOD(guest::NothingLeft, "planning survives failing calls", "[faults]") {
    const Allocator allocator = open_allocator();
    const Device display = must(allocator.device(guest::card("vkms")));
    const Device camera = must(allocator.device(guest::video("vivid-000-vid-cap")));
    const RequestBuilder request = shown(display).use(camera, Use::capture);
    sweep("plan", [&](Held&) -> Result<std::string> {
        const auto plan = allocator.plan(request);
        if (!plan)
            return plan.error();
        return words(*plan);
    });
    const Plan plan = must(allocator.plan(request));
    sweep("is_current", [&](Held&) -> Result<std::string> {
        const auto current = allocator.is_current(plan);
        if (!current)
            return current.error();
        return std::string(*current ? "current" : "not current");
    });
}

TEST_CASE_METHOD(guest::NothingLeft, "allocating from every source survives failing calls",
                 "[faults]") {
    const guest::Driver driver("simple_allocator");
    const Allocator allocator = open_allocator();
    const Device display = must(allocator.device(guest::card("vkms")));
    const VideoNode node(guest::video("vivid-000-vid-cap"));
    const Device camera = must(allocator.device(node.fd(), QueueAccess::lent));
    std::set<std::string> swept;
    sweep_allocations(allocator, Request::bytes(65536).cpu(CpuAccess::write), node, swept);
    sweep_allocations(allocator, shown(display), node, swept);
    sweep_allocations(
        allocator,
        // What the kernel keeps of a failed import would keep the driver of the simple allocator.
        Request::image(320, 180, fourcc::xrgb8888)
            .use(camera, Use::capture)
            .cpu(CpuAccess::write)
            .without("simple-allocator"),
        node, swept);
    CHECK(swept ==
          std::set<std::string>{"dma-heap", "drm-dumb", "simple-allocator", "udmabuf", "v4l2"});
}

TEST_CASE_METHOD(guest::NothingLeft, "importing survives failing calls", "[faults]") {
    const Allocator allocator = open_allocator();
    const Device display = must(allocator.device(guest::card("vkms")));
    const VideoNode node(guest::video("vivid-000-vid-cap"));
    const Device camera = must(allocator.device(node.fd(), QueueAccess::lent));
    const Buffer buffer = must(allocator.allocate(
        shown(display).use(camera, Use::capture).without("v4l2").without("drm-dumb")));
    const std::array fds{buffer.dmabufs()[0].fd};
    sweep("import", [&](Held& held) { return keep(held, Buffer::import(fds, buffer.layout())); });
    sweep("adopt", [&](Held& held) {
        ForeignBuffer foreign;
        foreign.layout = buffer.layout();
        foreign.dmabufs = {fds[0]};
        foreign.source = buffer.source();
        return keep(held, allocator.adopt(foreign));
    });
    std::optional<Allocator> fresh;
    sweep(
        "check",
        [&](Held&) -> Result<std::string> {
            const auto check = fresh->check(buffer, {display, Use::scanout, {}});
            if (!check)
                return check.error();
            return std::string(to_string(check->verdict)) + " " + check->reason +
                   (check->verified ? check->verified->reason : "");
        },
        [&](Held&) { fresh = open_allocator(); });
    sweep("importer", [&](Held& held) { return keep(held, DrmImporter::open(display)); });
    const DrmImporter importer = must(DrmImporter::open(display));
    sweep("framebuffer", [&](Held& held) -> Result<std::string> {
        auto import = importer.import(buffer);
        if (!import)
            return import.error();
        const auto framebuffer = keep(held, *std::move(import)).framebuffer();
        return framebuffer ? Result<std::string>("made") : framebuffer.error();
    });
    sweep("queue", [&](Held& held) -> Result<std::string> {
        auto& queue = keep(held, must(V4l2Import::create(*buffer.setup(1)->v4l2, Use::capture)));
        const auto added = queue.add(buffer);
        return added ? Result<std::string>("added") : added.error();
    });
}

TEST_CASE_METHOD(guest::NothingLeft, "mapping and fences survive failing calls", "[faults]") {
    const Allocator allocator = open_allocator();
    const Buffer buffer = must(allocator.allocate(Request::bytes(65536).cpu(CpuAccess::write)));
    Buffer* fresh = nullptr;
    const auto import = [&](Held& held) {
        fresh =
            &keep(held, must(Buffer::import(std::array{buffer.dmabufs()[0].fd}, buffer.layout())));
    };
    sweep(
        "map", [&](Held& held) { return keep(held, fresh->map(Access::write)); }, import);
    sweep(
        "widen", [&](Held& held) { return keep(held, fresh->map(Access::write)); },
        [&](Held& held) {
            import(held);
            keep(held, must(fresh->map(Access::read)));
        });
    sweep(
        "planes", [&](Held& held) { return keep(held, fresh->map_planes(Access::read)); }, import);
    sweep("duplicate", [&](Held& held) { return keep(held, buffer.dup_fd()); });
    sweep("export fence",
          [&](Held& held) { return keep(held, buffer.export_sync_file(Access::write)); });
    const Fence fence = must(buffer.export_sync_file(Access::write));
    sweep("merge", [&](Held& held) { return keep(held, Fence::merge(fence, fence)); });
    sweep("import fence", [&](Held&) -> Result<std::string> {
        const auto done = buffer.import_sync_file(fence.fd(), Access::write);
        return done ? Result<std::string>("done") : done.error();
    });
    sweep("wait", [&](Held&) -> Result<std::string> {
        const auto over = buffer.wait(Access::write, 1s);
        return over ? Result<std::string>(*over ? "over" : "not over") : over.error();
    });
}

TEST_CASE_METHOD(guest::NothingLeft, "pools survive failing calls", "[faults]") {
    const Allocator allocator = open_allocator();
    const Plan plan = must(allocator.plan(Request::bytes(65536).cpu(CpuAccess::write)));
    const Plan larger = must(allocator.plan(Request::bytes(131072).cpu(CpuAccess::write)));
    const Fence fence = must(must(allocator.allocate(plan)).export_sync_file(Access::write));
    PoolOptions options;
    options.min_buffers = 1;
    options.max_buffers = 3;
    options.wait_for_devices = true;
    Pool* pool = nullptr;
    const auto create = [&](Held& held) {
        pool = &keep(held, must(Pool::create(allocator, plan, options)));
    };
    sweep("create", [&](Held& held) { return keep(held, Pool::create(allocator, plan, options)); });
    sweep(
        "grow",
        [&](Held& held) -> Result<std::string> {
            auto first = pool->acquire(0ms);
            if (!first)
                return first.error();
            keep(held, *std::move(first));
            return keep(held, pool->acquire(0ms));
        },
        create);
    sweep(
        "give back",
        [&](Held& held) -> Result<std::string> {
            auto slot = pool->acquire(0ms);
            if (!slot)
                return slot.error();
            const auto done = keep(held, *std::move(slot)).release(fence);
            return done ? Result<std::string>("done") : done.error();
        },
        create);
    sweep(
        "replan",
        [&](Held&) -> Result<std::string> {
            const auto done = pool->replan(larger);
            return done ? Result<std::string>("done") : done.error();
        },
        create);
}

TEST_CASE_METHOD(guest::NothingLeft, "sharing survives failing calls", "[faults]") {
    const Buffer buffer =
        must(open_allocator().allocate(Request::bytes(65536).cpu(CpuAccess::write)));
    const int type = GENERATE(SOCK_STREAM, SOCK_SEQPACKET);
    std::array<int, 2> sockets{};
    share::Channel* ours = nullptr;
    share::Channel* theirs = nullptr;
    const auto connect = [&](Held& held) {
        REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, sockets.data()) == 0);
        ours = &keep(held, must(share::Channel::open(UniqueFd::adopt(sockets[0]))));
        theirs = &keep(held, must(share::Channel::open(UniqueFd::adopt(sockets[1]))));
    };
    sweep(
        "send",
        [&](Held&) -> Result<std::string> {
            const auto sent = ours->send(buffer, 1s);
            return sent ? Result<std::string>("sent") : sent.error();
        },
        connect);
    sweep(
        "receive", [&](Held& held) { return keep(held, theirs->receive(1s)); },
        [&](Held& held) {
            connect(held);
            REQUIRE(ours->send(buffer, 1s));
        });
}

TEST_CASE_METHOD(guest::NothingLeft, "of many calls that fail at random nothing is left",
                 "[faults]") {
    const Allocator allocator = open_allocator();
    const Device display = must(allocator.device(guest::card("vkms")));
    const Plan plan = must(allocator.plan(shown(display)));
    const DrmImporter importer = must(DrmImporter::open(display));
    {
        const Buffer warm = must(allocator.allocate(plan));
        must(importer.import(warm));
        must(warm.map(Access::write));
    }
    const Faults faults;
    const Census before;
    std::size_t failed = 0;
    for (int i = 0; i < 200; ++i) {
        Held held;
        std::optional<Error> error;
        faults.fail_at_random(1 + static_cast<unsigned>(i) % 10);
        try {
            auto buffer = allocator.allocate(plan);
            if (buffer) {
                const Buffer& kept = keep(held, *std::move(buffer));
                auto import = keep(held, importer.import(kept));
                auto map = keep(held, kept.map(Access::write));
                if (!import || !map)
                    error = import ? map.error() : import.error();
            } else {
                error = buffer.error();
            }
        } catch (const std::bad_alloc&) {
            ++failed;
        }
        faults.stop();
        if (!error)
            continue;
        ++failed;
        CAPTURE(error->message());
        CHECK(error->cause == Cause::exhausted);
    }
    CHECK(failed > 20);
    CHECK(guest::settle(before) == before);
    std::printf("at random: %zu of 200 failed\n", failed);
}
