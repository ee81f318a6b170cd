// SPDX-License-Identifier: MIT
// Buffers made of dma-bufs that something else allocated: what is taken, and what is not.
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/simplealloc.hpp>

#include <cerrno>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <vector>

using namespace simplealloc;
using test::FakeKernel;

namespace {

constexpr std::uint64_t tiled = 0x0100000000000001; // I915_FORMAT_MOD_X_TILED

/// Dma-bufs that the caller has open.
struct Foreign {
    FakeKernel kernel;
    std::vector<UniqueFd> own;
    test::Census idle;

    int make(std::uint64_t size) {
        own.push_back(UniqueFd::adopt(kernel.install(kernel.make_dmabuf(size, "x", O_RDWR))));
        idle = kernel.census();
        return own.back().get();
    }
    int duplicate(int fd) {
        own.push_back(*UniqueFd::dup(fd));
        idle = kernel.census();
        return own.back().get();
    }
    /// The error; nothing is left of the attempt.
    Error refused(const std::vector<int>& fds, const Layout& layout) const {
        const auto buffer = Buffer::import(fds, layout);
        REQUIRE_FALSE(buffer);
        CHECK(kernel.census() == idle);
        CHECK(kernel.errors().empty());
        return buffer.error();
    }
};

Layout picture(std::uint32_t width = 640, std::uint32_t height = 480) {
    Layout layout;
    layout.width = width;
    layout.height = height;
    layout.fourcc = fourcc::xrgb8888;
    layout.modifier = Modifier::linear();
    layout.planes = {{0, 0, std::uint64_t{width} * 4, std::uint64_t{width} * 4 * height}};
    return layout;
}

Layout nv12(std::uint32_t second_dmabuf, std::uint64_t offset) {
    Layout layout;
    layout.width = 640;
    layout.height = 480;
    layout.fourcc = fourcc::nv12;
    layout.modifier = Modifier::linear();
    layout.placement = Placement::single;
    layout.planes = {{0, 0, 640, 640 * 480}, {second_dmabuf, offset, 640, 640 * 240}};
    return layout;
}

constexpr std::uint64_t picture_size = 640 * 480 * 4;

} // namespace

TEST_CASE("an imported buffer has descriptors of its own, and is mapped like any other") {
    Foreign foreign;
    const int fd = foreign.make(picture_size);
    {
        auto buffer = Buffer::import(std::vector{fd}, picture());
        REQUIRE(buffer);
        CHECK(buffer->dmabufs()[0].fd != fd);
        CHECK(buffer->dmabufs()[0].size == picture_size);
        CHECK(buffer->layout().dmabuf_sizes == std::vector<std::uint64_t>{picture_size});
        CHECK(buffer->source() == "foreign");
        foreign.own.clear(); // the caller may close its own
        CHECK(buffer->map(Access::read_write).has_value());
    }
    CHECK(foreign.kernel.census() == test::Census{});
    CHECK(foreign.kernel.errors().empty());
}

TEST_CASE("sizes that are left out follow from the rest") {
    Foreign foreign;
    SECTION("of planes in lines, from stride and height") {
        Layout layout = nv12(0, 640 * 512);
        layout.planes[0].size = layout.planes[1].size = 0;
        const auto buffer = Buffer::import(std::vector{foreign.make(640 * 512 * 3 / 2)}, layout);
        REQUIRE(buffer);
        CHECK(buffer->planes()[0].size == 640 * 480);
        CHECK(buffer->planes()[1].size == 640 * 240);
    }
    SECTION("of tiles, from where the next plane or the end is") {
        Layout layout = nv12(0, 400000);
        layout.modifier = Modifier::named(tiled);
        layout.planes[0].size = layout.planes[1].size = 0;
        const auto buffer = Buffer::import(std::vector{foreign.make(1 << 20)}, layout);
        REQUIRE(buffer);
        CHECK(buffer->planes()[0].size == 400000);
        CHECK(buffer->planes()[1].size == (1 << 20) - 400000);
    }
    SECTION("of plain bytes, from the dma-buf") {
        Layout layout;
        layout.planes = {{0, 0, 0, 0}};
        const auto buffer = Buffer::import(std::vector{foreign.make(8192)}, layout);
        REQUIRE(buffer);
        CHECK(buffer->planes()[0].size == 8192);
    }
}

TEST_CASE("descriptors of the same dma-buf become one, as clients send one for each plane") {
    Foreign foreign;
    const int fd = foreign.make(640 * 480 * 3 / 2);
    Layout layout = nv12(1, 640 * 480);
    layout.placement = Placement::per_plane;
    const auto buffer = Buffer::import(std::vector{fd, foreign.duplicate(fd)}, layout);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    CHECK(buffer->dmabufs().size() == 1);
    CHECK(buffer->planes()[1].dmabuf == 0);
    CHECK(buffer->layout().placement == Placement::single);
}

