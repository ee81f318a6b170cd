// SPDX-License-Identifier: MIT
// The CPU's turns on a buffer: nested, concurrent, and always balanced.
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <limits>
#include <linux/dma-buf.h>
#include <thread>

using namespace simplealloc;
using namespace simplealloc::test;
using namespace std::chrono_literals;

namespace {

struct Machine : FakeMachine {
    Machine() = default;
    ~Machine() { CHECK(kernel.errors().empty()); }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    /// Without CPU access, so that nothing is mapped before the test does.
    static Buffer allocate(const Request& request = Request::bytes(8192)) {
        return test::allocate(open_allocator(), request);
    }
    /// A Buffer of what a test made itself.
    static Result<Buffer> adopt(Layout layout, std::vector<int> fds) {
        ForeignBuffer foreign;
        foreign.layout = std::move(layout);
        foreign.dmabufs = std::move(fds);
        return open_allocator().adopt(foreign);
    }
};

Mapping map(const Buffer& buffer, Access access) {
    auto mapping = buffer.map(access);
    INFO((mapping ? "" : mapping.error().message()));
    REQUIRE(mapping);
    return *std::move(mapping);
}

/// Directions of the CPU's turn that the kernel knows of.
std::string open_turns(const FakeDmaBuf& dmabuf) {
    return std::string(dmabuf.open_reads, 'r') + std::string(dmabuf.open_writes, 'w');
}

constexpr unsigned long sync_call = DMA_BUF_IOCTL_SYNC;

} // namespace

TEST_CASE("a turn is bracketed by one START and one END") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    const auto dmabuf = machine.dmabuf(buffer);
    {
        const Mapping mapping = map(buffer, Access::write);
        CHECK(mapping.bytes().size() == 8192);
        std::fill(mapping.bytes().begin(), mapping.bytes().end(), std::byte{7});
        CHECK(open_turns(*dmabuf) == "w");
    }
    CHECK(open_turns(*dmabuf).empty());
    Mapping again = map(buffer, Access::read);
    CHECK(again.bytes()[8191] == std::byte{7});
    CHECK(again.finish());
    CHECK(again.bytes().empty());
    CHECK(again.finish());
    CHECK(dmabuf->sync_starts == 2);
    CHECK(dmabuf->sync_ends == 2);
}

TEST_CASE("a buffer is mapped once; later turns make two calls, nested ones none") {
    Machine machine;
    const auto before = machine.kernel.census();
    {
        const Buffer buffer = Machine::allocate();
        const std::byte* address = map(buffer, Access::read_write).bytes().data();
        machine.kernel.clear_calls();
        const Mapping outer = map(buffer, Access::read_write);
        CHECK(machine.kernel.calls().size() == 1);
        for (const Access access : {Access::read, Access::write, Access::read_write}) {
            const Mapping nested = map(buffer, access);
            CHECK(nested.bytes().data() == address);
        }
        CHECK(machine.kernel.calls().size() == 1);
        CHECK(Mapping(map(buffer, Access::read)).finish());
        CHECK(machine.kernel.calls().size() == 1);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.count(sync_call) == 2);
}

TEST_CASE("each direction begins with its first turn and ends with its last, in any order") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    const auto dmabuf = machine.dmabuf(buffer);
    Mapping both = map(buffer, Access::read_write);
    CHECK(open_turns(*dmabuf) == "rw");
    Mapping reader = map(buffer, Access::read);
    // What was written is for devices to see, while somebody still reads.
    REQUIRE(both.finish());
    CHECK(open_turns(*dmabuf) == "r");
    Mapping writer = map(buffer, Access::write);
    CHECK(open_turns(*dmabuf) == "rw");
    both = map(buffer, Access::read_write);
    REQUIRE(reader.finish());
    CHECK(open_turns(*dmabuf) == "rw");
    REQUIRE(writer.finish());
    CHECK(open_turns(*dmabuf) == "rw");
    REQUIRE(both.finish());
    CHECK(open_turns(*dmabuf).empty());
    CHECK_FALSE(dmabuf->begun_twice);
}

