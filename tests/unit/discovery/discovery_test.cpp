// SPDX-License-Identifier: MIT
// Finding devices: what is asked, what is not touched, and what an error says.
#include "lib/discovery/capabilities.hpp"
#include "lib/discovery/discovery.hpp"
#include "lib/discovery/v4l2/v4l2.hpp"
#include "lib/kernel/questions.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>
#include <fcntl.h>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <sys/sysmacros.h>
#include <system_error>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

Discovery discovery(const std::string& quirk_path = "") {
    auto quirks = Quirks::load(quirk_path);
    REQUIRE(quirks);
    return Discovery(std::move(*quirks));
}

std::optional<Fact> fact(const DeviceRecord& record, const std::string& name) {
    const auto found = std::find_if(record.facts.begin(), record.facts.end(),
                                    [&](const Fact& each) { return each.name == name; });
    return found == record.facts.end() ? std::nullopt : std::optional(*found);
}

template <typename Element>
Element* user(std::uint64_t pointer) {
    return reinterpret_cast<Element*>(static_cast<std::uintptr_t>(pointer));
}

/// Mode setting with a primary plane that knows modifiers and a cursor plane that knows none.
class Planes {
public:
    bool universal = false;   ///< SET_CLIENT_CAP was done
    unsigned grows = 0;       ///< how many calls see a plane less: hotplug in between
    std::size_t blob_cut = 0; ///< bytes that the IN_FORMATS blob lacks
    bool modifiers_cap = true;

    std::optional<int> operator()(unsigned long request, void* argument) {
        switch (request) {
        case DRM_IOCTL_GET_CAP:
            return capability(*static_cast<drm_get_cap*>(argument));
        case DRM_IOCTL_SET_CLIENT_CAP:
            universal = true;
            return 0;
        case DRM_IOCTL_MODE_GETRESOURCES: {
            auto& out = *static_cast<drm_mode_card_res*>(argument);
            out.count_crtcs = 1;
            out.max_width = 4096;
            out.max_height = 2160;
            return 0;
        }
        case DRM_IOCTL_MODE_GETPLANERESOURCES:
            return list(*static_cast<drm_mode_get_plane_res*>(argument));
        case DRM_IOCTL_MODE_GETPLANE: {
            auto& out = *static_cast<drm_mode_get_plane*>(argument);
            const std::uint32_t formats[] = {out.plane_id == cursor ? DRM_FORMAT_ARGB8888
                                                                    : DRM_FORMAT_XRGB8888};
            return fill(formats, 1U, out.format_type_ptr, out.count_format_types);
        }
        case DRM_IOCTL_MODE_OBJ_GETPROPERTIES:
            return properties(*static_cast<drm_mode_obj_get_properties*>(argument));
        case DRM_IOCTL_MODE_GETPROPERTY: {
            auto& out = *static_cast<drm_mode_get_property*>(argument);
            std::strcpy(out.name, out.prop_id == type_property ? "type" : "IN_FORMATS");
            return 0;
        }
        case DRM_IOCTL_MODE_GETPROPBLOB:
            return blob(*static_cast<drm_mode_get_blob*>(argument));
        default:
            return std::nullopt;
        }
    }

private:
    static constexpr std::uint32_t primary = 31;
    static constexpr std::uint32_t cursor = 32;
    static constexpr std::uint32_t type_property = 8;
    static constexpr std::uint32_t formats_property = 9;

    template <typename Element, typename Count>
    static int fill(const Element* from, Count count, std::uint64_t pointer, Count& room) {
        if (room >= count && pointer != 0)
            std::copy_n(from, count, user<Element>(pointer));
        room = count;
        return 0;
    }

    [[nodiscard]] std::optional<int> capability(drm_get_cap& request) const {
        switch (request.capability) {
        case DRM_CAP_ADDFB2_MODIFIERS:
            request.value = modifiers_cap ? 1 : 0;
            return 0;
        case DRM_CAP_CURSOR_WIDTH:
        case DRM_CAP_CURSOR_HEIGHT:
            request.value = 64;
            return 0;
        default:
            return std::nullopt;
        }
    }

    int list(drm_mode_get_plane_res& out) {
        const std::uint32_t ids[] = {primary, cursor};
        const std::uint32_t count = !universal ? 0 : grows > 0 ? 1 : 2;
        if (grows > 0)
            --grows;
        return fill(ids, count, out.plane_id_ptr, out.count_planes);
    }

    static int properties(drm_mode_obj_get_properties& out) {
        const std::uint32_t ids[] = {type_property, formats_property};
        const std::uint64_t values[] = {out.obj_id == cursor ? 2U : 1U, 77};
        const std::uint32_t count = out.obj_id == cursor ? 1 : 2;
        std::uint32_t room = out.count_props;
        fill(ids, count, out.props_ptr, room);
        return fill(values, count, out.prop_values_ptr, out.count_props);
    }

    [[nodiscard]] int blob(drm_mode_get_blob& out) const {
        struct {
            drm_format_modifier_blob header;
            std::uint32_t formats[2];
            drm_format_modifier modifiers[2];
        } data = {};
        data.header.version = FORMAT_BLOB_CURRENT;
        data.header.count_formats = 1;
        data.header.formats_offset = offsetof(decltype(data), formats);
        data.header.count_modifiers = 2;
        data.header.modifiers_offset = offsetof(decltype(data), modifiers);
        data.formats[0] = DRM_FORMAT_XRGB8888;
        data.modifiers[0].formats = data.modifiers[1].formats = 1;
        data.modifiers[0].modifier = I915_FORMAT_MOD_X_TILED;
        const auto size = static_cast<std::uint32_t>(sizeof data - blob_cut);
        if (out.length == size)
            std::memcpy(user<void>(out.data), &data, size);
        out.length = size;
        return 0;
    }
};

