// SPDX-License-Identifier: MIT
// Which quirk files are read, which rows are for a device, and which of them wins.
#include "lib/discovery/limits/apply_quirks.hpp"
#include "lib/discovery/limits/quirk_limits.hpp"
#include "lib/discovery/quirks/embedded.hpp"
#include "lib/discovery/quirks/file.hpp"

#include <simplealloc/quirks.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/fake_kernel.hpp"

#include <algorithm>
#include <map>

using namespace simplealloc;
using simplealloc::test::FakeKernel;

namespace {

const std::string head = "[drm:toy]\nsource = drivers/toy.c\n";

Quirks quirks_of(const std::string& text, MachineIdentity machine = {}) {
    Quirks quirks(std::move(machine));
    REQUIRE(quirks.read(text, "mine.quirks"));
    return quirks;
}

DeviceIdentity toy(std::vector<std::string> compatible = {}) {
    return {"drm", {"toy"}, std::move(compatible), {}};
}

/// The value of a key for a device; empty when no row has it.
std::string value(const Quirks& quirks, const DeviceIdentity& device, const std::string& key) {
    const auto found = find_value(quirks.rows_for(device), key);
    return found ? found->text : "";
}

std::string built_in(const std::string& subsystem, const std::string& driver,
                     const std::string& key) {
    FakeKernel kernel;
    const auto quirks = Quirks::load("");
    REQUIRE(quirks);
    return value(*quirks, {subsystem, {driver}, {}, {}}, key);
}

} // namespace

TEST_CASE("a quirk row gives its values with file and section as origin") {
    const Quirks quirks = quirks_of(head + "imports = no\n");
    const auto found = find_value(quirks.rows_for(toy()), "imports");
    REQUIRE(found);
    CHECK(found->text == "no");
    CHECK(found->origin == "quirk mine.quirks [drm:toy]");
    CHECK_FALSE(find_value(quirks.rows_for(toy()), "memory"));
    CHECK(quirks.rows_for({"video4linux", {"toy"}, {}, {}}).empty());
    CHECK(quirks.rows_for({"drm", {"toy2"}, {}, {}}).empty());
}

TEST_CASE("a row may be for GPUs with VRAM of their own, or for those without") {
    const Quirks quirks = quirks_of("[drm:toy]\nsource = x\ndumb-pitch-align = 8\n"
                                    "[drm:toy]\nsource = x\ndiscrete = yes\n"
                                    "dumb-memory = device-local\n");
    DeviceIdentity device = toy();
    CHECK(quirks.rows_for(device).size() == 1); // nobody says
    device.discrete = false;
    CHECK(value(quirks, device, "dumb-memory").empty());
    device.discrete = true;
    CHECK(value(quirks, device, "dumb-memory") == "device-local");
    CHECK(value(quirks, device, "dumb-pitch-align") == "8");
    CHECK(find_value(quirks.rows_for(device), "dumb-memory")->origin ==
          "quirk mine.quirks [drm:toy] (discrete = yes)");
}

TEST_CASE("what is said of one use is not said of the whole device") {
    const Quirks quirks = quirks_of(head + "role = scanout\nimports = no\n");
    CHECK_FALSE(find_value(quirks.rows_for(toy()), "imports"));
}

TEST_CASE("a row is for its driver by any of the driver's names, which may be a pattern") {
    const auto [pattern, name, matches] = GENERATE(table<std::string, std::string, bool>({
        {"toy", "toy", true},
        {"toy", "toy-drm", false},
        {"toy*", "toy-drm", true},
        {"*", "toy", true},
        {"to?", "toy", true},
        {"TOY", "toy", false},
    }));
    CAPTURE(pattern, name);
    const Quirks quirks = quirks_of("[drm:" + pattern + "]\nsource = x\nimports = no\n");
    CHECK(quirks.rows_for({"drm", {name}, {}, {}}).empty() != matches);
    CHECK(quirks.rows_for({"drm", {"other", name}, {}, {}}).empty() != matches);
}

