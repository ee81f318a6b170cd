// SPDX-License-Identifier: MIT
// Pins schema 2: every key of every document.
#include "tools/output/json.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/document.hpp"

#include <cerrno>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

using namespace simplealloc;
using namespace simplealloc::tools;
using simplealloc::test::document;
using Json = nlohmann::json;

namespace {

using Keys = std::set<std::string>;

Keys keys(const Json& object) {
    Keys names;
    for (const auto& item : object.items())
        names.insert(item.key());
    return names;
}

const Keys fact_keys{"name", "value", "confidence", "origin"};
const Keys plane_keys{"dmabuf", "offset", "stride", "size"};
const Keys attempt_keys{"source", "stage", "cause", "errno", "message", "remedy"};
const Keys rejection_keys{"source", "constraint", "reason", "parties",
                          "remedy", "needed",     "offered"};
const Keys contributor_keys{"party", "constraint", "value", "confidence", "origin"};
const Keys lost_keys{"better_source", "criterion",   "value",   "better_value",
                     "rank",          "better_rank", "parties", "remedy"};
const Keys relaxation_keys{"kind",  "what",      "remedy",  "rank",     "source",  "size",
                           "width", "height",    "fourcc",  "modifier", "dmabufs", "planes",
                           "party", "copy_from", "copy_to", "count"};
const Keys quota_keys{"of", "bytes", "held", "left", "sources", "origin", "remedy"};
const Keys error_keys{"cause", "stage", "errno", "object", "message", "remedy"};
const Keys buffer_keys{"source",  "size",   "width", "height",   "fourcc",  "modifier",
                       "dmabufs", "planes", "facts", "verified", "attempts"};

Candidate nv12_candidate() {
    Candidate candidate;
    candidate.source = "dma-heap:system";
    candidate.backend = "dma-heap";
    candidate.driver = "system_heap";
    candidate.layout.width = 64;
    candidate.layout.height = 32;
    candidate.layout.fourcc = fourcc::nv12;
    candidate.layout.modifier = Modifier::linear();
    candidate.layout.planes = {{0, 0, 64, 2048}, {1, 0, 64, 1024}};
    candidate.layout.dmabuf_sizes = {4096, 8192};
    candidate.exact = false;
    candidate.unproven = true;
    candidate.criteria = {{CriterionKind::scarcity, "plentiful", 0}};
    candidate.constraints = [] {
        return std::vector<MergedConstraint>{
            {ConstraintKind::max_stride,
             "stride at most 8 bytes",
             {{"a", ConstraintKind::max_stride, "8", Confidence::assumed, "x"}}}};
    };
    candidate.lost = Lost{"udmabuf",  CriterionKind::policy,           "b", "a", 2, 1,
                          {"caller"}, {RemedyKind::order, {"udmabuf"}}};
    return candidate;
}

Relaxation relaxation() {
    Relaxation offer;
    offer.kind = RelaxationKind::any_device;
    offer.what = "another";
    offer.how = {{RemedyKind::any_device}};
    offer.rank = 3000;
    offer.source = "drm-dumb:card1";
    offer.layout.dmabuf_sizes = {4096};
    return offer;
}

Rejection rejection() {
    return {"dma-heap:system",
            ConstraintKind::contiguity,
            "scattered",
            {"/dev/video0 (capture)", "b"},
            {{RemedyKind::advice, {"cma=64M"}}}};
}

Attempt attempt() {
    return {"dma-heap:reserved", Stage::allocate, Cause::exhausted, ENOMEM, "no memory", "wait"};
}

struct AllocatedBuffer {
    std::vector<DmaBufReport> dmabufs{{4096, {"system", 77}}};
    std::vector<Plane> planes{{0, 0, 0, 4096}};
    std::vector<Fact> facts{{"zeroed", "yes", Confidence::known, "kernel"}};
    std::vector<Verification> verified{{"a", true, "PRIME import", ""},
                                       {"b", false, "AddFB2", "EINVAL"},
                                       {"c", std::nullopt, "", "queue not ours"}};
    std::vector<Attempt> attempts{attempt()};

