// SPDX-License-Identifier: MIT
// A policy file counts as a whole or not at all, and what counts can be written down again.
#include "lib/policy/policy.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_kernel.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace simplealloc;
    const std::string text = fuzz::Input(data, size).text();
    const ParsedPolicy parsed = parse_policy(text, "fuzz");
    for (const FileMistake& mistake : parsed.mistakes)
        fuzz::require(!mistake.text.empty());
    test::FakeKernel kernel;
    kernel.add_file("/policy", text);
    AllocatorOptions options;
    options.policy_path = "/policy";
    const auto policy = Policy::load(options);
    fuzz::require(policy.has_value() || !policy.error().detail.empty());
    fuzz::require(parsed.mistakes.empty() || !policy);
    if (policy) {
        fuzz::require(!policy->values().empty());
        fuzz::require(policy->complete(Request::bytes(4096)).size == 4096);
    }
    return 0;
}
