// SPDX-License-Identifier: MIT
// Words for errors.
#include <simplealloc/error.hpp>

#include <simplealloc/result.hpp>

#include <fmt/format.h>
#include <system_error>

namespace simplealloc {

std::string_view to_string(Cause cause) noexcept {
    switch (cause) {
    case Cause::exhausted:
        return "exhausted";
    case Cause::denied:
        return "denied";
    case Cause::gone:
        return "gone";
    case Cause::unsupported:
        return "unsupported";
    case Cause::limit:
        return "limit";
    case Cause::fd_limit:
        return "fd-limit";
    case Cause::interrupted:
        return "interrupted";
    case Cause::our_bug:
        return "our-bug";
    case Cause::invalid:
        return "invalid";
    case Cause::unsatisfiable:
        return "unsatisfiable";
    case Cause::mismatch:
        return "mismatch";
    case Cause::refused:
        return "refused";
    case Cause::busy:
        return "busy";
    }
    return "unknown";
}

std::string_view to_string(Stage stage) noexcept {
    switch (stage) {
    case Stage::request:
        return "request";
    case Stage::discover:
        return "discover";
    case Stage::plan:
        return "plan";
    case Stage::open:
        return "open";
    case Stage::allocate:
        return "allocate";
    case Stage::export_fd:
        return "export";
    case Stage::layout:
        return "layout";
    case Stage::verify:
        return "verify";
    case Stage::map:
        return "map";
    case Stage::sync:
        return "sync";
    case Stage::share:
        return "share";
    case Stage::import_fd:
        return "import";
    case Stage::acquire:
        return "acquire";
    }
    return "unknown";
}

std::string Error::message() const {
    std::string text = object.empty() ? std::string(to_string(stage)) : object;
    if (!detail.empty())
        text += ": " + detail;
    if (sys_errno != 0)
        text += ": " + std::generic_category().message(sys_errno);
    if (!remedy.empty())
        text += "; " + remedy;
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
