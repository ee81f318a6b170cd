// SPDX-License-Identifier: MIT
// Whether a GPU has memory of its own, by the calls of its driver.
#include "lib/discovery/drm/memory.hpp"

#include "lib/kernel/kernel.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_devices.hpp"

#include <simplealloc/unique_fd.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

// As headers of Linux 6.12 compute them.
constexpr unsigned long amdgpu_info = 0x40206445;
constexpr unsigned long i915_query = 0xc0106479;
constexpr unsigned long nouveau_getparam = 0xc0106440;
constexpr unsigned long xe_device_query = 0xc0286440;

template <typename Value>
void put(std::uint64_t address, Value value) {
    std::memcpy(reinterpret_cast<void*>(static_cast<std::uintptr_t>(address)), &value,
                sizeof value);
}

template <typename Value>
Value get(const void* data, std::size_t offset) {
    Value value = {};
    std::memcpy(&value, static_cast<const char*>(data) + offset, sizeof value);
    return value;
}

Override amdgpu(std::uint64_t ids_flags) {
    return [ids_flags](unsigned long request, void* argument) -> std::optional<int> {
        if (request != amdgpu_info)
            return std::nullopt;
        CHECK(get<std::uint32_t>(argument, 12) == 0x16); // AMDGPU_INFO_DEV_INFO
        CHECK(get<std::uint32_t>(argument, 8) >= 144);
        put(get<std::uint64_t>(argument, 0) + 136, ids_flags);
        return 0;
    };
}

/// A list of regions of these classes, said to have `length` bytes.
Override i915(std::vector<std::uint16_t> classes, std::int32_t length) {
    return [classes, length](unsigned long request, void* argument) -> std::optional<int> {
        if (request != i915_query)
            return std::nullopt;
        const auto item = get<std::uint64_t>(argument, 8);
        const auto data =
            get<std::uint64_t>(reinterpret_cast<void*>(static_cast<std::uintptr_t>(item)), 16);
        put(item + 8, length);
        if (data == 0)
            return 0;
        put(data, static_cast<std::uint32_t>(classes.size()));
        for (std::size_t i = 0; i < classes.size(); ++i)
            put(data + 16 + i * 88, classes[i]);
        return 0;
    };
}

Override nouveau(std::uint64_t vram) {
    return [vram](unsigned long request, void* argument) -> std::optional<int> {
        if (request != nouveau_getparam)
            return std::nullopt;
        CHECK(get<std::uint64_t>(argument, 0) == 8); // NOUVEAU_GETPARAM_FB_SIZE
        std::memcpy(static_cast<char*>(argument) + 8, &vram, sizeof vram);
        return 0;
    };
}

/// What query_config() of xe_query.c fills in.
Override xe(std::uint64_t flags, std::uint32_t length = 8 + 4 * 8) {
    return [flags, length](unsigned long request, void* argument) -> std::optional<int> {
        if (request != xe_device_query)
            return std::nullopt;
        CHECK(get<std::uint32_t>(argument, 8) == 2); // DRM_XE_DEVICE_QUERY_CONFIG
        const auto size = get<std::uint32_t>(argument, 12);
        const auto data = get<std::uint64_t>(argument, 16);
        std::memcpy(static_cast<char*>(argument) + 12, &length, sizeof length);
        if (size == 0)
            return 0;
        if (size != length)
            return -EINVAL;
        put(data, std::uint32_t{4});
        put(data + 16, flags);
        return 0;
    };
}

struct Machine {
    FakeKernel kernel;
    std::shared_ptr<FakeCard> card;

    explicit Machine(Override answers) {
        FakeCard wanted;
        wanted.render_node = true;
        wanted.override = std::move(answers);
        card = add_drm_card(kernel, std::move(wanted));
    }
    std::optional<bool> ask(const std::string& driver) {
        const UniqueFd node = UniqueFd::adopt(kernel::open("/dev/dri/card0", O_RDWR));
        return ask_discrete(node.get(), driver, "/dev/dri/renderD128");
    }
};

} // namespace

