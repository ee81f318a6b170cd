// SPDX-License-Identifier: MIT
#include "tests/kernel/sweep.hpp"

#include "tests/kernel/census.hpp"
#include "tests/kernel/faults.hpp"
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <new>
#include <optional>
#include <set>
#include <unistd.h>

namespace guest {

namespace {

using namespace simplealloc;

constexpr unsigned beyond_all = 1000000;

/// How many of an operation's places fail in the test run: all of a short one, and of one that
/// asks the whole machine a few, spread evenly. SIMPLEALLOC_FAULTS is as many of each.
unsigned most_places(unsigned places) {
    const char* said = std::getenv("SIMPLEALLOC_FAULTS");
    if (said != nullptr)
        return static_cast<unsigned>(std::stoul(said));
    return std::clamp(50000U / std::max(places, 1U), 8U, 80U);
}

std::set<int> descriptors() {
    std::set<int> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        all.insert(std::stoi(entry.path().filename()));
    // The one of the iterator itself was there as well.
    std::erase_if(all, [](int fd) { return fcntl(fd, F_GETFD) < 0; });
    return all;
}

/// An answer that the kernel could not copy to the program may have had a descriptor, which nobody
/// knows.
void close_others(const std::set<int>& known) {
    for (const int fd : descriptors())
        if (!known.contains(fd))
            close(fd);
}

/// Why it failed, down to each source that was tried.
std::string causes(const Error& error) {
    std::string all(to_string(error.cause));
    for (const Attempt& attempt : error.attempts)
        all += " " + std::string(to_string(attempt.cause));
    return all;
}

struct Outcome {
    std::optional<std::string> answer;
    std::optional<Error> error;
};

/// An operation with faults, and the same without.
class Sweep {
public:
    Sweep(std::string what, Operation operation, Preparation prepare)
        : what_(std::move(what)), operation_(std::move(operation)), prepare_(std::move(prepare)) {
        // What is made once, in this program and in the kernel, is there.
        healthy_ = must();
        CHECK(must() == healthy_);
    }

    void run() {
        const Faults faults;
        const auto begin = std::chrono::steady_clock::now();
        {
            Held held;
            prepare_(held);
            faults.arm(beyond_all);
            (void)operation_(held);
            places_ = faults.disarm_and_count(beyond_all);
        }
        const unsigned step = 1 + places_ / most_places(places_);
        for (unsigned nth = 1; nth <= places_; nth += step)
            fail(faults, nth);
        // Counts differ a little from time to time: beyond the last place it succeeds.
        CHECK(must() == healthy_);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::printf("%s: %u of %u places failed in %.1f s\n", what_.c_str(), places_ / step,
                    places_, took.count());
        std::fflush(stdout);
    }

private:
    std::string must() {
        Held held;
        prepare_(held);
        const auto answer = operation_(held);
        INFO(what_ << ": " << (answer ? "" : answer.error().message()));
        REQUIRE(answer);
        return *answer;
    }

    void fail(const Faults& faults, unsigned nth) {
        const auto open_before = descriptors();
        const Census before;
        Outcome outcome;
        Fault fault;
        {
            Held held;
            prepare_(held);
            faults.arm(nth);
            try {
                auto answer = operation_(held);
                fault = faults.disarm();
                if (answer)
                    outcome.answer = *answer;
                else
                    outcome.error = answer.error();
            } catch (const std::bad_alloc&) {
                fault = faults.disarm();
            }
        }
        CAPTURE(what_, nth, static_cast<int>(fault.kind), fault.calls, healthy_);
        judge(fault, outcome);
        // A handle that was lost comes again with the next import.
        if (fault.kind == FaultKind::copy) {
            close_others(open_before);
            CHECK(must() == healthy_);
            return;
        }
        // __prepare_dmabuf of Linux 6.12 takes each dma-buf, and gives none back that it could not
        // attach: they are there until the machine ends.
        if (fault.within("vb2_dc_attach_dmabuf"))
            NothingLeft::excuse_dmabufs();
        else
            CHECK(guest::settle(before) == before);
        if (!outcome.answer)
            CHECK(must() == healthy_);
    }

    void judge(Fault fault, const Outcome& outcome) const {
        if (outcome.answer && *outcome.answer != healthy_ && fault.kind != FaultKind::copy) {
            // Whatever could not be found out says why.
            CAPTURE(*outcome.answer);
            CHECK(outcome.answer->find("Cannot allocate memory") != std::string::npos);
        }
        if (!outcome.error)
            return;
        CAPTURE(outcome.error->message());
        CHECK(fault.kind != FaultKind::none);
        // Whatever an export lacks, vb2_core_expbuf says EINVAL.
        if (fault.kind == FaultKind::memory && !fault.within("vb2_core_expbuf")) {
            std::string wanted = "exhausted";
            for (std::size_t i = 0; i < outcome.error->attempts.size(); ++i)
                wanted += " exhausted";
            CHECK(causes(*outcome.error) == wanted);
        }
    }

    std::string what_;
    Operation operation_;
    Preparation prepare_;
    std::string healthy_;
    unsigned places_ = 0;
};

} // namespace

void sweep(const std::string& what, const Operation& operation, const Preparation& prepare) {
    Sweep(what, operation, prepare).run();
}

} // namespace guest
