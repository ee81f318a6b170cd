// SPDX-License-Identifier: MIT
// A quirk file counts as a whole or not at all, and each of its mistakes has a place.
#include "lib/discovery/limits/apply_quirks.hpp"
#include "lib/discovery/quirks/file.hpp"
#include "lib/discovery/quirks/quirks.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_kernel.hpp"

using namespace simplealloc;

namespace {

/// Devices of each subsystem that rows can be for.
std::vector<DeviceRecord> devices() {
    std::vector<DeviceRecord> out;
    for (const char* subsystem : {"drm", "video4linux", "accel", "char"}) {
        DeviceRecord& record = out.emplace_back();
        record.subsystem = subsystem;
        record.identity.subsystem = subsystem;
        record.identity.drivers = {"vc4", "rockchip"};
        record.identity.compatible = {"brcm,bcm2711-vc5"};
        record.identity.pci_id = "8086:5916";
        record.identity.names = {"rkisp1_mainpath"};
    }
    out[0].drm.emplace();
    out[1].v4l2.emplace();
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = fuzz::Input(data, size).text();
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    const QuirkFile file = parse_quirks(text, "fuzz");
    for (const FileMistake& mistake : file.mistakes)
        fuzz::require(mistake.line <= lines && !mistake.text.empty());
    Quirks quirks({"6.12.9", {"raspberrypi,4-model-b", "brcm,bcm2711"}});
    fuzz::require(quirks.read(text, "fuzz").has_value() == file.mistakes.empty());
    // Module parameters that rows name are files.
    test::FakeKernel kernel;
    for (DeviceRecord& record : devices()) {
        record.quirks = quirks.rows_for(record.identity);
        apply_quirks(record);
        applied_quirks(record.quirks);
    }
    return 0;
}