    [[nodiscard]] BufferReport report() const {
        return {"dma-heap:system", 0,      0,     fourcc::bytes, Modifier::linear(),
                dmabufs,           planes, facts, verified,      attempts};
    }
};

} // namespace

TEST_CASE("a policy document has every value with its origin") {
    const std::vector<PolicyValue> values{{"policy", "strict", "yes", "caller"}};
    CHECK(document(policy_json(values)) == Json::parse(R"({"schema": 2, "policy": [
        {"section": "policy", "key": "strict", "value": "yes", "origin": "caller"}]})"));
}

TEST_CASE("the check of a policy file is a document with every mistake") {
    const Json json = document(file_check_json("a.conf", {2, {{3, "unknown key `x`"}}}));
    CHECK(json == Json::parse(R"({"schema": 2, "file": "a.conf", "understood": 2,
        "mistakes": [{"line": 3, "message": "unknown key `x`"}]})"));
}

TEST_CASE("a plan document has its lists under the documented keys") {
    const std::vector<Candidate> candidates{nv12_candidate()};
    const std::vector<Rejection> rejections{rejection()};
    const std::vector<Conflict> conflict{
        {ConstraintKind::exporter,
         {"a", "b"},
         {{"a", ConstraintKind::exporter, "its own", Confidence::known, "quirk"}}}};
    const std::vector<Relaxation> offers{relaxation()};
    const std::vector<QuotaState> quotas{{{"", 64}, 60, {"udmabuf"}, "caller", "raise it"}};
    const Json json =
        document(plan_json({"64x32 NV12", candidates, rejections, conflict, offers, quotas}));
    CHECK(keys(json) == Keys{"schema", "request", "candidates", "rejections", "conflict",
                             "relaxations", "quotas"});
    CHECK(json.at("schema") == 2);

    const Json& candidate = json.at("candidates").at(0);
    CHECK(keys(candidate) == Keys{"source", "backend", "driver", "size", "width", "height",
                                  "fourcc", "modifier", "exact", "dmabufs", "planes", "criteria",
                                  "unproven", "constraints", "lost"});
    CHECK(candidate.at("source") == "dma-heap:system");
    CHECK(candidate.at("driver") == "system_heap");
    CHECK(candidate.at("size") == 12288);
    CHECK(candidate.at("fourcc") == "NV12");
    CHECK(candidate.at("modifier") == "LINEAR");
    CHECK(candidate.at("exact") == false);
    CHECK(candidate.at("unproven") == true);
    CHECK(candidate.at("dmabufs") == Json::parse(R"([{"size": 4096}, {"size": 8192}])"));
    CHECK(keys(candidate.at("planes").at(1)) == plane_keys);
    CHECK(candidate.at("planes").at(1) ==
          Json::parse(R"({"dmabuf": 1, "offset": 0, "stride": 64, "size": 1024})"));
    CHECK(candidate.at("criteria") ==
          Json::parse(R"([{"criterion": "scarcity", "value": "plentiful", "rank": 0}])"));

    CHECK(keys(json.at("rejections").at(0)) == rejection_keys);
    CHECK(json.at("rejections").at(0).at("parties") ==
          Json::parse(R"json(["/dev/video0 (capture)", "b"])json"));
    const Json& part = json.at("conflict").at(0);
    CHECK(keys(part) == Keys{"constraint", "parties", "contributors"});
    CHECK(part.at("parties") == Json::parse(R"(["a", "b"])"));
    CHECK(keys(part.at("contributors").at(0)) == contributor_keys);

    const Json& merged = candidate.at("constraints").at(0);
    CHECK(keys(merged) == Keys{"constraint", "value", "contributors"});
    CHECK(merged.at("contributors").at(0).at("confidence") == "assumed");
    CHECK(keys(candidate.at("lost")) == lost_keys);
    CHECK(candidate.at("lost").at("better_rank") == 1);
    const Json& offer = json.at("relaxations").at(0);
    CHECK(keys(offer) == relaxation_keys);
    CHECK(offer.at("kind") == "any-device");
    CHECK(offer.at("size") == 4096);
    CHECK(offer.at("count") == 1);
    const Json& quota = json.at("quotas").at(0);
    CHECK(keys(quota) == quota_keys);
    CHECK(quota.at("of") == "total");
    CHECK(quota.at("left") == 4);
}

