// SPDX-License-Identifier: MIT
// The C API over the machine's own kernel and libudev while memory runs out. What needs devices is
// in tests/kernel/memory_test.cpp.
#include "tests/support/starving.hpp"

#include "tests/support/catch.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace simplealloc::test;

namespace {

constexpr std::uint32_t xrgb8888 = SIMPLEALLOC_FOURCC('X', 'R', '2', '4');

struct Machine {
    CAllocator allocator;
    CError error;

    Machine() { expect(simplealloc_allocator_open(nullptr, allocator.out(), error.out()), error); }
};

/// One that only its caller knows.
struct Described {
    simplealloc_capability_set set = SIMPLEALLOC_CAPABILITY_SET_INIT;
    simplealloc_format_support format = SIMPLEALLOC_FORMAT_SUPPORT_INIT;
    std::array<const simplealloc_format_support*, 2> formats{&format, nullptr};
    std::array<const simplealloc_capability_set*, 2> sets{&set, nullptr};
    std::array<std::uint64_t, 1> modifiers{0};
    simplealloc_device_description description = SIMPLEALLOC_DEVICE_DESCRIPTION_INIT;

    Described() {
        format.fourcc = xrgb8888;
        format.modifier_count = modifiers.size();
        format.modifiers = modifiers.data();
        set.formats = formats.data();
        set.label = "a way in which it takes a buffer";
        description.name = "a device whose name is longer than a short string";
        description.alternatives = sets.data();
    }
};

/// A text file until its end.
class TextFile {
public:
    explicit TextFile(std::string_view text) {
        const int fd = ::mkstemp(path_.data());
        REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::close(fd);
    }
    ~TextFile() { ::unlink(path_.c_str()); }
    TextFile(const TextFile&) = delete;
    TextFile& operator=(const TextFile&) = delete;
    [[nodiscard]] const char* path() const { return path_.c_str(); }

private:
    std::string path_ = "/tmp/memory-test-XXXXXX";
};

/// A message of one dma-buf, and a memfd in its place, from the other end of a socket.
void send_memfds(int socket, std::size_t count) {
    static constexpr char message[] = "SABF\x01\0\x01\0\x10\0\0\0\0\0\0";
    iovec part = {const_cast<char*>(message), 16};
    alignas(cmsghdr) std::array<char, 256> control{};
    msghdr out = {};
    out.msg_iov = &part;
    out.msg_iovlen = 1;
    out.msg_control = control.data();
    out.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* const header = CMSG_FIRSTHDR(&out);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    const int file = ::memfd_create("stranger", MFD_CLOEXEC);
    for (std::size_t i = 0; i < count; ++i)
        std::memcpy(CMSG_DATA(header) + i * sizeof(int), &file, sizeof file);
    (void)::sendmsg(socket, &out, MSG_NOSIGNAL);
    ::close(file);
}

} // namespace

TEST_CASE("memory runs out while the machine is asked") {
    // What is compiled in is read when a device asks for it, so a file stands in.
    const TextFile rows(
        "[drm:a-driver]\nsource = a file and a function\nstride-align = 64\n"
        "[video4linux:another]\nsource = a file and a function\nmemory = vmalloc\n");
    simplealloc_allocator_options options = SIMPLEALLOC_ALLOCATOR_OPTIONS_INIT;
    options.quirk_path = rows.path();
    CHECK(check_starving<simplealloc_allocator>(
              "open", simplealloc_allocator_free, [&](auto** out, auto** error) {
                  return simplealloc_allocator_open(&options, out, error);
              }) > 100);
    Machine machine;
    const auto* const allocator = static_cast<simplealloc_allocator*>(machine.allocator);
    check_starving<simplealloc_devices>(
        "devices", simplealloc_devices_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_devices(allocator, out, error);
        });
    check_starving<simplealloc_sources>(
        "sources", simplealloc_sources_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_sources(allocator, out, error);
        });
    check_starving<simplealloc_policy>(
        "policy", simplealloc_policy_free, [&](auto** out, auto** error) {
            return simplealloc_allocator_policy(allocator, out, error);
        });
    check_starving<simplealloc_stats>("stats", simplealloc_stats_free,
                                      [&](auto** out, auto** error) {
                                          return simplealloc_allocator_stats(allocator, out, error);
                                      });
    check_starving("held", [&](simplealloc_error** error) {
        std::uint64_t bytes = 0;
        return simplealloc_allocator_held(allocator, "a source whose name is long", &bytes, error);
    });
    check_starving<simplealloc_monitor>(
        "monitor", simplealloc_monitor_free, [&](auto** out, auto** error) {
            const int code = simplealloc_allocator_monitor(allocator, out, error);
            simplealloc_hotplug_event* event = nullptr;
            return code < 0 ? code : simplealloc_monitor_next(*out, &event, error);
        });
    check_starving(
        "no device",
        [&](simplealloc_error** error) {
            simplealloc_device* device = nullptr;
            return simplealloc_allocator_device(allocator, "/dev/null", &device, error);
        },
        -EINVAL);
}

