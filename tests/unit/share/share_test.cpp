// SPDX-License-Identifier: MIT
// Buffers for another process: exact both ways, and nothing that comes from a stranger does harm.
#include "lib/base/internal.hpp"
#include "lib/buffer/data.hpp"
#include "lib/share/wire/buffer_form.hpp"
#include "tests/support/cases.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"
#include "tests/support/fake_socket.hpp"

#include <simplealloc/share.hpp>
#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>

using namespace simplealloc;
using namespace std::chrono_literals;
using share::Channel;
using test::FakeKernel;
using Bytes = std::vector<std::byte>;

namespace {

constexpr auto at_once = 0ms;

struct Machine : test::FakeMachine {
    test::Census idle;

    Machine() : FakeMachine({"reserved"}) {}

    static Buffer allocate(Fourcc format = fourcc::nv12) {
        return test::allocate(test::open_allocator(),
                              Request::image(640, 480, format).cpu(CpuAccess::write));
    }
    Buffer two_dmabufs() {
        Layout layout;
        layout.width = 640;
        layout.height = 480;
        layout.fourcc = fourcc::nv12;
        layout.modifier = Modifier::linear();
        layout.planes = {{0, 0, 640, 0}, {1, 0, 640, 0}};
        std::vector<UniqueFd> own;
        std::vector<int> fds;
        for (const std::uint64_t size : {640 * 480, 640 * 240}) {
            own.push_back(UniqueFd::adopt(kernel.install(kernel.make_dmabuf(size, "x", O_RDWR))));
            fds.push_back(own.back().get());
        }
        auto buffer = Buffer::import(fds, layout);
        REQUIRE(buffer);
        return *std::move(buffer);
    }
};

std::vector<UniqueFd> copies(const std::vector<int>& fds) {
    std::vector<UniqueFd> out;
    for (const int fd : fds)
        out.push_back(*UniqueFd::dup(fd));
    return out;
}

Result<Buffer> unpack(const Bytes& bytes, const std::vector<int>& fds) {
    return share::unpack(bytes, copies(fds));
}

struct Ends {
    test::FakeSocketPair sockets;
    Channel near;
    Channel far;
};

Channel channel(UniqueFd socket) {
    auto made = Channel::open(std::move(socket));
    REQUIRE(made);
    return *std::move(made);
}

Ends connect(FakeKernel& kernel, int type) {
    test::FakeSocketPair pair = test::make_socket_pair(kernel, type);
    UniqueFd first = std::move(pair.first);
    UniqueFd second = std::move(pair.second);
    return {std::move(pair), channel(std::move(first)), channel(std::move(second))};
}

/// As a peer that does not use this library.
void put(test::FakePipe& pipe, const Bytes& bytes, const std::vector<int>& fds) {
    pipe.pieces.push_back({bytes, copies(fds)});
}

} // namespace

TEST_CASE("a buffer arrives with its layout, source and facts, and over the same dma-bufs") {
    Machine machine;
    const Buffer sent = Machine::allocate();
    const auto parcel = share::pack(sent);
    REQUIRE(parcel);
    const auto got = unpack(parcel->bytes, parcel->fds);
    INFO((got ? "" : got.error().message()));
    REQUIRE(got);
    CHECK(got->is_same(sent));
    CHECK(got->layout() == sent.layout());
    CHECK(got->source() == "dma-heap:reserved");
    const solver::Offer& before = Internal::data(sent).origin->source.input.offer;
    const solver::Offer& after = Internal::data(*got).origin->source.input.offer;
    CHECK(after.contiguity == solver::OfferContiguity::physical);
    CHECK(after.contiguity == before.contiguity);
    CHECK(after.zeroed == before.zeroed);
    CHECK(after.max_address == before.max_address);
    REQUIRE(got->facts().size() == sent.facts().size());
    for (std::size_t i = 0; i < got->facts().size(); ++i) {
        CHECK(got->facts()[i].name == sent.facts()[i].name);
        CHECK(got->facts()[i].value == sent.facts()[i].value);
        CHECK(got->facts()[i].origin == "peer: " + sent.facts()[i].origin);
    }
    CHECK(got->map(Access::read).has_value());

    // Sent on, it is the same.
    const auto again = share::pack(*got);
    REQUIRE(again);
    const auto third = unpack(again->bytes, again->fds);
    REQUIRE(third);
    CHECK(third->layout() == sent.layout());
    CHECK(std::ranges::equal(third->facts(), got->facts()));
}

