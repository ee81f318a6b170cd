// SPDX-License-Identifier: MIT
// The grammar of quirk and policy files: what is read, and that every mistake is found.
#include "lib/base/ini.hpp"

#include "tests/support/catch.hpp"

using namespace simplealloc;

namespace {

/// `LINE: text` of every mistake.
std::vector<std::string> complaints(std::string_view text) {
    std::vector<std::string> found;
    for (const FileMistake& mistake : ini::parse(text).mistakes)
        found.push_back(std::to_string(mistake.line) + ": " + mistake.text);
    return found;
}

} // namespace

TEST_CASE("sections and entries keep their order, values and lines") {
    const ini::File file = ini::parse("# words\n\n[drm:toy]\n imports = no \r\nempty=\n"
                                      "[ drm:toy ]\nsource = a = b # c");
    CHECK(file.mistakes.empty());
    REQUIRE(file.sections.size() == 2);
    CHECK(file.sections[0].head == "drm:toy");
    CHECK(file.sections[0].line == 3);
    REQUIRE(file.sections[0].entries.size() == 2);
    CHECK(file.sections[0].entries[0].key == "imports");
    CHECK(file.sections[0].entries[0].value == "no");
    CHECK(file.sections[0].entries[0].line == 4);
    CHECK(file.sections[0].entries[1].key == "empty");
    CHECK(file.sections[0].entries[1].value.empty());
    CHECK(file.sections[1].head == "drm:toy");
    REQUIRE(file.sections[1].entries.size() == 1);
    CHECK(file.sections[1].entries[0].value == "a = b # c");
}

TEST_CASE("an empty file is a right one") {
    CHECK(ini::parse("").sections.empty());
    CHECK(complaints("").empty());
    CHECK(complaints("\n# only words\n").empty());
}

TEST_CASE("every mistake is found, by line") {
    CHECK(complaints("a = 1\nb = 2\n[x\nc\n = 3\nd = 4\nd = 5\n[]\n") ==
          std::vector<std::string>{
              "1: a value stands before the first section", "3: the head of a section ends with ]",
              "4: a line is `key = value`", "5: a line is `key = value`", "7: d is given twice"});
    CHECK(complaints("[") == std::vector<std::string>{"1: the head of a section ends with ]"});
}

TEST_CASE("words are what blanks separate") {
    CHECK(ini::words(" a  b\tc ") == std::vector<std::string>{"a", "b", "c"});
    CHECK(ini::words(" \t").empty());
}

TEST_CASE("the error of a wrong file names the first mistake and who knows the others") {
    const std::vector<FileMistake> mistakes{{3, "unknown key `a`"}, {9, "unknown key `b`"}};
    const Error error =
        ini::error_of("my.conf", mistakes, "simplealloc policy --check", "simplealloc-policy(5)");
    CHECK(error.cause == Cause::invalid);
    CHECK(error.message() == "my.conf:3: unknown key `a`; `simplealloc policy --check my.conf` "
                             "names this mistake and 1 more");
    CHECK(ini::error_of("my.conf", {mistakes[0]}, "", "simplealloc-policy(5)").remedy ==
          "simplealloc-policy(5) has the format");
}
