// SPDX-License-Identifier: MIT
// Runs a plan's candidates with verification and fallback.
#include <simplealloc/prepared.hpp>

#include "lib/allocate/data.hpp"
#include "lib/allocate/open_candidate.hpp"
#include "lib/allocate/padded_choice.hpp"
#include "lib/allocate/prepared.hpp"
#include "lib/allocate/presence.hpp"
#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/kernel/log.hpp"
#include "lib/model/layout.hpp"
#include "lib/model/objection.hpp"
#include "lib/verify/verify.hpp"

#include <simplealloc/allocator.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace simplealloc {

/// A candidate whose lines are longer than planned.
struct PaddedCandidate {
    solver::Choice choice;
    OpenCandidate open;

    PaddedCandidate(const PlanData& plan, solver::Choice padded, Ledger& ledger)
        : choice(std::move(padded)), open(plan, choice, ledger) {}
};

struct PreparedData {
    std::shared_ptr<AllocatorData> allocator;
    Plan plan;
    AllocateOptions options;
    std::deque<OpenCandidate> candidates;    ///< of the plan's choices, in their order; never moved
    std::atomic<std::uint64_t> hotplugs = 0; ///< AllocatorData's when devices were last looked at

    std::atomic<bool> any_padded = false; ///< mostly not, and then nobody locks
    std::mutex mutex;                     ///< of what follows
    /// In place of the candidate with that index, since a display refused its lines. Never removed.
    std::map<std::size_t, std::unique_ptr<PaddedCandidate>> padded;

    OpenCandidate& candidate(std::size_t index) {
        if (!any_padded)
            return candidates[index];
        const std::lock_guard lock(mutex);
        const auto found = padded.find(index);
        return found == padded.end() ? candidates[index] : found->second->open;
    }
};

namespace {

struct Failed {
    Attempt attempt;
    std::string detail; ///< the attempt's message without object, errno and remedy
};

Failed failed(const std::string& source, Error error) {
    std::string remedy = std::exchange(error.remedy, {});
    if (error.cause == Cause::gone && remedy.empty())
        remedy = "plan again: the machine has changed since";
    Attempt attempt{source, error.stage, error.cause, error.sys_errno, error.message(), remedy};
    return {std::move(attempt), std::move(error.detail)};
}

/// Looking each time costs system calls: without verification it is done once, and again when a
/// Monitor has read an event.
Result<void> check_devices(PreparedData& data) {
    const std::uint64_t now = data.allocator->hotplugs;
    if (!data.options.verify && data.hotplugs == now)
        return {};
    if (auto present = check_present(data.plan.request().uses); !present)
        return present;
    data.hotplugs = now;
    return {};
}

Failed refused(const OpenCandidate& candidate, std::string why) {
    const std::string& source = candidate.source().input.name;
    return {{source, Stage::verify, Cause::refused, 0, source + ": " + why, ""}, why};
}

/// What a device has against the buffer.
struct Refused {
    std::string device; ///< its id
    TestImport test;
};

/// Imports the buffer, of `inside`, into the devices of all uses.
std::optional<Refused> verify(PreparedData& data, OpenCandidate& candidate, BufferData& inside,
                              Buffer& buffer) {
    std::vector<Verification> verified;
    std::optional<Refused> refusal;
    for (const DeviceUse& use : Internal::data(data.plan).request.uses) {
        const auto queue = data.allocator->hold_queues(&Internal::data(use.device));
        // The caller's test may import it where it likes.
        if (Internal::data(use.device).described)
            inside.unseen = false;
        TestImport test = verify_import(use, buffer, data.options.borrow_idle_queues);
        if (!refusal && test.verification.imported == std::optional(false))
            refusal = Refused{use.device.id(), test};
        verified.push_back(std::move(test.verification));
    }
    candidate.account().counters.imported(verified);
    data.allocator->ledger->total().imported(verified);
    if (!refusal)
        Internal::data(buffer).verified = std::move(verified);
    return refusal;
}

/// Whether the next such buffer can't be mapped either: by what is known of the source, or by what
/// the exporter says, ENODEV where it has no mapping.
bool is_unmappable(const Error& error) {
    return error.stage == Stage::map && error.cause == Cause::unsupported &&
           (error.sys_errno == 0 || error.sys_errno == ENODEV || is_refusal(error.sys_errno));
}

/// Allocates and verifies; `buffer` is set when the memory is there.
std::optional<Failed> make(PreparedData& data, std::size_t index, OpenCandidate& candidate,
                           std::optional<Buffer>& buffer, std::optional<Refused>& refusal) {
    auto made = [&] {
        const auto queue = data.allocator->hold_queues(candidate.source().device.get());
        return candidate.allocate();
    }();
    if (!made) {
        const std::string& source = candidate.source().input.name;
        const Error& error = made.error();
        if (is_unmappable(error))
            data.allocator->refusals.remember(
                {source, candidate.layout_class(), "", std::string(solver::any_cpu), error.detail});
        return failed(source, error);
    }
    BufferData& inside = **made;
    buffer = Internal::make<Buffer>(std::move(*made));
    if (data.options.verify)
        refusal = verify(data, candidate, inside, *buffer);
    inside.unseen = false;
    if (!refusal)
        inside.charge.settle(index > 0);
    return std::nullopt;
}

/// Once more with longer lines, as a display refused these. True when some were taken.
bool make_padded(PreparedData& data, std::size_t index, const Verification& refusal,
                 std::optional<Buffer>& buffer) {
    const PlanData& plan = Internal::data(data.plan);
    std::uint64_t tried = 0;
    for (const std::uint64_t align : pitch_alignments(plan)) {
        auto choice = padded_choice(plan, index, align);
        if (!choice || choice->candidate.layout.planes.front().stride == tried)
            continue;
        tried = choice->candidate.layout.planes.front().stride;
        auto padded =
            std::make_unique<PaddedCandidate>(plan, std::move(*choice), *data.allocator->ledger);
        std::optional<Refused> refused;
        buffer.reset();
        if (make(data, index, padded->open, buffer, refused))
            continue;
        if (!refused) {
            log::line(LogLevel::info, "allocate: {} takes lines of {} bytes", refusal.device,
                      tried);
            data.allocator->paddings.remember(
                {refusal.device, padded->choice.candidate.layout.fourcc, align});
            const std::lock_guard lock(data.mutex);
            data.padded.try_emplace(index, std::move(padded));
            data.any_padded = true;
            return true;
        }
        if (!refused->test.refused_layout)
            break;
    }
    buffer.reset();
    return false;
}

/// One try; `buffer` is set when it worked.
std::optional<Failed> try_candidate(PreparedData& data, std::size_t index,
                                    std::optional<Buffer>& buffer) {
    const log::Hold lines;
    OpenCandidate& candidate = data.candidate(index);
    const std::string& source = candidate.source().input.name;
    const Request& request = Internal::data(data.plan).request;
    if (const auto refusal = data.allocator->refusals.find(source, candidate.layout_class(),
                                                           request.uses, request.cpu))
        return refused(candidate, fmt::format("{} refused such a buffer before: {}", refusal->party,
                                              refusal->reason));
    std::optional<Refused> refusal;
    if (auto failed = make(data, index, candidate, buffer, refusal))
        return failed;
    if (!refusal)
        return std::nullopt;
    const Verification& by = refusal->test.verification;
    if (!(refusal->test.refused_layout && make_padded(data, index, by, buffer))) {
        if (refusal->test.lasting)
            data.allocator->refusals.remember(
                {source, candidate.layout_class(), refusal->device, by.device, by.reason});
        return refused(candidate, fmt::format("refused by {}: {}", by.device, by.reason));
    }
    return std::nullopt;
}

const char* outcome(std::size_t attempts, std::size_t candidates) {
    if (attempts < candidates)
        return "failed, and others were not tried: ";
    return candidates == 1 ? "the only candidate failed: "
                           : "every candidate failed, the last one so: ";
}

/// `detail`: of the last attempt, which the headline explains.
Error failure_of(const PlanData& plan, std::size_t candidates, std::vector<Attempt> attempts,
                 const std::string& detail) {
    Error error;
    if (attempts.empty()) {
        error = failure(Stage::plan, Cause::unsatisfiable, 0, "request",
                        "no source satisfies all uses");
    } else {
        const Attempt& last = attempts.back();
        error = failure(last.stage, last.cause, last.sys_errno, last.source,
                        outcome(attempts.size(), candidates) + detail, last.remedy);
    }
    error.attempts = std::move(attempts);
    error.rejections = plan.rejections;
    error.conflict = plan.conflict;
    error.relaxations = plan.relaxations;
    return error;
}

} // namespace

