// SPDX-License-Identifier: MIT
// Every row of every board file is a test case: the whole decision is compared, and a row that
// fails prints the plan.
#include "tests/boards/board.hpp"
#include "tests/boards/machine.hpp"
#include "tests/boards/remedies.hpp"
#include "tests/support/dynamic_case.hpp"

#include <simplealloc/allocator.hpp>

#include "tools/output/table.hpp"
#include "tools/output/words.hpp"
#include "tools/request_options.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>

using namespace simplealloc;
using namespace simplealloc::boards;

namespace simplealloc::boards {

std::ostream& operator<<(std::ostream& out, const ExpectedRejection& rejection) {
    return out << fmt::format("{}: {} by [{}]", rejection.source, rejection.constraint,
                              fmt::join(rejection.by, " "));
}

std::ostream& operator<<(std::ostream& out, const ExpectedConflict& conflict) {
    return out << fmt::format("{} by [{}]", conflict.constraint, fmt::join(conflict.by, " "));
}

} // namespace simplealloc::boards

namespace {

/// `/dev/video0:capture` as the library names it.
std::string party(const std::string& use) {
    const auto colon = use.rfind(':');
    return colon == std::string::npos
               ? use
               : fmt::format("{} ({})", use.substr(0, colon), use.substr(colon + 1));
}

/// In order, and as the library names them.
std::vector<std::string> parties(std::vector<std::string> names) {
    std::transform(names.begin(), names.end(), names.begin(), party);
    std::sort(names.begin(), names.end());
    return names;
}

class Machine {
public:
    explicit Machine(const Board& board) : board_(board) {
        const auto installed = install(board, kernel_);
        INFO((installed ? "" : installed.error().message()));
        REQUIRE(installed);
        auto opened = Allocator::open();
        REQUIRE(opened);
        allocator_.emplace(std::move(*opened));
    }

    [[nodiscard]] const Allocator& allocator() const { return *allocator_; }

