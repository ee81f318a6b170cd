// SPDX-License-Identifier: MIT
// What the doctor finds missing on a machine, and how it says so.
#include "tools/output/json.hpp"
#include "tools/output/table.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/document.hpp"
#include "tests/support/fake_devices.hpp"

#include <string>

using namespace simplealloc;
using namespace simplealloc::test;
using namespace simplealloc::tools;

namespace {

DoctorReport examine_with(MachineReport machine = {}) {
    const auto allocator = Allocator::open();
    REQUIRE(allocator);
    auto report = examine(*allocator, std::move(machine));
    REQUIRE(report);
    return *std::move(report);
}

bool has(const std::vector<Finding>& findings, const std::string& problem,
         const std::string& remedy) {
    for (const Finding& finding : findings)
        if (finding.problem.find(problem) != std::string::npos &&
            finding.remedy.find(remedy) != std::string::npos)
            return true;
    return false;
}

SourceInfo denied(std::string name, std::string remedy) {
    SourceInfo source;
    source.name = std::move(name);
    source.backend = "dma-heap";
    source.reason = "Permission denied";
    source.remedy = std::move(remedy);
    return source;
}

void add_camera(FakeKernel& kernel) {
    FakeVideo camera;
    camera.driver = "vivid";
    camera.m2m = false;
    add_v4l2(kernel, camera);
}

} // namespace

TEST_CASE("an empty machine lacks devices and a heap") {
    const FakeKernel kernel;
    const DoctorReport report = examine_with();
    INFO(doctor_text(report, {}));
    const auto findings = findings_of(report);
    CHECK(findings.size() == 2);
    CHECK(has(findings, "no DRM, accel or V4L2 device", "load its driver"));
    CHECK(has(findings, "no dma-heap", "CONFIG_DMABUF_HEAPS"));
}

TEST_CASE("a camera and a scaler share the heap's memory, and nothing is missing") {
    FakeKernel kernel;
    FakeHeap heap;
    heap.name = "reserved";
    heap.contiguous = true;
    add_dma_heap(kernel, heap);
    // All of RAM is within the camera's reach.
    kernel.add_file("/proc/zoneinfo", "Node 0, zone   Normal\n        spanned  262144\n"
                                      "        present  262144\n  start_pfn:           0\n");
    add_camera(kernel);
    FakeVideo scaler;
    scaler.index = 1;
    add_v4l2(kernel, scaler);
    const DoctorReport report = examine_with();
    INFO(doctor_text(report, {}));
    CHECK(findings_of(report).empty());
    REQUIRE(report.pairs.size() == 1);
    CHECK(report.pairs[0].from == "/dev/video0 (capture)");
    CHECK(report.pairs[0].to == "/dev/video1 (m2m-in)");
    CHECK(report.pairs_left_out == 0);
    const std::string text = doctor_text(report, {});
    CHECK(text.find("  nothing is missing\n") != std::string::npos);
    CHECK(text.find(report.pairs[0].frame.source) != std::string::npos);
    CHECK(report.pairs[0].frame.height == 480); // the scaler makes nothing larger
    CHECK(text.find("what can be shared, at 1920x1080") != std::string::npos);
    REQUIRE(report.alone.size() == 2);
    CHECK(report.alone[0].from == "/dev/video0 (capture)");
    CHECK(report.alone[0].frame.source == "dma-heap:reserved");
}

TEST_CASE("a device of which nobody knows what memory it needs is a finding, with the row that "
          "settles it") {
    FakeKernel kernel;
    FakeHeap heap;
    heap.name = "system";
    add_dma_heap(kernel, heap);
    FakeVideo camera;
    camera.driver = "any camera";
    camera.parent = "i2c"; // there is a default for cameras on the platform bus
    camera.m2m = false;
    add_v4l2(kernel, camera);
    const DoctorReport report = examine_with();
    INFO(doctor_text(report, {}));
    CHECK(has(findings_of(report), "needs memory in one piece: dma-heap:system for it is unproven",
              "`[video4linux:any camera]`, `source = tried here`, `contiguous = no`"));
}

TEST_CASE("a device without memory is a finding, and pairs without are told where nothing else is "
          "missing") {
    DoctorReport report;
    SourceInfo heap = denied("dma-heap:system", "");
    heap.usable = true;
    report.sources = {heap};
    report.devices.emplace_back();
    const FrameHealth fails{fourcc::xrgb8888, 1920, 1080, {}, "exporter of b", "copy", {}};
    report.pairs.push_back({"a", "b", fails});
    CHECK(findings_of(report).empty());
    CHECK(doctor_text(report, {}).find("nothing is missing, but a pair above shares no memory") !=
          std::string::npos);
    report.pairs.push_back({"a", "c", fails});
    CHECK(doctor_text(report, {}).find("nothing is missing, but 2 pairs above share no memory") !=
          std::string::npos);
    report.alone.push_back({"a", {}, fails});
    CHECK(has(findings_of(report), "pictures of a (exporter of b) have no memory", "copy"));
}