TEST_CASE("moves and early ends leave each turn ended once") {
    Machine machine;
    const Buffer first = Machine::allocate();
    const Buffer second = Machine::allocate();
    const auto dmabuf = machine.dmabuf(first);
    Mapping mapping = map(first, Access::read);
    // Over an open one.
    mapping = map(second, Access::read);
    CHECK(open_turns(*dmabuf).empty());
    CHECK(open_turns(*machine.dmabuf(second)) == "r");
    Mapping moved = std::move(mapping);
    CHECK(moved.bytes().size() == 8192);
    CHECK(mapping.bytes().empty()); // NOLINT(bugprone-use-after-move)
    CHECK(mapping.finish());
    CHECK(open_turns(*machine.dmabuf(second)) == "r");
    Mapping& itself = moved;
    moved = std::move(itself);
    REQUIRE(moved.finish());
    CHECK(machine.dmabuf(second)->sync_ends == 1);
}

TEST_CASE("a turn outlives its buffer, and the memory goes with the last of them") {
    Machine machine;
    const auto before = machine.kernel.census();
    {
        std::optional<Mapping> mapping;
        std::shared_ptr<FakeDmaBuf> dmabuf;
        {
            Buffer buffer = Machine::allocate();
            dmabuf = machine.dmabuf(buffer);
            mapping = map(buffer, Access::read_write);
            if (GENERATE(false, true))
                CHECK(buffer.release().size() == 1);
        }
        mapping->bytes()[0] = std::byte{1};
        CHECK(open_turns(*dmabuf) == "rw");
        CHECK(machine.kernel.mappings() == 1);
        REQUIRE(mapping->finish());
        CHECK(open_turns(*dmabuf).empty());
        CHECK(machine.kernel.mappings() == 0);
    }
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("a mapping that was made to read becomes writable where it is") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    const Mapping reader = map(buffer, Access::read);
    CHECK(machine.kernel.count("protect") == 0);
    const Mapping writer = map(buffer, Access::write);
    CHECK(machine.kernel.count("map") == 1);
    CHECK(machine.kernel.count("protect") == 1);
    CHECK(writer.bytes().data() == reader.bytes().data());
    writer.bytes()[5] = std::byte{9};
    CHECK(reader.bytes()[5] == std::byte{9});
    CHECK(map(buffer, Access::read_write).bytes().data() == reader.bytes().data());
    CHECK(machine.kernel.count("protect") == 1);
}

TEST_CASE("a mapping that can't become writable stays readable") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    const auto dmabuf = machine.dmabuf(buffer);
    Mapping reader = map(buffer, Access::read);
    machine.kernel.fail("protect", 1, ENOMEM);
    const auto refused = buffer.map(Access::write);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::exhausted);
    CHECK(open_turns(*dmabuf) == "r");
    REQUIRE(reader.finish());
    CHECK(buffer.map(Access::write));
    CHECK(open_turns(*dmabuf).empty());
}

TEST_CASE("a turn that can't begin leaves the others as they are, and no END") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    const auto dmabuf = machine.dmabuf(buffer);
    dmabuf->end_needs_start = true;
    const int sys_errno = GENERATE(EIO, ENODEV, EINVAL);
    machine.kernel.fail(sync_call, 1, sys_errno);
    const auto refused = buffer.map(Access::read);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().stage == Stage::sync);
    CHECK(refused.error().sys_errno == sys_errno);
    CHECK(dmabuf->sync_ends == 0);

    Mapping reader = map(buffer, Access::read);
    machine.kernel.fail(sync_call, 1, sys_errno);
    CHECK_FALSE(buffer.map(Access::read_write));
    CHECK(open_turns(*dmabuf) == "r");
    REQUIRE(reader.finish());
    CHECK(open_turns(*dmabuf).empty());
    CHECK(dmabuf->sync_starts == dmabuf->sync_ends);
}