TEST_CASE("a row is for the nodes of a driver that it names") {
    const Quirks quirks = quirks_of("[video4linux:toy]\nsource = x\nmemory = dma-contig\n"
                                    "[video4linux:toy]\nsource = x\nnode-name = toy_stats *?histo\n"
                                    "memory = vmalloc\n");
    const auto memory = [&](const std::string& name) {
        DeviceIdentity device{"video4linux", {"toy"}, {}, {}};
        device.names = {name};
        return value(quirks, device, "memory");
    };
    CHECK(memory("toy_stats") == "vmalloc");
    CHECK(memory("fe928000.vsp hgo histo") == "vmalloc");
    CHECK(memory("toy_mainpath") == "dma-contig");
}

TEST_CASE("a row is for the compatible strings of the device's own node that it names") {
    const Quirks quirks = quirks_of(head + "compatible = acme,toy-* acme,doll\nimports = no\n",
                                    MachineIdentity{"6.12.0", {"acme,toy-board"}});
    CHECK(value(quirks, toy({"acme,toy-2", "acme,toy"}), "imports") == "no");
    CHECK(value(quirks, toy({"acme,doll"}), "imports") == "no");
    CHECK(value(quirks, toy({"acme,toy"}), "imports").empty());
    CHECK(value(quirks, toy(), "imports").empty());
}

TEST_CASE("a row is for the machines that it names") {
    const std::string text = head + "machine = acme,board-*\nimports = no\n";
    CHECK(value(quirks_of(text, {"", {"acme,board-7", "acme,soc"}}), toy(), "imports") == "no");
    CHECK(value(quirks_of(text, {"", {"acme,soc"}}), toy(), "imports").empty());
    CHECK(value(quirks_of(text), toy({"acme,board-7"}), "imports").empty());
}

TEST_CASE("a row is for the kernels that it names") {
    const std::string text = head + "kernel = 5.10..6.12\nimports = no\n";
    CHECK(value(quirks_of(text, {"6.12.9-amd64", {}}), toy(), "imports") == "no");
    CHECK(value(quirks_of(text, {"6.13.0", {}}), toy(), "imports").empty());
    CHECK(value(quirks_of(text), toy(), "imports").empty());
}

TEST_CASE("of rows in one file the one with more conditions wins, then the one further down") {
    const Quirks quirks = quirks_of("[drm:toy]\nsource = x\ncompatible = acme,*\nstride-align = 1\n"
                                    "[drm:*]\nsource = x\nstride-align = 2\nmax-stride = 2\n"
                                    "[drm:toy]\nsource = x\nstride-align = 3\n"
                                    "[drm:toy]\nsource = x\nkernel = >=1\nstride-align = 4\n",
                                    MachineIdentity{"6.12.0", {}});
    CHECK(value(quirks, toy({"acme,toy"}), "stride-align") == "4");
    CHECK(value(quirks, toy(), "max-stride") == "2");
    const auto rows = quirks.rows_for(toy({"acme,toy"}));
    REQUIRE(rows.size() == 4);
    CHECK(rows[1]->values.at("stride-align") == "1");
    CHECK(rows[2]->values.at("stride-align") == "3");
    CHECK(rows[3]->values.at("stride-align") == "2");
}

TEST_CASE("a later file wins key by key, however many conditions the earlier one has") {
    Quirks quirks = quirks_of(head + "compatible = acme,*\nimports = no\nstride-align = 64\n");
    REQUIRE(quirks.read("[drm:*]\nsource = y\nimports = yes\n", "later.quirks"));
    CHECK(value(quirks, toy({"acme,toy"}), "imports") == "yes");
    CHECK(value(quirks, toy({"acme,toy"}), "stride-align") == "64");
}

TEST_CASE("a quirk file that is wrong anywhere adds nothing, and its error names the place") {
    Quirks quirks;
    const auto read = quirks.read(head + "imports = no\nimport = no\nmemory = x\n", "mine.quirks");
    REQUIRE_FALSE(read);
    CHECK(read.error().cause == Cause::invalid);
    CHECK(read.error().object == "mine.quirks:4");
    CHECK(read.error().detail == "unknown key `import`");
    CHECK(read.error().remedy ==
          "`simplealloc quirks --check mine.quirks` names this mistake and 1 more");
    CHECK(quirks.rows_for(toy()).empty());
}

