// SPDX-License-Identifier: MIT
// From a request to ranked candidates, rejections with reasons, and the conflict.
//
//   request ── does it make sense by itself? ── no → Error
//      │
//      ├─ for each source: evaluate()     → a Fit (layout, chosen alternatives) or objections
//      ├─ the fits: criteria(), sort      → choices, best first
//      ├─ the objections                  → rejections
//      └─ no fit at all: find_core()      → the smallest set that can't hold together
#include "lib/solver/solver.hpp"

#include "lib/model/layout.hpp"
#include "lib/model/work.hpp"
#include "lib/solver/explain/conflict.hpp"
#include "lib/solver/explain/lost.hpp"
#include "lib/solver/explain/provenance.hpp"
#include "lib/solver/search/feasibility.hpp"
#include "lib/solver/search/rank.hpp"

#include <fmt/format.h>

namespace simplealloc::solver {
namespace {

Error senseless(std::string object, std::string detail) {
    Error error;
    error.cause = Cause::invalid;
    error.stage = Stage::request;
    error.object = std::move(object);
    error.detail = std::move(detail);
    return error;
}

} // namespace

Result<void> check_request(const ResolvedRequest& request, std::uint64_t page_size) {
    const bool bytes = request.fourcc == fourcc::bytes;
    if (request.is_image() && request.size != 0)
        return senseless("size", "bytes are asked for or an image, whose size follows from its "
                                 "layout");
    if (request.is_image() && bytes)
        return senseless("format", "an image needs a format");
    if ((request.crop_width == 0) != (request.crop_height == 0) ||
        request.crop_width > request.width || request.crop_height > request.height)
        return senseless("crop",
                         fmt::format("{}x{} pixels are no part of {}x{}", request.crop_width,
                                     request.crop_height, request.width, request.height));
    if (request.count == 0)
        return senseless("count", "no buffer is asked for");
    if (request.modifier && request.modifier->state == Modifier::State::implicit)
        return senseless("modifier", "an implicit layout is known to one device alone and can't "
                                     "be asked for");
    if (request.modifier && bytes && !request.modifier->is_linear())
        return senseless(
            "modifier", fmt::format("bytes can't be laid out as {}", to_string(*request.modifier)));
    if (request.modifier && request.fourcc.is_v4l2() && !request.modifier->is_linear())
        return senseless("modifier", fmt::format("{} has none: it is a code of V4L2",
                                                 to_string(request.fourcc)));
    // Whatever is wrong without a single constraint is wrong with the request.
    auto layout = make_layout(request.fourcc, Modifier::linear(), request.width, request.height,
                              request.size, Placement::packed, {}, page_size);
    if (layout)
        return {};
    Error error = std::move(layout).error();
    error.stage = Stage::request;
    if (error.cause == Cause::limit)
        error.object = "size";
    return error;
}

namespace {

/// Apart from the names of its constraints.
std::uint64_t bytes_of(const Input& input, const Fit& fit) {
    constexpr std::uint64_t texts = 4096;
    std::uint64_t names = 0;
    for (const UseInput& use : input.uses)
        names += sizeof(std::size_t) + use.party.size();
    return 2 * (sizeof(Choice) + texts + names) + fit.modifiers.size() * sizeof(std::uint64_t);
}

std::uint64_t bytes_of(const Objection& objection) {
    std::uint64_t bytes = sizeof(Rejection) + objection.reason.size() + objection.needed.size() +
                          objection.offered.size();
    for (const Remedy& remedy : objection.remedies) {
        bytes += sizeof(remedy);
        for (const std::string& argument : remedy.arguments)
            bytes += sizeof(argument) + argument.size();
    }
    for (const std::string& party : objection.required_by)
        bytes += sizeof(party) + party.size();
    return bytes;
}

/// Nothing where it can't be afforded.
std::optional<Choice> choice(const SearchContext& context, const Scope& scope, std::size_t index,
                             Fit fit, Provenance& provenance) {
    const Input& input = context.input;
    const SourceInput& source = input.sources[index];
    if (!context.spending.afford(cost::source + input.uses.size() * cost::use) ||
        !context.spending.hold(bytes_of(input, fit)))
        return std::nullopt;
    Choice result;
    result.source = index;
    result.candidate.source = source.name;
    result.candidate.backend = source.backend;
    result.candidate.driver = source.driver;
    result.candidate.exact = source.offer.layout_exact;
    result.candidate.unproven = fit.is_unproven();
    result.candidate.criteria = criteria(input, source, fit);
    result.candidate.layout = std::move(fit.layout);
    result.alternatives.resize(input.uses.size());
    for (std::size_t i = 0; i < scope.uses.size(); ++i)
        result.alternatives[scope.uses[i]] = fit.alternatives[i];
    result.candidate.constraints =
        provenance.of(source, result.alternatives, result.candidate.layout);
    if (!result.candidate.constraints)
        return std::nullopt;
    result.merged = std::move(fit.merged);
    result.modifiers = std::move(fit.modifiers);
    result.explicit_modifier = fit.explicit_modifier;
    return result;
}

/// What each source has to say. `held`: bytes of the Output.
Output ask_sources(const Input& input, Spending& spending, std::uint64_t& held) {
    Output output;
    const Scope scope = whole(input);
    const SearchContext context(input, spending);
    const std::uint64_t before = spending.held();
    Provenance provenance(input, spending);
    bool undecided = false;
    for (std::size_t i = 0; i < input.sources.size(); ++i) {
        Evaluation evaluation = evaluate(context, scope, input.sources[i]);
        undecided = undecided || evaluation.undecided;
        if (evaluation.fit) {
            if (auto fit = choice(context, scope, i, std::move(*evaluation.fit), provenance)) {
                output.choices.push_back(std::move(*fit));
            } else {
                undecided = true;
                evaluation.objections = {out_of_budget(input)};
            }
        }
        for (Objection& objection : evaluation.objections) {
            // Why not is as good as unknown where it can't be said.
            if (!spending.hold(bytes_of(objection)))
                objection = out_of_budget(input);
            undecided = undecided || objection.kind == ConstraintKind::search_limit;
            output.rejections.push_back(rejection(input.sources[i].name, std::move(objection)));
        }
    }
    output.undecided = undecided && output.choices.empty();
    held = spending.held() - before;
    return output;
}

} // namespace

Result<Output> candidates(const Input& input, Spending& spending) {
    if (auto sensible = check_request(input.request, input.page_size); !sensible)
        return std::move(sensible).error();
    std::uint64_t held = 0;
    Output output = ask_sources(input, spending, held);
    (void)spending.hold(held); // as before, when there was more beside it
    sort_by_rank(output.choices);
    explain_order(input, output.choices);
    return output;
}

Result<Output> solve(const Input& input, Spending& spending) {
    auto output = candidates(input, spending);
    if (output && output->choices.empty())
        output->conflict =
            conflict_of(input, find_core(input, spending, output->undecided), spending);
    return output;
}

} // namespace simplealloc::solver
