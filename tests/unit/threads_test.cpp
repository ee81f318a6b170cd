// SPDX-License-Identifier: MIT
// One Allocator and one Monitor in several threads, while devices come and go. ThreadSanitizer runs
// what has the tag [threads]: ./dev test.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>

using namespace simplealloc;

namespace {

constexpr int rounds = 25;

struct Machine : test::HeapMachine {
    Machine() {
        kernel.lets_others_run = true;
        kernel.add_file("/sys/kernel/uevent_seqnum", "1\n");
        test::add_drm_card(kernel);
    }

    udev::Node plug_heap(const std::string& name) {
        add_heap(name);
        return test::node_at("dma_heap", "/dev/dma_heap/" + name);
    }
};

/// Catch2's assertions are for one thread: the others count what went wrong.
void run_all(const std::vector<std::function<void()>>& jobs) {
    std::vector<std::thread> threads;
    for (const auto& job : jobs)
        threads.emplace_back(job);
    for (std::thread& thread : threads)
        thread.join();
}

} // namespace

TEST_CASE("threads plan, allocate, map and free on one allocator", "[threads]") {
    Machine machine;
    const auto before = machine.kernel.census();
    std::atomic<int> failures = 0;
    {
        const Allocator allocator = Allocator::open().value();
        const Device card = allocator.device("/dev/dri/card0").value();
        const Request request =
            Request::image(64, 64, fourcc::xrgb8888).use(card, Use::read).cpu(CpuAccess::write);
        const auto work = [&] {
            for (int i = 0; i < rounds; ++i) {
                const auto plan = allocator.plan(request);
                if (!plan || !allocator.is_current(*plan).value_or(false)) {
                    ++failures;
                    continue;
                }
                const auto buffer = allocator.allocate(*plan);
                if (!buffer || !buffer->map(Access::write) || allocator.held() == 0)
                    ++failures;
                if (!allocator.sources() || !allocator.devices())
                    ++failures;
            }
        };
        run_all({work, work, work});
        CHECK(allocator.held() == 0);
    }
    CHECK(failures == 0);
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("one thread reads events, others plan, while heaps come and go", "[threads]") {
    Machine machine;
    std::atomic<int> failures = 0;
    std::atomic<int> events = 0;
    std::atomic<bool> done = false;
    const Allocator allocator = Allocator::open().value();
    Monitor monitor = allocator.monitor().value();
    const auto plug = [&] {
        for (int i = 0; i < rounds; ++i) {
            const udev::Node node = machine.plug_heap("late");
            machine.kernel.send({"add", node});
            machine.kernel.remove(node.devnode);
            machine.kernel.send({"remove", node});
        }
        done = true;
    };
    const auto listen = [&] {
        for (;;) {
            const bool last = done;
            const auto event = monitor.next();
            if (!event)
                ++failures;
            else if (event->has_value())
                ++events;
            else if (last)
                return;
        }
    };
    const auto plan = [&] {
        while (!done) {
            const auto buffer = allocator.allocate(Request::bytes(4096).cpu(CpuAccess::write));
            // The heap may go between the plan and the allocation: another serves then.
            if (!buffer)
                ++failures;
        }
    };
    run_all({plug, listen, listen, plan});
    CHECK(failures == 0);
    CHECK(events == 2 * rounds);
}

TEST_CASE("threads learn and forget what a device refused", "[threads]") {
    Machine machine;
    const Allocator allocator = Allocator::open().value();
    Monitor monitor = allocator.monitor().value();
    DeviceDescription description;
    description.name = "picky";
    description.alternatives.emplace_back();
    description.verify = [](const Buffer&) -> Result<void> {
        Error error;
        error.cause = Cause::refused;
        return error;
    };
    const Request request =
        Request::bytes(4096).use(Device::described(std::move(description)), Use::read);
    int error = 0;
    const udev::Node card = udev::enumerate("drm", error).at(0);
    std::atomic<int> failures = 0;
    const auto refuse = [&] {
        for (int i = 0; i < rounds; ++i)
            if (allocator.allocate(request))
                ++failures;
    };
    const auto forget = [&] {
        for (int i = 0; i < rounds; ++i) {
            machine.kernel.send({"change", card});
            if (!monitor.next())
                ++failures;
        }
    };
    run_all({refuse, refuse, forget});
    CHECK(failures == 0);
}

namespace {

/// One of each kind of object that several threads may use at once, and what each thread does with
/// them.
struct Together {
    Machine& machine;
    std::atomic<int> failures = 0;
    std::atomic<bool> done = false;
    const Allocator allocator = Allocator::open().value();
    const RequestBuilder request = Request::bytes(4096).cpu(CpuAccess::read_often);
    const Plan plan = allocator.plan(request).value();
    const Prepared prepared = allocator.prepare(plan);
    const Buffer shared = allocator.allocate(plan).value();
    Monitor monitor = allocator.monitor().value();
    Pool pool = Pool::create(allocator, plan, options()).value();

    explicit Together(Machine& on) : machine(on) {}

    static PoolOptions options() {
        PoolOptions out;
        out.max_buffers = 3;
        out.wait_for_devices = true;
        return out;
    }
    void expect(bool holds) {
        if (!holds)
            ++failures;
    }
    /// Counts without a lock, since lines come one after the other. Whoever else has one gets time
    /// for it, or nobody would see that they don't.
    static LogSink sink(std::size_t& lines) {
        return [&lines](LogLevel, std::string_view line) {
            lines += line.empty() ? 0 : 1;
            std::this_thread::yield();
        };
    }

    void log() {
        std::array<std::size_t, 2> lines{};
        for (int i = 0; !done; ++i)
            set_log(i % 3 == 0 ? LogLevel::trace : LogLevel::info, sink(lines[i % 2]));
        set_log(LogLevel::off);
        expect(lines[0] + lines[1] > 0);
    }
    void allocate() {
        for (int i = 0; i < rounds; ++i) {
            const auto buffer = prepared.allocate();
            expect(buffer && buffer->map(Access::read_write));
            expect(allocator.allocate(request).has_value());
        }
    }
    void borrow() {
        for (int i = 0; i < rounds; ++i) {
            auto slot = pool.acquire(std::chrono::seconds(10));
            expect(slot.has_value());
            if (slot && i % 2 == 0) {
                const auto fence = slot->buffer().export_sync_file(Access::read);
                expect(fence && slot->release(*fence));
            }
        }
    }
    void manage() {
        for (int i = 0; i < rounds; ++i) {
            expect(pool.replan(plan).has_value());
            pool.trim(i % 2);
            expect(pool.stats().in_flight <= 8);
        }
    }
    void read() {
        for (int i = 0; i < rounds; ++i) {
            expect(shared.map(i % 2 == 0 ? Access::read : Access::write).has_value());
            expect(shared.wait(Access::write, std::chrono::nanoseconds(0)).has_value());
            expect(shared.info() && share::pack(shared) && shared.is_same(shared));
        }
    }
    void look() {
        for (int i = 0; i < rounds; ++i) {
            expect(allocator.stats().total.allocations > 0 && allocator.held() > 0);
            expect(!allocator.policy().empty() && allocator.sources() && allocator.devices());
            expect(allocator.is_current(plan).has_value());
        }
    }
    void plug() {
        for (int i = 0; i < rounds; ++i) {
            const udev::Node node = machine.plug_heap("late");
            machine.kernel.send({"add", node});
            expect(monitor.next().has_value());
            machine.kernel.remove(node.devnode);
            machine.kernel.send({"remove", node});
        }
    }
    void listen() {
        while (!done)
            expect(monitor.next().has_value());
    }
};

} // namespace

TEST_CASE("nobody is in a log sink that was replaced", "[threads]") {
    Machine machine;
    const Allocator allocator = Allocator::open().value();
    std::atomic<bool> inside = false;
    std::atomic<bool> replaced = false;
    std::atomic<bool> too_early = false;
    set_log(LogLevel::trace, [&](LogLevel, std::string_view) {
        if (inside.exchange(true))
            return;
        // Time enough for the other thread, were it not made to wait.
        for (int i = 0; i < 30 && !replaced; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        too_early = replaced.load();
    });
    std::thread logs([&] { static_cast<void>(allocator.plan(Request::bytes(4096))); });
    while (!inside)
        std::this_thread::yield();
    set_log(LogLevel::off);
    replaced = true;
    logs.join();
    CHECK_FALSE(too_early);
}

TEST_CASE("all that may be shared is used at once, and logged", "[threads]") {
    Machine machine;
    const auto before = machine.kernel.census();
    {
        Together all(machine);
        std::thread log([&] { all.log(); });
        std::thread listen([&] { all.listen(); });
        run_all({[&] { all.allocate(); }, [&] { all.borrow(); }, [&] { all.borrow(); },
                 [&] { all.manage(); }, [&] { all.read(); }, [&] { all.read(); },
                 [&] { all.look(); }, [&] { all.plug(); }});
        all.done = true;
        log.join();
        listen.join();
        CHECK(all.failures == 0);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}
