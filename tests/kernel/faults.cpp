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

simplealloc::UniqueFd open_file(const char* path, int flags = O_RDWR) {
    auto fd = simplealloc::UniqueFd::adopt(open(path, flags | O_CLOEXEC));
    if (!fd)
        throw std::system_error(errno, std::generic_category(), path);
    return fd;
}

int copies_left() {
    int left = 0;
    std::ifstream("/sys/kernel/debug/fail_usercopy/times") >> left;
    return left;
}

/// A record is "PRIORITY,NUMBER,TIME,FLAGS;TEXT", a line of a call's is " FUNCTION+0xAT/0xSIZE".
std::string calls_in(int log) {
    std::string calls;
    std::array<char, 8192> record{};
    for (;;) {
        const ssize_t size = read(log, record.data(), record.size());
        if (size < 0 && errno == EPIPE) // some were overwritten
            continue;
        if (size < 0)
            return calls;
        const std::string text(record.data(), static_cast<std::size_t>(size));
        const std::size_t offset = text.find("+0x");
        const std::size_t start = text.find_last_of(" ;", offset);
        if (offset != std::string::npos && start != std::string::npos)
            calls += text.substr(start + 1, offset - start - 1) + ' ';
    }
}

constexpr const char* console = "/proc/sys/kernel/printk";

} // namespace

bool Fault::within(const std::string& function) const {
    return (' ' + calls).find(' ' + function + ' ') != std::string::npos;
}

Faults::Faults()
    : nth_(open_file("/proc/thread-self/fail-nth")),
      random_(open_file("/proc/thread-self/make-it-fail")),
      log_(open_file("/dev/kmsg", O_RDONLY | O_NONBLOCK)) {
    std::getline(std::ifstream(console), console_level_);
    // Each fault tells its calls to the log, and a serial line is slow.
    write_text(console, "1");
    // Otherwise nothing fails that may wait for memory, which is nearly all.
    set("failslab/ignore-gfp-wait", "N");
    set("fail_page_alloc/ignore-gfp-wait", "N");
    set("fail_page_alloc/ignore-gfp-highmem", "N");
    set("fail_page_alloc/min-order", "0");
    for (const std::string kind : kinds) {
        set(kind + "/task-filter", "Y");
        set(kind + "/verbose_ratelimit_interval_ms", "0");
    }
    if (mlockall(MCL_CURRENT) != 0)
        throw std::system_error(errno, std::generic_category(), "mlockall");
}

Faults::~Faults() {
    munlockall();
    write_text(console, console_level_);
}

void Faults::arm(unsigned nth) const {
    if (nth != 0) {
        set("fail_usercopy/times", std::to_string(many));
        set("failslab/verbose", "2");
        set("fail_page_alloc/verbose", "2");
        lseek(log_.get(), 0, SEEK_END);
    }
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
        return {};
    if (copies_left() < many)
        return {FaultKind::copy, {}};
    return {FaultKind::memory, calls_in(log_.get())};
}

unsigned Faults::disarm_and_count(unsigned nth) const {
    const unsigned left = remaining();
    arm(0);
    return nth - left;
}

void Faults::fail_at_random(unsigned percent) const {
    for (const std::string kind : {"failslab", "fail_page_alloc"}) {
        set(kind + "/times", "-1");
        set(kind + "/verbose", "0");
        set(kind + "/probability", std::to_string(percent));
    }
    write_number(random_.get(), 1);
}

void Faults::stop() const {
    write_number(random_.get(), 0);
}

} // namespace guest