TEST_CASE("files of the caller win over those of the environment, and these over the built-in") {
    FakeKernel kernel;
    kernel.add_file("/etc/quirks/b.quirks",
                    "[drm:virtio_gpu]\nsource = mine\nimports = yes\nmax-stride = 4096\n");
    kernel.add_file("/etc/quirks/a.quirks", "[drm:virtio_gpu]\nsource = a\nmax-stride = 1\n");
    kernel.add_file("/etc/quirks/notes.txt", "not a quirk file");
    kernel.add_file("/home/x.quirks", "[drm:virtio_gpu]\nsource = x\nimports = no\n"
                                      "max-stride = 2\nmax-width = 3\n");
    kernel.add_file("/home/y", "[drm:virtio_gpu]\nsource = y\nmax-width = 4\n");
    kernel.environment["SIMPLEALLOC_QUIRKS"] = "/home/x.quirks::/home/y:";
    const auto quirks = Quirks::load("/etc/quirks");
    REQUIRE(quirks);
    const DeviceIdentity gpu{"drm", {"virtio_gpu"}, {}, {}};
    CHECK(value(*quirks, gpu, "imports") == "yes");
    CHECK(find_value(quirks->rows_for(gpu), "imports")->origin ==
          "quirk /etc/quirks/b.quirks [drm:virtio_gpu]");
    CHECK(value(*quirks, gpu, "max-stride") == "4096");
    CHECK(value(*quirks, gpu, "max-width") == "4");
    CHECK(value(*quirks, gpu, "dumb-bpp") == "32");
}

TEST_CASE("the machine is asked when quirks are loaded") {
    FakeKernel kernel;
    kernel.release = "6.12.9";
    const char* tree = GENERATE("/sys/firmware/devicetree/base", "/proc/device-tree");
    kernel.add_file(std::string(tree) + "/compatible", std::string("acme,board\0acme,soc\0", 20));
    kernel.add_file("/x", head + "machine = acme,soc\nkernel = 6.12\nimports = no\n");
    const auto quirks = Quirks::load("/x");
    REQUIRE(quirks);
    CHECK(value(*quirks, toy(), "imports") == "no");
}

TEST_CASE("a quirk file or folder that is missing, unreadable or wrong is an error") {
    FakeKernel kernel;
    const auto missing = Quirks::load("/nowhere");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().cause == Cause::gone);
    kernel.add_file("/etc/quirks/a.quirks", "[drm:toy]\n");
    const auto wrong = Quirks::load("/etc/quirks");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().cause == Cause::invalid);
    CHECK(wrong.error().object == "/etc/quirks/a.quirks:1");
    kernel.environment["SIMPLEALLOC_QUIRKS"] = "/etc/quirks/a.quirks";
    CHECK_FALSE(Quirks::load(""));
    kernel.environment.clear();
    kernel.root = false;
    kernel.add_file("/etc/secret", head, 0600);
    const auto denied = Quirks::load("/etc/secret");
    REQUIRE_FALSE(denied);
    CHECK(denied.error().cause == Cause::denied);
}

