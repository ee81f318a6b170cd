// SPDX-License-Identifier: MIT
// Policy files: what they may say, where they are wrong, and whose word counts.
#include "lib/policy/policy.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_kernel.hpp"

using namespace simplealloc;
using simplealloc::test::FakeKernel;

namespace {

const std::string usual_path = "/etc/libsimplealloc/policy.conf";

/// `LINE: text` of every mistake.
std::vector<std::string> complaints(std::string_view text) {
    std::vector<std::string> found;
    for (const FileMistake& mistake : parse_policy(text, "my.conf").mistakes)
        found.push_back(std::to_string(mistake.line) + ": " + mistake.text);
    return found;
}

/// `SECTION KEY = VALUE (ORIGIN)` of every value in force.
std::vector<std::string> in_force(const AllocatorOptions& options = {}) {
    const auto policy = Policy::load(options);
    REQUIRE(policy);
    std::vector<std::string> lines;
    for (const PolicyValue& value : policy->values())
        lines.push_back(value.section + " " + value.key + " = " + value.value + " (" +
                        value.origin + ")");
    return lines;
}

const std::string built_in_order =
    "policy order = dma-heap udmabuf simple-allocator ion gbm v4l2 drm-dumb (built-in)";

} // namespace

TEST_CASE("without a policy file the built-in values are in force") {
    FakeKernel kernel;
    CHECK(in_force() == std::vector<std::string>{built_in_order, "policy strict = no (built-in)",
                                                 "policy any-device = no (built-in)"});
}

TEST_CASE("the administrator's file counts, and each value names it") {
    FakeKernel kernel;
    kernel.add_file(usual_path, "# this board\n[policy]\norder = udmabuf dma-heap:system\n"
                                "forbid = ion dma-heap:carveout\nstrict = yes\nany-device = no\n"
                                "[quota]\ntotal = 1G\ndma-heap:reserved = 64M\nudmabuf = 4096\n");
    const std::string policy = " (policy " + usual_path + " [policy])";
    const std::string quota = " (policy " + usual_path + " [quota])";
    CHECK(in_force() ==
          std::vector<std::string>{
              "policy order = udmabuf dma-heap:system" + policy, "policy forbid = ion" + policy,
              "policy forbid = dma-heap:carveout" + policy, "policy strict = yes" + policy,
              "policy any-device = no" + policy, "quota total = 1073741824" + quota,
              "quota dma-heap:reserved = 67108864" + quota, "quota udmabuf = 4096" + quota});
}

TEST_CASE("the caller's word comes before the file's, and what either forbids is forbidden") {
    FakeKernel kernel;
    kernel.environment["SIMPLEALLOC_DISABLE"] = "gbm,,v4l2:video0";
    kernel.add_file("/my.conf", "[policy]\norder = udmabuf\nforbid = ion\nstrict = yes\n"
                                "any-device = yes\n[quota]\ntotal = 1\nion = 2\n");
    AllocatorOptions options;
    options.policy_path = "/my.conf";
    options.without = {"udmabuf"};
    options.order = {"drm-dumb"};
    options.strict = false;
    options.quotas = {{"", 3}, {"", 4}};
    CHECK(in_force(options) ==
          std::vector<std::string>{
              "policy order = drm-dumb (caller)", "policy forbid = udmabuf (caller)",
              "policy forbid = gbm (SIMPLEALLOC_DISABLE)",
              "policy forbid = v4l2:video0 (SIMPLEALLOC_DISABLE)",
              "policy forbid = ion (policy /my.conf [policy])", "policy strict = no (caller)",
              "policy any-device = yes (policy /my.conf [policy])", "quota total = 3 (caller)",
              "quota ion = 2 (policy /my.conf [quota])"});
}

TEST_CASE("a file that is named counts in place of the administrator's") {
    FakeKernel kernel;
    kernel.add_file(usual_path, "[policy]\nstrict = yes\n");
    kernel.add_file("/empty.conf", "");
    AllocatorOptions options;
    options.policy_path = "/empty.conf";
    CHECK(in_force(options).at(1) == "policy strict = no (built-in)");
    CHECK(in_force().at(1) == "policy strict = yes (policy " + usual_path + " [policy])");
}

TEST_CASE("a request's word comes before the policy's, either way") {
    FakeKernel kernel;
    kernel.add_file(usual_path, "[policy]\nstrict = yes\nany-device = yes\n");
    const auto policy = Policy::load({});
    REQUIRE(policy);
    const Request open = policy->complete(Request::bytes(1));
    CHECK(open.strict == true);
    CHECK(open.any_device == true);
    const Request closed = policy->complete(Request::bytes(1).strict(false).any_device(false));
    CHECK(closed.strict == false);
    CHECK(closed.any_device == false);
}

