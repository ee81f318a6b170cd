// SPDX-License-Identifier: MIT
// Builds the JSON documents.
#include "tools/output/json.hpp"

#include "tools/output/capability_limits.hpp"
#include "tools/output/remedies.hpp"
#include "tools/output/words.hpp"

#include <concepts>
#include <nlohmann/json.hpp>

using Json = nlohmann::ordered_json;

// The library of JSON finds these beside the types.
namespace simplealloc {

namespace tools {
static void to_json(Json& json, const Limit& limit);
}

/// Enumerations, formats and modifiers are their names.
template <typename Named>
requires requires(const Named& named) {
    { to_string(named) } -> std::convertible_to<std::string_view>;
}
static void to_json(Json& json, const Named& named) {
    json = std::string(to_string(named));
}

static void to_json(Json& json, const Fact& fact) {
    json = {{"name", fact.name},
            {"value", fact.value},
            {"confidence", fact.confidence},
            {"origin", fact.origin}};
}

static void to_json(Json& json, const Plane& plane) {
    json = {{"dmabuf", plane.dmabuf},
            {"offset", plane.offset},
            {"stride", plane.stride},
            {"size", plane.size}};
}

static void to_json(Json& json, const Rejection& rejection) {
    json = {
        {"source", rejection.source},      {"constraint", rejection.constraint},
        {"reason", rejection.reason},      {"needed", rejection.needed},
        {"offered", rejection.offered},    {"remedy", tools::remedies_in_words(rejection.remedies)},
        {"parties", rejection.required_by}};
}

static void to_json(Json& json, const Contributor& contributor) {
    json = {{"party", contributor.party},
            {"constraint", contributor.constraint},
            {"value", contributor.value},
            {"confidence", contributor.confidence},
            {"origin", contributor.origin}};
}

static void to_json(Json& json, const Conflict& conflict) {
    json = {{"constraint", conflict.constraint},
            {"parties", conflict.parties},
            {"contributors", conflict.contributors}};
}

static void to_json(Json& json, const MergedConstraint& merged) {
    json = {{"constraint", merged.constraint},
            {"value", merged.value},
            {"contributors", merged.contributors}};
}

static void to_json(Json& json, const Criterion& criterion) {
    json = {{"criterion", criterion.kind}, {"value", criterion.value}, {"rank", criterion.rank}};
}

static void to_json(Json& json, const Lost& lost) {
    json = {{"criterion", lost.criterion},
            {"value", lost.value},
            {"rank", lost.rank},
            {"better_source", lost.to},
            {"better_value", lost.better_value},
            {"better_rank", lost.better_rank},
            {"parties", lost.parties},
            {"remedy", tools::remedies_in_words({&lost.remedy, 1})}};
}

/// What an image is like, whether planned, offered or allocated.
static Json layout_json(const Layout& layout) {
    Json dmabufs = Json::array();
    for (const std::uint64_t size : layout.dmabuf_sizes)
        dmabufs.push_back({{"size", size}});
    return {{"size", tools::total_size(layout.dmabuf_sizes)},
            {"width", layout.width},
            {"height", layout.height},
            {"fourcc", layout.fourcc},
            {"modifier", layout.modifier},
            {"dmabufs", dmabufs},
            {"planes", layout.planes}};
}

static void to_json(Json& json, const Relaxation& relaxation) {
    json = {{"kind", relaxation.kind},
            {"what", relaxation.what},
            {"remedy", tools::together_in_words(relaxation.how)},
            {"rank", relaxation.rank},
            {"party", relaxation.party},
            {"copy_from", relaxation.copy_from},
            {"copy_to", relaxation.copy_to},
            {"source", relaxation.source},
            {"count", relaxation.count}};
    json.update(layout_json(relaxation.layout));
}

static void to_json(Json& json, const Candidate& candidate) {
    json = {{"source", candidate.source},
            {"backend", candidate.backend},
            {"driver", candidate.driver},
            {"exact", candidate.exact},
            {"unproven", candidate.unproven}};
    json.update(layout_json(candidate.layout));
    json["criteria"] = candidate.criteria;
    json["constraints"] = candidate.constraints();
    json["lost"] = candidate.lost ? Json(*candidate.lost) : Json(nullptr);
}

static void to_json(Json& json, const QuotaState& state) {
    json = {{"of", state.quota.of.empty() ? "total" : state.quota.of},
            {"bytes", state.quota.bytes},
            {"held", state.held},
            {"left", state.left()},
            {"sources", state.sources},
            {"origin", state.origin},
            {"remedy", state.remedy}};
}

static void to_json(Json& json, const Attempt& attempt) {
    json = {{"source", attempt.source}, {"stage", attempt.stage},
            {"cause", attempt.cause},   {"errno", attempt.sys_errno},
            {"remedy", attempt.remedy}, {"message", tools::message_alone(attempt)}};
}

static void to_json(Json& json, const Error& error) {
    json = {{"object", error.object},
            {"stage", error.stage},
            {"cause", error.cause},
            {"errno", error.sys_errno},
            {"remedy", tools::remedy_in_words(error)},
            {"message", tools::message_alone(error)}};
}

static void to_json(Json& json, const Verification& verification) {
    json = {{"party", verification.device},
            {"imported", verification.imported ? Json(*verification.imported) : Json(nullptr)},
            {"how", verification.how},
            {"reason", verification.reason}};
}

static void to_json(Json& json, const SourceInfo& source) {
    json = {{"source", source.name},   {"backend", source.backend}, {"path", source.path},
            {"usable", source.usable}, {"reason", source.reason},   {"remedy", source.remedy},
            {"facts", source.facts}};
}

static void to_json(Json& json, const FormatSupport& format) {
    Json modifiers = Json::array();
    for (const std::uint64_t modifier : format.modifiers)
        modifiers.push_back(Modifier::named(modifier));
    json = {{"fourcc", format.fourcc},
            {"modifiers", modifiers},
            {"without_modifier", format.without_modifier}};
}

static void to_json(Json& json, const CapabilitySet& set) {
    const auto known = set.evidence.find(ConstraintKind::format);
    const Evidence formats =
        known != set.evidence.end() ? known->second : Evidence{Confidence::unknown, {}};
    json = {{"label", set.label},
            {"import", set.import_path == ImportPath::vmap ? "vmap" : "dma"},
            {"constraints", tools::limits_of(set)},
            {"formats", set.formats},
            {"formats_confidence", formats.confidence},
            {"formats_origin", formats.origin}};
}

static void to_json(Json& json, const AppliedQuirk& quirk) {
    json = {{"key", quirk.key},         {"value", quirk.value},
            {"scope", quirk.scope},     {"confidence", quirk.confidence},
            {"origin", quirk.origin},   {"overridden", quirk.overridden},
            {"file", quirk.file},       {"line", quirk.line},
            {"reference", quirk.source}};
}

static void to_json(Json& json, const PolicyValue& value) {
    json = {{"section", value.section},
            {"key", value.key},
            {"value", value.value},
            {"origin", value.origin}};
}

static void to_json(Json& json, const FileMistake& mistake) {
    json = {{"line", mistake.line}, {"message", mistake.text}};
}

static void to_json(Json& json, const SourceStats& stats) {
    Json failures = Json::object();
    for (const auto& [cause, count] : stats.failures)
        failures[std::string(to_string(cause))] = count;
    json = {{"source", stats.source.empty() ? Json(nullptr) : Json(stats.source)},
            {"bytes", stats.bytes},
            {"peak_bytes", stats.peak_bytes},
            {"buffers", stats.buffers},
            {"peak_buffers", stats.peak_buffers},
            {"allocations", stats.allocations},
            {"fallbacks", stats.fallbacks},
            {"imports_passed", stats.imports_passed},
            {"imports_refused", stats.imports_refused},
            {"imports_untested", stats.imports_untested},
            {"failures", failures}};
}

} // namespace simplealloc