    [[nodiscard]] Device device(const std::string& name) const {
        for (const Described& described : board_.described)
            if (described.name == name) {
                DeviceDescription description;
                description.name = name;
                description.alternatives.emplace_back().constraints = described.constraints;
                return Device::described(std::move(description));
            }
        auto found = allocator_->device(name);
        INFO(name << ": " << (found ? "" : found.error().message()));
        REQUIRE(found);
        return *found;
    }

private:
    const Board& board_;
    test::FakeKernel kernel_;
    std::optional<Allocator> allocator_;
};

RequestBuilder make_request(const Row& row, const Machine& machine) {
    RequestBuilder request = Request::bytes(row.bytes);
    if (!row.image.empty()) {
        const auto image = tools::parse_image(row.image);
        REQUIRE(image);
        request = Request::image(image->width, image->height, image->fourcc);
        if (image->modifier)
            request.modifier(*image->modifier);
    }
    for (const std::string& text : row.uses) {
        const auto colon = text.rfind(':');
        const auto use = parse_use(text.substr(colon + 1));
        INFO(text);
        REQUIRE((colon != std::string::npos && use));
        const auto formats = row.formats.find(text);
        request.use(machine.device(text.substr(0, colon)), *use,
                    formats == row.formats.end() ? std::vector<FormatSupport>() : formats->second);
    }
    if (row.cpu != "none") {
        const auto cpu = parse_cpu_access(row.cpu);
        REQUIRE(cpu);
        request.cpu(*cpu);
    }
    return request.strict(row.strict).any_device(row.any_device);
}

std::vector<ExpectedRejection> in_order(std::vector<ExpectedRejection> all) {
    for (ExpectedRejection& rejection : all)
        rejection.by = parties(std::move(rejection.by));
    std::sort(all.begin(), all.end());
    return all;
}

std::vector<ExpectedConflict> in_order(std::vector<ExpectedConflict> all) {
    for (ExpectedConflict& conflict : all)
        conflict.by = parties(std::move(conflict.by));
    std::sort(all.begin(), all.end());
    return all;
}

struct Decision {
    std::vector<std::string> candidates;
    std::vector<std::string> unproven;
    std::vector<ExpectedRejection> rejected;
    std::vector<ExpectedConflict> conflict;
    std::vector<std::uint64_t> strides;
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint64_t> sizes;
    std::string modifier;
    bool operator==(const Decision&) const = default;
};

/// What the row does not say of the layout is as it is.
Decision expected(const Row& row, const Decision& real) {
    return {row.candidates,
            row.unproven,
            in_order(row.rejected),
            in_order(row.conflict),
            row.strides.empty() ? real.strides : row.strides,
            row.offsets.empty() ? real.offsets : row.offsets,
            row.sizes.empty() ? real.sizes : row.sizes,
            row.modifier.empty() ? real.modifier : row.modifier};
}

Decision decision_of(const Plan& plan) {
    Decision out;
    for (const Candidate& candidate : plan.candidates()) {
        out.candidates.push_back(candidate.source);
        if (candidate.unproven)
            out.unproven.push_back(candidate.source);
    }
    for (const Rejection& rejection : plan.rejections())
        out.rejected.push_back({rejection.source, std::string(to_string(rejection.constraint)),
                                rejection.required_by});
    for (const Conflict& part : plan.conflict())
        out.conflict.push_back({std::string(to_string(part.constraint)), part.parties});
    out.rejected = in_order(std::move(out.rejected));
    out.conflict = in_order(std::move(out.conflict));
    if (plan.candidates().empty())
        return out;
    const Layout& layout = plan.candidates()[0].layout;
    for (const Plane& plane : layout.planes) {
        out.strides.push_back(plane.stride);
        out.offsets.push_back(plane.offset);
    }
    out.sizes = layout.dmabuf_sizes;
    out.modifier = to_string(layout.modifier);
    return out;
}

/// Not through Catch2, which would break the table's lines.
void print(const Row& row, const Plan& plan, const Request& request) {
    tools::Screen screen;
    screen.width = 140;
    std::cerr << "\n--- " << row.title << "\n"
              << row.because << "\n"
              << tools::plan_text({tools::request_in_words(request), plan.candidates(),
                                   plan.rejections(), plan.conflict(), plan.relaxations()},
                                  screen);
}

void check_plan(const Row& row, const Plan& plan) {
    const Decision real = decision_of(plan);
    const Decision wanted = expected(row, real);
    if (!row.pending.empty()) {
        INFO("decided as it should be now: take `pending` off (" << row.pending << ")");
        CHECK_FALSE(real == wanted);
        return;
    }
    if (real == wanted) {
        SUCCEED();
        return;
    }
    print(row, plan, plan.request());
    CHECK(real.candidates == wanted.candidates);
    CHECK(real.unproven == wanted.unproven);
    CHECK(real.rejected == wanted.rejected);
    CHECK(real.conflict == wanted.conflict);
    CHECK(real.strides == wanted.strides);
    CHECK(real.offsets == wanted.offsets);
    CHECK(real.sizes == wanted.sizes);
    CHECK(real.modifier == wanted.modifier);
}

void check_row(const Board& board, const Row& row) {
    const Machine machine(board);
    const auto plan = machine.allocator().plan(make_request(row, machine));
    INFO(row.because);
    if (!row.error.empty() && !plan) {
        CHECK_THAT(plan.error().message(), Catch::Matchers::Contains(row.error));
        return;
    }
    INFO((plan ? "planned" : plan.error().message()));
    REQUIRE(plan);
    if (!row.error.empty())
        print(row, *plan, plan->request());
    REQUIRE(row.error.empty());
    check_plan(row, *plan);
    const auto sources = machine.allocator().sources();
    REQUIRE(sources);
    CHECK(false_premises(board, *plan, *sources) == std::vector<std::string>());
}

/// The facts of a device, or of a source.
std::vector<Fact> facts_of(const Machine& machine, const std::string& name) {
    if (name.starts_with('/'))
        return machine.device(name).facts();
    const auto sources = machine.allocator().sources();
    REQUIRE(sources);
    for (const SourceInfo& source : *sources)
        if (source.name == name)
            return source.facts;
    FAIL("no source " << name);
    return {};
}

void check_facts(const Board& board) {
    const Machine machine(board);
    for (const ExpectedFact& expected : board.facts) {
        const std::vector<Fact> facts = facts_of(machine, expected.of);
        std::string all;
        for (const Fact& fact : facts)
            all += fmt::format("{}: {} ({}, {})\n", fact.name, fact.value,
                               to_string(fact.confidence), fact.origin);
        INFO(fmt::format("{}: no {}: {} ({}, ..{}..) among\n{}", expected.of, expected.name,
                         expected.value, expected.confidence, expected.origin, all));
        CHECK(std::any_of(facts.begin(), facts.end(), [&](const Fact& fact) {
            return fact.name == expected.name && fact.value == expected.value &&
                   to_string(fact.confidence) == expected.confidence &&
                   fact.origin.find(expected.origin) != std::string::npos;
        }));
    }
}

/// A file that can't be read is a case that fails.
void register_board(const std::filesystem::path& path) {
    const std::string name = path.stem().string();
    auto read = read_board(path.string());
    if (!read) {
        test::register_case(name + ": can be read", "[boards]",
                            [error = read.error()] { FAIL(error.message()); });
        return;
    }
    const auto board = std::make_shared<const Board>(std::move(*read));
    const std::string tags = fmt::format("[boards][{}]", name);
    test::register_case(name + ": facts and where they are from", tags,
                        [board] { check_facts(*board); });
    for (const Row& row : board->rows)
        test::register_case(fmt::format("{}: {}", name, row.title), tags,
                            [board, &row] { check_row(*board, row); });
}

const bool registered = [] {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(BOARDS_FOLDER))
        if (entry.path().extension() == ".toml")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files)
        register_board(file);
    return !files.empty();
}();

} // namespace

TEST_CASE("there are boards") {
    CHECK(registered);
}
