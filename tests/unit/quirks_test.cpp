// SPDX-License-Identifier: MIT
// Quirk files: what they may say, where they are wrong, which one wins.
#include "lib/discovery/quirks.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_kernel.hpp"

using namespace simplealloc;
using simplealloc::test::FakeKernel;

namespace {

std::string complaint(const std::string& text) {
    Quirks quirks;
    const auto read = quirks.read(text, "mine.quirks");
    return read ? "" : read.error().message();
}

const std::string head = "[drm:toy]\nsource = drivers/toy.c\n";

} // namespace

TEST_CASE("a quirk row gives its values with file and section as origin") {
    Quirks quirks;
    REQUIRE(quirks.read("# words\n\n[drm:toy]\n source = drivers/toy.c \nimports=no\r\n",
                        "mine.quirks"));
    const auto value = quirks.find("drm", "toy", "imports");
    REQUIRE(value.has_value());
    CHECK(value->text == "no");
    CHECK(value->origin == "quirk mine.quirks [drm:toy]");
    CHECK_FALSE(quirks.find("drm", "toy", "memory").has_value());
    CHECK_FALSE(quirks.find("video4linux", "toy", "imports").has_value());
}

TEST_CASE("a mistake in a quirk file is named with file and line") {
    CHECK(complaint(head + "import = no\n") == "mine.quirks:3: unknown key `import`");
    CHECK(complaint(head + "imports = maybe\n") ==
          "mine.quirks:3: `maybe` of imports is not yes or no");
    CHECK(complaint(head + "imports = no\nimports = yes\n") ==
          "mine.quirks:4: imports is given twice");
    CHECK(complaint("[drm:toy]\nimports = no\n") == "mine.quirks:1: the section has no source");
    CHECK(complaint(head + head) == "mine.quirks:3: second section [drm:toy]");
    CHECK(complaint("imports = no\n") == "mine.quirks:1: a value stands before the first section");
    CHECK(complaint("[usb:toy]\n") ==
          "mine.quirks:1: `usb` is no subsystem: drm, ion or video4linux");
    CHECK(complaint("[drm:]\n") == "mine.quirks:1: the section names no driver");
    CHECK(complaint("[drm]\n") == "mine.quirks:1: a section is [subsystem:driver]");
    CHECK(complaint("[drm:toy\n") == "mine.quirks:1: a section is [subsystem:driver]");
    CHECK(complaint(head + "imports no\n") == "mine.quirks:3: a line is `key = value`");
}

TEST_CASE("values of a quirk file are checked when they are read") {
    const auto [line, good] = GENERATE(table<std::string, bool>({
        {"max-address = 0xffffffff", true},
        {"max-address = 4294967295", false},
        {"max-address = 0x", false},
        {"max-address = 0x10000000000000000", false},
        {"dumb-bpp = 8 16 32", true},
        {"dumb-bpp =", false},
        {"dumb-bpp = 8, 16", false},
        {"dumb-pitch-align = 64", true},
        {"dumb-pitch-align = 0", false},
        {"stride-align = -4", false},
        {"memory = vmalloc", true},
        {"memory = dma", false},
        {"dumb-caching = write-combined", true},
        {"dumb-memory = vram", false},
        {"dumb-contiguity = contiguous", true},
        {"compatible = qcom,", true},
        {"compatible = two words", false},
        {"heaps = 0:system:scattered 31:a:b:protected", true},
        {"heaps = 32:system:scattered", false},
        {"heaps = 0x1:system:scattered", false},
        {"heaps = 1::scattered", false},
        {"heaps = 1:system", false},
        {"heaps = 1:system:fast", false},
        {"source =", false},
    }));
    CAPTURE(line);
    CHECK(complaint("[drm:toy]\n" + line + (line.starts_with("source") ? "\n" : "\nsource = x\n"))
              .empty() == good);
}

TEST_CASE("a quirk file that is wrong anywhere adds nothing") {
    Quirks quirks;
    REQUIRE_FALSE(quirks.read(head + "imports = no\nimport = no\n", "mine.quirks"));
    CHECK_FALSE(quirks.find("drm", "toy", "imports").has_value());
}

TEST_CASE("files of the caller's folder win over the built-in rows key by key") {
    FakeKernel kernel;
    kernel.add_file("/etc/quirks/a.quirks", "[drm:virtio_gpu]\nsource = mine\nimports = yes\n");
    kernel.add_file("/etc/quirks/notes.txt", "not a quirk file");
    const auto quirks = Quirks::load("/etc/quirks");
    REQUIRE(quirks);
    CHECK(quirks->find("drm", "virtio_gpu", "imports")->text == "yes");
    CHECK(quirks->find("drm", "virtio_gpu", "imports")->origin ==
          "quirk /etc/quirks/a.quirks [drm:virtio_gpu]");
    CHECK(quirks->find("drm", "virtio_gpu", "dumb-bpp")->text == "32");
}

TEST_CASE("a quirk folder that is missing or wrong is an error") {
    FakeKernel kernel;
    const auto missing = Quirks::load("/nowhere");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().cause == Cause::gone);
    kernel.add_file("/etc/quirks/a.quirks", "[drm:toy]\n");
    const auto wrong = Quirks::load("/etc/quirks");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().cause == Cause::invalid);
    CHECK(wrong.error().object == "/etc/quirks/a.quirks:1");
}

TEST_CASE("the built-in rows say what the test drivers do") {
    const auto quirks = Quirks::load("");
    REQUIRE(quirks);
    const auto value = [&](const char* subsystem, const char* driver, const char* key) {
        const auto found = quirks->find(subsystem, driver, key);
        return found ? found->text : "";
    };
    CHECK(value("drm", "virtio_gpu", "imports") == "no");
    CHECK(value("drm", "bochs-drm", "exports-attachable") == "no");
    CHECK(value("drm", "bochs-drm", "exports-vmap-stable") == "no");
    CHECK(value("drm", "vkms", "contiguous") == "no");
    CHECK(value("drm", "vgem", "dumb-caching") == "write-combined");
    CHECK(value("video4linux", "vivid", "memory-parameter") == "allocators");
    CHECK(value("video4linux", "vim2m", "memory") == "vmalloc");
    CHECK(value("video4linux", "vicodec", "memory") == "vmalloc");
    CHECK(value("video4linux", "uvcvideo", "memory") == "vmalloc");
}

TEST_CASE("a driver has one name, whichever interface it was read from") {
    const auto quirks = Quirks::load("");
    REQUIRE(quirks);
    CHECK(quirks->canonical_driver("drm", "hibmc-drm") == "hibmc");
    CHECK(quirks->canonical_driver("drm", "virtio_gpu") == "virtio_gpu");
    CHECK(quirks->canonical_driver("video4linux", "hibmc-drm") == "hibmc-drm");
}
