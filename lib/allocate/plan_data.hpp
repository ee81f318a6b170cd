// SPDX-License-Identifier: MIT
// What a Plan holds beside its public candidates.
#pragma once

#include "lib/allocate/paddings.hpp"
#include "lib/model/model.hpp"
#include "lib/policy/policy.hpp"
#include "lib/source/backend.hpp"

#include <simplealloc/plan.hpp>

#include <span>
#include <vector>

namespace simplealloc::solver {
class Spending;
}

namespace simplealloc {

struct PlanData {
    Request request;
    std::vector<SourceRecord> sources; ///< Choice::source indexes it
    std::vector<solver::Choice> choices;
    std::vector<Candidate> candidates; ///< of the choices, in their order
    std::vector<Rejection> rejections;
    std::vector<Conflict> conflict;
    std::vector<Relaxation> relaxations;
    std::vector<QuotaState> quotas; ///< SourceInput::quotas indexes them
    bool settled = true; ///< the V4L2 drivers take the best candidate's strides as they are
};

/// What is known of one use with a format. Fails where the device can't do it at all, and with
/// limit where that can't be afforded.
Result<solver::UseInput> find_use(const DeviceUse& use, Fourcc fourcc, solver::Spending& spending);

/// Before a caller's alternatives are copied; false where that can't be afforded.
bool pay_for_copy(const std::vector<CapabilitySet>& alternatives, solver::Spending& spending);

/// Discovers the devices' limits and solves. The policy has completed the request; `sources` are
/// those of the machine; `refusals` what devices refused before; `quotas` all that are in force, as
/// they stand. The spending has paid for the request.
Result<Plan> make_plan(Request request, const Policy& policy, std::vector<SourceRecord> sources,
                       solver::Input::Refusals refusals, std::vector<QuotaState> quotas,
                       std::span<const Padding> paddings, solver::Spending& spending);

} // namespace simplealloc