TEST_CASE("memory runs out while files are read") {
    const TextFile policy("[policy]\norder = udmabuf\n\n[quota]\ntotal = 2G\n");
    check_starving<simplealloc_file_report>(
        "policy file", simplealloc_file_report_free, [&](auto** out, auto** error) {
            return simplealloc_check_policy_file(policy.path(), out, error);
        });
    const TextFile quirks("[drm:a-driver]\nsource = a file and a function\nstride-align = 64\n");
    check_starving<simplealloc_file_report>(
        "quirk file", simplealloc_file_report_free, [&](auto** out, auto** error) {
            return simplealloc_check_quirk_file(quirks.path(), out, error);
        });
}

TEST_CASE("memory runs out while values are made") {
    const Described described;
    check_starving<simplealloc_device>(
        "describe", simplealloc_device_free, [&](auto** out, auto** error) {
            return simplealloc_device_describe(&described.description, out, error);
        });
    CDevice device;
    CError error;
    expect(simplealloc_device_describe(&described.description, device.out(), error.out()), error);
    check_starving<simplealloc_device>(
        "copy of a device", simplealloc_device_free,
        [&](auto** out, auto** failed) { return simplealloc_device_copy(device, out, failed); });
    check_starving<simplealloc_capabilities>(
        "capabilities", simplealloc_capabilities_free, [&](auto** out, auto** failed) {
            return simplealloc_device_capabilities(device, SIMPLEALLOC_USE_READ, xrgb8888, out,
                                                   failed);
        });
    check_starving<simplealloc_applied_quirks>(
        "quirks", simplealloc_applied_quirks_free,
        [&](auto** out, auto** failed) { return simplealloc_device_quirks(device, out, failed); });
    check_starving<simplealloc_message>(
        "encode", simplealloc_message_free, [&](auto** out, auto** failed) {
            return simplealloc_wire_encode(described.sets.data(), out, failed);
        });
    Owned<simplealloc_message, simplealloc_message_free> message;
    expect(simplealloc_wire_encode(described.sets.data(), message.out(), error.out()), error);
    check_starving<simplealloc_capabilities>(
        "decode", simplealloc_capabilities_free, [&](auto** out, auto** failed) {
            return simplealloc_wire_decode(message->data, message->size, out, failed);
        });
}

TEST_CASE("memory runs out while lists of formats are read") {
    const std::array<std::uint32_t, 8> table{xrgb8888, 0, 0, 0, xrgb8888, 0, 1, 0};
    const std::array<std::uint16_t, 2> both{0, 1};
    const simplealloc_dmabuf_tranche tranche{0, true, both.size(), both.data()};
    simplealloc_dmabuf_feedback feedback = SIMPLEALLOC_DMABUF_FEEDBACK_INIT;
    feedback.table = table.data();
    feedback.table_size = sizeof table;
    feedback.tranche_count = 1;
    feedback.tranches = &tranche;
    check_starving<simplealloc_capabilities>(
        "feedback", simplealloc_capabilities_free, [&](auto** out, auto** error) {
            return simplealloc_capabilities_from_dmabuf_feedback(&feedback, out, error);
        });
    const simplealloc_egl_modifier egl_linear{0, false};
    const simplealloc_egl_format egl{xrgb8888, 1, &egl_linear};
    check_starving<simplealloc_capabilities>(
        "EGL", simplealloc_capabilities_free, [&](auto** out, auto** error) {
            return simplealloc_capabilities_from_egl(&egl, 1, false, out, error);
        });
    const simplealloc_vulkan_modifier vulkan_linear{0, 1, 1};
    const simplealloc_vulkan_format vulkan{xrgb8888, 1, &vulkan_linear};
    check_starving<simplealloc_capabilities>(
        "Vulkan", simplealloc_capabilities_free, [&](auto** out, auto** error) {
            return simplealloc_capabilities_from_vulkan(&vulkan, 1, 1, out, error);
        });
}