struct PlanedCard {
    std::shared_ptr<Planes> planes = std::make_shared<Planes>();
    std::shared_ptr<FakeCard> card;

    explicit PlanedCard(FakeKernel& kernel, FakeCard wanted = {}) {
        wanted.override = [planes = planes](unsigned long request, void* argument) {
            return (*planes)(request, argument);
        };
        card = add_drm_card(kernel, std::move(wanted));
    }
};

} // namespace

TEST_CASE("what is no DRM or V4L2 device is refused in clear words") {
    FakeKernel kernel;
    kernel.add_directory("/dev/dri");
    kernel.add_file("/etc/passwd", "");
    FakeNode null;
    null.path = "/dev/null";
    null.devnum = makedev(1, 3);
    null.mode = 0666;
    kernel.add_node(null);

    const auto [path, cause, words] = GENERATE(table<std::string, Cause, std::string>({
        {"/dev/video9", Cause::gone, "look up device: No such file or directory"},
        {"/dev/dri", Cause::invalid, "is a directory"},
        {"/etc/passwd", Cause::invalid, "is no character device"},
        {"/dev/null", Cause::invalid,
         "is no DRM, accelerator or V4L2 device, and no quirk row names it (character device 1:3"},
    }));
    CAPTURE(path);
    const auto found = discovery().find(path);
    REQUIRE_FALSE(found);
    CHECK(found.error().cause == cause);
    CHECK(found.error().stage == Stage::discover);
    CHECK(found.error().object == path);
    CHECK_THAT(found.error().message(), Catch::Matchers::Contains(words));
    CHECK(kernel.count("open") == 0);
}

TEST_CASE("errors of opening are gone, at the descriptor limit, or a fact") {
    FakeKernel kernel;
    add_v4l2(kernel);
    const auto [sys_errno, cause] = GENERATE(table<int, Cause>({
        {ENXIO, Cause::gone},
        {ENODEV, Cause::gone},
        {EMFILE, Cause::fd_limit},
        {ENFILE, Cause::fd_limit},
    }));
    kernel.fail("open", 0, sys_errno);
    const auto found = discovery().find("/dev/video0");
    REQUIRE_FALSE(found);
    CHECK(found.error().cause == cause);
    CHECK(found.error().sys_errno == sys_errno);
}

TEST_CASE("a node that somebody uses exclusively is found, and can't be planned with") {
    FakeKernel kernel;
    add_v4l2(kernel);
    kernel.fail("open", 0, EBUSY);
    const auto found = discovery().find("/dev/video0");
    REQUIRE(found);
    CHECK(found->readable);
    CHECK(fact(*found, "opened").has_value());
}

TEST_CASE("not being allowed to open a node is a fact with a remedy") {
    FakeKernel kernel;
    kernel.root = false;
    FakeCard card;
    card.driver = "virtio_gpu";
    add_drm_card(kernel, card);
    const auto found = discovery().find("/dev/dri/card0");
    REQUIRE(found);
    CHECK_FALSE(found->readable);
    CHECK(found->denied_reason == "/dev/dri/card0: Permission denied (mode 0660, group video)");
    CHECK(found->denied_remedy == "add the user to group video");
    CHECK(fact(*found, "readable")->value == "no: " + found->denied_reason);
    CHECK_FALSE(found->imports); // the quirk row counts all the same
}

TEST_CASE("symbolic links lead to their device") {
    FakeKernel kernel;
    add_v4l2(kernel);
    kernel.add_link("/dev/v4l/by-path/platform-vim2m", "/dev/video0");
    const auto found = discovery().find("/dev/v4l/by-path/platform-vim2m");
    REQUIRE(found);
    CHECK(found->path == "/dev/v4l/by-path/platform-vim2m");
    CHECK(found->id == "/sys/devices/platform/vim2m.0/video4linux/video0");
}

TEST_CASE("card and render node of a GPU are one device, V4L2 nodes of one parent are not") {
    FakeKernel kernel;
    FakeCard card;
    card.render_node = true;
    add_drm_card(kernel, card);
    add_v4l2(kernel);
    FakeVideo second;
    second.index = 1;
    add_v4l2(kernel, second);
    const Discovery all = discovery();
    const auto display = all.find("/dev/dri/card0");
    const auto render = all.find("/dev/dri/renderD128");
    REQUIRE((display && render));
    CHECK(display->id == render->id);
    CHECK(display->drm->render_node == "/dev/dri/renderD128");
    CHECK(render->drm->card_node == "/dev/dri/card0");
    CHECK(render->drm->is_render_node);
    CHECK(all.find("/dev/video0")->id != all.find("/dev/video1")->id);
}

TEST_CASE("a device is found by its number") {
    FakeKernel kernel;
    FakeCard card;
    card.render_node = true;
    add_drm_card(kernel, card);
    add_v4l2(kernel);
    const Discovery all = discovery();
    const auto display = all.find(makedev(226, 0));
    const auto render = all.find(makedev(226, 128));
    REQUIRE((display && render));
    CHECK(display->path == "/dev/dri/card0");
    CHECK(display->devnum == makedev(226, 0));
    CHECK(render->path == "/dev/dri/renderD128");
    CHECK(render->drm->is_render_node);
    CHECK(render->id == display->id);
    CHECK(all.find(makedev(81, 0))->path == "/dev/video0");
}