TEST_CASE("a camera whose frames don't fit into the memory that it needs is not said to be well") {
    FakeKernel kernel;
    kernel.add_file("/proc/meminfo",
                    "MemAvailable: 2097152 kB\nCmaTotal: 1024 kB\nCmaFree: 1024 kB\n");
    kernel.add_file("/proc/zoneinfo", "Node 0, zone   Normal\n        spanned  262144\n"
                                      "  start_pfn:           0\n");
    FakeHeap heap;
    heap.name = "reserved";
    add_dma_heap(kernel, heap);
    FakeVideo camera;
    camera.driver = "rkisp1"; // needs contiguous memory
    camera.m2m = false;
    camera.override = [](unsigned long request, void* argument) -> std::optional<int> {
        if (request != VIDIOC_TRY_FMT)
            return std::nullopt;
        v4l2_pix_format& pixels = static_cast<v4l2_format*>(argument)->fmt.pix;
        pixels.bytesperline = pixels.width * 2;
        pixels.sizeimage = pixels.bytesperline * pixels.height;
        return 0;
    };
    add_v4l2(kernel, camera);
    const DoctorReport report = examine_with();
    REQUIRE(report.alone.size() == 1);
    // A smaller picture would fit; who sees that planned believes that the camera works.
    CHECK(report.alone[0].frame.width == 1920);
    CHECK(report.alone[0].frame.source == "");
    CHECK_THAT(report.alone[0].frame.reason, Catch::Matchers::Contains("size"));
}

TEST_CASE("sources and devices with one remedy are one finding") {
    DoctorReport report;
    report.sources = {denied("dma-heap:system", "add a rule"), denied("udmabuf", "join kvm"),
                      denied("dma-heap:reserved", "add a rule")};
    DeviceHealth camera;
    camera.device.path = "/dev/video0";
    camera.problem = Error{};
    camera.problem->remedy = "join kvm";
    report.devices = {camera};
    const auto findings = findings_of(report);
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].problem == "dma-heap:system and dma-heap:reserved can't be used");
    CHECK(findings[0].remedy == "add a rule");
    CHECK(findings[1].problem == "udmabuf and /dev/video0 can't be used");
}

TEST_CASE("memory in one piece is missing where a device needs it and no source has it") {
    DoctorReport report;
    SourceInfo heap = denied("dma-heap:reserved", "");
    heap.usable = true;
    heap.offer.contiguity = OfferContiguity::scattered;
    report.sources = {heap};
    DeviceHealth camera;
    camera.device.path = "/dev/video0";
    camera.needs.emplace_back().constraints.contiguity = Contiguity::required;
    report.devices = {camera};
    CHECK(has(findings_of(report), "memory in one piece, for /dev/video0", "cma="));
    report.sources[0].offer.contiguity = OfferContiguity::physical;
    CHECK(findings_of(report).empty());
    // It is there, and another rule is what helps: no other kernel does.
    report.sources[0].usable = false;
    CHECK_FALSE(has(findings_of(report), "", "cma="));
    report.sources[0].usable = true;
    report.sources[0].offer.contiguity = OfferContiguity::scattered;
    report.devices[0].needs.emplace_back(); // another way, that takes any memory
    CHECK(findings_of(report).empty());
}

TEST_CASE("old kernels and few descriptors are told") {
    DoctorReport report;
    SourceInfo heap = denied("dma-heap:system", "");
    heap.usable = true;
    report.sources = {heap};
    report.devices.emplace_back();
    const auto with = [&](const char* kernel, std::optional<std::uint64_t> descriptors) {
        report.machine.kernel = kernel;
        report.machine.descriptors = descriptors;
        return findings_of(report);
    };
    CHECK(with("6.0.0", 1024).empty());
    CHECK(with("10.1", std::nullopt).empty());
    CHECK(has(with("5.15.7-arm64", 1024), "fences", "newer kernel"));
    CHECK(has(with("6.1", 256), "256 file descriptors", "ulimit -n"));
}

TEST_CASE("the document has what the page has") {
    FakeKernel kernel;
    FakeHeap heap;
    heap.name = "system";
    add_dma_heap(kernel, heap);
    add_camera(kernel);
    MachineReport machine;
    machine.kernel = "6.1";
    machine.page_size = 16384;
    machine.memory = 1U << 30U;
    machine.cma = 64U << 20U;
    machine.descriptors = 256;
    DoctorReport report = examine_with(machine);
    report.pairs.push_back({"a (capture)", "b (scanout)", {}});
    const auto json = document(doctor_json(report));
    CHECK(json.at("schema") == 2);
    CHECK(json.at("machine").at("page_size") == 16384);
    CHECK(json.at("machine").at("cma_free") == nullptr);
    CHECK(json.at("devices").at(0).at("path") == "/dev/video0");
    CHECK(json.at("devices").at(0).at("error").is_null());
    CHECK(json.at("devices").at(0).at("sets").size() == report.devices.at(0).needs.size());
    CHECK(json.at("sources").at(0).at("source") == "dma-heap:system");
    for (const auto* part : {"devices", "sources"})
        for (const auto& fact : json.at(part).at(0).at("facts"))
            CHECK((fact.contains("confidence") && fact.contains("origin")));
    CHECK(json.at("pairs").at(0).at("to") == "b (scanout)");
    CHECK(json.at("alone").at(0).at("party") == "/dev/video0 (capture)");
    CHECK(json.at("findings").size() == findings_of(report).size());
    const std::string text = doctor_text(report, {});
    CHECK(text.find("pages of 16 KiB") != std::string::npos);
    CHECK(text.find("64 MiB of it for CMA (unknown free)") != std::string::npos);
    CHECK(text.find("try: raise the limit") != std::string::npos);
}
