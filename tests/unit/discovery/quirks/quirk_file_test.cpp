// SPDX-License-Identifier: MIT
// Quirk files: what they may say, and where they are wrong.
#include "lib/discovery/quirks/file.hpp"

#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace simplealloc;

namespace {

/// `LINE: TEXT` of each mistake.
std::vector<std::string> mistakes(const std::string& text) {
    std::vector<std::string> out;
    for (const FileMistake& mistake : parse_quirks(text, "mine.quirks").mistakes)
        out.push_back(fmt::format("{}: {}", mistake.line, mistake.text));
    return out;
}

using List = std::vector<std::string>;

const std::string head = "[drm:toy]\nsource = drivers/toy.c\n";

} // namespace

TEST_CASE("a section is a row with its conditions, values and place") {
    const QuirkFile file =
        parse_quirks("# words\n\n[drm:toy]\n source = drivers/toy.c \n"
                     "compatible = acme,toy-* acme,doll\r\nmachine = acme,board\n"
                     "kernel = >=5.10\nrole = scanout output\nformat = NV12 R8\n"
                     "confidence = assumed\nstride-align=64\r\n",
                     "mine.quirks");
    CHECK(file.mistakes.empty());
    REQUIRE(file.rows.size() == 1);
    const QuirkRow& row = file.rows[0];
    CHECK(row.subsystem == "drm");
    CHECK(row.driver == "toy");
    CHECK(row.source == "drivers/toy.c");
    CHECK(row.compatible == List{"acme,toy-*", "acme,doll"});
    CHECK(row.machine == List{"acme,board"});
    REQUIRE(row.kernel);
    CHECK(row.kernel->least == std::vector<unsigned>{5, 10});
    CHECK(row.roles == List{"scanout", "output"});
    CHECK(row.formats == std::vector<Fourcc>{fourcc::nv12, Fourcc{'R', '8', ' ', ' '}});
    CHECK(row.confidence == Confidence::assumed);
    CHECK(row.values == std::map<std::string, std::string>{{"stride-align", "64"}});
    CHECK(row.file == "mine.quirks");
    CHECK(row.line == 3);
    CHECK(row.origin == "quirk mine.quirks [drm:toy] (compatible = acme,toy-* acme,doll; "
                        "format = NV12 R8; kernel = >=5.10; machine = acme,board; "
                        "role = scanout output)");
}

TEST_CASE("a mistake in a quirk file is named with its line") {
    CHECK(mistakes(head + "import = no\n") == List{"3: unknown key `import`"});
    CHECK(mistakes(head + "imports = maybe\n") ==
          List{"3: `maybe` of imports is not yes, no or unless-pool"});
    CHECK(mistakes(head + "imports = no\nimports = yes\n") == List{"4: imports is given twice"});
    CHECK(mistakes("[drm:toy]\nimports = no\n") == List{"1: the section has no source"});
    CHECK(mistakes("imports = no\nimports = no\n") ==
          List{"1: a value stands before the first section"});
    CHECK(mistakes("[usb:toy]\nsource = x\n") ==
          List{"1: `usb` is no subsystem: drm, accel, video4linux, char or ion"});
    CHECK(mistakes("[drm:]\nsource = x\n") == List{"1: the section names no driver"});
    CHECK(mistakes("[drm: ]\nsource = x\n") == List{"1: the section names no driver"});
    CHECK(parse_quirks("[drm: a b ]\nsource = x\n", "").rows.at(0).driver == "a b");
    CHECK(mistakes("[drm]\nsource = x\n") == List{"1: a section is [subsystem:driver]"});
    CHECK(mistakes("[drm:toy\nsource = x\n") == List{"1: the head of a section ends with ]"});
    CHECK(mistakes(head + "imports no\n") == List{"3: a line is `key = value`"});
    CHECK(mistakes("[drm:*]\nsource = x\nsysfs-driver = toy-drm\n") ==
          List{"3: a pattern of drivers has no one name"});
    CHECK(mistakes(head + "min-address = 0x10\nmax-address = 0xf\n") ==
          List{"3: min-address is above max-address"});
}