TEST_CASE("a number that leads to no device of this process is gone, and nothing is opened") {
    FakeKernel kernel;
    FakeCard card;
    add_drm_card(kernel, card);
    card.index = 1;
    add_drm_card(kernel, card);
    std::string object = "/dev/dri/card0";
    dev_t number = makedev(226, 0);
    SECTION("nobody has it") {
        number = GENERATE(makedev(226, 7), dev_t{0}, ~dev_t{0});
        object = "device " + std::to_string(major(number)) + ":" + std::to_string(minor(number));
    }
    const udev::Node node = udev::by_devnum(makedev(226, 0)).value();
    const auto hide = [&] {
        kernel.remove(node.devnode);
        kernel.add_udev(node);
    };
    SECTION("a sandbox lacks the node") {
        hide();
    }
    SECTION("sysfs, which is asked first, has another name for it") {
        kernel.add_file("/sys/dev/char/226:0/uevent",
                        "MAJOR=226\nDEVNAME=dri/card1\nDEVTYPE=drm_minor\n");
        object = "/dev/dri/card1";
    }
    SECTION("another device has the name here") {
        hide();
        kernel.add_link(node.devnode, "/dev/dri/card1");
    }
    SECTION("a file has the name here") {
        hide();
        kernel.add_file(node.devnode, "");
    }
    kernel.clear_calls();
    const auto found = discovery().find(number);
    REQUIRE_FALSE(found);
    CHECK(found.error().cause == Cause::gone);
    CHECK(found.error().object == object);
    CHECK(kernel.count("open") == 0);
}

TEST_CASE("a number of something else is invalid") {
    FakeKernel kernel;
    add_dma_heap(kernel, {.name = "system"});
    kernel::Stat stat;
    REQUIRE(kernel::stat("/dev/dma_heap/system", stat) >= 0);
    const auto found = discovery().find(stat.rdev);
    REQUIRE_FALSE(found);
    CHECK(found.error().cause == Cause::invalid);
}

TEST_CASE("a platform device without a driver is known by its name") {
    FakeKernel kernel;
    udev::Node node;
    node.syspath = "/sys/devices/platform/vkms/drm/card0";
    node.sysname = "card0";
    node.devnode = "/dev/dri/card0";
    node.subsystem = "drm";
    node.devnum = makedev(226, 0);
    node.parent_syspath = "/sys/devices/platform/vkms";
    node.parent_subsystem = "platform";
    kernel.add_udev(node);
    const auto all = discovery().list();
    REQUIRE(all);
    REQUIRE(all->size() == 1);
    CHECK(all->front().driver == "vkms");
}

TEST_CASE("nobody stays master after a card was asked") {
    FakeKernel kernel;
    const PlanedCard planed(kernel);
    REQUIRE(discovery().find("/dev/dri/card0"));
    CHECK_FALSE(planed.card->has_master);
    CHECK(kernel.census() == Census{});
    CHECK(kernel.errors().empty());
}

TEST_CASE("a card whose master can't be dropped is closed and not asked") {
    FakeKernel kernel;
    FakeCard stubborn;
    stubborn.override = [](unsigned long request, void*) -> std::optional<int> {
        return request == DRM_IOCTL_DROP_MASTER ? std::optional(-EIO) : std::nullopt;
    };
    const auto card = add_drm_card(kernel, stubborn);
    const auto found = discovery().find("/dev/dri/card0");
    REQUIRE(found);
    CHECK_FALSE(found->drm->opened);
    CHECK_THAT(fact(*found, "opened")->value, Catch::Matchers::Contains("drop master"));
    CHECK_FALSE(card->has_master);
}

TEST_CASE("the pitch that a card rounds dumb buffers to is a fact, and none of them is left") {
    struct Row {
        std::function<std::uint32_t(std::uint32_t, std::uint32_t)> pitch;
        std::string value; ///< empty: no fact
    };
    const auto up = [](std::uint32_t bytes, std::uint32_t multiple) {
        return (bytes + multiple - 1) / multiple * multiple;
    };
    const std::vector<Row> rows{
        {[&](auto width, auto bpp) { return up(width * bpp / 8, 256); }, "256 bytes"},
        {[&](auto width, auto bpp) { return up(width * bpp / 8, 64); }, "64 bytes"},
        {[&](auto width, auto bpp) { return up(width, 32) * bpp / 8; }, "32 pixels"},
        {[](auto width, auto bpp) { return width * bpp / 8; }, ""},
        {[](auto width, auto bpp) { return width * bpp / 8 + 100; }, ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.value);
        FakeKernel kernel;
        FakeCard wanted;
        wanted.pitch = row.pitch;
        wanted.screen = std::make_shared<FakeScreen>();
        const auto card = add_drm_card(kernel, wanted);
        const auto found = discovery().find("/dev/dri/card0");
        REQUIRE(found);
        const auto align = fact(*found, "pitch-align");
        CHECK((align ? align->value : "") == row.value);
        CHECK(kernel.count(DRM_IOCTL_MODE_CREATE_DUMB) > 0);
        CHECK(kernel.count(DRM_IOCTL_MODE_DESTROY_DUMB) ==
              kernel.count(DRM_IOCTL_MODE_CREATE_DUMB));
        CHECK_FALSE(card->has_master);
        CHECK(kernel.census() == Census{});
        CHECK(kernel.errors().empty());
    }
}

TEST_CASE("planes tell their type, formats and modifiers") {
    FakeKernel kernel;
    const PlanedCard planed(kernel);
    planed.planes->grows = GENERATE(0U, 1U);
    const auto found = discovery().find("/dev/dri/card0");
    REQUIRE(found);
    const DrmInfo& drm = *found->drm;
    CHECK(drm.kms);
    CHECK(drm.dumb.offered);
    CHECK(drm.addfb2_modifiers);
    CHECK(drm.max_width == 4096);
    CHECK(drm.max_height == 2160);
    REQUIRE(drm.planes.size() == 2);
    CHECK(drm.planes[0].type == "primary");
    CHECK(drm.planes[0].formats ==
          std::vector<FormatSupport>{
              {fourcc::xrgb8888, {I915_FORMAT_MOD_X_TILED, DRM_FORMAT_MOD_LINEAR}, true}});
    CHECK(drm.planes[1].type == "cursor");
    CHECK(drm.planes[1].formats == std::vector<FormatSupport>{{fourcc::argb8888, {}, true}});
    CHECK(found->uses == std::vector<Use>{Use::scanout, Use::cursor});
}

