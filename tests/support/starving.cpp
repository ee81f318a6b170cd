// SPDX-License-Identifier: MIT
// A census before and after each try.
#include "tests/support/starving.hpp"

#include "tests/support/failing_malloc.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace simplealloc::test {

namespace {

/// What a leak would change.
struct Left {
    std::ptrdiff_t blocks = 0;
    int descriptors = 0;
    int mappings = 0; ///< of dma-bufs
    bool operator==(const Left&) const = default;
};

int count_descriptors() {
    int count = 0;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr)
        ++count;
    ::closedir(folder);
    return count;
}

int count_mappings() {
    static std::array<char, 1U << 20U> text;
    const int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    std::size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < text.size(); size += static_cast<std::size_t>(got))
        got = std::max<ssize_t>(::read(fd, text.data() + size, text.size() - size), 0);
    ::close(fd);
    int count = 0;
    std::string_view rest(text.data(), size);
    for (std::size_t at = rest.find("dmabuf"); at != rest.npos; at = rest.find("dmabuf")) {
        ++count;
        rest.remove_prefix(at + 1);
    }
    return count;
}

Left left() {
    return {blocks_in_use(), count_descriptors(), count_mappings()};
}

/// All of the first, then ever fewer: what allocates thousands of times does the same again.
std::size_t after(std::size_t nth) {
    const char* const told = std::getenv("SIMPLEALLOC_TEST_EVERY");
    const std::size_t every = told != nullptr ? std::strtoul(told, nullptr, 10) : 150;
    return nth + 1 + nth / every;
}

struct Tally {
    std::size_t tries = 0;
    std::size_t failures = 0;
};

void check_failing(const char* name, const StarvingCall& call, int expected, Failing failing,
                   Tally& tally) {
    for (std::size_t nth = 1;; nth = after(nth)) {
        const Left before = left();
        simplealloc_error* error = nullptr;
        int code = 0;
        bool failed = false;
        {
            const FailingMalloc armed(nth, failing);
            code = call(&error);
            failed = armed.failed();
        }
        const bool told = (error != nullptr) == (code < 0);
        simplealloc_error_free(error);
        const Left now = left();
        INFO(name << ": allocation " << nth << (failing == Failing::once ? " alone" : " and on")
                  << ": " << now.blocks - before.blocks << " blocks, "
                  << now.descriptors - before.descriptors << " descriptors, "
                  << now.mappings - before.mappings << " mappings are left; the code is " << code);
        REQUIRE(now == before);
        REQUIRE(told);
        ++tally.tries;
        if (!failed) {
            REQUIRE(code == expected);
            return;
        }
        // A line for the log, or libstdc++'s room to sort in, may be done without.
        REQUIRE((code == -ENOMEM || code == expected));
        tally.failures += code == -ENOMEM ? 1 : 0;
    }
}

} // namespace

std::size_t check_starving(const char* name, const StarvingCall& call, int expected) {
    Tally tally;
    for (const auto level : {SIMPLEALLOC_LOG_OFF, SIMPLEALLOC_LOG_TRACE}) {
        simplealloc_set_log(
            level, [](simplealloc_log_level, const char*, void*) {}, nullptr);
        // What is made once, by us or by libraries.
        for (int i = 0; i < 2; ++i) {
            CError error;
            const int code = call(error.out());
            INFO(name << ": " << (error ? error->message : ""));
            REQUIRE(code == expected);
        }
        for (const Failing failing : {Failing::for_good, Failing::once})
            check_failing(name, call, expected, failing, tally);
    }
    simplealloc_set_log(SIMPLEALLOC_LOG_OFF, nullptr, nullptr);
    std::printf("%s: %zu tries, %zu without memory\n", name, tally.tries, tally.failures);
    std::fflush(stdout);
    return tally.failures;
}

} // namespace simplealloc::test
