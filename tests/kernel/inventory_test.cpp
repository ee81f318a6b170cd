// SPDX-License-Identifier: MIT
// What an allocator keeps of a real machine is what a new one finds, whatever has happened.
#include "tests/kernel/command.hpp"
#include "tests/kernel/expect.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/generator.hpp"
#include "tests/support/told.hpp"

#include <fstream>
#include <functional>
#include <optional>
#include <simplealloc/simplealloc.hpp>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace simplealloc;
using namespace simplealloc::test;
using guest::expect;

namespace {

void write_text(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    REQUIRE(file);
}

/// Changes of the machine, put back at the end.
class Changes {
public:
    ~Changes() {
        if (!bound_)
            turn_vivid();
        driver_.reset();
        write_text(limit, "64");
        chmod(heap, 0600);
        guest::run({"udevadm", "settle"});
    }

    void make(Generator& random) {
        switch (random.below(6)) {
        case 0:
            return turn_vivid();
        case 1:
            return driver_ ? driver_.reset() : void(driver_.emplace("simple_allocator"));
        case 2:
            return write_text(limit, std::to_string(1 + random.below(64)));
        case 3:
            REQUIRE(chmod(heap, random.pick<mode_t>({0600, 0640, 0666})) == 0);
            return;
        case 4: // udevd applies its rules once more, a while later
            return write_text("/sys/class/dma_heap/system/uevent", "change");
        default: {
            const auto trigger =
                guest::run({"udevadm", "trigger", "--subsystem-match=video4linux"});
            REQUIRE(trigger.status == 0);
        }
        }
    }

private:
    static constexpr const char* limit = "/sys/module/udmabuf/parameters/size_limit_mb";
    static constexpr const char* heap = "/dev/dma_heap/system";

    void turn_vivid() {
        bound_ = !bound_;
        write_text(bound_ ? "/sys/bus/platform/drivers/vivid/bind"
                          : "/sys/bus/platform/drivers/vivid/unbind",
                   "vivid.0");
    }

    bool bound_ = true;
    std::optional<guest::Driver> driver_;
};

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "after any changes an allocator tells what a new one tells",
                 "[full]") {
    Generator random(Catch::rngSeed());
    const Allocator old = expect(Allocator::open());
    const Device display = expect(old.device(guest::card("vkms")));
    const Request request = Request::image(640, 480, fourcc::xrgb8888).use(display, Use::scanout);
    Changes changes;
    for (int step = 0; step < 60; ++step) {
        changes.make(random);
        // In the middle of it, so that what was half done could be kept.
        (void)old.sources();
        (void)old.plan(request);
        REQUIRE(guest::run({"udevadm", "settle"}).status == 0);
        INFO("seed " << Catch::rngSeed() << ", step " << step);
        const Allocator fresh = expect(Allocator::open());
        CHECK(told_of_sources(old) == told_of_sources(fresh));
        CHECK(told_of_plan(old, request) == told_of_plan(fresh, request));
    }
}
