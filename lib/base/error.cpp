// SPDX-License-Identifier: MIT
// Words for errors.
#include <simplealloc/error.hpp>

#include "lib/base/names.hpp"

#include <simplealloc/result.hpp>

#include <fmt/format.h>
#include <system_error>

namespace simplealloc {

namespace {

constexpr Names<Cause, 13> causes({
    {Cause::exhausted, "exhausted"},
    {Cause::denied, "denied"},
    {Cause::gone, "gone"},
    {Cause::unsupported, "unsupported"},
    {Cause::limit, "limit"},
    {Cause::fd_limit, "fd-limit"},
    {Cause::interrupted, "interrupted"},
    {Cause::our_bug, "our-bug"},
    {Cause::invalid, "invalid"},
    {Cause::unsatisfiable, "unsatisfiable"},
    {Cause::mismatch, "mismatch"},
    {Cause::refused, "refused"},
    {Cause::busy, "busy"},
});

constexpr Names<Stage, 13> stages({
    {Stage::request, "request"},
    {Stage::discover, "discover"},
    {Stage::plan, "plan"},
    {Stage::open, "open"},
    {Stage::allocate, "allocate"},
    {Stage::export_fd, "export"},
    {Stage::layout, "layout"},
    {Stage::verify, "verify"},
    {Stage::map, "map"},
    {Stage::sync, "sync"},
    {Stage::share, "share"},
    {Stage::import_fd, "import"},
    {Stage::acquire, "acquire"},
});

} // namespace

std::string_view to_string(Cause cause) noexcept {
    return causes.of(cause);
}

std::string_view to_string(Stage stage) noexcept {
    return stages.of(stage);
}

std::string Error::best_remedy(std::span<const RemedyWords> words) const {
    if (!remedy.empty() || relaxations.empty())
        return remedy;
    const Relaxation& best = relaxations.front();
    return best.how.empty() ? best.what
                            : fmt::format("{} ({})", best.what, to_string(best.how, words, ", "));
}

std::string Error::message(std::span<const RemedyWords> words) const {
    std::string text = object.empty() ? std::string(to_string(stage)) : object;
    if (!detail.empty())
        text.append(": ").append(detail);
    if (cause == Cause::unsatisfiable && !conflict.empty())
        text += fmt::format(": {} of {}", to_string(conflict.front().constraint),
                            fmt::join(conflict.front().parties, ", "));
    if (sys_errno != 0)
        text.append(": ").append(std::generic_category().message(sys_errno));
    if (const std::string next = best_remedy(words); !next.empty())
        text.append("; ").append(next);
    return text;
}

BadResult::BadResult(Error error) : error_(std::move(error)), message_(error_.message()) {}

BadResult::~BadResult() = default;

const char* BadResult::what() const noexcept {
    return message_.c_str();
}

void detail::throw_bad_result(const Error& error) {
    throw BadResult(error);
}

} // namespace simplealloc
