// SPDX-License-Identifier: MIT
// Policy and quotas at work: what is left out or refused says who wants it so.
#include "lib/quota.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/heap_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <atomic>
#include <thread>

using namespace simplealloc;
using test::FakeKernel;

namespace {

using test::mebibyte;
using test::open_allocator;
const std::string usual_path = "/etc/libsimplealloc/policy.conf";

struct Machine : test::HeapMachine {
    explicit Machine(const std::string& policy) { kernel.add_file(usual_path, policy); }
};

/// For the CPU alone: both sources serve it.
Request request(std::uint64_t mebibytes) {
    return test::mebibytes_request(mebibytes);
}

} // namespace

TEST_CASE("the ranking names the policy file where its order decided") {
    Machine machine("[policy]\norder = udmabuf\n");
    const Allocator allocator = open_allocator();
    const auto plan = allocator.plan(request(1));
    REQUIRE(plan);
    REQUIRE(plan->candidates().size() == 2);
    CHECK(plan->candidates()[0].source == "udmabuf");
    const auto policy_of = [](const Candidate& candidate) {
        for (const Criterion& criterion : candidate.criteria)
            if (criterion.name == "policy")
                return criterion.value;
        return std::string();
    };
    CHECK(policy_of(plan->candidates()[0]) == "choice 1 of policy " + usual_path + " [policy]");
    const auto own = allocator.plan(request(1).order({"dma-heap"}));
    REQUIRE(own);
    CHECK(own->candidates()[0].source == "dma-heap:system");
    CHECK(policy_of(own->candidates()[0]) == "choice 1 of caller");
}

TEST_CASE("a forbidden source is rejected, and the rejection names the policy file") {
    Machine machine("[policy]\nforbid = dma-heap:system\n");
    const auto plan = open_allocator().plan(request(1));
    REQUIRE(plan);
    REQUIRE(plan->candidates().size() == 1);
    CHECK(plan->candidates()[0].source == "udmabuf");
    REQUIRE(plan->rejections().size() == 1);
    CHECK(plan->rejections()[0].source == "dma-heap:system");
    CHECK(plan->rejections()[0].reason == "disabled by policy " + usual_path + " [policy]");
}

TEST_CASE("a source whose quota is used up is passed over, until a buffer dies") {
    Machine machine("[quota]\ndma-heap:system = 3M\n");
    const Allocator allocator = open_allocator();
    auto first = allocator.allocate(request(2));
    REQUIRE(first);
    CHECK(first->source() == "dma-heap:system");
    CHECK(allocator.held("dma-heap:system") == 2 * mebibyte);

    const auto second = allocator.allocate(request(2));
    REQUIRE(second);
    CHECK(second->source() == "udmabuf");
    REQUIRE(second->attempts().size() == 1);
    CHECK(second->attempts()[0].cause == Cause::limit);
    CHECK(second->attempts()[0].message ==
          "dma-heap:system: 2097152 bytes wanted; the quota of dma-heap:system is 3145728 bytes, "
          "2097152 are held");
    CHECK(second->attempts()[0].remedy ==
          "destroy buffers, or raise the quota (policy " + usual_path + " [quota])");
    CHECK(allocator.held() == 4 * mebibyte);
    CHECK(machine.system->pool->used == 2 * mebibyte);

    { const Buffer dies = *std::move(first); }
    CHECK(allocator.held("dma-heap") == 0);
    const auto third = allocator.allocate(request(3));
    REQUIRE(third);
    CHECK(third->source() == "dma-heap:system");
}

TEST_CASE("the total counts all sources, and fails the allocation with limit") {
    Machine machine("[quota]\ntotal = 3M\n");
    const Allocator allocator = open_allocator();
    const auto first = allocator.allocate(request(3));
    REQUIRE(first);
    const auto before = machine.kernel.census();
    const auto second = allocator.allocate(Request::bytes(1));
    REQUIRE_FALSE(second);
    CHECK(second.error().cause == Cause::limit);
    CHECK(second.error().attempts.size() == 2);
    CHECK(machine.kernel.census() == before);
    CHECK(allocator.held() == 3 * mebibyte);
}

TEST_CASE("a buffer whose descriptors were released has no share, a duplicate keeps none") {
    Machine machine("[quota]\ntotal = 2M\n");
    const Allocator allocator = open_allocator();
    auto buffer = allocator.allocate(request(2));
    REQUIRE(buffer);
    const auto duplicate = buffer->dup_fd();
    REQUIRE(duplicate);
    CHECK(allocator.held() == 2 * mebibyte);
    const auto released = buffer->release();
    CHECK(released.size() == 1);
    CHECK(allocator.held() == 0);
    CHECK(allocator.allocate(request(2)).has_value());
}

TEST_CASE("what the kernel gives counts, not what was asked for") {
    Machine machine("[quota]\ntotal = 4096\n");
    const Allocator allocator = open_allocator();
    const auto buffer = allocator.allocate(Request::bytes(1));
    REQUIRE(buffer);
    CHECK(allocator.held() == 4096);
    CHECK_FALSE(allocator.allocate(Request::bytes(1)));
}

TEST_CASE("a failed allocation leaves no share behind") {
    Machine machine("[quota]\ntotal = 64M\n");
    const Allocator allocator = open_allocator();
    const auto plan = allocator.plan(request(1));
    REQUIRE(plan);
    machine.system->pool->capacity = 0;
    machine.kernel.fail("memfd", 0, ENOMEM);
    CHECK_FALSE(allocator.allocate(*plan));
    CHECK(allocator.held() == 0);
}

TEST_CASE("a buffer may outlive its allocator and the quota with it") {
    Machine machine("[quota]\ntotal = 1M\n");
    std::optional<Buffer> buffer;
    {
        const Allocator allocator = open_allocator();
        buffer = *allocator.allocate(request(1));
    }
    CHECK(buffer->dmabufs().size() == 1);
}

TEST_CASE("threads never hold more than a quota together", "[threads]") {
    const auto ledger = Ledger::create({{{"udmabuf", 5}, "caller"}});
    std::atomic<unsigned> refused = 0;
    std::atomic<bool> exceeded = false;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (unsigned round = 0; round < 2000; ++round) {
                auto charge = ledger->charge(ledger->account("udmabuf"), 2);
                if (!charge || !charge->resize(3))
                    ++refused;
                if (ledger->held("udmabuf") > 5)
                    exceeded = true;
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK_FALSE(exceeded);
    CHECK(ledger->held("") == 0);
    INFO(refused);
}

TEST_CASE("a charge that can't grow stays as it was, and a huge one is refused") {
    const auto ledger = Ledger::create({{{"", 10}, "caller"}});
    auto charge = ledger->charge(ledger->account("udmabuf"), 4);
    REQUIRE(charge);
    CHECK_FALSE(charge->resize(11));
    CHECK(ledger->held("udmabuf") == 4);
    CHECK_FALSE(ledger->charge(ledger->account("ion:a"), no_limit));
    REQUIRE(charge->resize(1));
    Charge moved = *std::move(charge);
    CHECK(ledger->held("") == 1);
    moved = {};
    CHECK(ledger->held("") == 0);
}
