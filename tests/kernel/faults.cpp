// SPDX-License-Identifier: MIT
#include "tests/kernel/faults.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace guest {

namespace {

constexpr const char* kinds[] = {"failslab", "fail_page_alloc", "fail_usercopy"};
/// Counts down with each fault of copying, as long as it is not reached.
constexpr int many = 1000000;

void write_text(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    if (!(file << text << std::flush))
        throw std::runtime_error("can't write " + path);
}

void set(const std::string& name, const std::string& value) {
    write_text("/sys/kernel/debug/" + name, value);
}

/// To take faults back copies from the program, and may itself be what fails.
void write_number(int fd, unsigned number) {
    std::array<char, 12> digits{};
    const char* end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    const auto size = static_cast<std::size_t>(end - digits.data());
    while (pwrite(fd, digits.data(), size, 0) < 0)
        continue;
}

simplealloc::UniqueFd open_setting(const char* path) {
    auto fd = simplealloc::UniqueFd::adopt(open(path, O_RDWR | O_CLOEXEC));
    if (!fd)
        throw std::system_error(errno, std::generic_category(), path);
    return fd;
}

int copies_left() {
    int left = 0;
    std::ifstream("/sys/kernel/debug/fail_usercopy/times") >> left;
    return left;
}

} // namespace

Faults::Faults()
    : nth_(open_setting("/proc/thread-self/fail-nth")),
      random_(open_setting("/proc/thread-self/make-it-fail")) {
    // Otherwise nothing fails that may wait for memory, which is nearly all.
    set("failslab/ignore-gfp-wait", "N");
    set("fail_page_alloc/ignore-gfp-wait", "N");
    set("fail_page_alloc/ignore-gfp-highmem", "N");
    set("fail_page_alloc/min-order", "0");
    for (const std::string kind : kinds) {
        set(kind + "/verbose", "0");
        set(kind + "/task-filter", "Y");
    }
    if (mlockall(MCL_CURRENT) != 0)
        throw std::system_error(errno, std::generic_category(), "mlockall");
}

Faults::~Faults() {
    munlockall();
}

void Faults::arm(unsigned nth) const {
    if (nth != 0)
        set("fail_usercopy/times", std::to_string(many));
    write_number(nth_.get(), nth);
}

unsigned Faults::remaining() const {
    std::array<char, 12> digits{};
    unsigned left = 0;
    // The number is copied to the program after it was read: at the last but one that fails.
    if (pread(nth_.get(), digits.data(), digits.size(), 0) < 0)
        return 1;
    std::from_chars(digits.begin(), digits.end(), left);
    return left;
}

Fault Faults::disarm() const {
    const unsigned left = remaining();
    arm(0);
    if (left != 0)
        return Fault::none;
    return copies_left() < many ? Fault::copy : Fault::memory;
}

unsigned Faults::disarm_and_count(unsigned nth) const {
    const unsigned left = remaining();
    arm(0);
    return nth - left;
}

void Faults::fail_at_random(unsigned percent) const {
    for (const std::string kind : {"failslab", "fail_page_alloc"}) {
        set(kind + "/times", "-1");
        set(kind + "/probability", std::to_string(percent));
    }
    write_number(random_.get(), 1);
}

void Faults::stop() const {
    write_number(random_.get(), 0);
}

} // namespace guest
