// SPDX-License-Identifier: MIT
// What nobody in his right mind asks for: answered within the stated bounds, and with a cause that
// says whose mistake it is.
#include "lib/model/layout.hpp"
#include "lib/model/work.hpp"
#include "lib/solver/explain/core.hpp"
#include "lib/solver/explain/relax.hpp"
#include "lib/solver/search/combine.hpp"
#include "tests/support/cases.hpp"
#include "tests/support/fake_machine.hpp"
#include "tests/support/hostile.hpp"
#include "tests/support/solver_input.hpp"

#include <simplealloc/simplealloc.hpp>

using namespace simplealloc;
using namespace simplealloc::test;
using Catch::Matchers::Contains;

namespace {

std::vector<solver::SourceInput> every_kind_of_source() {
    auto own = source("gbm:renderD128", solver::OfferContiguity::scattered);
    own.offer.device = "gpu";
    own.offer.own_layout = true;
    auto domain = source("v4l2:video0", solver::OfferContiguity::device_domain);
    domain.offer.device = "camera";
    auto chunks = source("ion:chunk", solver::OfferContiguity::chunks);
    chunks.offer.chunk_size = 65536;
    return {system_heap(), cma_heap(), udmabuf(), dumb("card0", "display"), own, domain, chunks};
}

/// Now and then hundreds of uses, or thousands of alternatives.
solver::Input hostile_input(Generator& g) {
    solver::Input input;
    input.request = solver::resolved(absurd_request(g));
    const bool many_uses = g.one_in(80);
    const bool many_sets = !many_uses && g.one_in(80);
    for (std::uint64_t i = many_uses ? 100 + g.below(300) : g.below(5); i > 0; --i) {
        const auto device = g.pick<std::string>({"gpu", "camera", "display", "npu"});
        auto each = use(device + std::to_string(i), device, static_cast<Use>(g.below(11)));
        each.coherent = g.one_in(2);
        each.alternatives =
            absurd_sets(g, many_sets ? g.below(3000) : g.below(6), input.request.fourcc);
        input.uses.push_back(std::move(each));
    }
    input.sources = every_kind_of_source();
    if (g.one_in(2))
        input.available_memory = absurd_number(g);
    return input;
}

void check_words(std::span<const Rejection> rejections) {
    for (const Rejection& rejection : rejections) {
        CAPTURE(rejection.source, to_string(rejection.constraint), rejection.reason);
        REQUIRE(parse_constraint_kind(to_string(rejection.constraint)).has_value());
        REQUIRE(!rejection.reason.empty());
    }
}

/// A value that is no request, or a bound: nothing else can be wrong before a device is asked.
void check_cause(const Error& error) {
    CAPTURE(to_string(error.cause), error.message());
    REQUIRE((error.cause == Cause::invalid || error.cause == Cause::limit));
    REQUIRE(error.stage == Stage::request);
    REQUIRE(!error.object.empty());
    REQUIRE(!error.detail.empty());
}

} // namespace

TEST_CASE("hostile input costs a bounded amount of work, and every layout keeps to each use") {
    std::uint64_t layouts = 0;
    std::uint64_t refused = 0;
    std::uint64_t undecided = 0;
    std::uint64_t all = 0;
    for_each_case(600, [&](Generator& g) {
        const solver::Input input = hostile_input(g);
        ++all;
        solver::Spending spending;
        const auto output = solver::candidates(input, spending);
        if (!output) {
            ++refused;
            check_cause(output.error());
            return;
        }
        check_words(output->rejections);
        for (const solver::Choice& choice : output->choices)
            for (std::size_t i = 0; i < input.uses.size(); ++i) {
                const auto& set = input.uses[i].alternatives.at(choice.alternatives[i]);
                const auto kept = solver::check_layout(choice.candidate.layout, set.constraints);
                INFO((kept ? "" : kept.error().message()));
                REQUIRE(kept.has_value());
            }
        layouts += output->choices.empty() ? 0 : 1;
        undecided += output->undecided ? 1 : 0;
        if (!output->choices.empty() || output->undecided)
            return;
        const solver::Core core = solver::find_core(input, spending);
        REQUIRE((!core.demands.empty() || !core.minimal));
        REQUIRE(spending.work() <= Budget().work);
        REQUIRE(spending.held() <= Budget().bytes);
    });
    check_share(undecided, all, 0.0, 0.05);
    check_share(layouts, all, 0.1, 0.9);
    check_share(refused, all, 0.1, 0.9);
}

namespace {

struct Machine : FakeMachine {
    Allocator allocator;
    Device camera;
    Device card;

    Machine()
        : FakeMachine({"system", "reserved"}), allocator(prepare()),
          camera(allocator.device("/dev/video0").value()),
          card(allocator.device("/dev/dri/card0").value()) {}

    Allocator prepare() {
        add_udmabuf(kernel);
        add_camera();
        add_drm_card(kernel);
        return open_allocator();
    }
};

/// Whether it is a device that has a say of its own.
bool add_use(Generator& g, const Machine& machine, RequestBuilder& request) {
    const Fourcc wanted = request.fourcc;
    const auto sets = [&] { return absurd_sets(g, g.one_in(100) ? 3000 : g.below(4), wanted); };
    if (g.one_in(4)) {
        request.use({machine.camera, g.one_in(4) ? Use::scanout : Use::capture, sets()});
    } else if (g.one_in(4)) {
        request.use({machine.card, g.one_in(4) ? Use::encode : Use::scanout, sets()});
    } else {
        DeviceDescription npu;
        npu.name = "npu";
        npu.alternatives = sets();
        request.use({Device::described(std::move(npu)), static_cast<Use>(g.below(11)), sets()});
        return false;
    }
    return true;
}

} // namespace

