// SPDX-License-Identifier: MIT
// Errors for C, and how exceptions become such.
#include "lib/c/error.hpp"

#include "lib/c/arguments.hpp"
#include "lib/c/constraints.hpp"
#include "lib/c/fact.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"
#include "lib/c/layout.hpp"

#include <cerrno>
#include <new>

namespace simplealloc::c {

simplealloc_attempt to_c(const Attempt& attempt, Arena& arena) {
    return {arena.text(attempt.source),
            static_cast<simplealloc_stage>(attempt.stage),
            static_cast<simplealloc_cause>(attempt.cause),
            attempt.sys_errno,
            arena.text(attempt.message),
            arena.text(attempt.remedy)};
}

/// What the request is told by a function of its own.
static constexpr RemedyWords c_words[] = {
    {RemedyKind::order, "request.order {0}"},
    {RemedyKind::leave_out, "request.without {0}"},
    {RemedyKind::let_in, "no request.without"},
    {RemedyKind::any_device, "request.any_device"},
    {RemedyKind::not_strict, "no request.strict"},
    {RemedyKind::cpu, "request.cpu {0}"},
    {RemedyKind::open_modifier, "no request.modifier"},
    {RemedyKind::linear, "request.modifier LINEAR"},
    {RemedyKind::format, "request.fourcc {0}"},
    {RemedyKind::image_size, "request.width and request.height {0}"},
    {RemedyKind::crop,
     "request.width and request.height {0}, request.crop_width and request.crop_height {1}"},
    {RemedyKind::count, "request.count {0}"},
    {RemedyKind::bytes, "request.bytes {0}"},
    {RemedyKind::budget, "give the plan more budget"},
};

simplealloc_remedy to_c(const Remedy& remedy, Arena& arena) {
    return {static_cast<simplealloc_remedy_kind>(remedy.kind), arena.texts(remedy.arguments),
            arena.text(to_string(remedy, c_words))};
}

simplealloc_rejection to_c(const Rejection& rejection, Arena& arena) {
    return {arena.text(rejection.source),   to_c(rejection.constraint),
            arena.text(rejection.reason),   arena.texts(rejection.required_by),
            arena.list(rejection.remedies), arena.text(rejection.needed),
            arena.text(rejection.offered)};
}

simplealloc_conflict to_c(const Conflict& conflict, Arena& arena) {
    return {to_c(conflict.constraint), arena.texts(conflict.parties),
            arena.list(conflict.contributors)};
}

simplealloc_relaxation to_c(const Relaxation& relaxation, Arena& arena) {
    return {static_cast<simplealloc_relaxation_kind>(relaxation.kind),
            arena.text(relaxation.what),
            arena.list(relaxation.how),
            relaxation.rank,
            arena.text(relaxation.source),
            arena.add(to_c(relaxation.layout)),
            arena.text(relaxation.party),
            arena.text(relaxation.copy_from),
            arena.text(relaxation.copy_to),
            relaxation.count};
}

simplealloc_error to_c(const Error& error, Arena& arena) {
    return {0,
            static_cast<simplealloc_cause>(error.cause),
            static_cast<simplealloc_stage>(error.stage),
            error.sys_errno,
            arena.text(error.message(c_words)),
            arena.text(error.object),
            arena.text(error.detail),
            arena.text(error.best_remedy(c_words)),
            arena.list(error.attempts),
            arena.list(error.rejections),
            arena.list(error.conflict),
            arena.list(error.relaxations),
            error.constraint ? arena.add(to_c(*error.constraint)) : nullptr};
}

namespace {

int code_of_cause(Cause cause) {
    switch (cause) {
    case Cause::exhausted:
        return -ENOMEM;
    case Cause::denied:
        return -EACCES;
    case Cause::gone:
        return -ENODEV;
    case Cause::unsupported:
        return -EOPNOTSUPP;
    case Cause::limit:
        return -EDQUOT;
    case Cause::fd_limit:
        return -EMFILE;
    case Cause::interrupted:
        return -EINTR;
    case Cause::our_bug:
        return -EPROTO;
    case Cause::invalid:
        return -EINVAL;
    case Cause::unsatisfiable:
        return -ENXIO;
    case Cause::mismatch:
        return -ERANGE;
    case Cause::refused:
        return -EREMOTEIO;
    case Cause::busy:
        return -EBUSY;
    }
    return -EPROTO;
}

/// What is handed out where there is no memory for an error; never freed, never changed.
simplealloc_error* out_of_memory() noexcept {
    static constexpr const simplealloc_attempt* attempts[] = {nullptr};
    static constexpr const simplealloc_rejection* rejections[] = {nullptr};
    static constexpr const simplealloc_conflict* conflicts[] = {nullptr};
    static constexpr const simplealloc_relaxation* relaxations[] = {nullptr};
    static simplealloc_error error = {-ENOMEM,
                                      SIMPLEALLOC_CAUSE_EXHAUSTED,
                                      SIMPLEALLOC_STAGE_REQUEST,
                                      0,
                                      "this process has no memory left",
                                      "",
                                      "this process has no memory left",
                                      "",
                                      attempts,
                                      rejections,
                                      conflicts,
                                      relaxations,
                                      nullptr};
    return &error;
}

int hand_out_error(simplealloc_error** out, const Error& error, int code) {
    if (out != nullptr) {
        *out = hand_out<simplealloc_error>(error);
        (*out)->code = code;
    }
    return code;
}

int name_exception(simplealloc_error** out) {
    try {
        throw;
    } catch (const NewerStruct& newer) {
        return hand_out_error(out, newer.error(), -E2BIG);
    } catch (const BadResult& bad) {
        return fail(out, bad.error());
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& other) {
        Error error;
        error.detail = other.what();
        return fail(out, error);
    }
}

} // namespace

int fail(simplealloc_error** error, const Error& why) {
    return hand_out_error(error, why, code_of_cause(why.cause));
}

int fail(simplealloc_error** error) noexcept {
    try {
        return name_exception(error);
    } catch (...) {
        if (error != nullptr)
            *error = out_of_memory();
        return -ENOMEM;
    }
}

} // namespace simplealloc::c

using namespace simplealloc;

void simplealloc_error_free(simplealloc_error* error) {
    if (error != c::out_of_memory())
        c::take_back(error);
}

const char* simplealloc_cause_to_string(simplealloc_cause cause) {
    return to_string(c::unchecked<Cause>(cause)).data();
}

const char* simplealloc_stage_to_string(simplealloc_stage stage) {
    return to_string(c::unchecked<Stage>(stage)).data();
}

const char* simplealloc_relaxation_kind_to_string(simplealloc_relaxation_kind kind) {
    return to_string(c::unchecked<RelaxationKind>(kind)).data();
}

const char* simplealloc_remedy_kind_to_string(simplealloc_remedy_kind kind) {
    return to_string(c::unchecked<RemedyKind>(kind)).data();
}