TEST_CASE("a broken IN_FORMATS blob leaves the plane's own list of formats") {
    FakeKernel kernel;
    const PlanedCard planed(kernel);
    planed.planes->blob_cut = 8;
    const auto found = discovery().find("/dev/dri/card0");
    REQUIRE(found);
    CHECK(found->drm->planes.at(0).formats ==
          std::vector<FormatSupport>{{fourcc::xrgb8888, {}, true}});
}

TEST_CASE("client capabilities of a caller's descriptor are left alone") {
    FakeKernel kernel;
    const PlanedCard planed(kernel);
    const int fd = kernel::open("/dev/dri/card0", O_RDWR);
    REQUIRE(fd >= 0);
    SECTION("the node can be reopened: asked on a description of our own") {
        const auto found = discovery().find(fd, QueueAccess::none);
        REQUIRE(found);
        CHECK(found->drm->planes.size() == 2);
        CHECK(found->caller_fd);
    }
    SECTION("it can't: only questions without a side effect") {
        kernel.fail("open", 0, EACCES);
        const auto found = discovery().find(fd, QueueAccess::none);
        REQUIRE(found);
        CHECK(found->drm->opened);
        CHECK(found->drm->planes.empty());
        CHECK_FALSE(planed.planes->universal);
        CHECK(kernel.count(DRM_IOCTL_SET_CLIENT_CAP) == 0);
        CHECK(kernel.count(DRM_IOCTL_DROP_MASTER) == 0);
    }
    CHECK(planed.card->has_master); // the caller's own
    CHECK(kernel::close(fd) == 0);
    CHECK(kernel.census() == Census{});
}

TEST_CASE("a descriptor that is none, or of something else, is invalid") {
    FakeKernel kernel;
    const auto none = discovery().find(-1, QueueAccess::lent);
    REQUIRE_FALSE(none);
    CHECK(none.error().cause == Cause::invalid);
    const int fd = kernel::memfd("x", 0);
    const auto memory = discovery().find(fd, QueueAccess::lent);
    REQUIRE_FALSE(memory);
    CHECK(memory.error().cause == Cause::invalid);
    kernel::close(fd);
}

TEST_CASE("asking a V4L2 node takes no queue and changes no format") {
    FakeKernel kernel;
    FakeVideo camera;
    camera.m2m = false;
    std::uint32_t buffers = 0;
    camera.override = [&](unsigned long request, void* argument) -> std::optional<int> {
        if (request == VIDIOC_CREATE_BUFS)
            buffers += static_cast<v4l2_create_buffers*>(argument)->count;
        return std::nullopt;
    };
    add_v4l2(kernel, camera);
    const auto found = discovery().find("/dev/video0");
    REQUIRE(found);
    CHECK(buffers == 0);
    for (const unsigned long changing : {VIDIOC_S_FMT, VIDIOC_REQBUFS, VIDIOC_STREAMON})
        CHECK(kernel.count(changing) == 0);
    CHECK(kernel.census() == Census{});
    REQUIRE(found->v4l2->queues.size() == 1);
    const V4l2Queue& queue = found->v4l2->queues.front();
    CHECK(queue.pixelformats == std::vector<std::uint32_t>{V4L2_PIX_FMT_YUYV});
    CHECK(queue.capabilities_known);
    CHECK((queue.mmap && queue.dmabuf && !queue.userptr));
    CHECK(found->uses == std::vector<Use>{Use::capture});
}

namespace {

/// A codec with H264 on one side and NV12 on the other, and a control for how many buffers the
/// picture side needs.
struct Codec {
    bool decodes = true;
    std::uint32_t flags = 0; ///< of the control
    std::int32_t maximum = 32;
    int value = 6;        ///< or a negative errno of G_CTRL
    int selection = 0;    ///< what G_SELECTION answers
    unsigned read = 0;    ///< how often the driver was asked
    unsigned formats = 0; ///< G_FMT of the capture queue

    std::optional<int> operator()(unsigned long request, void* argument) {
        const std::uint32_t id =
            decodes ? V4L2_CID_MIN_BUFFERS_FOR_CAPTURE : V4L2_CID_MIN_BUFFERS_FOR_OUTPUT;
        switch (request) {
        case VIDIOC_ENUM_FMT: {
            auto& out = *static_cast<v4l2_fmtdesc*>(argument);
            const bool coded = (out.type == V4L2_BUF_TYPE_VIDEO_OUTPUT) == decodes;
            out.pixelformat = coded ? V4L2_PIX_FMT_H264 : V4L2_PIX_FMT_NV12;
            out.flags = coded ? V4L2_FMT_FLAG_COMPRESSED : 0;
            return out.index == 0 ? 0 : -EINVAL;
        }
        case VIDIOC_G_FMT:
            formats +=
                static_cast<v4l2_format*>(argument)->type == V4L2_BUF_TYPE_VIDEO_CAPTURE ? 1 : 0;
            return std::nullopt;
        case VIDIOC_QUERYCTRL: {
            auto& out = *static_cast<v4l2_queryctrl*>(argument);
            out.flags = flags;
            out.minimum = 1;
            out.maximum = maximum;
            return out.id == id ? 0 : -EINVAL;
        }
        case VIDIOC_G_SELECTION:
            return selection;
        case VIDIOC_G_CTRL: {
            ++read;
            auto& out = *static_cast<v4l2_control*>(argument);
            out.value = value;
            return value < 0 ? value : 0;
        }
        default:
            return std::nullopt;
        }
    }
};

} // namespace