TEST_CASE("a plan of an absurd request has candidates, a conflict, or a cause that fits") {
    Machine machine;
    const auto before = machine.kernel.census();
    std::uint64_t all = 0;
    std::uint64_t refused = 0;
    std::uint64_t conflicts = 0;
    for_each_case(500, [&](Generator& g) {
        RequestBuilder request = absurd_request(g);
        bool real = false;
        for (std::uint64_t i = g.below(4); i > 0; --i)
            real = add_use(g, machine, request) || real;
        ++all;
        const auto plan = machine.allocator.plan(request);
        REQUIRE(machine.kernel.census() == before);
        if (!plan) {
            const Error& error = plan.error();
            ++refused;
            // What a device can't do is known only after it is asked.
            if (!real || error.cause != Cause::unsupported || error.stage != Stage::plan)
                check_cause(error);
            return;
        }
        check_words(plan->rejections());
        if (!plan->candidates().empty())
            return;
        ++conflicts;
        REQUIRE(!plan->conflict().empty());
        const auto buffer = machine.allocator.allocate(*plan);
        REQUIRE(!buffer);
        REQUIRE(buffer.error().cause == Cause::unsatisfiable);
        REQUIRE(buffer.error().stage == Stage::plan);
    });
    check_share(refused, all, 0.1, 0.9);
    check_share(conflicts, all, 0.1, 0.9);
}

TEST_CASE("what makes no sense is invalid, before any device has its say") {
    const Machine machine;
    const auto cause_of = [&](RequestBuilder request) {
        const auto plan = machine.allocator.plan(request.use(machine.camera, Use::scanout));
        REQUIRE(!plan);
        return std::pair(plan.error().cause, plan.error().stage);
    };
    const std::pair invalid(Cause::invalid, Stage::request);
    CHECK(cause_of(Request::image(0, 480, fourcc::yuyv)) == invalid);
    CHECK(cause_of(Request::image(640, 480, Fourcc(0xffffffff))) == invalid);
    CHECK(cause_of(Request::bytes(0)) == invalid);
    CHECK(cause_of(Request::bytes(no_limit)) == std::pair(Cause::limit, Stage::request));
    CHECK(cause_of(Request::image(640, 480, fourcc::yuyv)) ==
          std::pair(Cause::unsupported, Stage::plan)); // a camera does not scan out
}

TEST_CASE("constraints that exclude themselves are invalid, and said with their numbers") {
    const Machine machine;
    Constraints c;
    c.min_stride = 5000;
    c.max_stride = 4000;
    std::vector<CapabilitySet> sets(1);
    sets[0].constraints = c;
    DeviceDescription npu{"npu", sets, {}};
    const auto request = Request::image(640, 480, fourcc::yuyv);
    const auto of_description =
        machine.allocator.plan(RequestBuilder(request).use(Device::described(npu), Use::read));
    REQUIRE(!of_description);
    CHECK(of_description.error().cause == Cause::invalid);
    CHECK(of_description.error().stage == Stage::request);
    CHECK(of_description.error().object == "npu (read)");
    CHECK_THAT(of_description.error().detail,
               Contains("stride at least 5000 bytes and stride at most 4000 bytes"));
    const auto of_caller =
        machine.allocator.plan(RequestBuilder(request).use({machine.camera, Use::capture, sets}));
    REQUIRE(!of_caller);
    CHECK(of_caller.error().cause == Cause::invalid);

    // Bytes have no stride, and one way that makes sense is enough.
    CHECK(machine.allocator.plan(Request::bytes(4096).use(Device::described(npu), Use::read)));
    npu.alternatives.emplace_back();
    const auto other =
        machine.allocator.plan(RequestBuilder(request).use(Device::described(npu), Use::read));
    REQUIRE(other);
    CHECK(!other->candidates().empty());
}

TEST_CASE("more alternatives than the budget can bear are over a limit") {
    const Machine machine;
    DeviceDescription npu;
    npu.name = "npu";
    npu.alternatives.resize(3);
    npu.alternatives[0].formats = {{fourcc::yuyv, {}, true}};
    npu.alternatives[0].formats[0].modifiers.resize(50'000);
    const auto plan = [&](std::vector<CapabilitySet> callers) {
        return machine.allocator.plan(
            Request::image(640, 480, fourcc::yuyv)
                .use({Device::described(npu), Use::read, std::move(callers)}));
    };
    CHECK(plan({}));
    const auto refused = plan(std::vector<CapabilitySet>(2000)); // each with each
    REQUIRE(!refused);
    CHECK(refused.error().cause == Cause::limit);
    CHECK(refused.error().stage == Stage::request);
    CHECK(refused.error().object == "npu (read)");
}

TEST_CASE("looking for what to give up ends when nothing is left to spend") {
    solver::Input input = image(640, 480, fourcc::nv12);
    input.uses = {contiguous_camera(), vkms_display()};
    input.sources = {system_heap()};
    const auto plans = [&](std::uint64_t work_of_each) {
        int count = 0;
        solver::Spending spending;
        const auto offers = solver::relaxations(
            input, solver::find_core(input, ample()), {},
            [&](const solver::Relaxed&) {
                const bool planned = spending.afford(work_of_each);
                count += planned ? 1 : 0;
                return planned ? std::optional(solver::Output()) : std::nullopt;
            },
            spending);
        CHECK(offers.empty());
        return count;
    };
    CHECK(plans(0) > 4);
    CHECK(plans(Budget().work / 2 - 100'000) == 2);
}