TEST_CASE("a row may be for modifiers, of which it says limits") {
    const QuirkFile file =
        parse_quirks(head + "modifier = LINEAR 0x0100000000000002\npci-id = 8086:59*\n"
                            "max-width = 4096\n",
                     "mine.quirks");
    CHECK(file.mistakes.empty());
    REQUIRE(file.rows.size() == 1);
    CHECK(file.rows[0].conditions == "modifier = LINEAR 0x0100000000000002; pci-id = 8086:59*");
    CHECK(parse_quirks(head + "modifier = Y_TILED DRM_FORMAT_MOD_ALLWINNER_TILED\n"
                              "format = XRGB8888\nmax-width = 4096\n",
                       "mine.quirks")
              .rows.at(0)
              .modifiers == std::vector<std::uint64_t>{0x0100000000000002, 0x0900000000000001});
    CHECK(mistakes(head + "modifier = tiled\n") ==
          List{"3: `tiled` of modifier is not a list of modifiers: LINEAR, names such as "
               "X_TILED or VIVANTE_TILED, or numbers"});
    CHECK(mistakes(head + "modifier = INVALID\n") ==
          List{"3: `INVALID` of modifier is not a list of modifiers: LINEAR, names such as "
               "X_TILED or VIVANTE_TILED, or numbers"});
    CHECK(mistakes(head + "modifier = LINEAR\nimports = no\n") ==
          List{"4: imports is no limit, its section has a modifier"});
    CHECK(mistakes(head + "modifier = LINEAR\ndumb-zeroed = no\n") ==
          List{"4: dumb-zeroed is of the whole device, its section has a role, format or "
               "modifier"});
    CHECK(mistakes(head + "pci-id = 8086\n") ==
          List{"3: `8086` of pci-id is not patterns of VENDOR:DEVICE in hexadecimal numbers"});
}

TEST_CASE("all mistakes of a file are named, in the order of their lines") {
    CHECK(mistakes("imports = no\n[drm]\nimport = no\n[drm:toy]\nimports = maybe\n[usb:x]\n") ==
          List{"1: a value stands before the first section", "2: a section is [subsystem:driver]",
               "2: the section has no source", "3: unknown key `import`",
               "4: the section has no source",
               "5: `maybe` of imports is not yes, no or unless-pool",
               "6: `usb` is no subsystem: drm, accel, video4linux, char or ion",
               "6: the section has no source"});
}

TEST_CASE("the same driver may have sections for other conditions, but none twice") {
    CHECK(mistakes(head + head) == List{"3: second section [drm:toy]"});
    CHECK(mistakes(head + head + "role = scanout\n").empty());
    CHECK(mistakes(head + "role = scanout\n" + head + "role = scanout\n") ==
          List{"4: second section [drm:toy]"});
}

TEST_CASE("a key stands only where it means something") {
    CHECK(mistakes("[video4linux:toy]\nsource = x\ndumb-bpp = 32\n") ==
          List{"3: dumb-bpp is for drm, not for video4linux"});
    CHECK(mistakes(head + "memory = vmalloc\n") ==
          List{"3: memory is for video4linux, not for drm"});
    CHECK(mistakes(head + "role = scanout\ncoherent = no\n") ==
          List{"4: coherent is of the whole device, its section has a role, format or "
               "modifier"});
    CHECK(mistakes(head + "role = scanout\nimports = no\n").empty());
    CHECK(mistakes("[ion:toy]\nsource = x\nimports = no\n") == List{"3: imports is not for ion"});
    CHECK(mistakes("[ion:toy]\nsource = x\ncompatible = x\nheaps = 1:a:scattered\n") ==
          List{"1: of ion a section may be for a machine or a kernel only"});
    CHECK(mistakes("[ion:toy]\nsource = x\nmachine = x,*\nheaps = 1:a:scattered\n").empty());
}