TEST_CASE("an END that fails is reported once, and the turn is over all the same") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    Mapping mapping = map(buffer, Access::read);
    machine.kernel.fail(sync_call, 1, EIO);
    const auto finished = mapping.finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().stage == Stage::sync);
    CHECK(finished.error().sys_errno == EIO);
    CHECK(mapping.finish());
    const auto dmabuf = machine.dmabuf(buffer);
    const unsigned starts = dmabuf->sync_starts;
    CHECK(map(buffer, Access::read).bytes().size() == 8192);
    CHECK(dmabuf->sync_starts == starts + 1);
}

TEST_CASE("a device's slowness holds up neither the end of other turns nor covered ones") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    const auto dmabuf = machine.dmabuf(buffer);
    std::optional<Mapping> reader = map(buffer, Access::read);
    bool meanwhile = false;
    const auto work = [&] {
        meanwhile = true;
        CHECK(map(buffer, Access::read).bytes().size() == 8192);
        CHECK(reader->finish());
    };
    SECTION("the turn that has waited begins") {
        machine.kernel.before_nth_syscall(2, work); // mprotect, START
        Mapping both = map(buffer, Access::read_write);
        CHECK(meanwhile);
        // It needed the reader's direction too.
        CHECK(open_turns(*dmabuf) == "rw");
        REQUIRE(both.finish());
    }
    SECTION("the turn that has waited fails") {
        machine.kernel.before_nth_syscall(2, work);
        machine.kernel.fail_nth_syscall(2, EIO);
        CHECK_FALSE(buffer.map(Access::read_write));
        CHECK(meanwhile);
    }
    CHECK(open_turns(*dmabuf).empty());
    CHECK_FALSE(dmabuf->begun_twice);
}

TEST_CASE("a turn that needs the same direction waits for the device, too", "[threads]") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    { const Mapping first = map(buffer, Access::write); }
    std::atomic<bool> begun = false;
    std::thread other;
    machine.kernel.before_nth_syscall(1, [&] { // START
        other = std::thread([&] {
            const auto turn = buffer.map(Access::write);
            begun = turn.has_value();
        });
        std::this_thread::sleep_for(50ms);
        CHECK_FALSE(begun);
    });
    {
        const Mapping second = map(buffer, Access::write);
        other.join();
        CHECK(begun);
    }
    CHECK(open_turns(*machine.dmabuf(buffer)).empty());
    CHECK_FALSE(machine.dmabuf(buffer)->begun_twice);
}

TEST_CASE("turns of several threads on one buffer are balanced, and none begins twice",
          "[threads]") {
    Machine machine;
    const auto before = machine.kernel.census();
    {
        const Buffer buffer = Machine::allocate();
        const auto dmabuf = machine.dmabuf(buffer);
        machine.kernel.lets_others_run = true;
        std::vector<std::thread> threads;
        for (unsigned number = 0; number < 4; ++number)
            threads.emplace_back([&buffer, number] {
                constexpr std::array all{Access::read, Access::write, Access::read_write};
                for (unsigned round = 0; round < 100; ++round) {
                    auto outer = buffer.map(all[(number + round) % 3]);
                    auto inner = buffer.map(all[(number + round / 3) % 3]);
                    if (!outer || !inner || inner->bytes().data() != outer->bytes().data())
                        FakeKernel::current().record_error("a turn failed");
                    else if (round % 2 == 0)
                        (void)outer->finish();
                }
            });
        for (std::thread& thread : threads)
            thread.join();
        CHECK(open_turns(*dmabuf).empty());
        CHECK_FALSE(dmabuf->begun_twice);
        CHECK(machine.kernel.mappings() == 1);
        CHECK(machine.kernel.count("map") == 1);
    }
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("what fails before the first turn leaves nothing, and a later try works") {
    Machine machine;
    const Buffer buffer = Machine::allocate();
    const auto before = machine.kernel.census();
    struct Row {
        const char* call;
        int sys_errno;
        Cause cause;
        const char* remedy; ///< a word of it
    };
    const auto row = GENERATE(values<Row>({
        {"dup", EMFILE, Cause::fd_limit, "ulimit -n"},
        {"map", ENOMEM, Cause::exhausted, "ulimit -v"},
        {"map", EAGAIN, Cause::limit, "ulimit -l"},
        {"map", EACCES, Cause::denied, ""},
        {"map", EINVAL, Cause::unsupported, "CPU access"},
        {"map", ENODEV, Cause::gone, ""},
    }));
    INFO(row.call << ' ' << row.sys_errno);
    machine.kernel.fail(row.call, 1, row.sys_errno);
    const auto refused = buffer.map(Access::read);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == row.cause);
    CHECK(refused.error().sys_errno == row.sys_errno);
    CHECK(refused.error().remedy.find(row.remedy) != std::string::npos);
    CHECK(machine.kernel.census() == before);
    CHECK(buffer.map(Access::read));
}

