// SPDX-License-Identifier: MIT
// A node of the accel subsystem, and one that only a quirk row makes a device.
#include "tests/kernel/command.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <simplealloc/simplealloc.hpp>
#include <unistd.h>

using namespace simplealloc;

namespace {

const std::string node = "/dev/accel/accel0";

Allocator open_allocator(const std::string& quirks = "") {
    AllocatorOptions options;
    options.quirk_path = quirks;
    auto allocator = Allocator::open(options);
    REQUIRE(allocator);
    return *std::move(allocator);
}

Device device_of(const Allocator& allocator, const std::string& path) {
    auto device = allocator.device(path);
    INFO((device ? "" : device.error().message()));
    REQUIRE(device);
    return *std::move(device);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "an accelerator takes a buffer by PRIME", "[stock]") {
    const guest::Driver driver("toy_accel");
    const Allocator allocator = open_allocator();
    const auto listed = allocator.devices();
    REQUIRE(listed);
    CHECK(std::any_of(listed->begin(), listed->end(),
                      [](const Device& device) { return device.path() == node; }));

    const Device device = device_of(allocator, node);
    CHECK(device.subsystem() == "accel");
    CHECK(device.driver() == "toy_accel");
    const auto buffer = allocator.allocate(
        Request::image(640, 480, fourcc::nv12).use(device, Use::read).without("drm-dumb"));
    INFO((buffer ? "" : buffer.error().message()));
    REQUIRE(buffer);
    REQUIRE(buffer->verified().size() == 1);
    CHECK(buffer->verified()[0].how == "PRIME import");
    CHECK(buffer->verified()[0].imported == std::optional(true));

    const auto importer = DrmImporter::open(device);
    REQUIRE(importer);
    auto import = importer->import(*buffer);
    REQUIRE(import);
    CHECK(import->handles()[0] != 0);
    CHECK_FALSE(import->framebuffer());
}

TEST_CASE_METHOD(guest::NothingLeft, "the caller's own descriptor of an accelerator serves",
                 "[stock]") {
    const guest::Driver driver("toy_accel");
    const Allocator allocator = open_allocator();
    UniqueFd fd = UniqueFd::adopt(open(node.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(fd);
    const auto device = allocator.device(fd.get());
    REQUIRE(device);
    CHECK(device->driver() == "toy_accel");
    const auto importer = DrmImporter::open(*device, DrmHandles::callers);
    REQUIRE(importer);
    const auto buffer = allocator.allocate(Request::bytes(65536).use(*device, Use::write));
    REQUIRE(buffer);
    CHECK(importer->import(*buffer));
}

TEST_CASE_METHOD(guest::NothingLeft, "an accelerator without GEM refuses every buffer", "[stock]") {
    const guest::Driver driver("toy_accel", {"imports=0"});
    const Allocator allocator = open_allocator();
    const auto buffer =
        allocator.allocate(Request::bytes(4096).use(device_of(allocator, node), Use::read));
    REQUIRE_FALSE(buffer);
    CHECK_THAT(buffer.error().message(), Catch::Contains("every candidate failed"));
}

TEST_CASE_METHOD(guest::NothingLeft, "a row makes a device of another class's node", "[stock]") {
    const auto refused = open_allocator().device("/dev/kmsg");
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().remedy, Catch::Contains("[char:kmsg] with class = mem"));
    std::ofstream("/tmp/kmsg.quirks") << "[char:kmsg]\nclass = mem\nsource = a test\n"
                                         "contiguous = no\n";
    const Allocator allocator = open_allocator("/tmp/kmsg.quirks");
    const auto listed = allocator.devices();
    REQUIRE(listed);
    CHECK(std::any_of(listed->begin(), listed->end(),
                      [](const Device& device) { return device.path() == "/dev/kmsg"; }));
    const auto buffer =
        allocator.allocate(Request::bytes(4096).use(device_of(allocator, "/dev/kmsg"), Use::read));
    REQUIRE(buffer);
    REQUIRE(buffer->verified().size() == 1);
    CHECK_FALSE(buffer->verified()[0].imported);
    unlink("/tmp/kmsg.quirks");
}