Prepared::Prepared(std::unique_ptr<PreparedData> data) noexcept : data_(std::move(data)) {}
Prepared::Prepared(Prepared&&) noexcept = default;
Prepared& Prepared::operator=(Prepared&&) noexcept = default;
Prepared::~Prepared() = default;

const Plan& Prepared::plan() const noexcept {
    return data_->plan;
}

Result<Buffer> Prepared::allocate() const {
    return allocate_from(*this, 0, data_->candidates.size());
}

Result<Buffer> allocate_from(const Prepared& prepared, std::size_t first, std::size_t count) {
    PreparedData& data = *Internal::pointer(prepared);
    if (auto present = check_devices(data); !present)
        return std::move(present).error();
    std::vector<Attempt> attempts;
    std::string detail;
    for (std::size_t i = first; i < first + count; ++i) {
        std::optional<Buffer> buffer;
        auto tried = try_candidate(data, i, buffer);
        if (!tried) {
            if (!attempts.empty())
                Internal::data(*buffer).attempts = std::move(attempts);
            log::line(LogLevel::info, "allocate: {} from {}", solver::total_size(buffer->layout()),
                      buffer->source());
            return *std::move(buffer);
        }
        data.candidate(i).account().counters.failed(tried->attempt.cause);
        attempts.push_back(std::move(tried->attempt));
        detail = std::move(tried->detail);
        log::line(LogLevel::info, "allocate: {}", attempts.back().message);
        if (!goes_on(attempts.back().cause))
            break;
    }
    Error error = failure_of(Internal::data(data.plan), count, std::move(attempts), detail);
    data.allocator->ledger->total().failed(error.cause);
    return error;
}

Prepared Allocator::prepare(const Plan& plan, AllocateOptions options) const {
    auto data =
        std::unique_ptr<PreparedData>(new PreparedData{data_, plan, options, {}, 0, false, {}, {}});
    for (const solver::Choice& choice : Internal::data(plan).choices)
        data->candidates.emplace_back(Internal::data(plan), choice, *data_->ledger);
    return Internal::make<Prepared>(std::move(data));
}

Result<Buffer> Allocator::allocate(const Plan& plan, AllocateOptions options) const {
    return prepare(plan, options).allocate();
}

} // namespace simplealloc