TEST_CASE("how many buffers a codec needs is asked where its driver can't wait for a stream") {
    struct Row {
        bool decodes;
        bool ours;
        std::uint32_t flags;
        std::int32_t maximum;
        int value;
        int selection;
        std::string told; ///< of the fact
        Confidence confidence;
    };
    constexpr std::uint32_t by_driver = V4L2_CTRL_FLAG_VOLATILE;
    const Row row = GENERATE(values<Row>({
        {true, true, by_driver, 32, 6, 0, "6", Confidence::known},
        {true, true, by_driver, 32, 6, -ENOTTY, "6", Confidence::known},
        {true, true, by_driver, 32, 6, -EINVAL, "unknown", Confidence::unknown},
        {true, true, by_driver, 32, -EINVAL, 0, "unknown", Confidence::unknown},
        {true, true, by_driver, 32, 0, 0, "unknown", Confidence::unknown},
        {true, false, by_driver, 32, 6, 0, "unknown", Confidence::unknown},
        {true, false, 0, 32, 1, 0, "unknown", Confidence::unknown},
        {false, false, 0, 32, 2, 0, "2", Confidence::assumed},
        {false, false, 0, 1, 1, 0, "1", Confidence::known},
        {false, true, by_driver, 32, 2, 0, "unknown", Confidence::unknown},
        {false, true, V4L2_CTRL_FLAG_DISABLED, 32, 2, 0, "", Confidence::unknown},
    }));
    CAPTURE(row.decodes, row.ours, row.flags, row.value, row.selection);
    FakeKernel kernel;
    const auto codec = std::make_shared<Codec>(
        Codec{row.decodes, row.flags, row.maximum, row.value, row.selection});
    FakeVideo video;
    video.override = [codec](unsigned long request, void* argument) {
        return (*codec)(request, argument);
    };
    add_v4l2(kernel, video);
    const int fd = kernel::open("/dev/video0", O_RDWR);
    REQUIRE(fd >= 0);
    const auto found =
        row.ours ? discovery().find(fd, QueueAccess::lent) : discovery().find("/dev/video0");
    kernel::close(fd);
    REQUIRE(found);
    CHECK(codec->formats == 0);
    const auto told = fact(*found, row.decodes ? "capture-min-buffers" : "output-min-buffers");
    REQUIRE(told.has_value() == !row.told.empty());
    CHECK(codec->read == (row.told == "unknown" && row.value == 6 ? 0 : codec->read));
    if (!told)
        return;
    CHECK(told->value == row.told);
    CHECK(told->confidence == row.confidence);
    std::uint32_t least = 0;
    for (const V4l2Queue& queue : found->v4l2->queues)
        least = std::max(least, queue.min_buffers);
    CHECK(least == (row.told == "unknown" ? 0 : static_cast<std::uint32_t>(row.value)));
}

TEST_CASE("a driver that has the number at hand is asked for it, though the control is volatile") {
    const auto [driver, told] = GENERATE(table<std::string, std::string>(
        {{"amphion-vpu", "2"}, {"rcar_fdp1", "2"}, {"qcom-venus", "unknown"}}));
    CAPTURE(driver);
    FakeKernel kernel;
    const auto codec = std::make_shared<Codec>(Codec{false, V4L2_CTRL_FLAG_VOLATILE, 32, 2, 0});
    FakeVideo video;
    video.driver = driver;
    video.override = [codec](unsigned long request, void* argument) {
        return (*codec)(request, argument);
    };
    add_v4l2(kernel, video);
    const auto found = discovery().find("/dev/video0");
    REQUIRE(found);
    CHECK(fact(*found, "output-min-buffers")->value == told);
}