TEST_CASE("where the planes are tells how they are placed") {
    Foreign foreign;
    SECTION("a dma-buf for each") {
        const int luma = foreign.make(640 * 480);
        const int chroma = foreign.make(640 * 240);
        const auto buffer = Buffer::import(std::vector{luma, chroma}, nv12(1, 0));
        REQUIRE(buffer);
        CHECK(buffer->layout().placement == Placement::per_plane);
        CHECK(buffer->dmabufs().size() == 2);
    }
    SECTION("an offset that does not follow from stride and height") {
        Layout layout = nv12(0, 640 * 512);
        layout.placement = Placement::packed;
        const auto buffer = Buffer::import(std::vector{foreign.make(1 << 20)}, layout);
        REQUIRE(buffer);
        CHECK(buffer->layout().placement == Placement::single);
    }
}

TEST_CASE("what can't be in a dma-buf is not imported") {
    Foreign foreign;
    Layout layout = picture();
    std::uint64_t size = picture_size;
    std::string reason;
    SECTION("a plane that ends behind it") {
        size -= 4096;
        reason = "its dma-buf";
    }
    SECTION("a plane whose end overflows") {
        layout.planes[0].offset = ~std::uint64_t{0} - 3;
        reason = "from offset";
    }
    SECTION("a size that it does not have") {
        layout.dmabuf_sizes = {picture_size + 4096};
        reason = "not 1232896";
    }
    SECTION("planes that overlap") {
        layout = nv12(0, 640 * 470);
        reason = "overlap";
    }
    SECTION("lines that are shorter than the image is wide") {
        layout.planes[0].stride -= 4;
        reason = "a line has";
    }
    SECTION("a stride that cuts pixels in two") {
        layout.planes[0].stride += 2;
        reason = "no multiples of 4";
        size *= 2;
    }
    SECTION("an offset that cuts pixels in two") {
        layout.planes[0].offset = 2;
        reason = "no multiples of 4";
        size *= 2;
    }
    SECTION("fewer planes than the format has") {
        layout = nv12(0, 640 * 480);
        layout.planes.pop_back();
        reason = "has 2 planes";
    }
    SECTION("no plane") {
        layout.planes.clear();
        reason = "0 planes";
    }
    SECTION("a plane that is in no dma-buf") {
        layout.planes[0].dmabuf = 1;
        reason = "in dma-buf 1";
    }
    SECTION("no pixels") {
        layout.width = 0;
        reason = "0x480";
    }
    SECTION("a format that nobody knows") {
        layout.fourcc = Fourcc('?', '?', '?', '?');
        reason = "no format";
    }
    SECTION("a format that is never linear") {
        layout.fourcc = fourcc::yuv420_8bit;
        reason = "no linear layout";
    }
    SECTION("a modifier that is none and named") {
        layout.modifier = Modifier::named(Modifier::implicit().value);
        reason = "implicit";
    }
    SECTION("an implicit modifier with a number") {
        layout.modifier = {tiled, Modifier::State::implicit};
        reason = "can't be implicit";
    }
    SECTION("tiles that are linear by interface") {
        layout.modifier = {tiled, Modifier::State::linear_by_interface};
        reason = "not linear";
    }
    SECTION("tiles that end behind it") {
        layout.modifier = Modifier::named(tiled);
        size -= 4096;
        reason = "its dma-buf";
    }
    SECTION("bytes with a stride") {
        layout = {};
        layout.planes = {{0, 0, 64, 4096}};
        reason = "plain bytes";
    }
    const Error error = foreign.refused({foreign.make(size)}, layout);
    CHECK(error.cause == Cause::invalid);
    CHECK(error.stage == Stage::layout);
    CHECK_THAT(error.detail, Catch::Matchers::Contains(reason));
}

TEST_CASE("dma-bufs and planes have to match in number") {
    Foreign foreign;
    const int fd = foreign.make(1 << 20);
    const int other = foreign.make(1 << 20);
    CHECK(foreign.refused({}, picture()).cause == Cause::invalid);
    CHECK(foreign.refused({fd, other}, picture()).cause == Cause::invalid);
    CHECK(foreign.refused({fd, other}, nv12(0, 640 * 480)).cause == Cause::invalid);
    Layout layout = picture();
    layout.dmabuf_sizes.clear();
    CHECK(foreign.refused({fd, fd, fd, fd, fd}, layout).detail == "5 dma-bufs, it takes 1 to 4");
}

TEST_CASE("three planes in two dma-bufs are refused with what would do, however they are said") {
    Foreign foreign;
    const int luma = foreign.make(640 * 480);
    const int chroma = foreign.make(2 * 320 * 240);
    Layout layout = nv12(1, 0);
    layout.fourcc = fourcc::yuv420;
    layout.planes = {{0, 0, 640, 0}, {1, 0, 320, 0}, {1, 320 * 240, 320, 0}};
    const std::string why =
        "3 planes in 2 dma-bufs: they are all in one, or each in one of its own";
    CHECK(foreign.refused({luma, chroma}, layout).detail == why);
    layout.planes[2].dmabuf = 2;
    CHECK(foreign.refused({luma, chroma, foreign.duplicate(chroma)}, layout).detail == why);
}