TEST_CASE("a descriptor that was exported for reading is only read, and says so") {
    Machine machine;
    const UniqueFd fd =
        UniqueFd::adopt(machine.kernel.install(machine.kernel.make_dmabuf(4096, "drm", O_RDONLY)));
    Layout layout;
    layout.fourcc = fourcc::bytes;
    layout.planes = {{0, 0, 0, 4096}};
    const auto buffer = Machine::adopt(layout, {fd.get()});
    REQUIRE(buffer);
    // Whether or not it has been mapped before.
    std::optional<Mapping> reader;
    if (GENERATE(false, true))
        reader = map(*buffer, Access::read);
    const auto refused = buffer->map(Access::write);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::denied);
    CHECK(refused.error().detail.find("read-only") != std::string::npos);
    CHECK(refused.error().remedy.find("O_RDWR") != std::string::npos);
    CHECK(buffer->map(Access::read));
}

TEST_CASE("a dma-buf larger than the address space, or than whole pages, says so") {
    Machine machine;
    const auto dmabuf = machine.kernel.make_dmabuf(8192, "drm", O_RDWR);
    Layout layout;
    layout.fourcc = fourcc::bytes;
    layout.planes = {{0, 0, 0, 4096}};
    SECTION("its last page is cut") {
        dmabuf->size = 8000;
        dmabuf->mappable = false;
        const UniqueFd fd = UniqueFd::adopt(machine.kernel.install(dmabuf));
        const auto buffer = Machine::adopt(layout, {fd.get()});
        REQUIRE(buffer);
        const auto refused = buffer->map(Access::read);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().cause == Cause::unsupported);
        CHECK(refused.error().detail.find("no whole pages") != std::string::npos);
    }
    SECTION("it has more bytes than a 32-bit program addresses") {
        dmabuf->size = std::uint64_t{1} << 40U;
        const UniqueFd fd = UniqueFd::adopt(machine.kernel.install(dmabuf));
        const auto buffer = Machine::adopt(layout, {fd.get()});
        REQUIRE(buffer);
        machine.kernel.fail("map", 1, ENOMEM);
        const auto refused = buffer->map(Access::read);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().cause ==
              (sizeof(std::size_t) == 4 ? Cause::limit : Cause::exhausted));
        CHECK(refused.error().detail.find("1 TiB") != std::string::npos);
        CHECK(!refused.error().remedy.empty());
    }
}

TEST_CASE("protected memory is not even tried to be mapped") {
    FakeKernel kernel;
    add_dma_heap(kernel, {.name = "vframe-secure"});
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    DeviceDescription decoder;
    decoder.name = "decoder";
    decoder.alternatives.emplace_back().constraints.protected_memory = true;
    const auto buffer = allocator->allocate(
        Request::bytes(8192).use(Device::described(std::move(decoder)), Use::decode));
    REQUIRE(buffer);
    const auto refused = buffer->map(Access::read);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::unsupported);
    CHECK(refused.error().detail.find("protected") != std::string::npos);
    CHECK(kernel.count("map") == 0);
}