TEST_CASE("nodes of metadata, VBI and radio samples are devices, with the memory of their row") {
    const auto [name, caps, type, use, memory] =
        GENERATE(table<std::string, std::uint32_t, std::uint32_t, Use, V4l2Memory>({
            {"rkisp1_stats", V4L2_CAP_META_CAPTURE, V4L2_BUF_TYPE_META_CAPTURE, Use::capture,
             V4l2Memory::vmalloc},
            {"rkisp1_params", V4L2_CAP_META_OUTPUT, V4L2_BUF_TYPE_META_OUTPUT, Use::read,
             V4l2Memory::vmalloc},
            {"rkisp1_mainpath", V4L2_CAP_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_CAPTURE, Use::capture,
             V4l2Memory::dma_contig},
            {"rkisp1_vbi", V4L2_CAP_VBI_CAPTURE, V4L2_BUF_TYPE_VBI_CAPTURE, Use::capture,
             V4l2Memory::dma_contig},
            {"rkisp1_sdr", V4L2_CAP_SDR_CAPTURE, V4L2_BUF_TYPE_SDR_CAPTURE, Use::capture,
             V4l2Memory::dma_contig},
        }));
    FakeKernel kernel;
    FakeVideo video;
    video.driver = "rkisp1";
    video.m2m = false;
    const std::uint32_t has = caps, only = type;
    video.override = [=](unsigned long request, void* argument) -> std::optional<int> {
        if (request == VIDIOC_QUERYCAP) {
            auto& out = *static_cast<v4l2_capability*>(argument);
            out = {};
            std::strcpy(reinterpret_cast<char*>(out.driver), "rkisp1");
            out.device_caps = has | V4L2_CAP_STREAMING;
            out.capabilities = out.device_caps | V4L2_CAP_DEVICE_CAPS;
            return 0;
        }
        if (request == VIDIOC_ENUM_FMT) {
            auto& out = *static_cast<v4l2_fmtdesc*>(argument);
            out.pixelformat = V4L2_PIX_FMT_NV12;
            return out.type == only && out.index == 0 && has != V4L2_CAP_VBI_CAPTURE ? 0 : -EINVAL;
        }
        if (request == VIDIOC_CREATE_BUFS) {
            auto& out = *static_cast<v4l2_create_buffers*>(argument);
            out.capabilities = V4L2_BUF_CAP_SUPPORTS_MMAP | V4L2_BUF_CAP_SUPPORTS_DMABUF;
            return out.format.type == only && out.count == 0 ? 0 : -EINVAL;
        }
        return std::nullopt;
    };
    add_v4l2(kernel, video);
    kernel.add_file("/sys/devices/platform/rkisp1.0/video4linux/video0/name", name + "\n");
    const auto found = discovery().find("/dev/video0");
    REQUIRE(found);
    CHECK(found->uses == std::vector<Use>{use});
    CHECK(found->v4l2->memory == memory);
    REQUIRE(found->v4l2->queues.size() == 1);
    CHECK(found->v4l2->queues[0].dmabuf);

    const DeviceUse asked{Device::described({}), use, {}};
    const auto bytes = capabilities(*found, asked, fourcc::bytes);
    REQUIRE(bytes);
    REQUIRE(bytes->size() == 1);
    CHECK((bytes->front().import_path == ImportPath::vmap) == (memory == V4l2Memory::vmalloc));
    const auto image = capabilities(*found, asked, fourcc::nv12);
    REQUIRE(static_cast<bool>(image) == (has == V4L2_CAP_VIDEO_CAPTURE));
    if (image)
        return;
    CHECK_THAT(image.error().detail, Catch::Matchers::Contains("none of pictures"));
    CHECK_THAT(image.error().remedy, Catch::Matchers::Contains("--bytes"));
}

TEST_CASE("where udev does not say what a V4L2 node is for, the node does") {
    const auto [words, multiplanar, m2m, opens] = GENERATE(table<std::string, bool, bool, bool>({
        {"", false, false, true},
        {":", true, false, true},
        {":capture:", false, false, false},
        {"", true, true, true},
    }));
    FakeKernel kernel;
    FakeVideo video;
    video.multiplanar = multiplanar;
    video.m2m = m2m;
    video.udev_capabilities = words;
    add_v4l2(kernel, video);
    auto found = discovery().list();
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(kernel.count("open") == 0);
    DeviceRecord camera = std::move((*found)[0]);
    ask_uses(camera);
    CHECK((kernel.count("open") > 0) == opens);
    CHECK(camera.uses ==
          (m2m ? std::vector{Use::m2m_in, Use::m2m_out} : std::vector{Use::capture}));
    CHECK(kernel.count(VIDIOC_ENUM_FMT) == 0);
    CHECK(kernel.census() == Census{});
}

TEST_CASE("a V4L2 node that is busy while devices are listed is listed without uses") {
    FakeKernel kernel;
    FakeVideo video;
    video.m2m = false;
    add_v4l2(kernel, video);
    kernel.fail("open", 0, EBUSY);
    auto found = discovery().list();
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    ask_uses(found->front());
    CHECK(found->front().uses.empty());
    CHECK(fact(found->front(), "device-caps")->confidence == Confidence::unknown);
}

TEST_CASE("the kind of V4L2 memory is the quirk's before the USERPTR hint before unknown") {
    FakeKernel kernel;
    FakeVideo video;
    const auto [driver, parent, userptr, memory, confidence] =
        GENERATE(table<std::string, std::string, bool, V4l2Memory, Confidence>({
            {"vim2m", "platform", true, V4l2Memory::vmalloc, Confidence::known},
            {"toy", "pci", true, V4l2Memory::dma_sg, Confidence::assumed},
            {"toy", "pci", false, V4l2Memory::unknown, Confidence::unknown},
            {"toy", "platform", true, V4l2Memory::dma_contig, Confidence::assumed},
            {"toy", "platform", false, V4l2Memory::unknown, Confidence::unknown},
            {"toy", "i2c", true, V4l2Memory::unknown, Confidence::unknown},
            {"toy", "usb", true, V4l2Memory::unknown, Confidence::unknown},
            {"pxa27x-camera", "platform", true, V4l2Memory::dma_sg, Confidence::known},
            {"via-camera", "platform", true, V4l2Memory::dma_sg, Confidence::known},
            {"video-i2c", "i2c", true, V4l2Memory::vmalloc, Confidence::known},
        }));
    CAPTURE(driver, parent, userptr);
    video.driver = driver;
    video.parent = parent;
    if (userptr)
        video.capabilities |= V4L2_BUF_CAP_SUPPORTS_USERPTR;
    add_v4l2(kernel, video);
    const auto found = discovery().find("/dev/video0");
    REQUIRE(found);
    CHECK(found->v4l2->memory == memory);
    CHECK(found->v4l2->memory_confidence == confidence);
}