TEST_CASE("amdgpu tells cards with VRAM from parts of processors") {
    CHECK(Machine(amdgpu(0)).ask("amdgpu") == std::optional(true));
    CHECK(Machine(amdgpu(1)).ask("amdgpu") == std::optional(false));
    CHECK(Machine(amdgpu(6)).ask("amdgpu") == std::optional(true));
}

TEST_CASE("nouveau tells cards with VRAM from Tegra") {
    CHECK(Machine(nouveau(std::uint64_t{8} << 30U)).ask("nouveau") == std::optional(true));
    CHECK(Machine(nouveau(0)).ask("nouveau") == std::optional(false));
    const auto refused = [](unsigned long, void*) { return std::optional<int>(-EINVAL); };
    CHECK_FALSE(Machine(refused).ask("nouveau"));
}

TEST_CASE("xe says in its configuration whether there is VRAM") {
    CHECK(Machine(xe(1)).ask("xe") == std::optional(true));
    CHECK(Machine(xe(0)).ask("xe") == std::optional(false));
    CHECK(Machine(xe(2)).ask("xe") == std::optional(false));
    CHECK_FALSE(Machine(xe(1, 16)).ask("xe"));
    CHECK_FALSE(Machine(xe(1, 1U << 20U)).ask("xe"));
    const auto refused = [](unsigned long, void*) { return std::optional<int>(-EINVAL); };
    CHECK_FALSE(Machine(refused).ask("xe"));
}

TEST_CASE("where a card node answers nobody, the render node of the same device is asked") {
    int asked = 0;
    Machine machine([&asked](unsigned long request, void* argument) -> std::optional<int> {
        if (request == amdgpu_info && ++asked == 1)
            return -EACCES;
        return amdgpu(0)(request, argument);
    });
    const auto before = machine.kernel.census();
    CHECK(machine.ask("amdgpu") == std::optional(true));
    CHECK(asked == 2);
    CHECK(machine.kernel.census() == before);
    // Without one, nobody says.
    asked = 0;
    const UniqueFd node = UniqueFd::adopt(kernel::open("/dev/dri/card0", O_RDWR));
    CHECK_FALSE(ask_discrete(node.get(), "amdgpu", ""));
    asked = 0;
    CHECK_FALSE(ask_discrete(node.get(), "amdgpu", "/dev/dri/renderD200"));
}

TEST_CASE("i915 lists its regions of memory, and VRAM is one of class device") {
    CHECK(Machine(i915({0, 1}, 16 + 2 * 88)).ask("i915") == std::optional(true));
    CHECK(Machine(i915({0}, 16 + 88)).ask("i915") == std::optional(false));
}

TEST_CASE("an answer that makes no sense is none") {
    for (const std::int32_t length : {-22, 0, 15, 1 << 20})
        CHECK_FALSE(Machine(i915({}, length)).ask("i915"));
    // More regions than there is room for: those that have room count.
    Machine machine([](unsigned long request, void* argument) -> std::optional<int> {
        if (request != i915_query)
            return std::nullopt;
        const std::uint64_t item = get<std::uint64_t>(argument, 8);
        put(item + 8, std::int32_t{16 + 88});
        if (const auto data =
                get<std::uint64_t>(reinterpret_cast<void*>(static_cast<std::uintptr_t>(item)), 16);
            data != 0)
            put(data, std::uint32_t{0xffffffff});
        return 0;
    });
    CHECK(machine.ask("i915") == std::optional(false));
}

TEST_CASE("drivers that have no such call are not asked") {
    Machine machine([](unsigned long request, void*) -> std::optional<int> {
        CHECK(request != amdgpu_info);
        CHECK(request != i915_query);
        return std::nullopt;
    });
    CHECK_FALSE(machine.ask("vkms"));
}