TEST_CASE("a dma-buf without bytes is named") {
    Foreign foreign;
    CHECK(foreign.refused({foreign.make(0)}, picture()).detail == "dma-buf 0 has no bytes");
}

TEST_CASE("tiles of any modifier and of formats that are never linear are taken by their size") {
    Foreign foreign;
    Layout layout = picture();
    layout.planes[0].size = 0;
    SECTION("named") {
        layout.modifier = Modifier::named(tiled);
        layout.planes[0].stride = 17;
    }
    SECTION("implicit: only its device knows how it lies") {
        layout.modifier = Modifier::implicit();
    }
    SECTION("never linear") {
        layout.fourcc = fourcc::yuv420_8bit;
        layout.modifier = Modifier::named(tiled);
    }
    const auto buffer = Buffer::import(std::vector{foreign.make(4096)}, layout);
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    CHECK(buffer->modifier() == layout.modifier);
}

TEST_CASE("a descriptor of anything else is refused without touching it") {
    Foreign foreign;
    const int right = foreign.make(picture_size);
    int wrong = -1;
    SECTION("a memfd of the right size") {
        foreign.own.push_back(UniqueFd::adopt(kernel::memfd("x", 0)));
        wrong = foreign.own.back().get();
        REQUIRE(kernel::truncate(wrong, picture_size) == 0);
    }
    SECTION("a device") {
        test::FakeNode node;
        node.path = "/dev/null";
        foreign.kernel.add_node(node);
        foreign.own.push_back(UniqueFd::adopt(kernel::open("/dev/null", O_RDWR)));
        wrong = foreign.own.back().get();
    }
    SECTION("a dma-buf, but only its path") {
        const auto path = "/proc/self/fd/" + std::to_string(right);
        foreign.own.push_back(UniqueFd::adopt(kernel::open(path.c_str(), O_PATH)));
        wrong = foreign.own.back().get();
    }
    SECTION("none") {
        wrong = 99;
    }
    foreign.idle = foreign.kernel.census();
    foreign.kernel.clear_calls();
    CHECK(foreign.refused({wrong}, picture()).cause == Cause::invalid);
    CHECK(foreign.kernel.count("seek_end") == 0);
    CHECK(foreign.kernel.count(static_cast<unsigned long>(DMA_BUF_IOCTL_SYNC)) == 0);
    CHECK(foreign.refused({right, wrong}, nv12(1, 0)).cause == Cause::invalid);
}

TEST_CASE("where dma-bufs have no filesystem of their own they are told by a call") {
    Foreign foreign;
    const int fd = foreign.make(picture_size);
    foreign.kernel.dmabuf(fd)->filesystem = ANON_INODE_FS_MAGIC;
    const auto buffer = Buffer::import(std::vector{fd}, picture());
    REQUIRE(buffer);
    const auto again = Buffer::import(std::vector{fd}, picture());
    REQUIRE(again);
    CHECK(buffer->is_same(*buffer));
    CHECK_FALSE(buffer->is_same(*again)); // all inodes are one there
    CHECK(foreign.kernel.dmabuf(fd)->sync_starts == 0);
    foreign.kernel.fail(static_cast<unsigned long>(DMA_BUF_IOCTL_SYNC), 0, ENOTTY);
    CHECK_FALSE(Buffer::import(std::vector{fd}, picture()));
}

TEST_CASE("buffers over the same dma-buf are equal, others are not") {
    Foreign foreign;
    const int fd = foreign.make(picture_size);
    const auto first = Buffer::import(std::vector{fd}, picture());
    const auto second = Buffer::import(std::vector{foreign.duplicate(fd)}, picture(320, 240));
    const auto other = Buffer::import(std::vector{foreign.make(picture_size)}, picture());
    REQUIRE((first && second && other));
    CHECK(first->is_same(*second));
    CHECK(first->dmabufs()[0].is_same(second->dmabufs()[0]));
    CHECK_FALSE(first->is_same(*other));
    Buffer released = *Buffer::import(std::vector{fd}, picture());
    (void)released.release();
    CHECK_FALSE(first->is_same(released));
}

TEST_CASE("whatever fails while a buffer is imported, nothing is left") {
    Foreign foreign;
    const int luma = foreign.make(640 * 480);
    const int chroma = foreign.make(640 * 240);
    unsigned failed = 0;
    for (unsigned n = 1; n < 50; ++n) {
        foreign.kernel.clear_failures();
        foreign.kernel.fail_nth_syscall(n, EMFILE);
        const auto buffer = Buffer::import(std::vector{luma, chroma}, nv12(1, 0));
        if (!foreign.kernel.failed()) {
            CHECK(buffer);
            break;
        }
        if (buffer)
            continue; // what only compares may fail
        ++failed;
        CHECK(buffer.error().sys_errno == EMFILE);
        CHECK(buffer.error().cause == Cause::fd_limit);
        CHECK(foreign.kernel.census() == foreign.idle);
    }
    CHECK(failed >= 6);
    CHECK(foreign.kernel.errors().empty());
}