TEST_CASE("vivid's instances read their own slot of the module parameter") {
    FakeKernel kernel;
    kernel.add_file("/sys/module/vivid/parameters/allocators", "1,0,0\n");
    for (unsigned index : {0U, 1U, 7U}) {
        FakeVideo video;
        video.index = index;
        video.driver = "vivid";
        video.m2m = false;
        video.override = [index](unsigned long request, void* argument) -> std::optional<int> {
            if (request != VIDIOC_QUERYCAP)
                return std::nullopt;
            auto& out = *static_cast<v4l2_capability*>(argument);
            out = {};
            std::strcpy(reinterpret_cast<char*>(out.driver), "vivid");
            std::strcpy(reinterpret_cast<char*>(out.bus_info), "platform:vivid-000");
            out.bus_info[17] = static_cast<__u8>('0' + index);
            out.device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
            out.capabilities = out.device_caps | V4L2_CAP_DEVICE_CAPS;
            return 0;
        };
        add_v4l2(kernel, video);
    }
    const Discovery all = discovery();
    CHECK(all.find("/dev/video0")->v4l2->memory == V4l2Memory::dma_contig);
    CHECK(all.find("/dev/video1")->v4l2->memory == V4l2Memory::vmalloc);
    CHECK(all.find("/dev/video7")->v4l2->memory == V4l2Memory::unknown);
    CHECK(all.find("/dev/video0")->reach.max_address == 0xffffffff);
}

TEST_CASE("a module parameter may be a word, and of another module") {
    FakeKernel kernel;
    FakeVideo video;
    const auto [driver, bound, path, text, memory] =
        GENERATE(table<std::string, std::string, std::string, std::string, V4l2Memory>({
            {"tw686x", "", "tw686x/parameters/dma_mode", "memcpy", V4l2Memory::vmalloc},
            {"tw686x", "", "tw686x/parameters/dma_mode", "contig\n", V4l2Memory::dma_contig},
            {"tw686x", "", "tw686x/parameters/dma_mode", "sg\n", V4l2Memory::dma_sg},
            {"tw686x", "", "tw686x/parameters/dma_mode", "else", V4l2Memory::unknown},
            {"tw686x", "", "tw686x/parameters/nothing", "", V4l2Memory::unknown},
            {"marvell_ccic", "mmp-camera", "mcam_core/parameters/buffer_mode", "-1\n",
             V4l2Memory::dma_sg},
            {"marvell_ccic", "mmp-camera", "mcam_core/parameters/buffer_mode", "0\n",
             V4l2Memory::vmalloc},
            {"marvell_ccic", "mmp-camera", "mcam_core/parameters/buffer_mode", "2\n",
             V4l2Memory::dma_sg},
            {"marvell_ccic", "cafe1000-ccic", "mcam_core/parameters/buffer_mode", "-1\n",
             V4l2Memory::vmalloc},
        }));
    CAPTURE(driver, bound, text);
    kernel.add_file("/sys/module/" + path, text);
    video.driver = driver;
    video.kernel_driver = bound;
    add_v4l2(kernel, video);
    const auto found = discovery().find("/dev/video0");
    REQUIRE(found);
    CHECK(found->v4l2->memory == memory);
    if (driver == "tw686x" && memory != V4l2Memory::unknown)
        CHECK(found->v4l2->memory_origin ==
              "/sys/module/tw686x/parameters/dma_mode, quirk grabber.quirks [video4linux:tw686x]");
}

TEST_CASE("v4l2loopback says that it is a memory-to-memory device and is none") {
    FakeKernel kernel;
    FakeVideo video;
    video.driver = "v4l2 loopback";
    video.override = [](unsigned long request, void* argument) -> std::optional<int> {
        if (request == VIDIOC_CREATE_BUFS)
            return -ENOTTY;
        if (request != VIDIOC_QUERYCAP)
            return std::nullopt;
        auto& out = *static_cast<v4l2_capability*>(argument);
        out = {};
        std::strcpy(reinterpret_cast<char*>(out.driver), "v4l2 loopback");
        out.device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_VIDEO_M2M |
                          V4L2_CAP_STREAMING;
        out.capabilities = out.device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    };
    add_v4l2(kernel, video);
    const auto found = discovery().find("/dev/video0");
    REQUIRE(found);
    CHECK_FALSE(found->v4l2->m2m);
    CHECK(found->uses == std::vector<Use>{Use::capture, Use::read});
    CHECK_FALSE(found->imports);
    CHECK_FALSE(found->exports.value);
}

TEST_CASE("what a row says of memory that a card gives is learned") {
    const char* key =
        GENERATE("exports", "exports-attachable", "exports-vmap-stable", "gbm-exports-attachable");
    const bool yes = GENERATE(true, false);
    FakeKernel kernel;
    FakeCard card;
    card.driver = "toy";
    add_drm_card(kernel, card);
    kernel.add_file("/etc/toy.quirks",
                    fmt::format("[drm:toy]\nsource = x\n{} = {}\n", key, yes ? "yes" : "no"));
    const auto found = discovery("/etc/toy.quirks").find("/dev/dri/card0");
    REQUIRE(found);
    const std::map<std::string, const Learned<bool>*> learned{
        {"exports", &found->exports},
        {"exports-attachable", &found->attachable},
        {"exports-vmap-stable", &found->vmap_stable},
        {"gbm-exports-attachable", &found->drm->gbm_attachable}};
    for (const auto& [name, value] : learned) {
        CAPTURE(key, yes, name);
        CHECK(value->is_said() == (name == key));
        if (name == key)
            CHECK(value->value == yes);
    }
}

TEST_CASE("the list opens no node and guesses uses from sysfs and udev") {
    FakeKernel kernel;
    kernel.root = false;
    FakeCard card;
    card.render_node = true;
    add_drm_card(kernel, card);
    kernel.add_directory("/sys/devices/platform/vkms.0/drm/card0/card0-Virtual-1");
    FakeCard headless;
    headless.index = 1;
    add_drm_card(kernel, headless);
    kernel.add_directory("/sys/devices/platform/vkms.1/drm/card1/card1-Writeback-1");
    FakeVideo camera;
    add_v4l2(kernel, camera);
    udev::Node vbi;
    vbi.syspath = "/sys/devices/platform/vivid.0/video4linux/vbi0";
    vbi.sysname = "vbi0";
    vbi.devnode = "/dev/vbi0";
    vbi.subsystem = "video4linux";
    kernel.add_udev(vbi);

    const auto found = discovery().list();
    REQUIRE(found);
    CHECK(kernel.count("open") == 0);
    REQUIRE(found->size() == 5);
    CHECK((*found)[0].path == "/dev/dri/card0");
    CHECK((*found)[0].uses == std::vector<Use>{Use::scanout, Use::render, Use::sample});
    CHECK((*found)[1].uses.empty());
    CHECK_FALSE((*found)[0].readable);
    CHECK(found->back().denied_remedy == "add the user to group video");
}

