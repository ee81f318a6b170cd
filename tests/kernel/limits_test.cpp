// SPDX-License-Identifier: MIT
// Limits of sources, known before the call, and memory that runs out.
#include "tests/kernel/command.hpp"
#include "tests/support/catch.hpp"

using command::Words;

TEST_CASE_METHOD(guest::NothingLeft, "udmabuf's limit is named in the plan, with how to raise it",
                 "[stock]") {
    const auto by_option =
        command::plan({"--bytes", "100M", "--cpu", "read-often", "--without", "dma-heap"});
    const auto by_environment =
        guest::run({"simplealloc", "plan", "--json", "--bytes", "100M", "--cpu", "read-often"}, {},
                   {{"SIMPLEALLOC_DISABLE", "dma-heap"}});
    for (const auto& answer : {by_option, by_environment}) {
        INFO(answer.output << answer.errors);
        CHECK(answer.status == 1);
        const auto plan = answer.json();
        CHECK(plan.at("candidates").empty());
        CHECK(!command::rejection(plan, "dma-heap:system", "policy").is_null());
        const auto udmabuf = command::rejection(plan, "udmabuf", "request-size");
        REQUIRE(!udmabuf.is_null());
        CHECK(udmabuf.at("reason").get<std::string>().find("64 MiB") != std::string::npos);
        CHECK(udmabuf.at("remedy").get<std::string>().find("size_limit_mb") != std::string::npos);
    }
}

TEST_CASE_METHOD(guest::NothingLeft,
                 "a full CMA heap is an attempt with ENOMEM, and serves again when memory is back",
                 "[full]") {
    const Words request{"--image", "3840x2160:XR24", "--use",
                        guest::video("vivid-000-vid-cap") + ":capture", "--no-verify"};
    {
        guest::Background hoard({"simplealloc", "alloc", "--json", "--hold", "--count", "4",
                                 "--bytes", "30M", "--without", "dma-heap:system", "--without",
                                 "udmabuf"});
        REQUIRE(!hoard.next_line().empty());
        const auto starved = command::alloc(request);
        INFO(starved.output << starved.errors);
        CHECK(starved.status == 1);
        const auto attempts = starved.json().at("attempts");
        REQUIRE(attempts.size() == 1);
        CHECK(attempts[0].at("source") == "dma-heap:reserved");
        CHECK(attempts[0].at("stage") == "allocate");
        CHECK(attempts[0].at("cause") == "exhausted");
        CHECK(attempts[0].at("errno") == ENOMEM);
    }
    const auto served = command::alloc(request);
    INFO(served.output << served.errors);
    REQUIRE(served.status == 0);
    CHECK(served.json().at("source") == "dma-heap:reserved");
}

TEST_CASE_METHOD(guest::NothingLeft, "more than the memory of the machine is refused with numbers",
                 "[stock]") {
    const auto answer = command::plan({"--bytes", "1125899906842624", "--cpu", "write"});
    INFO(answer.output << answer.errors);
    CHECK(answer.status == 1);
    const auto heap = command::rejection(answer.json(), "dma-heap:system", "request-size");
    REQUIRE(!heap.is_null());
    CHECK(heap.at("reason").get<std::string>().find("available") != std::string::npos);
}
