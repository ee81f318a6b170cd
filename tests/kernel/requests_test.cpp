// SPDX-License-Identifier: MIT
// Requests that make no sense: a clear error and nothing allocated.
#include "tests/kernel/command.hpp"
#include "tests/support/catch.hpp"

#include <tuple>

using command::Words;

TEST_CASE_METHOD(guest::NothingLeft, "senseless requests end with a clear error", "[stock]") {
    const std::string camera = guest::video("vivid-000-vid-cap");
    const std::vector<std::tuple<Words, std::string>> cases{
        {{"--bytes", "1125899906842624"}, "MiB"},
        {{"--bytes", "0"}, "0"},
        {{"--image", "0x5:NV12"}, "width"},
        {{"--image", "65535x65535:P010"}, "MiB"},
        {{"--image", "640x480:ZZZZ"}, "ZZZZ"},
        {{"--bytes", "4K", "--use", "/dev/video99:capture"}, "/dev/video99"},
        {{"--bytes", "4K", "--use", "/dev/null:capture"}, "/dev/null"},
        {{"--bytes", "4K", "--use", "/dev:capture"}, "/dev"},
    };
    for (const auto& [request, word] : cases) {
        for (const std::string verb : {"plan", "alloc"}) {
            const auto answer = guest::run(command::join({"simplealloc", verb}, request));
            INFO(verb << ' ' << request[1] << ": " << answer.output << answer.errors);
            CHECK((answer.status == 1 || answer.status == 2));
            CHECK((answer.output + answer.errors).find(word) != std::string::npos);
        }
    }
}

TEST_CASE_METHOD(guest::NothingLeft, "a node without permission is named with a way in",
                 "[stock]") {
    const std::string camera = guest::video("vivid-000-vid-cap");
    const auto answer =
        guest::run({"simplealloc", "plan", "--image", "640x480:XR24", "--use", camera + ":capture"},
                   {false, {}});
    INFO(answer.output << answer.errors);
    CHECK(answer.status == 1);
    CHECK(answer.errors.find(camera) != std::string::npos);
    CHECK(answer.errors.find("group video") != std::string::npos);
}