TEST_CASE("the part of an image that counts travels with it") {
    Machine machine;
    test::add_drm_card(machine.kernel);
    const Allocator allocator = test::open_allocator();
    const DeviceUse shown{allocator.device("/dev/dri/card0").value(), Use::scanout, {}};
    const auto visible = [&](const Buffer& buffer) {
        const auto setup = buffer.setup(shown);
        REQUIRE(setup);
        return setup->drm->crop;
    };
    const Buffer sent =
        test::allocate(allocator, Request::image(640, 368, fourcc::xrgb8888).crop(640, 360));
    const auto parcel = share::pack(sent);
    const auto got = unpack(parcel->bytes, parcel->fds);
    REQUIRE(got);
    CHECK(visible(*got).width == 640);
    CHECK(visible(*got).height == 360);
    const auto again = share::pack(*got);
    REQUIRE(again);
    CHECK(visible(unpack(again->bytes, again->fds).value()).height == 360);
    // All of it, where nobody says otherwise.
    const Buffer all = Machine::allocate(fourcc::xrgb8888);
    const auto whole = share::pack(all);
    CHECK(visible(unpack(whole->bytes, whole->fds).value()).height == 480);
}

TEST_CASE("a part that is none is refused") {
    const auto [width, height] = GENERATE(std::pair(0, 0), std::pair(0, 4), std::pair(2, 0),
                                          std::pair(4, 4), std::pair(2, 6));
    wire::BufferForm form;
    form.layout.width = 3;
    form.layout.height = 5;
    form.layout.fourcc = fourcc::xrgb8888;
    form.layout.planes = {{0, 0, 12, 60}};
    form.layout.dmabuf_sizes = {4096};
    form.crop_width = form.crop_height = 1;
    Bytes bytes = *wire::encode_buffer(form);
    REQUIRE(wire::decode_buffer(bytes));
    const std::array entry{std::byte{69}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{8}};
    const auto at = std::search(bytes.begin(), bytes.end(), entry.begin(), entry.end());
    REQUIRE(at != bytes.end());
    at[8] = static_cast<std::byte>(width);
    at[12] = static_cast<std::byte>(height);
    const auto read = wire::decode_buffer(bytes);
    REQUIRE(!read);
    CHECK(read.error().cause == Cause::invalid);
    CHECK(read.error().object == "crop");
}

TEST_CASE("who receives a buffer checks it for a device like one's own") {
    Machine machine;
    const Buffer sent = Machine::allocate();
    const auto parcel = share::pack(sent);
    const auto got = unpack(parcel->bytes, parcel->fds);
    REQUIRE(got);
    DeviceDescription description;
    description.name = "display";
    CapabilitySet set;
    set.constraints.contiguity = Contiguity::required;
    description.alternatives = {set};
    const auto answer =
        Allocator::open()->check(*got, {Device::described(description), Use::scanout, {}});
    REQUIRE(answer);
    CHECK(answer->verdict == Verdict::import_as_is);
}

TEST_CASE("what can't be shared is said") {
    Machine machine;
    Buffer buffer = Machine::allocate();
    (void)buffer.release();
    const auto parcel = share::pack(buffer);
    REQUIRE_FALSE(parcel);
    CHECK(parcel.error().cause == Cause::invalid);
    CHECK(parcel.error().stage == Stage::share);
}