TEST_CASE("memory runs out while it is planned") {
    Machine machine;
    const Described described;
    CDevice device;
    CRequest request;
    CError error;
    expect(simplealloc_device_describe(&described.description, device.out(), error.out()), error);
    simplealloc_device_use use = SIMPLEALLOC_DEVICE_USE_INIT;
    use.device = device;
    use.use = SIMPLEALLOC_USE_WRITE;
    use.alternatives = described.sets.data();
    const char* const order[] = {"dma-heap", "udmabuf", nullptr};
    request.make_image(640, 480, xrgb8888);
    request.add_use(device, SIMPLEALLOC_USE_READ);
    request.add_use(use);
    request.add_without("simple-allocator");
    request.fields.name = "longer than a short string is";
    request.fields.order = order;
    check_starving<simplealloc_plan>("plan", simplealloc_plan_free, [&](auto** out, auto** failed) {
        return simplealloc_allocator_plan(machine.allocator, request, out, failed);
    });
    CPlan plan;
    expect(simplealloc_allocator_plan(machine.allocator, request, plan.out(), error.out()), error);
    check_starving<simplealloc_plan>(
        "copy of a plan", simplealloc_plan_free,
        [&](auto** out, auto** failed) { return simplealloc_plan_copy(plan, out, failed); });
    check_starving(
        "is current",
        [&](simplealloc_error** failed) {
            return simplealloc_allocator_is_current(machine.allocator, plan, failed);
        },
        1);
}

TEST_CASE("memory runs out while strangers' descriptors are taken") {
    check_starving(
        "receive",
        [](simplealloc_error** error) {
            std::array<int, 2> ends{};
            (void)::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
            const int on = 1;
            (void)::setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
            send_memfds(ends[0], 6);
            simplealloc_channel* channel = nullptr;
            int code = simplealloc_channel_open(ends[1], &channel, error);
            simplealloc_buffer* buffer = nullptr;
            if (code >= 0)
                code = simplealloc_channel_flush(channel, 0, error);
            if (code >= 0)
                code = simplealloc_channel_receive(channel, 0, &buffer, error);
            simplealloc_channel_free(channel);
            ::close(ends[0]);
            return code;
        },
        -EINVAL);
    check_starving(
        "unpack",
        [](simplealloc_error** error) {
            std::array<int, 6> fds{};
            for (int& fd : fds)
                fd = ::eventfd(0, EFD_CLOEXEC);
            simplealloc_buffer* buffer = nullptr;
            return simplealloc_share_unpack("", 0, fds.data(), fds.size(), &buffer, error);
        },
        -EINVAL);
    check_starving(
        "adopt a fence",
        [](simplealloc_error** error) {
            simplealloc_fence* fence = nullptr;
            return simplealloc_fence_adopt(::eventfd(0, EFD_CLOEXEC), &fence, error);
        },
        -EINVAL);
    check_starving(
        "import",
        [](simplealloc_error** error) {
            simplealloc_layout layout = SIMPLEALLOC_LAYOUT_INIT;
            const int fd = ::eventfd(0, EFD_CLOEXEC);
            simplealloc_buffer* buffer = nullptr;
            const int code = simplealloc_buffer_import(&fd, 1, &layout, &buffer, error);
            ::close(fd);
            return code;
        },
        -EINVAL);
}