TEST_CASE("a policy file that can't be read is an error, but for the administrator's when absent") {
    FakeKernel kernel;
    AllocatorOptions options;
    options.policy_path = "/nowhere.conf";
    const auto missing = Policy::load(options);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().cause == Cause::gone);
    CHECK(missing.error().object == "/nowhere.conf");

    kernel.add_file(usual_path, "[policy]\n", 0600);
    kernel.root = false;
    const auto denied = Policy::load({});
    REQUIRE_FALSE(denied);
    CHECK(denied.error().cause == Cause::denied);
    CHECK(denied.error().object == usual_path);
}

TEST_CASE("a wrong policy file is an error with file and line, and says who names the rest") {
    FakeKernel kernel;
    kernel.add_file(usual_path, "[policy]\nstrict = yes\norder = heap\nforbid =\n");
    const auto policy = Policy::load({});
    REQUIRE_FALSE(policy);
    CHECK(policy.error().cause == Cause::invalid);
    CHECK(policy.error().object == usual_path + ":3");
    CHECK(policy.error().remedy ==
          "`simplealloc policy --check " + usual_path + "` names this mistake and 1 more");
    const auto report = check_policy_file(usual_path);
    REQUIRE(report);
    CHECK(report->understood == 1);
    REQUIRE(report->mistakes.size() == 2);
    CHECK(report->mistakes[1].line == 4);
    CHECK(report->mistakes[1].text == "forbid names nothing");
    CHECK(check_policy_file("/nowhere.conf").error().cause == Cause::gone);
}

TEST_CASE("every real name of a heap can be written wherever sources are named") {
    FakeKernel kernel;
    const std::string name =
        "dma-heap:" + GENERATE(as<std::string>(), "system", "reserved", "linux,cma", "default-pool",
                               "default_cma_region", "linux,cma-uncached", "system-uncached-dma32",
                               "qcom,system", "protected,secure-video-record", "video@80000000",
                               "vframe-secure", "mtk_mm");
    CAPTURE(name);
    kernel.environment["SIMPLEALLOC_DISABLE"] = "ion," + name + ",gbm";
    kernel.add_file(usual_path, "[policy]\norder = udmabuf " + name + "\nforbid = v4l2 " + name +
                                    "\n[quota]\n" + name + " = 1M\n");
    const auto policy = Policy::load({});
    REQUIRE(policy);
    CHECK(policy->order.value == std::vector<std::string>{"udmabuf", name});
    std::vector<std::string> forbidden;
    for (const auto& one : policy->forbidden)
        forbidden.push_back(one.value);
    CHECK(forbidden == std::vector<std::string>{"ion", name, "gbm", "v4l2", name});
    REQUIRE(policy->quotas.size() == 1);
    CHECK(policy->quotas[0].quota.of == name);
    AllocatorOptions options;
    options.order = {name};
    options.without = {name};
    options.quotas = {{name, 4096}};
    options.policy_path = "/dev/null";
    kernel.add_file("/dev/null", "");
    CHECK(Policy::load(options));
}

TEST_CASE("every mistake in a policy file is named with its line") {
    const std::string names = "dma-heap, udmabuf, simple-allocator, ion, gbm, v4l2, drm-dumb, or a "
                              "source such as dma-heap:system";
    CHECK(complaints("[policy]\nstrict = maybe\nstict = yes\norder = dma-heap heap\n") ==
          std::vector<std::string>{"2: `maybe` of strict is not yes or no",
                                   "3: unknown key `stict`: order, forbid, strict or any-device",
                                   "4: no backend or source is called `heap`: " + names});
    CHECK(complaints("[quota]\ntotal = lots\nheap = 1\n[policy]\n[quota]\n") ==
          std::vector<std::string>{"2: `lots` of total is not a number of bytes, such as 64M",
                                   "3: no backend or source is called `heap`: total, " + names,
                                   "5: second section [quota]"});
    CHECK(complaints("[police]\nx\n").size() == 2);
}

TEST_CASE("quotas are numbers of bytes with a unit, and nothing else") {
    const auto [text, bytes] = GENERATE(table<std::string, std::optional<std::uint64_t>>({
        {"0", 0},
        {"18446744073709551615", no_limit},
        {"18446744073709551616", std::nullopt},
        {"2K", 2048},
        {"3M", 3145728},
        {"1G", 1073741824},
        {"1T", 1099511627776},
        {"16777215T", 18446742974197923840U},
        {"16777216T", std::nullopt},
        {"-1", std::nullopt},
        {"1.5G", std::nullopt},
        {"1 G", std::nullopt},
        {"0x10", std::nullopt},
        {"G", std::nullopt},
        {"", std::nullopt},
    }));
    CAPTURE(text);
    const ParsedPolicy parsed = parse_policy("[quota]\ntotal = " + text + "\n", "my.conf");
    CHECK(parsed.mistakes.empty() == bytes.has_value());
    REQUIRE(parsed.policy.quotas.size() == (bytes ? 1U : 0U));
    if (bytes)
        CHECK(parsed.policy.quotas[0].quota.bytes == *bytes);
}