TEST_CASE("descriptors that don't fit the message are refused, and all are closed") {
    Machine machine;
    const Buffer sent = machine.two_dmabufs();
    const auto parcel = share::pack(sent);
    REQUIRE(parcel);
    const UniqueFd memfd = UniqueFd::adopt(kernel::memfd("x", 0));
    REQUIRE(kernel::truncate(memfd.get(), 1 << 20) == 0);
    const auto before = machine.kernel.census();
    const int first = parcel->fds[0];
    const int second = parcel->fds[1];
    const std::vector<std::vector<int>> all = {
        {},
        {first},
        {first, second, second},
        {first, memfd.get()},
        {memfd.get(), second},
        {second, first}, // sizes that lie
    };
    const std::vector<int>& wrong = all[static_cast<std::size_t>(GENERATE(range(0, 6)))];
    const auto got = unpack(parcel->bytes, wrong);
    REQUIRE_FALSE(got);
    CHECK(got.error().cause == Cause::invalid);
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("no part of a message is taken for the whole") {
    Machine machine;
    const Buffer sent = machine.two_dmabufs();
    const auto parcel = share::pack(sent);
    const auto before = machine.kernel.census();
    for (std::size_t size = 0; size < parcel->bytes.size(); ++size) {
        const auto got = unpack(
            {parcel->bytes.begin(), parcel->bytes.begin() + static_cast<std::ptrdiff_t>(size)},
            parcel->fds);
        REQUIRE_FALSE(got);
        CHECK(got.error().stage == Stage::share);
    }
    Bytes longer = parcel->bytes;
    longer.push_back({});
    CHECK_FALSE(unpack(longer, parcel->fds));
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("of a damaged message nothing is left, and what is read can be sent on") {
    Machine machine;
    const Buffer sent = machine.two_dmabufs();
    const auto parcel = share::pack(sent);
    const auto before = machine.kernel.census();
    test::for_each_case(5000, [&](test::Generator& g) {
        Bytes bytes = parcel->bytes;
        for (std::uint64_t n = 1 + g.below(4); n > 0; --n)
            bytes[static_cast<std::size_t>(g.below(bytes.size()))] ^=
                static_cast<std::byte>(1U << g.below(8));
        const auto got = unpack(bytes, parcel->fds);
        if (got) {
            const auto again = share::pack(*got);
            REQUIRE(again);
            REQUIRE(unpack(again->bytes, again->fds));
        }
        machine.kernel.clear_calls();
    });
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("every field of a form survives, and its bounds are kept") {
    wire::BufferForm form;
    form.layout.width = 3;
    form.layout.height = 5;
    form.layout.fourcc = fourcc::xrgb8888;
    form.layout.modifier = Modifier::named(0x0100000000000001);
    form.layout.placement = Placement::single;
    form.layout.planes = {{0, 1, 2, 3}, {3, ~std::uint64_t{0}, 5, 6}};
    form.layout.dmabuf_sizes = {1, 2, 3, 4};
    form.crop_width = 2;
    form.crop_height = 4;
    form.source = "ion:carveout";
    form.driver = "ion";
    form.aliases = {"a", "b"};
    solver::Offer& offer = form.offer;
    offer.contiguity = solver::OfferContiguity::chunks;
    offer.chunk_size = 65536;
    offer.device = "/sys/devices/x";
    offer.min_address = 4096;
    offer.max_address = 0xffffffff;
    offer.address_align = 65536;
    offer.caching = solver::CpuCaching::write_combined;
    offer.sync_effective = false;
    offer.zeroed = false;
    offer.memory_kind = MemoryKind::device_local;
    offer.protected_memory = true;
    offer.attachable = false;
    offer.vmap_stable = false;
    form.facts = {{"name", "value", Confidence::assumed, "origin"}};
    const auto bytes = wire::encode_buffer(form);
    REQUIRE(bytes);
    const auto got = wire::decode_buffer(*bytes);
    INFO((got ? "" : got.error().message()));
    REQUIRE(got);
    CHECK(got->layout == form.layout);
    CHECK(got->crop_width == 2);
    CHECK(got->crop_height == 4);
    CHECK(got->facts == form.facts);
    CHECK(got->aliases == form.aliases);
    CHECK(got->offer.device == offer.device);
    CHECK(got->offer.zeroed == offer.zeroed);
    CHECK(*wire::encode_buffer(*got) == *bytes); // nothing of it is lost

    SECTION("facts") {
        form.facts.resize(share::max_facts + 1);
    }
    SECTION("planes") {
        form.layout.planes.resize(share::max_dmabufs + 1);
    }
    SECTION("dma-bufs") {
        form.layout.dmabuf_sizes.resize(share::max_dmabufs + 1);
    }
    SECTION("aliases") {
        form.aliases.resize(share::max_aliases + 1, "x");
    }
    SECTION("bytes") {
        form.facts.assign(20, {std::string(1000, 'x'), "", Confidence::known, ""});
    }
    CHECK(wire::encode_buffer(form).error().cause == Cause::limit);
}

TEST_CASE("entries of later versions are skipped, unless they must be understood") {
    Machine machine;
    const Buffer sent = machine.two_dmabufs();
    const auto parcel = share::pack(sent);
    Bytes bytes = parcel->bytes;
    const bool must = GENERATE(false, true);
    for (const int value : {200, 0, must ? 1 : 0, 0, 1, 0, 0, 0, 7})
        bytes.push_back(static_cast<std::byte>(value));
    bytes[8] = static_cast<std::byte>(bytes.size());
    bytes[9] = static_cast<std::byte>(bytes.size() >> 8U);
    const auto got = unpack(bytes, parcel->fds);
    CHECK(got.has_value() == !must);
    if (must) {
        CHECK(got.error().cause == Cause::unsupported);
        CHECK(got.error().object == "entry 200");
    }
    bytes[4] = std::byte{2};
    CHECK(unpack(bytes, parcel->fds).error().cause == Cause::unsupported);
}

TEST_CASE("buffers travel both ways over a stream and over packets, without waiting in vain") {
    Machine machine;
    const int type = GENERATE(SOCK_STREAM, SOCK_SEQPACKET);
    const auto before = machine.kernel.census();
    {
        Ends ends = connect(machine.kernel, type);
        const Buffer first = Machine::allocate();
        const Buffer second = machine.two_dmabufs();
        CHECK(ends.far.receive(at_once).error().cause == Cause::busy);
        REQUIRE(ends.near.send(first));
        REQUIRE(ends.near.send(second, at_once));
        REQUIRE(ends.far.send(second));
        CHECK(ends.near.pending() == 0);
        const auto got = ends.far.receive(at_once);
        INFO((got ? "" : got.error().message()));
        REQUIRE(got);
        CHECK(got->is_same(first));
        CHECK(ends.far.receive()->is_same(second));
        CHECK(ends.near.receive()->is_same(second));
        CHECK(ends.far.receive(5ms).error().cause == Cause::busy);
        ends.near = channel(test::make_socket_pair(machine.kernel, type).first);
        const auto closed = ends.far.receive();
        CHECK(closed.error().cause == Cause::gone);
        CHECK(closed.error().stage == Stage::share);
        CHECK(ends.far.send(first).error().cause == Cause::gone);
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("a peer that says nothing is not waited for without limit, unless that is said") {
    Machine machine;
    const int type = GENERATE(SOCK_STREAM, SOCK_SEQPACKET);
    Ends ends = connect(machine.kernel, type);
    const auto start = machine.kernel.time;
    CHECK(ends.far.receive().error().cause == Cause::busy);
    CHECK(machine.kernel.time - start == Timeout(default_timeout));
    if (type == SOCK_SEQPACKET)
        return;
    ends.sockets.to_second->room = 0;
    CHECK(ends.near.send(Machine::allocate()).error().cause == Cause::busy);
    CHECK(machine.kernel.time - start == Timeout(2 * default_timeout));
}

TEST_CASE("a stream that takes little at a time loses neither bytes nor descriptors") {
    Machine machine;
    Ends ends = connect(machine.kernel, SOCK_STREAM);
    const Buffer buffer = machine.two_dmabufs();
    SECTION("as the kernel cuts it") {
        ends.sockets.to_second->most = 5;
        REQUIRE(ends.near.send(buffer));
        CHECK(ends.near.pending() == 0);
        CHECK(ends.far.receive(at_once)->is_same(buffer));
    }
    SECTION("as there is room") {
        ends.sockets.to_second->room = 10;
        REQUIRE(ends.near.send(buffer, at_once));
        CHECK(ends.near.pending() > 0);
        CHECK(ends.near.send(buffer, at_once).error().cause == Cause::busy);
        CHECK(ends.near.flush(at_once).error().cause == Cause::busy);
        std::optional<Buffer> got;
        for (int n = 0; n < 100 && !got; ++n) {
            auto received = ends.far.receive(at_once);
            if (received)
                got = *std::move(received);
            else
                REQUIRE(received.error().cause == Cause::busy);
            (void)ends.near.flush(at_once);
        }
        REQUIRE(got);
        CHECK(got->is_same(buffer));
        CHECK(ends.near.pending() == 0);
    }
}

TEST_CASE("a peer that sends what it must not costs nothing") {
    Machine machine;
    const int type = GENERATE(SOCK_STREAM, SOCK_SEQPACKET);
    const Buffer buffer = machine.two_dmabufs();
    const auto parcel = share::pack(buffer);
    const auto before = machine.kernel.census();
    {
        Ends ends = connect(machine.kernel, type);
        test::FakePipe& pipe = *ends.sockets.to_second;
        Bytes bytes = parcel->bytes;
        std::vector<int> fds = parcel->fds;
        Cause cause = Cause::invalid;
        const int what = GENERATE(0, 1, 2, 3, 4, 5);
        CAPTURE(type, what);
        switch (what) {
        case 0: // another protocol
            bytes.assign(100, std::byte{'x'});
            break;
        case 1: // a message that is longer than may be
            bytes[10] = std::byte{0xff};
            cause = Cause::limit;
            break;
        case 2: // more descriptors than a buffer has
            fds.assign(7, fds[0]);
            break;
        case 3: // more dma-bufs than may be
            bytes[6] = std::byte{5};
            cause = Cause::limit;
            break;
        case 4: // too few descriptors
            fds.pop_back();
            break;
        default: // a size below the header's
            bytes[8] = std::byte{3};
            bytes[9] = {};
        }
        put(pipe, bytes, fds);
        const auto got = ends.far.receive(at_once);
        REQUIRE_FALSE(got);
        CHECK(got.error().cause == cause);
        CHECK(got.error().stage == Stage::share);
        // Packets are found again, in a stream nobody knows where the next message begins.
        if (type == SOCK_SEQPACKET) {
            REQUIRE(ends.near.send(buffer));
            CHECK(ends.far.receive(at_once).has_value());
        } else if (what != 4) {
            CHECK(ends.far.receive(at_once).error().cause == Cause::invalid);
        }
    }
    CHECK(machine.kernel.census() == before);
    CHECK(machine.kernel.errors().empty());
}

TEST_CASE("of a stream nothing is taken after a broken message") {
    Machine machine;
    const Buffer buffer = machine.two_dmabufs();
    Ends ends = connect(machine.kernel, SOCK_STREAM);
    Bytes header = share::pack(buffer)->bytes;
    header.resize(wire::buffer_header);
    header[8] = std::byte{3}; // a size below the header's
    header[9] = {};
    put(*ends.sockets.to_second, header, {});
    CHECK(ends.far.receive(at_once).error().cause == Cause::invalid);
    REQUIRE(ends.near.send(buffer));
    const auto got = ends.far.receive(at_once);
    REQUIRE_FALSE(got);
    CHECK_THAT(got.error().detail, Catch::Matchers::Contains("was broken"));
}

TEST_CASE("a packet that is longer than may be is refused whole") {
    Machine machine;
    Ends ends = connect(machine.kernel, SOCK_SEQPACKET);
    put(*ends.sockets.to_second, Bytes(share::max_message + 1), {});
    CHECK(ends.far.receive(at_once).error().cause == Cause::limit);
    CHECK(ends.far.receive(at_once).error().cause == Cause::busy);
}

TEST_CASE("a peer that goes in the middle of a message is gone") {
    Machine machine;
    const Buffer buffer = machine.two_dmabufs();
    const auto parcel = share::pack(buffer);
    const auto before = machine.kernel.census();
    {
        Ends ends = connect(machine.kernel, SOCK_STREAM);
        put(*ends.sockets.to_second, {parcel->bytes.begin(), parcel->bytes.begin() + 20},
            parcel->fds);
        CHECK(ends.far.receive(at_once).error().cause == Cause::busy);
        CHECK(machine.kernel.census().fds == before.fds + 4); // kept for the next call
        ends.sockets.to_second->closed = true;
        CHECK(ends.far.receive().error().cause == Cause::gone);
        CHECK(machine.kernel.census().fds == before.fds + 2);
    }
    CHECK(machine.kernel.census() == before);
}

TEST_CASE("only connected Unix sockets are channels") {
    Machine machine;
    UniqueFd memfd = UniqueFd::adopt(kernel::memfd("x", 0));
    CHECK(Channel::open(std::move(memfd)).error().cause == Cause::invalid);
    CHECK(Channel::open(test::make_socket_pair(machine.kernel, SOCK_DGRAM).first).error().cause ==
          Cause::invalid);
    CHECK(Channel::open({}).error().cause == Cause::invalid);
    CHECK(machine.kernel.census().fds == 0);
}