TEST_CASE("values of a quirk file are checked when they are read") {
    const auto [line, good] = GENERATE(table<std::string, bool>({
        {"max-address = 0xffffffff", true},
        {"max-address = 4294967295", false},
        {"max-address = 0x", false},
        {"max-address = 0x10000000000000000", false},
        {"min-address = 0x0", true},
        {"address-align = 4096", true},
        {"address-align = 0x1000", true},
        {"address-align = 0x0", false},
        {"dumb-bpp = 8 16 32", true},
        {"dumb-bpp =", false},
        {"dumb-bpp = 8, 16", false},
        {"dumb-pitch-align = 64", true},
        {"dumb-pitch-align = 0", false},
        {"dumb-zeroed = yes", true},
        {"stride-align = -4", false},
        {"stride-align-pixels = 16", true},
        {"max-stride = 65504", true},
        {"contiguous = unless-iommu", true},
        {"contiguous = maybe", false},
        {"coherent = dt", true},
        {"coherent = true", false},
        {"iommu-domain = own", true},
        {"single-allocation = yes", true},
        {"prefer = dma-heap:reserved udmabuf", true},
        {"forbid = dma-heaps", false},
        {"forbid =", false},
        {"dumb-caching = write-combined", true},
        {"dumb-memory = vram", false},
        {"dumb-contiguity = contiguous", true},
        {"kernel = 5.10..6.12", true},
        {"kernel = new", false},
        {"role = capture output", true},
        {"role = camera", false},
        {"format = NV12 XR24", true},
        {"format = NV12x", false},
        {"confidence = unknown", false},
        {"source =", false},
    }));
    CAPTURE(line);
    const std::string source = line.starts_with("source") ? "" : "source = x\n";
    CHECK(mistakes("[drm:toy]\n" + source + line + "\n").empty() == good);
}

TEST_CASE("values for V4L2 and for ION are checked, too") {
    const auto [line, good] = GENERATE(table<std::string, bool>({
        {"[video4linux:toy]\nmemory = vmalloc", true},
        {"[video4linux:toy]\nmemory = dma", false},
        {"[video4linux:toy]\nmemory-parameter = two words", false},
        {"[ion:toy]\nheaps = 0:system:scattered 31:a:b:protected", true},
        {"[ion:toy]\nheaps = 32:system:scattered", false},
        {"[ion:toy]\nheaps = 0x1:system:scattered", false},
        {"[ion:toy]\nheaps = 1::scattered", false},
        {"[ion:toy]\nheaps = 1:system", false},
        {"[ion:toy]\nheaps = 1:system:fast", false},
        {"[accel:toy]\ncontiguous = no", true},
        {"[accel:toy]\ndumb-bpp = 32", false},
        {"[accel:toy]\nclass = misc", false},
        {"[char:toy]\nclass = misc toys", true},
        {"[char:toy]\nclass =", false},
        {"[char:toy]\nnode = /dev/toy[0-9] /dev/toys/*", true},
        {"[char:toy]\nnode = toy0", false},
        {"[char:toy]\nmemory = vmalloc", false},
        {"[char:toy]\nsysfs-driver = toy-drv", false},
        {"[drm:toy]\nnode = /dev/dri/card0", false},
    }));
    CAPTURE(line);
    CHECK(mistakes(line + "\nsource = x\n").empty() == good);
}

TEST_CASE("rubbish is refused line by line") {
    const std::string zeros(3, '\0');
    CHECK(mistakes("[drm:toy]\nsource = x\n" + zeros + "\n").size() == 1);
    CHECK(mistakes("]\n=\n").size() == 1);
    CHECK(mistakes(head + "=\n= x\n]\n").size() == 3);
    CHECK(mistakes(head + std::string(100000, 'x')).size() == 1);
    CHECK(parse_quirks("", "empty").rows.empty());
}
