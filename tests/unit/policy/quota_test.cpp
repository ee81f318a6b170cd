// SPDX-License-Identifier: MIT
// Policy and quotas at work: what is left out or refused says who wants it so.
#include "lib/policy/ledger.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_machine.hpp"

#include <simplealloc/simplealloc.hpp>

#include <atomic>
#include <thread>

using namespace simplealloc;

namespace {

using test::mebibyte;
using test::open_allocator;
const std::string usual_path = "/etc/libsimplealloc/policy.conf";

struct Machine : test::HeapMachine {
    explicit Machine(const std::string& policy) { kernel.add_file(usual_path, policy); }
};

solver::SourceInput named(const std::string& name) {
    solver::SourceInput source;
    source.name = name;
    source.backend = name.substr(0, name.find(':'));
    return source;
}

/// For the CPU alone: both sources serve it.
RequestBuilder request(std::uint64_t mebibytes) {
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
            if (criterion.kind == CriterionKind::policy)
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
    const Plan early = allocator.plan(request(2)).value();
    auto first = allocator.allocate(early);
    REQUIRE(first);
    CHECK(first->source() == "dma-heap:system");
    CHECK(allocator.held("dma-heap:system") == 2 * mebibyte);

    const auto plan = allocator.plan(request(2));
    REQUIRE(plan);
    CHECK(plan->candidates()[0].source == "udmabuf");
    REQUIRE(plan->rejections().size() == 1);
    CHECK(plan->rejections()[0].source == "dma-heap:system");
    CHECK(plan->rejections()[0].constraint == ConstraintKind::quota);
    CHECK(plan->rejections()[0].reason == "2 MiB are needed; the quota of dma-heap:system is "
                                          "3 MiB, 2 MiB in use: 1 MiB left");
    CHECK(to_string(plan->rejections()[0].remedies) ==
          "request less; destroy buffers, or raise `dma-heap:system` (policy " + usual_path +
              " [quota], line 2)");
    REQUIRE(plan->quotas().size() == 1);
    CHECK(plan->quotas()[0].held == 2 * mebibyte);
    CHECK(plan->quotas()[0].left() == mebibyte);
    CHECK(plan->quotas()[0].sources == std::vector<std::string>{"dma-heap:system"});

    // The plan is older than the buffer.
    const auto second = allocator.allocate(early);
    REQUIRE(second);
    CHECK(second->source() == "udmabuf");
    REQUIRE(second->attempts().size() == 1);
    CHECK(second->attempts()[0].cause == Cause::limit);
    CHECK(second->attempts()[0].message ==
          "dma-heap:system: 2 MiB wanted; the quota of dma-heap:system is 3 MiB, 2 MiB are held");
    CHECK(second->attempts()[0].remedy == "destroy buffers, or raise `dma-heap:system` (policy " +
                                              usual_path + " [quota], line 2)");
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
    const Plan early = allocator.plan(request(1)).value();
    const auto first = allocator.allocate(request(3));
    REQUIRE(first);
    const auto before = machine.kernel.census();
    const auto second = allocator.allocate(early);
    REQUIRE_FALSE(second);
    CHECK(second.error().cause == Cause::limit);
    CHECK(second.error().attempts.size() == 2);
    const auto late = allocator.allocate(Request::bytes(1));
    REQUIRE_FALSE(late);
    CHECK(late.error().cause == Cause::unsatisfiable);
    CHECK(late.error().rejections.size() == 2);
    CHECK(late.error().rejections[0].constraint == ConstraintKind::quota);
    CHECK(to_string(late.error().rejections[0].remedies) ==
          "request less; destroy buffers, or raise `total` (policy " + usual_path +
              " [quota], line 2)");
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

TEST_CASE("a quota on any name of a heap counts it, and is shown with the name that it has here") {
    Machine machine("[quota]\ndma-heap:linux,cma = 3M\n");
    machine.kernel.add_file("/proc/cmdline", "cma=64M\n");
    test::FakeHeap heap;
    heap.name = "reserved";
    heap.contiguous = true;
    test::add_dma_heap(machine.kernel, heap);
    const Allocator allocator = open_allocator();
    const auto only_cma = request(2).without("dma-heap:system").without("udmabuf");
    const Plan early = allocator.plan(only_cma).value();
    REQUIRE(early.candidates().size() == 1);
    CHECK(early.candidates()[0].source == "dma-heap:reserved");
    REQUIRE(early.quotas().size() == 1);
    CHECK(early.quotas()[0].quota.of == "dma-heap:linux,cma");
    CHECK(early.quotas()[0].sources == std::vector<std::string>{"dma-heap:reserved"});
    const auto first = allocator.allocate(early);
    REQUIRE(first);
    CHECK(allocator.held("dma-heap:linux,cma") == 2 * mebibyte);
    CHECK(allocator.held("dma-heap:reserved") == 2 * mebibyte);
    CHECK(allocator.held("dma-heap:default-pool") == 2 * mebibyte);
    CHECK(allocator.held("dma-heap:system") == 0);
    const Plan late = allocator.plan(only_cma).value();
    CHECK(late.candidates().empty());
    const auto second = allocator.allocate(early);
    REQUIRE_FALSE(second);
    CHECK(second.error().cause == Cause::limit);
}

TEST_CASE("a quota has room for all buffers of a request, or the plan offers fewer") {
    Machine machine("[quota]\ntotal = 8M\n");
    const Allocator allocator = open_allocator();
    const Plan plan = allocator.plan(request(3).count(3)).value();
    CHECK(plan.candidates().empty());
    const auto& list = plan.relaxations();
    const auto fewer = std::find_if(list.begin(), list.end(), [](const Relaxation& offer) {
        return offer.kind == RelaxationKind::count;
    });
    REQUIRE(fewer != list.end());
    CHECK(fewer->count == 2);
    CHECK(allocator.plan(request(3).count(2)).value().candidates().size() == 2);
    const auto none = allocator.plan(request(3).count(0));
    REQUIRE_FALSE(none);
    CHECK(none.error().cause == Cause::invalid);
    CHECK(none.error().object == "count");
}

TEST_CASE("threads never hold more than a quota together", "[threads]") {
    const auto ledger = Ledger::create({{{"udmabuf", 5}, "caller"}});
    std::atomic<unsigned> refused = 0;
    std::atomic<bool> exceeded = false;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (unsigned round = 0; round < 2000; ++round) {
                auto charge = ledger->charge(ledger->account(named("udmabuf")), 2);
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
    auto charge = ledger->charge(ledger->account(named("udmabuf")), 4);
    REQUIRE(charge);
    CHECK_FALSE(charge->resize(11));
    CHECK(ledger->held("udmabuf") == 4);
    CHECK_FALSE(ledger->charge(ledger->account(named("ion:a")), no_limit));
    REQUIRE(charge->resize(1));
    Charge moved = *std::move(charge);
    CHECK(ledger->held("") == 1);
    moved = {};
    CHECK(ledger->held("") == 0);
}
