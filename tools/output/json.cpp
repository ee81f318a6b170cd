// SPDX-License-Identifier: MIT
// Builds the JSON documents.
#include "tools/output/json.hpp"

#include "tools/output/capability_limits.hpp"
#include "tools/output/words.hpp"

#include <nlohmann/json.hpp>

namespace simplealloc::tools {

namespace {

using Json = nlohmann::ordered_json;

template <typename Items, typename Convert>
Json list(const Items& items, Convert convert) {
    Json array = Json::array();
    for (const auto& item : items)
        array.push_back(convert(item));
    return array;
}

Json document() {
    return Json{{"schema", 1}};
}

/// Names from devices and users need not be UTF-8, which JSON must be.
std::string print(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json fact_json(const Fact& fact) {
    return {{"name", fact.name},
            {"value", fact.value},
            {"confidence", to_string(fact.confidence)},
            {"origin", fact.origin}};
}

Json plane_json(const Plane& plane) {
    return {{"dmabuf", plane.dmabuf},
            {"offset", plane.offset},
            {"stride", plane.stride},
            {"size", plane.size}};
}

Json rejection_json(const Rejection& rejection) {
    return {{"source", rejection.source},  {"constraint", rejection.constraint},
            {"reason", rejection.reason},  {"required_by", Json(rejection.required_by)},
            {"remedy", rejection.remedy},  {"needed", rejection.needed},
            {"offered", rejection.offered}};
}

Json contributor_json(const Contributor& contributor) {
    return {{"party", contributor.party},
            {"constraint", contributor.constraint},
            {"value", contributor.value},
            {"confidence", to_string(contributor.confidence)},
            {"origin", contributor.origin}};
}

Json conflict_json(const Conflict& conflict) {
    return {{"constraint", conflict.constraint},
            {"parties", Json(conflict.parties)},
            {"contributors", list(conflict.contributors, contributor_json)}};
}

Json merged_json(const MergedConstraint& merged) {
    return {{"name", merged.name},
            {"value", merged.value},
            {"contributors", list(merged.contributors, contributor_json)}};
}

Json lost_json(const std::optional<Lost>& lost) {
    if (!lost)
        return nullptr;
    return {{"to", lost->to},
            {"criterion", lost->criterion},
            {"value", lost->value},
            {"better_value", lost->better_value},
            {"rank", lost->rank},
            {"better_rank", lost->better_rank},
            {"parties", Json(lost->parties)},
            {"remedy", lost->remedy}};
}

Json relaxation_json(const Relaxation& relaxation) {
    const Layout& layout = relaxation.layout;
    return {{"kind", to_string(relaxation.kind)},
            {"what", relaxation.what},
            {"how", relaxation.how},
            {"rank", relaxation.rank},
            {"source", relaxation.source},
            {"count", relaxation.count},
            {"size", total_size(layout.dmabuf_sizes)},
            {"width", layout.width},
            {"height", layout.height},
            {"fourcc", to_string(layout.fourcc)},
            {"modifier", to_string(layout.modifier)},
            {"planes", list(layout.planes, plane_json)},
            {"party", relaxation.party},
            {"copy_from", relaxation.copy_from},
            {"copy_to", relaxation.copy_to}};
}

Json quota_json(const QuotaState& state) {
    const Quota& quota = state.quota;
    return {{"of", quota.of.empty() ? "total" : quota.of},
            {"bytes", quota.bytes},
            {"held", state.held},
            {"left", state.left()},
            {"sources", Json(state.sources)},
            {"origin", state.origin},
            {"remedy", state.remedy}};
}

Json attempt_json(const Attempt& attempt) {
    return {{"source", attempt.source},          {"stage", to_string(attempt.stage)},
            {"cause", to_string(attempt.cause)}, {"errno", attempt.sys_errno},
            {"message", message_alone(attempt)}, {"remedy", attempt.remedy}};
}

Json candidate_json(const Candidate& candidate) {
    const Layout& layout = candidate.layout;
    return {
        {"source", candidate.source},
        {"backend", candidate.backend},
        {"driver", candidate.driver},
        {"size", total_size(layout.dmabuf_sizes)},
        {"width", layout.width},
        {"height", layout.height},
        {"fourcc", to_string(layout.fourcc)},
        {"modifier", to_string(layout.modifier)},
        {"exact", candidate.exact},
        {"dmabufs", list(layout.dmabuf_sizes,
                         [](std::uint64_t size) {
                             return Json{{"size", size}};
                         })},
        {"planes", list(layout.planes, plane_json)},
        {"criteria", list(candidate.criteria,
                          [](const Criterion& criterion) {
                              return Json{{"name", criterion.name},
                                          {"value", criterion.value},
                                          {"rank", criterion.rank}};
                          })},
        {"unproven", candidate.unproven},
        {"constraints", list(candidate.constraints, merged_json)},
        {"lost", lost_json(candidate.lost)},
    };
}

Json dmabuf_json(const DmaBufReport& dmabuf) {
    return {
        {"size", dmabuf.size}, {"exporter", dmabuf.info.exporter}, {"inode", dmabuf.info.inode}};
}

Json verification_json(const Verification& verification) {
    return {{"device", verification.device},
            {"imported", verification.imported ? Json(*verification.imported) : Json(nullptr)},
            {"how", verification.how},
            {"reason", verification.reason}};
}

void add_buffer(Json& json, const BufferReport& buffer) {
    std::vector<std::uint64_t> sizes;
    for (const DmaBufReport& dmabuf : buffer.dmabufs)
        sizes.push_back(dmabuf.size);
    json["source"] = buffer.source;
    json["size"] = total_size(sizes);
    json["width"] = buffer.width;
    json["height"] = buffer.height;
    json["fourcc"] = to_string(buffer.fourcc);
    json["modifier"] = to_string(buffer.modifier);
    json["dmabufs"] = list(buffer.dmabufs, dmabuf_json);
    json["planes"] = list(buffer.planes, plane_json);
    json["facts"] = list(buffer.facts, fact_json);
    json["verified"] = list(buffer.verified, verification_json);
    json["attempts"] = list(buffer.attempts, attempt_json);
}

Json limit_json(const Limit& limit) {
    const auto value = std::visit([](const auto& known) { return Json(known); }, limit.value);
    Json json = {{"name", to_string(limit.kind)},
                 {"value", value},
                 {"unit", limit.unit},
                 {"confidence", to_string(limit.evidence.confidence)},
                 {"origin", limit.evidence.origin}};
    if (limit.plane)
        json["plane"] = *limit.plane;
    return json;
}

Json format_json(const FormatSupport& format) {
    return {{"fourcc", to_string(format.fourcc)},
            {"modifiers", list(format.modifiers,
                               [](std::uint64_t modifier) {
                                   return Json(to_string(Modifier::named(modifier)));
                               })},
            {"without_modifier", format.without_modifier}};
}

Json set_json(const CapabilitySet& set) {
    const auto known = set.evidence.find(ConstraintKind::format);
    const Evidence formats =
        known != set.evidence.end() ? known->second : Evidence{Confidence::unknown, {}};
    return {{"label", set.label},
            {"import", set.import_path == ImportPath::vmap ? "vmap" : "dma"},
            {"constraints", list(limits_of(set), limit_json)},
            {"formats", list(set.formats, format_json)},
            {"formats_confidence", to_string(formats.confidence)},
            {"formats_origin", formats.origin}};
}

Json stats_json(const SourceStats& stats) {
    Json failures = Json::object();
    for (const auto& [cause, count] : stats.failures)
        failures[std::string(to_string(cause))] = count;
    return {{"source", stats.source.empty() ? Json(nullptr) : Json(stats.source)},
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

Json error_object(const Error& error) {
    return {{"cause", to_string(error.cause)}, {"stage", to_string(error.stage)},
            {"errno", error.sys_errno},        {"object", error.object},
            {"message", message_alone(error)}, {"remedy", error.remedy}};
}

/// Of the paths that could not be asked.
void add_failures(Json& json, std::span<const Error> failures) {
    if (failures.empty())
        return;
    json["error"] = error_object(failures.front());
    json["errors"] = list(failures, error_object);
}

} // namespace

std::string devices_json(std::span<const DeviceReport> devices, std::span<const Error> failures) {
    Json json = document();
    json["devices"] = list(devices, [](const DeviceReport& device) {
        return Json{{"path", device.path},
                    {"subsystem", device.subsystem},
                    {"driver", device.driver},
                    {"uses", list(device.uses, [](Use use) { return Json(to_string(use)); })},
                    {"facts", list(device.facts, fact_json)}};
    });
    add_failures(json, failures);
    return print(json);
}

std::string quirks_json(std::span<const QuirksReport> reports, std::span<const Error> failures) {
    Json json = document();
    json["devices"] = list(reports, [](const QuirksReport& report) {
        return Json{{"path", report.path},
                    {"driver", report.driver},
                    {"quirks", list(report.quirks, [](const AppliedQuirk& quirk) {
                         return Json{{"key", quirk.key},
                                     {"value", quirk.value},
                                     {"scope", quirk.scope},
                                     {"confidence", to_string(quirk.confidence)},
                                     {"overridden", quirk.overridden},
                                     {"file", quirk.file},
                                     {"line", quirk.line},
                                     {"origin", quirk.origin},
                                     {"source", quirk.source}};
                     })}};
    });
    add_failures(json, failures);
    return print(json);
}

std::string file_check_json(const std::string& file, const FileReport& report,
                            const std::string& rows) {
    Json json = document();
    json["file"] = file;
    json[rows] = report.understood;
    json["mistakes"] = list(report.mistakes, [](const FileMistake& mistake) {
        return Json{{"line", mistake.line}, {"text", mistake.text}};
    });
    return print(json);
}

std::string policy_json(std::span<const PolicyValue> values) {
    Json json = document();
    json["policy"] = list(values, [](const PolicyValue& value) {
        return Json{{"section", value.section},
                    {"key", value.key},
                    {"value", value.value},
                    {"origin", value.origin}};
    });
    return print(json);
}

std::string sources_json(std::span<const SourceInfo> sources) {
    Json json = document();
    json["sources"] = list(sources, [](const SourceInfo& source) {
        return Json{{"name", source.name},
                    {"backend", source.backend},
                    {"path", source.path},
                    {"usable", source.usable},
                    {"reason", source.reason},
                    {"remedy", source.remedy},
                    {"facts", list(source.facts, fact_json)}};
    });
    return print(json);
}

std::string capabilities_json(const CapabilityReport& report) {
    Json json = document();
    json["device"] = report.device;
    json["use"] = to_string(report.use);
    json["fourcc"] = to_string(report.fourcc);
    json["sets"] = list(report.sets, set_json);
    return print(json);
}

std::string plan_json(const PlanReport& plan) {
    Json json = document();
    json["request"] = plan.request;
    json["candidates"] = list(plan.candidates, candidate_json);
    json["rejections"] = list(plan.rejections, rejection_json);
    json["conflict"] = list(plan.conflict, conflict_json);
    json["relaxations"] = list(plan.relaxations, relaxation_json);
    json["quotas"] = list(plan.quotas, quota_json);
    return print(json);
}

std::string buffers_json(std::span<const BufferReport> buffers, const std::optional<Stats>& stats) {
    Json json = document();
    if (buffers.size() == 1) {
        add_buffer(json, buffers.front());
    } else {
        json["buffers"] = list(buffers, [](const BufferReport& buffer) {
            Json object = Json::object();
            add_buffer(object, buffer);
            return object;
        });
    }
    if (stats)
        json["stats"] = {{"total", stats_json(stats->total)},
                         {"sources", list(stats->sources, stats_json)}};
    return print(json);
}

std::string error_json(const Error& error, std::optional<std::size_t> failed_buffer) {
    Json json = document();
    json["error"] = error_object(error);
    if (failed_buffer)
        json["error"]["buffer"] = *failed_buffer;
    json["attempts"] = list(error.attempts, attempt_json);
    json["rejections"] = list(error.rejections, rejection_json);
    json["conflict"] = list(error.conflict, conflict_json);
    json["relaxations"] = list(error.relaxations, relaxation_json);
    return print(json);
}

} // namespace simplealloc::tools
