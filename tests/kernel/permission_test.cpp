// SPDX-License-Identifier: MIT
// What people without root get, and that nobody stays DRM master.
#include "tests/kernel/command.hpp"
#include "tests/support/catch.hpp"

#include <cerrno>
#include <drm.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <simplealloc/simplealloc.hpp>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using command::Words;

namespace {

const Words four_megabytes{"--bytes", "4M", "--cpu", "read-often"};

guest::User in_groups(std::vector<std::string> groups) {
    return {false, std::move(groups)};
}

/// What SET_MASTER answers another program on this card: 0 or an errno.
int set_master_elsewhere(const std::string& card) {
    const pid_t child = fork();
    if (child == 0) {
        const int fd = open(card.c_str(), O_RDWR | O_CLOEXEC);
        _exit(fd >= 0 && ioctl(fd, DRM_IOCTL_SET_MASTER, nullptr) == 0 ? 0 : errno);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

/// data/70-libsimplealloc.rules in force, until destruction.
class RulesFile {
public:
    RulesFile() {
        std::filesystem::create_directories("/run/udev/rules.d");
        std::string checkout;
        std::getline(std::ifstream("/run/lane/checkout"), checkout);
        std::filesystem::copy_file(checkout + "/data/70-libsimplealloc.rules", installed);
        apply();
    }
    ~RulesFile() {
        std::error_code ignored;
        std::filesystem::remove(installed, ignored);
        apply();
        // A rule that is gone takes nothing back.
        (void)!chown(heap, before_.st_uid, before_.st_gid);
        (void)chmod(heap, before_.st_mode & 07777U);
    }
    RulesFile(const RulesFile&) = delete;
    RulesFile& operator=(const RulesFile&) = delete;

private:
    static constexpr const char* installed = "/run/udev/rules.d/70-libsimplealloc.rules";
    static constexpr const char* heap = "/dev/dma_heap/system";

    static void apply() {
        guest::run({"udevadm", "control", "--reload"});
        guest::run({"udevadm", "trigger", "--subsystem-match=dma_heap", "--subsystem-match=misc"});
        guest::run({"udevadm", "settle"});
    }
    static struct stat status_of_heap() {
        struct stat status = {};
        stat(heap, &status);
        return status;
    }

    struct stat before_ = status_of_heap();
};

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "a user in no group learns what would open each node to him",
                 "[stock]") {
    const auto answer = command::plan(four_megabytes, in_groups({}));
    INFO(answer.output << answer.errors);
    CHECK(answer.status == 1);
    const auto plan = answer.json();
    CHECK(plan.at("candidates").empty());
    const auto heap = command::rejection(plan, "dma-heap:system", "access");
    REQUIRE(!heap.is_null());
    CHECK(heap.at("remedy").get<std::string>().find("udev rule") != std::string::npos);
    const auto udmabuf = command::rejection(plan, "udmabuf", "access");
    REQUIRE(!udmabuf.is_null());
    CHECK(udmabuf.at("remedy").get<std::string>().find("kvm") != std::string::npos);
    for (const auto& rejection : plan.at("rejections"))
        CHECK(!rejection.at("remedy").get<std::string>().empty());
    CHECK(command::alloc(four_megabytes, in_groups({})).status == 1);
}

TEST_CASE_METHOD(guest::NothingLeft, "a user in group kvm gets memory from udmabuf", "[stock]") {
    const auto answer = command::alloc(four_megabytes, in_groups({"kvm"}));
    INFO(answer.output << answer.errors);
    REQUIRE(answer.status == 0);
    CHECK(command::buffer(answer).at("source") == "udmabuf");
    CHECK(command::buffer(answer).at("dmabufs")[0].at("size") == 4U << 20U);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a user in group video gets dumb buffers only when any device may serve",
                 "[stock]") {
    const auto refused = command::plan(four_megabytes, in_groups({"video"}));
    INFO(refused.output << refused.errors);
    CHECK(refused.status == 1);
    const std::string card = "drm-dumb:" + guest::card("virtio_gpu").substr(9);
    const auto policy = command::rejection(refused.json(), card, "policy");
    REQUIRE(!policy.is_null());
    CHECK(policy.at("remedy").get<std::string>().find("any-device") != std::string::npos);

    const auto answer =
        command::alloc(command::join(four_megabytes, {"--any-device"}), in_groups({"video"}));
    INFO(answer.output << answer.errors);
    REQUIRE(answer.status == 0);
    CHECK(command::buffer(answer).at("source").get<std::string>().rfind("drm-dumb:", 0) == 0);
    CHECK(command::buffer(answer).at("dmabufs")[0].at("size") >= 4U << 20U);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "the rules file gives the heap to group video and to nobody else", "[stock]") {
    REQUIRE(command::alloc(four_megabytes, in_groups({"video"})).status == 1);
    const RulesFile rules;
    const auto answer = command::alloc(four_megabytes, in_groups({"video"}));
    INFO(answer.output << answer.errors);
    REQUIRE(answer.status == 0);
    CHECK(command::buffer(answer).at("source") == "dma-heap:system");

    const auto others = command::plan(four_megabytes, in_groups({"render"}));
    INFO(others.output << others.errors);
    CHECK(others.status == 1);
    const auto heap = command::rejection(others.json(), "dma-heap:system", "access");
    REQUIRE(!heap.is_null());
    CHECK(heap.at("remedy") == "add the user to group video");
    // Virtual machines go on as before.
    CHECK(command::buffer(command::alloc(four_megabytes, in_groups({"kvm"}))).at("source") ==
          "udmabuf");
    const auto seat = guest::run({"udevadm", "info", "--query=property", "/dev/udmabuf"});
    CHECK(seat.output.find(":uaccess:") != std::string::npos);
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "another program becomes master of every card that the allocator has opened",
                 "[stock]") {
    const auto allocator = simplealloc::Allocator::open();
    REQUIRE(allocator);
    const std::vector<std::string> cards{guest::card("virtio_gpu"), guest::card("bochs-drm"),
                                         guest::card("vgem")};
    std::vector<simplealloc::Device> devices;
    std::vector<simplealloc::Buffer> buffers;
    for (const std::string& card : cards) {
        auto device = allocator->device(card);
        REQUIRE(device);
        auto buffer =
            allocator->allocate(simplealloc::Request::image(64, 64, simplealloc::fourcc::xrgb8888)
                                    .use(*device, simplealloc::Use::read)
                                    .without("dma-heap")
                                    .without("udmabuf"));
        INFO(card << ": " << (buffer ? "" : buffer.error().message()));
        REQUIRE(buffer);
        devices.push_back(*std::move(device));
        buffers.push_back(*std::move(buffer));
    }
    for (const std::string& card : cards) {
        INFO(card);
        CHECK(set_master_elsewhere(card) == 0);
    }
}
