// SPDX-License-Identifier: MIT
// What a policy file says of single devices: which one is meant, and that it has the last word.
#include "lib/discovery/limits/apply_quirks.hpp"
#include "lib/policy/file.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <algorithm>

using namespace simplealloc;
using test::FakeKernel;

namespace {

/// `LINE: text` of every mistake.
std::vector<std::string> complaints(std::string_view text) {
    std::vector<std::string> found;
    for (const FileMistake& mistake : parse_policy(text, "my.conf").mistakes)
        found.push_back(std::to_string(mistake.line) + ": " + mistake.text);
    return found;
}

/// The built-in rows and those of a policy.
Quirks quirks_with(std::string_view policy) {
    auto quirks = Quirks::load("");
    REQUIRE(quirks);
    ParsedPolicy parsed = parse_policy(policy, "my.conf");
    REQUIRE(parsed.mistakes.empty());
    quirks->add(std::move(parsed.policy.devices));
    return *std::move(quirks);
}

udev::Node video_node(const std::string& index) {
    udev::Node node;
    node.subsystem = "video4linux";
    node.sysname = "video" + index;
    node.syspath = "/sys/class/video4linux/video" + index;
    node.driver = "unicam";
    node.properties["ID_PATH"] = "platform-fe801000.csi";
    FakeKernel::current().add_file(node.syspath + "/index", index + "\n");
    return node;
}

std::string value_of(const Quirks& quirks, const DeviceIdentity& device, const std::string& key) {
    const auto rows = quirks.rows_for(device);
    const auto value = find_value(rows, key);
    return value ? value->text + " (" + value->origin + ")" : "";
}

} // namespace

TEST_CASE("a section for a device is checked by the table of quirk keys, and by line") {
    CHECK(complaints("[drm:vc4]\nstride-align = 0\nstride = 1\n[ion:a]\n[by-path:pci-0]\n") ==
          std::vector<std::string>{
              "2: `0` of stride-align is not a number of bytes above 0", "3: unknown key `stride`",
              "4: `ion` is no subsystem: drm, accel, video4linux or char",
              "5: a name in by-path ends with -card, -render or -video-indexN"});
    CHECK(complaints("[vc4]\n[drm:vc4]\nsysfs-driver = vc4-drm\n") ==
          std::vector<std::string>{
              "1: a section is [policy], [quota], [subsystem:driver] or [by-path:name]",
              "3: sysfs-driver is for quirk files"});
}

TEST_CASE("a device may have a section for each of its uses, but no two for the same") {
    const std::string one = "[video4linux:unicam]\nrole = capture\nstride-align = 32\n";
    CHECK(complaints(one + "[video4linux:unicam]\nstride-align = 64\n").empty());
    CHECK(complaints(one + one) ==
          std::vector<std::string>{"4: second section [video4linux:unicam]"});
}

TEST_CASE("a device is told by its place or by its driver, and its place says more") {
    FakeKernel kernel;
    const Quirks quirks =
        quirks_with("[by-path:platform-fe801000.csi-video-index0]\nstride-align = 64\n"
                    "[video4linux:unicam]\nstride-align = 128\nsize-align = 4096\n");
    const DeviceIdentity first = identity_of(video_node("0"), "unicam");
    const DeviceIdentity second = identity_of(video_node("1"), "unicam");
    CHECK(value_of(quirks, first, "stride-align") ==
          "64 (policy my.conf [by-path:platform-fe801000.csi-video-index0])");
    CHECK(value_of(quirks, first, "size-align") == "4096 (policy my.conf [video4linux:unicam])");
    CHECK(value_of(quirks, second, "stride-align") == "128 (policy my.conf [video4linux:unicam])");
}

TEST_CASE("both nodes of a GPU are at its place") {
    FakeKernel kernel;
    udev::Node node;
    node.subsystem = "drm";
    node.properties["ID_PATH"] = "pci-0000:00:02.0";
    const DeviceIdentity gpu = identity_of(node, "i915");
    for (const char* name : {"pci-0000:00:02.0-card", "pci-0000:00:02.0-render", "pci-*-card"}) {
        const Quirks quirks =
            quirks_with(std::string("[by-path:") + name + "]\nstride-align = 64\n");
        CHECK(value_of(quirks, gpu, "stride-align") ==
              std::string("64 (policy my.conf [by-path:") + name + "])");
    }
    node.properties.clear();
    CHECK(value_of(quirks_with("[by-path:*-card]\nstride-align = 64\n"), identity_of(node, "i915"),
                   "stride-align")
              .empty());
}

TEST_CASE("an address that a policy gives counts, even above the mask that the kernel tells") {
    FakeKernel kernel;
    const Quirks quirks = quirks_with("[video4linux:unicam]\nmax-address = 0xfffffffff\n");
    DeviceRecord record;
    record.subsystem = "video4linux";
    record.driver = "unicam";
    record.identity = identity_of(video_node("0"), "unicam");
    record.reach.mask_known = true;
    record.reach.max_address = 0x3fffffff;
    record.quirks = quirks.rows_for(record.identity);
    apply_quirks(record);
    CHECK(record.reach.max_address == 0xfffffffff);
    CHECK(record.reach.mask_origin == "policy my.conf [video4linux:unicam]");
}

TEST_CASE("what a policy says of a device decides its plans, and its facts name the policy") {
    test::FakeMachine machine({"system", "reserved"});
    FakeKernel& kernel = machine.kernel;
    kernel.add_file("/etc/libsimplealloc/policy.conf",
                    "[video4linux:vim2m]\ncontiguous = yes\nsize-align = 65536\n");
    add_v4l2(kernel);
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    const auto codec = allocator->device("/dev/video0");
    REQUIRE(codec);
    const std::string origin = "policy /etc/libsimplealloc/policy.conf [video4linux:vim2m]";
    CHECK(std::any_of(codec->facts().begin(), codec->facts().end(), [&](const Fact& fact) {
        return fact.name == "contiguous" && fact.value == "yes" && fact.origin == origin;
    }));
    const auto plan = allocator->plan(
        Request::image(640, 480, *Fourcc::parse("YUYV")).use(*codec, Use::m2m_in).without("v4l2"));
    REQUIRE(plan);
    REQUIRE(plan->candidates().size() == 1);
    CHECK(plan->candidates()[0].source == "dma-heap:reserved");
    CHECK(plan->candidates()[0].layout.dmabuf_sizes[0] % 65536 == 0);
}