TEST_CASE("every value of a device's rows is a fact, unless a stronger row gives another") {
    const Quirks quirks =
        quirks_of(head + "imports = yes\nmax-stride = 64\nsysfs-driver = toy-drm\n" + head +
                      "kernel = 6\nimports = no\nconfidence = assumed\n" + head +
                      "role = scanout\nmax-stride = 32\n",
                  MachineIdentity{"6.1", {}});
    DeviceRecord record;
    record.quirks = quirks.rows_for(toy());
    apply_quirks(record);
    CHECK_FALSE(record.imports);
    CHECK(record.facts ==
          std::vector<Fact>{
              {"max-stride", "32 (role = scanout)", Confidence::known,
               "quirk mine.quirks [drm:toy] (role = scanout)"},
              {"imports", "no", Confidence::assumed, "quirk mine.quirks [drm:toy] (kernel = 6)"},
              {"max-stride", "64", Confidence::known, "quirk mine.quirks [drm:toy]"}});

    const auto applied = applied_quirks(record.quirks);
    REQUIRE(applied.size() == 5);
    CHECK(applied[0].key == "max-stride");
    CHECK(applied[0].scope == "role = scanout");
    CHECK(applied[0].file == "mine.quirks");
    CHECK(applied[0].line == 11);
    CHECK(applied[0].source == "drivers/toy.c");
    CHECK(std::count_if(applied.begin(), applied.end(),
                        [](const AppliedQuirk& quirk) { return quirk.overridden; }) == 1);
    CHECK(applied[2].key == "imports");
    CHECK(applied[2].overridden);
}

TEST_CASE("an address window of a quirk narrows what the bus allows") {
    const Quirks quirks = quirks_of(head + "min-address = 0x1000\nmax-address = 0xddbfffff\n");
    DeviceRecord record;
    record.quirks = quirks.rows_for(toy());
    record.reach.max_address = GENERATE(0xffffffffU, 0xfffffffU);
    const std::uint64_t before = record.reach.max_address;
    apply_quirks(record);
    CHECK(record.reach.min_address == 0x1000);
    CHECK(record.reach.max_address == std::min<std::uint64_t>(before, 0xddbfffff));
    CHECK(record.reach.mask_known);
}

TEST_CASE("a quirk says whether a device snoops caches, or leaves it to the device tree") {
    const auto [text, before, after] = GENERATE(table<std::string, bool, bool>({
        {"yes", false, true},
        {"no", true, false},
        {"dt", true, true},
        {"dt", false, false},
    }));
    CAPTURE(text, before);
    DeviceRecord record;
    record.quirks = quirks_of(head + "coherent = " + text + "\n").rows_for(toy());
    record.reach.coherent = before;
    apply_quirks(record);
    CHECK(record.reach.coherent == after);
}

TEST_CASE("a file can be checked without being used") {
    FakeKernel kernel;
    kernel.add_file("/x", head + "import = no\nmemory = x\n");
    const auto wrong = check_quirk_file("/x");
    REQUIRE(wrong);
    CHECK(wrong->understood == 1);
    REQUIRE(wrong->mistakes.size() == 2);
    CHECK(wrong->mistakes[1].line == 4);
    kernel.add_file("/x", head + head + "kernel = 6\n");
    CHECK(check_quirk_file("/x")->mistakes.empty());
    CHECK(check_quirk_file("/x")->understood == 2);
    CHECK(check_quirk_file("/nowhere").error().cause == Cause::gone);
}

TEST_CASE("the built-in rows say what the test drivers do") {
    CHECK(built_in("drm", "virtio_gpu", "imports") == "no");
    CHECK(built_in("drm", "bochs-drm", "exports-attachable") == "no");
    CHECK(built_in("drm", "bochs-drm", "exports-vmap-stable") == "no");
    CHECK(built_in("drm", "vkms", "contiguous") == "no");
    CHECK(built_in("drm", "vgem", "dumb-caching") == "write-combined");
    CHECK(built_in("drm", "vgem", "dumb-zeroed") == "yes");
    CHECK(built_in("video4linux", "vivid", "memory-parameter") == "allocators");
    CHECK(built_in("video4linux", "vim2m", "memory") == "vmalloc");
    CHECK(built_in("video4linux", "vicodec", "memory") == "vmalloc");
    CHECK(built_in("video4linux", "uvcvideo", "memory") == "vmalloc");
}