TEST_CASE("planes are seen row by row, without the padding") {
    Machine machine;
    const Buffer buffer = Machine::allocate(Request::image(33, 17, fourcc::nv12));
    auto planes = buffer.map_planes(Access::read_write);
    REQUIRE(planes);
    REQUIRE(planes->planes().size() == 2);
    const PlaneView luma = (*planes)[0];
    const PlaneView chroma = (*planes)[1];
    CHECK(luma.rows == 17);
    CHECK(luma.row_bytes == 33);
    CHECK(chroma.rows == 9);
    CHECK(chroma.row_bytes == 34);
    CHECK(chroma.plane == buffer.planes()[1]);
    CHECK(chroma.bytes.data() == luma.bytes.data() + buffer.planes()[1].offset);
    CHECK(luma.row(1).data() == luma.bytes.data() + luma.plane.stride);
    CHECK(luma.row(16).size() == 33);
    CHECK(luma.row(17).empty());
    CHECK(open_turns(*machine.dmabuf(buffer)) == "rw");
    REQUIRE(planes->finish());
    CHECK(planes->planes().empty());
    CHECK(planes->finish());
    CHECK(open_turns(*machine.dmabuf(buffer)).empty());
}

TEST_CASE("planes may lie in dma-bufs of their own, whose turns are one") {
    Machine machine;
    const auto luma = machine.kernel.make_dmabuf(4096, "a", O_RDWR);
    const auto chroma = machine.kernel.make_dmabuf(4096, "b", O_RDWR);
    const UniqueFd first = UniqueFd::adopt(machine.kernel.install(luma));
    const UniqueFd second = UniqueFd::adopt(machine.kernel.install(chroma));
    Layout layout;
    layout.fourcc = fourcc::nv12;
    layout.modifier = Modifier::linear();
    layout.width = 64;
    layout.height = 16;
    layout.placement = Placement::per_plane;
    layout.planes = {{0, 0, 64, 64 * 16}, {1, 0, 64, 64 * 8}};
    const auto buffer = Machine::adopt(layout, {first.get(), second.get()});
    REQUIRE(buffer);
    {
        const auto planes = buffer->map_planes(Access::write);
        REQUIRE(planes);
        CHECK((*planes)[1].bytes.size() == 64 * 8);
        CHECK((*planes)[1].row(7).size() == 64);
        CHECK(open_turns(*luma) == "w");
        CHECK(open_turns(*chroma) == "w");
    }
    CHECK(open_turns(*luma).empty());
    CHECK(open_turns(*chroma).empty());

    // One that can't be mapped ends the turn on the other.
    chroma->mappable = false;
    const auto again = Machine::adopt(layout, {first.get(), second.get()});
    REQUIRE(again);
    CHECK(again->map_planes(Access::write).error().cause == Cause::unsupported);
    CHECK(open_turns(*luma).empty());

    auto both = buffer->map_planes(Access::read);
    REQUIRE(both);
    machine.kernel.fail(sync_call, 1, EIO);
    CHECK(both->finish().error().sys_errno == EIO);
    CHECK(open_turns(*chroma).empty());
    CHECK(luma->open_reads == 1);
}

TEST_CASE("plain bytes and tiles have no rows") {
    Machine machine;
    const Buffer bytes = Machine::allocate();
    const auto plain = bytes.map_planes(Access::read);
    REQUIRE(plain);
    CHECK_FALSE((*plain)[0].has_rows());
    CHECK((*plain)[0].bytes.size() == 8192);

    Layout layout = Machine::allocate(Request::image(64, 64, fourcc::xrgb8888)).layout();
    const UniqueFd fd = UniqueFd::adopt(
        machine.kernel.install(machine.kernel.make_dmabuf(64 * 64 * 4, "drm", O_RDWR)));
    layout.modifier = GENERATE(Modifier::named(0x0100000000000001ULL), Modifier::implicit());
    const auto buffer = Machine::adopt(layout, {fd.get()});
    REQUIRE(buffer);
    const auto tiled = buffer->map_planes(Access::read);
    REQUIRE(tiled);
    CHECK_FALSE((*tiled)[0].has_rows());
    CHECK((*tiled)[0].row(0).empty());
    CHECK((*tiled)[0].bytes.size() == 64 * 64 * 4);
}

TEST_CASE("a buffer whose dma-bufs were handed over has none to map") {
    Machine machine;
    Buffer buffer = Machine::allocate();
    const auto released = buffer.release();
    CHECK(buffer.map(Access::read).error().cause == Cause::invalid);
    CHECK(buffer.map_planes(Access::read).error().cause == Cause::invalid);
}