TEST_CASE("empty lists are empty arrays, never null or missing") {
    const Json json = document(plan_json({"4096 bytes", {}, {}, {}}));
    for (const char* key : {"candidates", "rejections", "conflict", "relaxations"})
        CHECK((json.at(key).is_array() && json.at(key).empty()));
    CHECK(document(devices_json({}, {})) == Json::parse(R"({"schema": 2, "devices": []})"));
    CHECK(document(sources_json({})) == Json::parse(R"({"schema": 2, "sources": []})"));

    const Candidate candidate;
    const Json bare = document(plan_json({"", {&candidate, 1}, {}, {}})).at("candidates").at(0);
    for (const char* key : {"dmabufs", "planes", "criteria", "constraints"})
        CHECK((bare.at(key).is_array() && bare.at(key).empty()));
    CHECK(bare.at("lost").is_null());

    const Rejection nobody;
    const Json none = document(plan_json({"", {}, {&nobody, 1}, {}})).at("rejections").at(0);
    CHECK((none.at("parties").is_array() && none.at("parties").empty()));
}

TEST_CASE("statistics are a key of their own, for each source and for all") {
    const AllocatedBuffer buffer;
    const BufferReport report = buffer.report();
    Stats stats;
    SourceStats& one = stats.sources.emplace_back();
    one.source = "dma-heap:system";
    one.peak_bytes = 4096;
    one.failures = {{Cause::fd_limit, 2}};
    const Json json = document(buffers_json({&report, 1}, stats)).at("stats");
    CHECK(keys(json) == Keys{"total", "sources"});
    const Json source = json.at("sources").at(0);
    CHECK(keys(source) == Keys{"source", "bytes", "peak_bytes", "buffers", "peak_buffers",
                               "allocations", "fallbacks", "imports_passed", "imports_refused",
                               "imports_untested", "failures"});
    CHECK(keys(json.at("total")) == keys(source));
    CHECK(json.at("total").at("source").is_null());
    CHECK(source.at("source") == "dma-heap:system");
    CHECK(source.at("peak_bytes") == 4096);
    CHECK(source.at("failures") == Json{{"fd-limit", 2}});
}

TEST_CASE("buffers are a list, also where there is one") {
    const AllocatedBuffer buffer;
    const BufferReport report = buffer.report();
    const Json whole = document(buffers_json({&report, 1}));
    CHECK(keys(whole) == Keys{"schema", "buffers"});
    CHECK(whole.at("schema") == 2);
    REQUIRE(whole.at("buffers").size() == 1);
    const Json& json = whole.at("buffers").at(0);
    CHECK(keys(json) == buffer_keys);
    CHECK(json.at("source") == "dma-heap:system");
    CHECK(json.at("fourcc") == "bytes");
    CHECK(json.at("dmabufs") ==
          Json::parse(R"([{"size": 4096, "exporter": "system", "inode": 77}])"));
    CHECK(keys(json.at("planes").at(0)) == plane_keys);
    CHECK(keys(json.at("facts").at(0)) == fact_keys);
    CHECK(keys(json.at("attempts").at(0)) == attempt_keys);
    for (const Json& verification : json.at("verified"))
        CHECK(keys(verification) == Keys{"party", "imported", "how", "reason"});
    CHECK(json.at("verified").at(0).at("imported") == true);
    CHECK(json.at("verified").at(1).at("imported") == false);
    CHECK(json.at("verified").at(2).at("imported").is_null());
}

TEST_CASE("several buffers are a list, each with the keys of one") {
    const AllocatedBuffer buffer;
    const std::vector<BufferReport> reports{buffer.report(), buffer.report()};
    const Json json = document(buffers_json(reports));
    CHECK(keys(json) == Keys{"schema", "buffers"});
    REQUIRE(json.at("buffers").size() == 2);
    CHECK(keys(json.at("buffers").at(1)) == buffer_keys);
}