TEST_CASE("the built-in rows tell displays that copy by the CPU from those that do DMA") {
    for (const char* driver : {"evdi", "simpledrm", "ofdrm", "gud", "udl", "vkms", "hyperv_drm",
                               "gm12u320", "ssd130x", "cirrus", "mgag200", "ast"}) {
        CAPTURE(driver);
        CHECK(built_in("drm", driver, "contiguous") == "no");
        CHECK(built_in("drm", driver, "kernel-mapping") == "yes");
    }
    for (const char* driver : {"panel-mipi-dbi", "ili9163", "ili9225", "ili9341", "ili9486",
                               "hx8357d", "mi0283qt", "st7586", "st7735r", "repaper"}) {
        CAPTURE(driver);
        CHECK(built_in("drm", driver, "contiguous") == "unless-iommu");
        CHECK(built_in("drm", driver, "kernel-mapping") == "yes");
    }
    CHECK(built_in("drm", "rockchip", "kernel-mapping").empty());
}

TEST_CASE("the built-in rows tell who can't export to others") {
    CHECK(built_in("drm", "gma500", "exports-attachable") == "no");
    CHECK(built_in("drm", "gma500", "imports") == "no");
    CHECK(built_in("drm", "vmwgfx", "gbm-exports-attachable") == "no");
    CHECK(built_in("drm", "vmwgfx", "exports-attachable").empty());
    CHECK(built_in("video4linux", "v4l2 loopback", "exports") == "no");
}

TEST_CASE("the built-in rows tell what drivers out of the kernel's tree do") {
    CHECK(built_in("video4linux", "v4l2 loopback", "imports") == "no");
    CHECK(built_in("video4linux", "v4l2 loopback", "memory-to-memory") == "no");
    for (const char* driver :
         {"bcm2835-codec", "bcm2835-isp", "rpivid", "rp1-cfe", "rkvenc", "rk_hdmirx"}) {
        CAPTURE(driver);
        CHECK(built_in("video4linux", driver, "memory") == "dma-contig");
    }
    CHECK(built_in("drm", "evdi", "exports-vmap-stable") == "no");
    CHECK(built_in("drm", "asahi", "contiguous") == "no");
    CHECK(built_in("drm", "apple", "contiguous") == "unless-iommu");
}

TEST_CASE("a row may be for the PCI functions that it names") {
    const Quirks quirks = quirks_of(head + "pci-id = 8086:59?? 10DE:*\nmax-width = 8\n");
    DeviceIdentity device = toy();
    CHECK(value(quirks, device, "max-width").empty());
    device.pci_id = "8086:5916";
    CHECK(value(quirks, device, "max-width") == "8");
    device.pci_id = "10de:1b80";
    CHECK(value(quirks, device, "max-width") == "8");
    device.pci_id = "8086:3e92";
    CHECK(value(quirks, device, "max-width").empty());
}

TEST_CASE("each section that is compiled in is right") {
    std::map<std::string_view, std::string> files;
    for (const EmbeddedSection& section : embedded_sections()) {
        INFO(section.file << ":" << section.line);
        const QuirkFile parsed = parse_quirks(std::string(section.text), "embedded");
        REQUIRE(parsed.rows.size() == 1);
        CHECK(parsed.rows[0].subsystem == section.subsystem);
        CHECK(parsed.rows[0].driver == section.driver);
        const auto others = parsed.rows[0].values.find("sysfs-driver");
        CHECK((others == parsed.rows[0].values.end() ? "" : others->second) ==
              section.sysfs_drivers);
        files[section.file] += section.text;
    }
    CHECK(files.size() > 10);
    // No section stands twice either.
    for (const auto& [file, text] : files) {
        INFO(file);
        for (const FileMistake& mistake : parse_quirks(text, std::string(file)).mistakes)
            FAIL_CHECK(mistake.line << ": " << mistake.text);
    }
}

TEST_CASE("a driver has one name, whichever interface it was read from") {
    FakeKernel kernel;
    const auto quirks = Quirks::load("");
    REQUIRE(quirks);
    CHECK(quirks->canonical_driver("drm", "hibmc-drm") == "hibmc");
    CHECK(quirks->canonical_driver("drm", "virtio_gpu") == "virtio_gpu");
    CHECK(quirks->canonical_driver("video4linux", "hibmc-drm") == "hibmc-drm");
}