TEST_CASE("without sysfs a DRM node is told by its number") {
    FakeKernel kernel;
    const auto open = [](int) {
        return [](int, unsigned long request, void*) {
            return request == DRM_IOCTL_DROP_MASTER ? -EACCES : -EOPNOTSUPP;
        };
    };
    kernel.add_node({.path = "/dev/dri/card3", .devnum = makedev(226, 3), .open = open});
    kernel.add_node({.path = "/dev/dri/gpu", .devnum = makedev(226, 129), .open = open});
    const auto card = discovery().find("/dev/dri/card3");
    REQUIRE(card);
    CHECK(card->drm->card_node == "/dev/dri/card3");
    CHECK(!card->drm->is_render_node);
    const auto render = discovery().find("/dev/dri/gpu");
    REQUIRE(render);
    CHECK(render->drm->is_render_node);
    CHECK(render->drm->render_node == "/dev/dri/gpu");
    CHECK(render->uses == std::vector{Use::render, Use::sample});
}

TEST_CASE("udev that can't be asked is an error of the list") {
    FakeKernel kernel;
    kernel.udev_error = -ENOMEM;
    const auto found = discovery().list();
    REQUIRE_FALSE(found);
    CHECK(found.error().cause == Cause::exhausted);
}

TEST_CASE("nothing is left behind whichever system call of find() fails") {
    for (const char* path : {"/dev/dri/card0", "/dev/video0"}) {
        for (std::uint64_t nth = 1; nth < 200; ++nth) {
            FakeKernel kernel;
            const PlanedCard planed(kernel);
            add_v4l2(kernel);
            kernel.fail_nth_syscall(nth, EIO);
            {
                const auto found = discovery().find(path);
                CAPTURE(path, nth);
                CHECK(kernel.census() == Census{});
                CHECK_FALSE(planed.card->has_master);
            }
            if (!kernel.failed())
                break;
        }
    }
}

TEST_CASE("what could not be asked for want of memory is no answer") {
    for (const char* path : {"/dev/dri/card0", "/dev/video0"}) {
        std::string healthy;
        for (std::uint64_t nth = 0; nth < 200; ++nth) {
            FakeKernel kernel;
            const PlanedCard planed(kernel);
            add_v4l2(kernel);
            kernel.fail_nth_syscall(nth, ENOMEM);
            CAPTURE(path, nth);
            std::string facts;
            try {
                const auto found = questions::ask_all([&] { return discovery().find(path); });
                if (!found) {
                    CHECK(found.error().cause == Cause::exhausted);
                    continue;
                }
                for (const Fact& fact : found->facts)
                    facts += fact.name + "=" + fact.value + " ";
            } catch (const std::bad_alloc&) {
                continue;
            }
            if (nth == 0)
                healthy = facts;
            else if (facts.find(std::generic_category().message(ENOMEM)) == std::string::npos)
                CHECK(facts == healthy);
            if (nth != 0 && !kernel.failed())
                break;
        }
    }
}

TEST_CASE("what a name leads to by now is not asked, unless it is what was looked up") {
    const std::string name = "/home/someone/device";
    const bool card = GENERATE(false, true);
    bool flipped = true;
    for (std::uint64_t nth = 1; flipped; ++nth) {
        CAPTURE(card, nth);
        FakeKernel kernel;
        add_dma_heap(kernel, {.name = "system"});
        add_v4l2(kernel);
        add_drm_card(kernel);
        std::size_t asked = 0;
        const auto count = [&](int, unsigned long, void*) {
            ++asked;
            return -ENOTTY;
        };
        kernel.add_node(
            {.path = "/dev/tty7", .devnum = makedev(4, 7), .mode = 0666, .open = [&](int) {
                 return count;
             }});
        kernel.add_link(name, card ? "/dev/dri/card0" : "/dev/video0");
        flipped = false;
        kernel.before_nth_syscall(nth, [&] {
            flipped = true;
            kernel.remove(name);
            kernel.add_link(name, "/dev/tty7");
        });
        {
            const auto allocator = Allocator::open();
            const auto device = allocator->device(name);
            const auto format = card ? fourcc::xrgb8888 : fourcc::yuyv;
            if (device)
                (void)allocator->allocate(Request::image(640, 480, format)
                                              .use(*device, card ? Use::scanout : Use::m2m_out));
        }
        CHECK(asked == 0);
        CHECK(kernel.census() == Census());
        REQUIRE(nth < 10000);
    }
}

TEST_CASE("a card that shows nothing is asked without becoming its master") {
    FakeKernel kernel;
    add_drm_card(kernel, {.render_node = true, .kms = false});
    const auto found = discovery().find("/dev/dri/card0");
    REQUIRE(found);
    CHECK(found->drm->opened);
    CHECK(found->path == "/dev/dri/card0");
    const auto opened = [&](const std::string& path) {
        return std::any_of(kernel.calls().begin(), kernel.calls().end(), [&](const FakeCall& call) {
            return call.name == "open" && call.object == path;
        });
    };
    CHECK_FALSE(opened("/dev/dri/card0"));
    CHECK(opened("/dev/dri/renderD128"));
}
