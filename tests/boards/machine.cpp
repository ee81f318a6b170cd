// SPDX-License-Identifier: MIT
// Files, links, nodes and udev's knowledge of a board.
#include "tests/boards/machine.hpp"

#include "lib/base/failure.hpp"
#include "tests/boards/device_tree.hpp"
#include "tests/boards/nodes.hpp"
#include "tests/support/fake_devices.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/sysmacros.h>

namespace simplealloc::boards {

namespace {

constexpr const char* tree_root = "/sys/firmware/devicetree/base";
constexpr gid_t video_group = 44;
constexpr gid_t render_group = 105;

class Builder {
public:
    Builder(const Board& board, test::FakeKernel& kernel) : board_(board), kernel_(kernel) {}

    Result<void> build() {
        kernel_.machine = board_.machine;
        kernel_.page = static_cast<std::size_t>(board_.page_size);
        kernel_.release = board_.kernel;
        add_memory();
        if (auto added = add_device_tree(); !added)
            return added.error();
        for (const auto& [path, text] : board_.files)
            kernel_.add_file(path, text);
        for (const Heap& heap : board_.heaps)
            add_heap(heap);
        if (board_.udmabuf_limit_mib)
            test::add_udmabuf(kernel_, *board_.udmabuf_limit_mib);
        if (auto added = add_ion(); !added)
            return added.error();
        for (const Hardware& hardware : board_.hardware)
            add_hardware(hardware);
        for (const Card& card : board_.cards)
            if (auto added = add_card(card); !added)
                return added.error();
        for (const Video& video : board_.videos)
            if (auto added = add_video(video); !added)
                return added.error();
        for (const Accelerator& accelerator : board_.accelerators)
            if (auto added = add_accelerator(accelerator); !added)
                return added.error();
        unsigned minor = 0;
        for (const Character& character : board_.characters)
            if (auto added = add_character(character, minor++); !added)
                return added.error();
        return {};
    }

private:
    [[nodiscard]] Error wrong(std::string detail) const {
        return failure(Stage::discover, Cause::invalid, 0, board_.file, std::move(detail));
    }

    /// mm/vmstat.c zoneinfo_show_print(), fs/proc/meminfo.c
    void add_memory() {
        std::string zones;
        for (const Zone& zone : board_.zones)
            zones += fmt::format("Node 0, zone {:>8}\n"
                                 "        spanned  {}\n"
                                 "        present  {}\n"
                                 "  start_pfn:           {}\n",
                                 zone.name, (zone.end - zone.start) / board_.page_size,
                                 (zone.end - zone.start) / board_.page_size,
                                 zone.start / board_.page_size);
        kernel_.add_file("/proc/zoneinfo", zones);
        std::string info = fmt::format("MemAvailable: {:>12} kB\n", board_.available_mib * 1024);
        if (board_.cma_mib != 0)
            info += fmt::format("CmaTotal: {:>16} kB\n", board_.cma_mib * 1024);
        kernel_.add_file("/proc/meminfo", info);
    }

    Result<void> add_device_tree() {
        if (board_.device_tree.empty())
            return {};
        auto properties = read_device_tree(board_.device_tree);
        if (!properties)
            return wrong(properties.error().message());
        for (auto& [path, value] : *properties)
            kernel_.add_file(tree_root + path, value);
        kernel_.add_link("/proc/device-tree", tree_root);
        return {};
    }

    void add_heap(const Heap& heap) {
        test::FakeHeap fake;
        fake.name = heap.name;
        test::add_dma_heap(kernel_, fake);
        if (heap.cma_area)
            kernel_.add_file("/sys/kernel/mm/cma/" + heap.name + "/alloc_pages_success", "0\n");
    }

    Result<void> add_ion() {
        if (board_.ion_heaps.empty() && board_.ion_abi.empty())
            return {};
        static const std::map<std::string, test::FakeIonAbi> abis{
            {"legacy", test::FakeIonAbi::legacy},
            {"legacy-query", test::FakeIonAbi::legacy_query},
            {"modern", test::FakeIonAbi::modern},
            {"modular", test::FakeIonAbi::modular}};
        const auto abi = abis.find(board_.ion_abi);
        if (abi == abis.end())
            return wrong(fmt::format("`{}` is no ABI of ION", board_.ion_abi));
        test::FakeIon ion;
        ion.abi = abi->second;
        for (const IonHeap& heap : board_.ion_heaps) {
            test::FakeIonHeap fake;
            fake.name = heap.name;
            fake.type = heap.type;
            fake.id = heap.id;
            ion.heaps.push_back(fake);
        }
        test::add_ion(kernel_, ion);
        return {};
    }

    void add_hardware(const Hardware& hardware) {
        kernel_.add_directory(hardware.path);
        kernel_.add_link(hardware.path + "/subsystem", "/sys/bus/" + hardware.subsystem);
        kernel_.add_link("/sys/bus/" + hardware.subsystem + "/devices/" +
                             hardware.path.substr(hardware.path.rfind('/') + 1),
                         hardware.path);
        if (!hardware.driver.empty())
            kernel_.add_link(hardware.path + "/driver",
                             "/sys/bus/" + hardware.subsystem + "/drivers/" + hardware.driver);
        kernel_.add_directory("/sys/bus/" + hardware.subsystem + "/drivers/" + hardware.driver);
        if (hardware.dma_mask_bits)
            kernel_.add_file(hardware.path + "/dma_mask_bits",
                             fmt::format("{}\n", *hardware.dma_mask_bits));
        if (!hardware.of_node.empty())
            kernel_.add_link(hardware.path + "/of_node", tree_root + hardware.of_node);
        if (hardware.iommu_group) {
            const std::string group =
                fmt::format("/sys/kernel/iommu_groups/{}", *hardware.iommu_group);
            kernel_.add_file(group + "/type", hardware.iommu_type + "\n");
            kernel_.add_link(hardware.path + "/iommu_group", group);
        }
    }