TEST_CASE("a failure's document has the error and everything behind it") {
    Error error;
    error.cause = Cause::denied;
    error.stage = Stage::open;
    error.sys_errno = EACCES;
    error.object = "/dev/dma_heap/system";
    error.detail = "cannot open";
    error.remedy = "join group video";
    error.attempts = {attempt()};
    error.rejections = {rejection()};
    error.conflict = {{ConstraintKind::exporter, {"a"}}};
    error.relaxations = {relaxation()};
    const Json json = document(error_json(error));
    CHECK(keys(json) ==
          Keys{"schema", "error", "attempts", "rejections", "conflict", "relaxations"});
    CHECK(json.at("schema") == 2);
    CHECK(keys(json.at("error")) == error_keys);
    CHECK(json.at("error")["cause"] == "denied");
    CHECK(json.at("error")["stage"] == "open");
    CHECK(json.at("error")["errno"] == EACCES);
    CHECK(json.at("error")["object"] == "/dev/dma_heap/system");
    CHECK(json.at("error")["message"] == "/dev/dma_heap/system: cannot open: Permission denied");
    CHECK(json.at("error")["remedy"] == "join group video");
    CHECK(json.at("attempts") ==
          Json::parse(R"([{"source": "dma-heap:reserved", "stage": "allocate",
        "cause": "exhausted", "errno": 12, "message": "no memory", "remedy": "wait"}])"));
    CHECK(keys(json.at("rejections").at(0)) == rejection_keys);
    CHECK(keys(json.at("conflict").at(0)) == Keys{"constraint", "parties", "contributors"});
    CHECK(keys(json.at("relaxations").at(0)) == relaxation_keys);
}

TEST_CASE("a failure among several buffers says which one") {
    CHECK(document(error_json(Error{}, 3)).at("error")["buffer"] == 3);
    CHECK_FALSE(document(error_json(Error{})).at("error").contains("buffer"));
}

TEST_CASE("a devices document has what was found and what failed") {
    const std::vector<DeviceReport> devices{
        {"/dev/video0",
         "video4linux",
         "vivid",
         {Use::capture, Use::m2m_out},
         {{"memory", "vmalloc", Confidence::assumed, "quirk"}}}};
    Error gone;
    gone.cause = Cause::gone;
    gone.object = "/dev/video9";
    const std::vector<Error> failures{gone, Error{}};

    const Json json = document(devices_json(devices, failures));
    CHECK(keys(json) == Keys{"schema", "devices", "error", "errors"});
    const Json& device = json.at("devices").at(0);
    CHECK(keys(device) == Keys{"path", "subsystem", "driver", "uses", "facts"});
    CHECK(device.at("uses") == Json::parse(R"(["capture", "m2m-out"])"));
    CHECK(device.at("facts") == Json::parse(R"([{"name": "memory", "value": "vmalloc",
        "confidence": "assumed", "origin": "quirk"}])"));
    CHECK(keys(json.at("error")) == error_keys);
    CHECK(json.at("error")["object"] == "/dev/video9");
    CHECK(json.at("errors").size() == 2);
}

TEST_CASE("a quirks document has every key with its place, whether it counts or not") {
    const std::vector<QuirksReport> reports{
        {"/dev/video0",
         "unicam",
         {{"stride-align", "32", "role = capture", Confidence::assumed, "mine.quirks", 7,
           "quirk mine.quirks [video4linux:unicam] (role = capture)", "unicam.c", true}}}};
    Error error;
    error.object = "/dev/video9";
    const Json json = document(quirks_json(reports, {&error, 1}));
    CHECK(keys(json) == Keys{"schema", "devices", "error", "errors"});
    const Json& device = json.at("devices").at(0);
    CHECK(keys(device) == Keys{"path", "driver", "quirks"});
    CHECK(device.at("quirks") == Json::parse(R"json([{"key": "stride-align", "value": "32",
        "scope": "role = capture", "confidence": "assumed", "overridden": true,
        "file": "mine.quirks", "line": 7,
        "origin": "quirk mine.quirks [video4linux:unicam] (role = capture)",
        "reference": "unicam.c"}])json"));
    CHECK(document(quirks_json({}, {})).at("devices").empty());
}

TEST_CASE("the check of a quirk file is a document with every mistake") {
    const Json json = document(file_check_json("a.quirks", {2, {{3, "unknown key `x`"}}}));
    CHECK(json == Json::parse(R"({"schema": 2, "file": "a.quirks", "understood": 2,
        "mistakes": [{"line": 3, "message": "unknown key `x`"}]})"));
}

