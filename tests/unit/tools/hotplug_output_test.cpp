// SPDX-License-Identifier: MIT
// An event is one line, whatever the names in it are.
#include "tools/output/json.hpp"
#include "tools/output/table.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/document.hpp"

using namespace simplealloc;
using namespace simplealloc::tools;
using simplealloc::test::document;

namespace {

HotplugEvent camera() {
    HotplugEvent event;
    event.kind = HotplugKind::removed;
    event.subject = HotplugSubject::device;
    event.path = "/dev/video0";
    event.name = "video0";
    event.subsystem = "video4linux";
    event.id = "/sys/devices/x/video4linux/video0";
    event.sources_added = {"dma-heap:a", "dma-heap:b"};
    event.sources_removed = {"v4l2:video0"};
    return event;
}

} // namespace

TEST_CASE("an event is a line with the node and the sources that come and go") {
    CHECK(hotplug_line(camera()) == "removed device /dev/video0 (video4linux); new: dma-heap:a and "
                                    "dma-heap:b; gone: v4l2:video0\n");
    HotplugEvent event = camera();
    event.kind = HotplugKind::changed;
    event.sources_added.clear();
    event.sources_removed.clear();
    event.path = "/dev/vi\ndeo";
    CHECK(hotplug_line(event) == "changed device /dev/vi?deo (video4linux)\n");
    CHECK(hotplug_line({}) == "rescan: events were lost, so anything may have changed\n");
}

TEST_CASE("the same as JSON is a document in one line") {
    HotplugEvent event = camera();
    event.path = "/dev/\xff\n";
    const std::string line = hotplug_json_line(event);
    CHECK(line.find('\n') == line.size() - 1);
    const auto json = document(line);
    CHECK(json.at("schema") == 2);
    CHECK(json.at("event") == "removed");
    CHECK(json.at("subject") == "device");
    CHECK(json.at("path") == "/dev/\xef\xbf\xbd\n");
    CHECK(json.at("name") == "video0");
    CHECK(json.at("subsystem") == "video4linux");
    CHECK(json.at("id") == event.id);
    CHECK(json.at("sources_added") == nlohmann::json({"dma-heap:a", "dma-heap:b"}));
    CHECK(json.at("sources_removed") == nlohmann::json({"v4l2:video0"}));
    CHECK(document(hotplug_json_line({})).at("sources_added").is_array());
}

TEST_CASE("the first line says that from now on nothing is missed") {
    CHECK(listening_line("udev") == "listening to udev\n");
    CHECK(listening_line("kernel") == "listening to the kernel\n");
    const auto json = document(listening_json_line("kernel"));
    CHECK(json.at("event") == "listening");
    CHECK(json.at("origin") == "kernel");
}
