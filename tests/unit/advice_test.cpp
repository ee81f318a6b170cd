// SPDX-License-Identifier: MIT
// What an answer tells to write into a quirk file is read by who reads that file, for every name
// that a driver has.
#include "lib/discovery/quirks/embedded.hpp"
#include "lib/discovery/quirks/file.hpp"
#include "lib/discovery/quirks/quirks.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_kernel.hpp"
#include "tests/support/solver_input.hpp"

#include <fmt/format.h>

#include <fstream>
#include <regex>
#include <set>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

/// As `subsystem:name`: those of Linux 6.12, and what the quirk files that are compiled in have
/// rows for.
std::set<std::string> driver_names() {
    std::set<std::string> names;
    std::ifstream list(DRIVER_NAMES);
    for (std::string line; std::getline(list, line);)
        names.insert(line);
    REQUIRE(names.size() > 1000);
    REQUIRE(names.contains("video4linux:mxc-jpeg codec"));
    for (const EmbeddedSection& section : embedded_sections())
        if (section.subsystem != "ion")
            names.insert(fmt::format("{}:{}", section.subsystem, section.driver));
    return names;
}

/// What stands between backquotes, a line each.
std::string quoted_lines(const std::string& text) {
    std::string lines;
    const std::regex quoted("`([^`]*)`");
    for (std::sregex_iterator at(text.begin(), text.end(), quoted), end; at != end; ++at)
        lines += (*at)[1].str() + "\n";
    return lines;
}

/// Every answer that may print a row for `row`.
std::vector<std::string> advice_for(const std::string& row) {
    solver::Input input = image(640, 480, fourcc::xrgb8888);
    input.uses = {contiguous_camera()};
    input.uses[0].row = row;
    CapabilitySet& set = input.uses[0].alternatives[0];
    set.evidence[ConstraintKind::contiguity] = {Confidence::assumed, "default"};
    set.evidence[ConstraintKind::address_window] = {Confidence::assumed, "default"};
    input.sources = {system_heap()};
    std::vector<std::string> advice{to_string(solved(input).rejections[0].remedies)};
    set.constraints.contiguity = Contiguity::any;
    set.constraints.max_address = 0x3fffffff;
    advice.push_back(to_string(solved(input).rejections[0].remedies));
    set.constraints.max_address = no_limit;
    set.constraints.contiguity = Contiguity::preferred;
    input.sources.push_back(cma_heap());
    const solver::Output output = solved(input);
    REQUIRE(output.choices.size() == 2);
    REQUIRE(output.choices[1].candidate.lost);
    advice.push_back(to_string(output.choices[1].candidate.lost->remedy));
    return advice;
}

std::string mistakes_of(const std::vector<FileMistake>& mistakes) {
    std::string text;
    for (const FileMistake& mistake : mistakes)
        text += fmt::format("{}: {}\n", mistake.line, mistake.text);
    return text;
}

} // namespace

TEST_CASE("each row that an answer prints is one that quirk and policy files take, and is for that "
          "driver") {
    FakeKernel kernel;
    for (const std::string& name : driver_names()) {
        const auto colon = name.find(':');
        DeviceIdentity device;
        device.subsystem = name.substr(0, colon);
        device.drivers = {name.substr(colon + 1)};
        for (const std::string& advice : advice_for(name)) {
            const std::string text = quoted_lines(advice);
            INFO(name << ": " << advice << "\n" << text);
            CHECK(mistakes_of(parse_quirks(text, "mine.quirks").mistakes).empty());
            Quirks quirks;
            if (quirks.read(text, "mine.quirks"))
                CHECK(quirks.rows_for(device).size() == 1);
        }
    }
}

TEST_CASE("a described device has no row, so none is printed") {
    for (const std::string& advice : advice_for(""))
        CHECK(quoted_lines(advice).empty());
}