namespace simplealloc::tools {

template <typename Value>
static Json or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

static void to_json(Json& json, const Limit& limit) {
    json = {{"constraint", limit.kind},
            {"value", std::visit([](const auto& value) { return Json(value); }, limit.value)},
            {"unit", limit.unit},
            {"plane", or_null(limit.plane)},
            {"confidence", limit.evidence.confidence},
            {"origin", limit.evidence.origin}};
}

static void to_json(Json& json, const DeviceReport& device) {
    json = {{"path", device.path},
            {"subsystem", device.subsystem},
            {"driver", device.driver},
            {"uses", device.uses},
            {"facts", device.facts}};
}

static void to_json(Json& json, const QuirksReport& report) {
    json = {{"path", report.path}, {"driver", report.driver}, {"quirks", report.quirks}};
}

static void to_json(Json& json, const DmaBufReport& dmabuf) {
    json = {
        {"size", dmabuf.size}, {"exporter", dmabuf.info.exporter}, {"inode", dmabuf.info.inode}};
}

static void to_json(Json& json, const BufferReport& buffer) {
    Layout layout;
    layout.width = buffer.width;
    layout.height = buffer.height;
    layout.fourcc = buffer.fourcc;
    layout.modifier = buffer.modifier;
    layout.planes.assign(buffer.planes.begin(), buffer.planes.end());
    for (const DmaBufReport& dmabuf : buffer.dmabufs)
        layout.dmabuf_sizes.push_back(dmabuf.size);
    json = {{"source", buffer.source}};
    json.update(layout_json(layout));
    json["dmabufs"] = buffer.dmabufs;
    json["facts"] = buffer.facts;
    json["verified"] = buffer.verified;
    json["attempts"] = buffer.attempts;
}

static void to_json(Json& json, const MachineReport& machine) {
    json = {{"kernel", machine.kernel},
            {"architecture", machine.architecture},
            {"page_size", machine.page_size},
            {"memory", machine.memory},
            {"cma", or_null(machine.cma)},
            {"cma_free", or_null(machine.cma_free)},
            {"file_descriptors", or_null(machine.descriptors)}};
}

static void to_json(Json& json, const DeviceHealth& health) {
    json = health.device;
    json["sets"] = health.needs;
    json["error"] = or_null(health.problem);
}

static void to_json(Json& json, const PairHealth& pair) {
    const FrameHealth& frame = pair.frame;
    if (pair.to.empty())
        json = {{"party", pair.from}};
    else
        json = {{"from", pair.from}, {"to", pair.to}};
    json["fourcc"] = frame.source.empty() ? "" : to_string(frame.fourcc);
    json["width"] = frame.width;
    json["height"] = frame.height;
    json["source"] = frame.source;
    json["unproven"] = !frame.doubts.empty();
    json["reason"] = frame.reason;
    json["remedy"] = frame.remedy;
}

static void to_json(Json& json, const Finding& finding) {
    json = {{"problem", finding.problem}, {"remedy", finding.remedy}};
}

namespace {

/// A document with these keys. Names from devices and users need not be UTF-8, which JSON must be.
std::string document(const Json& keys, int indent = 2) {
    Json json{{"schema", 2}};
    json.update(keys);
    return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string listing(const char* key, const Json& items, std::span<const Error> failures) {
    Json json{{key, items}};
    if (!failures.empty()) {
        json["error"] = failures.front();
        json["errors"] = failures;
    }
    return document(json);
}

} // namespace

std::string devices_json(std::span<const DeviceReport> devices, std::span<const Error> failures) {
    return listing("devices", devices, failures);
}

std::string quirks_json(std::span<const QuirksReport> reports, std::span<const Error> failures) {
    return listing("devices", reports, failures);
}

std::string file_check_json(const std::string& file, const FileReport& report) {
    return document(
        {{"file", file}, {"understood", report.understood}, {"mistakes", report.mistakes}});
}

std::string policy_json(std::span<const PolicyValue> values) {
    return document({{"policy", values}});
}

std::string sources_json(std::span<const SourceInfo> sources) {
    return document({{"sources", sources}});
}

std::string capabilities_json(const CapabilityReport& report) {
    return document({{"path", report.device},
                     {"use", report.use},
                     {"fourcc", report.fourcc},
                     {"sets", report.sets}});
}

std::string plan_json(const PlanReport& plan) {
    return document({{"request", plan.request},
                     {"candidates", plan.candidates},
                     {"rejections", plan.rejections},
                     {"conflict", plan.conflict},
                     {"relaxations", plan.relaxations},
                     {"quotas", plan.quotas}});
}

std::string buffers_json(std::span<const BufferReport> buffers, const std::optional<Stats>& stats) {
    Json json{{"buffers", buffers}};
    if (stats)
        json["stats"] = {{"total", stats->total}, {"sources", stats->sources}};
    return document(json);
}

std::string doctor_json(const DoctorReport& report) {
    return document({{"machine", report.machine},
                     {"devices", report.devices},
                     {"sources", report.sources},
                     {"pairs", report.pairs},
                     {"pairs_left_out", report.pairs_left_out},
                     {"alone", report.alone},
                     {"findings", findings_of(report)}});
}

std::string listening_json_line(std::string_view origin) {
    return document({{"event", "listening"}, {"origin", origin}}, -1);
}

std::string hotplug_json_line(const HotplugEvent& event) {
    return document({{"event", event.kind},
                     {"subject", event.subject},
                     {"path", event.path},
                     {"name", event.name},
                     {"subsystem", event.subsystem},
                     {"id", event.id},
                     {"sources_added", event.sources_added},
                     {"sources_removed", event.sources_removed}},
                    -1);
}

std::string error_json(const Error& error, std::optional<std::size_t> failed_buffer) {
    Json json{{"error", error},
              {"attempts", error.attempts},
              {"rejections", error.rejections},
              {"conflict", error.conflict},
              {"relaxations", error.relaxations}};
    if (failed_buffer)
        json["error"]["buffer"] = *failed_buffer;
    return document(json);
}

} // namespace simplealloc::tools