    [[nodiscard]] const Hardware* find_hardware(const std::string& path) const {
        const auto found =
            std::find_if(board_.hardware.begin(), board_.hardware.end(),
                         [&](const Hardware& hardware) { return hardware.path == path; });
        return found == board_.hardware.end() ? nullptr : &*found;
    }

    /// What udev tells of a node; its folder in sysfs.
    udev::Node add_node(const Hardware& hardware, const std::string& subsystem,
                        const std::string& sysname, test::FakeNode node) {
        udev::Node known;
        known.sysname = sysname;
        known.parent_syspath = hardware.path;
        known.syspath = (hardware.path.empty() ? "/sys/devices/virtual" : hardware.path) + "/" +
                        subsystem + "/" + sysname;
        known.devnode = node.path;
        known.subsystem = subsystem;
        known.devnum = node.devnum;
        known.parent_subsystem = hardware.subsystem;
        known.driver = hardware.driver;
        kernel_.add_directory(known.syspath);
        if (!hardware.path.empty())
            kernel_.add_link(known.syspath + "/device", hardware.path);
        kernel_.add_link("/sys/class/" + subsystem + "/" + sysname, known.syspath);
        kernel_.add_node(std::move(node));
        kernel_.add_udev(known);
        return known;
    }

    Result<void> add_card(const Card& card) {
        const Hardware* hardware = find_hardware(card.on);
        if (hardware == nullptr)
            return wrong(fmt::format("no hardware {} for {}", card.on, card.name));
        const auto add = [&](bool render, unsigned number) {
            const std::string sysname = fmt::format("{}{}", render ? "renderD" : "card", number);
            test::FakeNode node;
            node.path = "/dev/dri/" + sysname;
            node.devnum = makedev(226, number);
            node.mode = 0660;
            node.group = render ? render_group : video_group;
            node.open = [card, render](int) { return card_answers(card, render); };
            return add_node(*hardware, "drm", sysname, std::move(node));
        };
        if (card.card) {
            const udev::Node known = add(false, *card.card);
            for (const std::string& connector : card.connectors)
                kernel_.add_file(
                    fmt::format("{}/{}-{}/status", known.syspath, known.sysname, connector),
                    "connected\n");
        }
        if (card.render)
            add(true, *card.render);
        return {};
    }

    Result<void> add_video(const Video& video) {
        const Hardware* hardware = find_hardware(video.on);
        if (hardware == nullptr)
            return wrong(fmt::format("no hardware {} for {}", video.on, video.name));
        const std::string sysname = fmt::format("video{}", video.number);
        const std::string bus =
            fmt::format("{}:{}", hardware->subsystem, video.on.substr(video.on.rfind('/') + 1));
        test::FakeNode node;
        node.path = "/dev/" + sysname;
        node.devnum = makedev(81, video.number);
        node.mode = 0660;
        node.group = video_group;
        node.open = [video, bus](int) { return video_answers(video, bus); };
        const udev::Node known = add_node(*hardware, "video4linux", sysname, std::move(node));
        kernel_.add_file(known.syspath + "/name", video.name + "\n");
        return {};
    }

    Result<void> add_accelerator(const Accelerator& accelerator) {
        const Hardware* hardware = find_hardware(accelerator.on);
        if (hardware == nullptr)
            return wrong(fmt::format("no hardware {} for {}", accelerator.on, accelerator.name));
        const std::string sysname = fmt::format("accel{}", accelerator.number);
        test::FakeNode node;
        node.path = "/dev/accel/" + sysname;
        node.devnum = makedev(261, accelerator.number);
        node.mode = 0660;
        node.group = render_group;
        // As a card without planes: only PRIME and the name answer.
        Card card;
        card.name = accelerator.name;
        node.open = [card](int) { return card_answers(card, true); };
        add_node(*hardware, "accel", sysname, std::move(node));
        return {};
    }

    Result<void> add_character(const Character& character, unsigned minor) {
        static const Hardware none{};
        const Hardware* hardware = character.on.empty() ? &none : find_hardware(character.on);
        if (hardware == nullptr)
            return wrong(fmt::format("no hardware {} for {}", character.on, character.path));
        test::FakeNode node;
        node.path = character.path;
        node.devnum = makedev(240, minor);
        node.mode = 0660;
        node.group = video_group;
        add_node(*hardware, character.node_class,
                 character.path.substr(character.path.rfind('/') + 1), std::move(node));
        return {};
    }

    const Board& board_;
    test::FakeKernel& kernel_;
};

} // namespace

Result<void> install(const Board& board, test::FakeKernel& kernel) {
    return Builder(board, kernel).build();
}

} // namespace simplealloc::boards