TEST_CASE("a sources document has every source with its facts") {
    SourceInfo source;
    source.name = "udmabuf";
    source.backend = "udmabuf";
    source.path = "/dev/udmabuf";
    source.reason = "may not open it";
    source.remedy = "join group kvm";
    source.facts = {{"size-limit", "64 MiB", Confidence::known, "sysfs"}};
    const Json json = document(sources_json({&source, 1}));
    CHECK(keys(json) == Keys{"schema", "sources"});
    CHECK(keys(json.at("sources").at(0)) ==
          Keys{"source", "backend", "path", "usable", "reason", "remedy", "facts"});
    CHECK(json.at("sources").at(0).at("usable") == false);
    CHECK(keys(json.at("sources").at(0).at("facts").at(0)) == fact_keys);
}

TEST_CASE("a capabilities document has the limits and formats of every alternative") {
    CapabilityReport report{"/dev/video0", Use::capture, fourcc::nv12, {{}, {}}};
    CapabilitySet& set = report.sets[0];
    set.constraints.stride_align = 64;
    set.constraints.planes[1].min_size = 4096;
    set.constraints.max_address = 0xffffffff;
    set.constraints.placements = Placements::of(Placement::per_plane);
    set.constraints.exporters = {{"gpu"}};
    set.evidence[ConstraintKind::stride_align] = {Confidence::known, "quirk x"};
    set.evidence[ConstraintKind::format] = {Confidence::assumed, "default"};
    set.formats = {{fourcc::nv12, {0, 1}, true}};
    set.label = "NM12";
    report.sets[1].import_path = ImportPath::vmap;

    const Json json = document(capabilities_json(report));
    CHECK(keys(json) == Keys{"schema", "path", "use", "fourcc", "sets"});
    CHECK(json.at("use") == "capture");
    CHECK(json.at("fourcc") == "NV12");
    const Json& first = json.at("sets").at(0);
    CHECK(keys(first) == Keys{"label", "import", "constraints", "formats", "formats_confidence",
                              "formats_origin"});
    CHECK(first.at("formats") == Json::parse(R"([{"fourcc": "NV12",
        "modifiers": ["LINEAR", "0x0000000000000001"], "without_modifier": true}])"));
    CHECK(first.at("formats_confidence") == "assumed");
    CHECK(first.at("constraints") == Json::parse(R"([
        {"constraint": "stride-align", "value": 64, "unit": "bytes", "plane": null,
         "confidence": "known", "origin": "quirk x"},
        {"constraint": "min-size", "value": 4096, "unit": "bytes", "confidence": "unknown",
         "origin": "", "plane": 1},
        {"constraint": "address-window", "value": ["0x0", "0xffffffff"], "unit": "", "plane": null,
         "confidence": "unknown", "origin": ""},
        {"constraint": "placement", "value": ["per-plane"], "unit": "", "plane": null, "confidence": "unknown",
         "origin": ""},
        {"constraint": "exporter", "value": ["gpu"], "unit": "", "plane": null, "confidence": "unknown",
         "origin": ""}])"));
    CHECK(json.at("sets").at(1).at("constraints").empty());
    CHECK(json.at("sets").at(1).at("import") == "vmap");
}

TEST_CASE("numbers are exact 64-bit integers") {
    AllocatedBuffer buffer;
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    buffer.dmabufs = {{most, {"", most}}};
    const BufferReport report = buffer.report();
    const std::string text = buffers_json({&report, 1});
    CHECK(text.find("\"inode\": 18446744073709551615") != std::string::npos);
    const Json json = document(text).at("buffers").at(0);
    CHECK(json.at("dmabufs").at(0).at("size").get<std::uint64_t>() == most);
    CHECK(json.at("size").get<std::uint64_t>() == most);
}

TEST_CASE("text that is not UTF-8 still makes a document") {
    const std::vector<DeviceReport> devices{{"/dev/\xff", "drm", "", {}, {}}};
    const Json json = document(devices_json(devices, {}));
    CHECK(json.at("devices").at(0).at("path") == "/dev/\xef\xbf\xbd");
}
