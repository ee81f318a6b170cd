// SPDX-License-Identifier: MIT
// The tables say what was chosen, why, and what to do; they fit the screen.
#include "tools/output/table.hpp"

#include "tools/output/words.hpp"

#include "tests/support/catch.hpp"

#include <cerrno>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace simplealloc;
using namespace simplealloc::tools;
using Catch::Matchers::Contains;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

Candidate candidate(std::string source, std::vector<Criterion> criteria) {
    Candidate result;
    result.source = std::move(source);
    result.backend = "dma-heap";
    result.driver = "dma-heap";
    result.layout.width = 1280;
    result.layout.height = 720;
    result.layout.fourcc = fourcc::xrgb8888;
    result.layout.modifier = Modifier::linear();
    result.layout.planes = {{0, 0, 5120, 3686400}};
    result.layout.dmabuf_sizes = {3686400};
    result.criteria = std::move(criteria);
    return result;
}

std::vector<Candidate> two_heaps() {
    return {candidate("dma-heap:system", {{CriterionKind::proven, "proven", 0},
                                          {CriterionKind::scarcity, "plentiful", 0},
                                          {CriterionKind::policy, "1st", 1},
                                          {CriterionKind::name, "dma-heap:system", 0}}),
            candidate("dma-heap:reserved", {{CriterionKind::proven, "proven", 0},
                                            {CriterionKind::scarcity, "contiguous pool", 1},
                                            {CriterionKind::policy, "1st", 1},
                                            {CriterionKind::name, "dma-heap:reserved", 1}})};
}

const Screen wide{120, false};

} // namespace

TEST_CASE("a policy is told value by value, with who wants it so") {
    const std::vector<PolicyValue> values{
        {"policy", "order", "udmabuf dma-heap", "policy /my.conf [policy]"},
        {"quota", "total", "4096", "caller"}};
    const auto lines = lines_of(policy_text(values, wide));
    REQUIRE(lines.size() == 3);
    CHECK(contains(lines[1], "order"));
    CHECK(contains(lines[1], "udmabuf dma-heap"));
    CHECK(contains(lines[1], "policy /my.conf [policy]"));
    CHECK(contains(lines[2], "caller"));
}

TEST_CASE("a policy file that is right says how many values it has, a wrong one names every line") {
    CHECK(file_check_text("a.conf", {1, {}}, "value") == "a.conf: 1 value\n");
    CHECK(file_check_text("a.conf", {0, {}}, "value") == "a.conf: 0 values\n");
    CHECK(file_check_text("a\x1b.conf", {2, {{3, "unknown key `x`"}, {9, "`\a`"}}}, "value") ==
          "a?.conf:3: unknown key `x`\na?.conf:9: `?`\n");
}

TEST_CASE("a plan says which criterion put the first candidate before the second") {
    const auto candidates = two_heaps();
    REQUIRE(deciding_criterion(candidates) != nullptr);
    CHECK(deciding_criterion(candidates)->kind == CriterionKind::scarcity);
    const std::string text = plan_text({"1280x720 XR24", candidates, {}, {}}, wide);
    CHECK(contains(text, "chosen: dma-heap:system, before dma-heap:reserved by scarcity: "
                         "plentiful, not contiguous pool"));
}

TEST_CASE("a single candidate, or two that are level, has no deciding criterion") {
    auto candidates = two_heaps();
    candidates[1].criteria = candidates[0].criteria;
    CHECK(deciding_criterion(candidates) == nullptr);
    CHECK(contains(plan_text({"", candidates, {}, {}}, wide), "level with dma-heap:reserved"));
    candidates.pop_back();
    CHECK(deciding_criterion(candidates) == nullptr);
    CHECK(contains(plan_text({"", candidates, {}, {}}, wide), "the only source that serves it"));
    CHECK(deciding_criterion({}) == nullptr);
}

TEST_CASE("the candidates have a column for each criterion") {
    const auto candidates = two_heaps();
    const auto lines = lines_of(plan_text({"r", candidates, {}, {}}, wide));
    REQUIRE(lines.size() == 7);
    CHECK(lines[3] == "candidates, best first");
    CHECK(lines[4] ==
          "  #  source             format          size  stride  proven  scarcity         policy");
    CHECK(lines[5] ==
          "  1  dma-heap:system    XR24 LINEAR  3.5 MiB    5120  proven  plentiful        1st");
    CHECK(lines[6] ==
          "  2  dma-heap:reserved  XR24 LINEAR  3.5 MiB    5120  proven  contiguous pool  1st");
}

TEST_CASE("on a narrow screen criteria that are alike are said once, and no line is too long") {
    const auto candidates = two_heaps();
    const Screen narrow{64, false};
    const std::string text = plan_text({"r", candidates, {}, {}}, narrow);
    CHECK(contains(text, "the same for all: proven: proven; policy: 1st"));
    CHECK(contains(text, "scarcity"));
    for (const std::string& line : lines_of(text)) {
        INFO(line);
        CHECK(line.size() <= narrow.width);
    }
}

TEST_CASE("predictions and unproven candidates are marked and explained") {
    auto candidates = two_heaps();
    CHECK_FALSE(contains(plan_text({"", candidates, {}, {}}, wide), "~"));
    candidates[1].exact = false;
    candidates[1].unproven = true;
    const std::string text = plan_text({"", candidates, {}, {}}, wide);
    CHECK(contains(text, "~5120"));
    CHECK(contains(text, "~ predicted"));
    CHECK(contains(text, "--strict rejects them"));
}

TEST_CASE("a plan without candidate shows each rejection with its remedy, and the conflict") {
    const std::vector<Rejection> rejections{{"dma-heap:system",
                                             ConstraintKind::contiguity,
                                             "its memory is scattered",
                                             {"/dev/video0 (capture)"},
                                             {{RemedyKind::advice, {"boot with cma=128M"}}}}};
    const std::vector<Conflict> conflict{
        {ConstraintKind::contiguity, {"/dev/video0 (capture)"}},
        {ConstraintKind::exporter, {"/dev/dri/card0 (scanout)", "egl (sample)"}}};
    const std::string text = plan_text({"r", {}, rejections, conflict}, wide);
    CHECK(contains(text, "no source on this machine serves it"));
    CHECK(contains(text, "  dma-heap:system  contiguity  its memory is scattered  "
                         "/dev/video0 (capture)\n      try: boot with cma=128M\n"));
    CHECK(contains(text, "these can't be met together\n"
                         "  constraint  meaning                                   who\n"
                         "  contiguity  memory in one piece                       "
                         "/dev/video0 (capture)\n"
                         "  exporter    memory from an exporter that is accepted  "
                         "/dev/dri/card0 (scanout) and egl (sample)\n"));
}

TEST_CASE("a conflict says how each side is known, and what would help comes with how to ask") {
    const std::vector<Conflict> conflict{
        {ConstraintKind::contiguity,
         {"/dev/video0 (capture)"},
         {{"/dev/video0 (capture)", ConstraintKind::contiguity, "contiguous memory",
           Confidence::assumed, "default for platform"}}}};
    Relaxation offer;
    offer.kind = RelaxationKind::any_device;
    offer.what = "use memory of a device that is not named";
    offer.how = {{RemedyKind::any_device}};
    offer.source = "drm-dumb:card1";
    offer.layout.fourcc = fourcc::xrgb8888;
    offer.layout.modifier = Modifier::linear();
    offer.layout.dmabuf_sizes = {4096};
    const std::vector<Relaxation> offers{offer};
    const std::string text = plan_text({"r", {}, {}, conflict, offers}, wide);
    CHECK(contains(text, "/dev/video0 (capture)  contiguous memory  assumed     "
                         "default for platform\n"));
    CHECK(contains(text, "what would help, the least loss first\n"));
    CHECK(contains(text,
                   "1  use memory of a device that is not named  drm-dumb:card1  XR24 LINEAR  "
                   "4 KiB\n      try: --any-device\n"));
    Error error;
    error.relaxations = offers;
    CHECK(contains(error_reasons_text(error, wide), "what would help"));
}

TEST_CASE("a plan shows what is left of each quota, and of which sources") {
    const std::vector<QuotaState> quotas{
        {{"dma-heap:linux,cma", 64U << 20U}, 60U << 20U, {"dma-heap:reserved"}, "policy f", ""}};
    const std::string text = plan_text({"64x32 NV12", {}, {}, {}, {}, quotas}, {200, false});
    CHECK_THAT(text, Contains("dma-heap:linux,cma") && Contains("64 MiB") && Contains("60 MiB") &&
                         Contains("4 MiB") && Contains("dma-heap:reserved") &&
                         Contains("policy f"));
    CHECK(plan_text({"64x32 NV12", {}, {}, {}}, {200, false}).find("quota") == std::string::npos);
}

TEST_CASE("why: what each candidate lost by, and who set each of its limits") {
    std::vector<Candidate> candidates{candidate("dma-heap:system", {}), candidate("udmabuf", {})};
    candidates[0].constraints = [] {
        return std::vector<MergedConstraint>{
            {ConstraintKind::stride_align,
             "stride a multiple of 192 bytes",
             {{"a", ConstraintKind::stride_align, "stride a multiple of 64 bytes",
               Confidence::known, "caller"},
              {"b", ConstraintKind::stride_align, "stride a multiple of 96 bytes",
               Confidence::unknown, ""}}}};
    };
    candidates[1].lost =
        Lost{"dma-heap:system",  CriterionKind::policy,           "udmabuf", "dma-heap", 1, 0,
             {"built-in order"}, {RemedyKind::order, {"udmabuf"}}};
    const std::string text = why_text({"r", candidates, {}, {}}, wide);
    CHECK(contains(text, "why not the others\n"));
    CHECK(contains(text, "  udmabuf    dma-heap:system  policy  udmabuf    dma-heap  "
                         "built-in order\n      try: --order udmabuf\n"));
    CHECK(contains(text, "what dma-heap:system keeps to\n"));
    CHECK(contains(text, "stride-align  all together  stride a multiple of 192 bytes\n"));
    CHECK(contains(text, "b             stride a multiple of 96 bytes   unknown     unknown\n"));
    CHECK(why_text({"r", {}, {}, {}}, wide).empty());
}

TEST_CASE("sources that are rejected in the same words share a row") {
    const std::vector<Rejection> rejections{
        {"drm-dumb:card0", ConstraintKind::policy, "not named", {}, {{RemedyKind::advice, {"r"}}}},
        {"udmabuf", ConstraintKind::policy, "not named", {"a"}, {{RemedyKind::advice, {"r"}}}},
        {"drm-dumb:card1", ConstraintKind::policy, "not named", {}, {{RemedyKind::advice, {"r"}}}}};
    const std::string text = plan_text({"r", {}, rejections, {}}, wide);
    CHECK(contains(text, "  drm-dumb:card0, drm-dumb:card1  policy      not named\n      try: r\n"
                         "  udmabuf                         policy      not named  a\n"));
}

TEST_CASE("every constraint of the library has words") {
    for (unsigned i = 0; i <= static_cast<unsigned>(ConstraintKind::policy); ++i) {
        const auto kind = static_cast<ConstraintKind>(i);
        INFO(to_string(kind));
        CHECK_FALSE(need_in_words(kind).empty());
    }
    CHECK(need_in_words(static_cast<ConstraintKind>(99)).empty());
}

TEST_CASE("an error is one line, and the remedy another") {
    Error error;
    error.object = "/dev/dma_heap/system";
    error.detail = "open";
    error.sys_errno = EACCES;
    error.remedy = "add the user to group video";
    CHECK(error_text(error, wide) == "simplealloc: /dev/dma_heap/system: open: Permission denied\n"
                                     "  try: add the user to group video\n");
    CHECK(contains(error_text(error, wide, 3), "simplealloc: buffer 3: /dev/dma_heap/system"));
    error.remedy.clear();
    CHECK_FALSE(contains(error_text(error, wide), "try"));
    CHECK(error_reasons_text(error, wide).empty());
}

TEST_CASE("the reasons of an error have every attempt with its errno") {
    Error error;
    error.attempts = {{"dma-heap:reserved", Stage::allocate, Cause::exhausted, ENOMEM,
                       "no free memory; free some", "free some"},
                      {"udmabuf", Stage::layout, Cause::mismatch, 0, "another size", ""}};
    const std::string text = error_reasons_text(error, wide);
    CHECK(contains(text, "  dma-heap:reserved  allocate  exhausted     12  no free memory\n"
                         "      try: free some\n"));
    CHECK(contains(text, "  udmabuf            layout    mismatch       -  another size\n"));
}

TEST_CASE("an allocated buffer shows dma-bufs, planes and what was verified") {
    const std::vector<DmaBufReport> dmabufs{{3686400, {"system", 77}}};
    const std::vector<Plane> planes{{0, 128, 5120, 3686400}};
    const std::vector<Verification> verified{{"/dev/video0 (capture)", true, "PREPARE_BUF", ""},
                                             {"egl (sample)", std::nullopt, "", "no callback"},
                                             {"/dev/dri/card0 (scanout)", false, "AddFB2", "no"}};
    const std::vector<BufferReport> one{{"dma-heap:system",
                                         1280,
                                         720,
                                         fourcc::xrgb8888,
                                         Modifier::linear(),
                                         dmabufs,
                                         planes,
                                         {},
                                         verified,
                                         {}}};
    const std::string text = buffers_text(one, wide);
    CHECK(contains(text, "allocated from dma-heap:system: 1280x720 XR24 LINEAR\n"));
    CHECK(contains(text, "3.5 MiB (3686400 bytes)  system       77\n"));
    CHECK(contains(text, "128    5120  3686400\n"));
    CHECK(contains(text, "/dev/video0 (capture)     works"));
    CHECK(contains(text, "egl (sample)              not tested"));
    CHECK(contains(text, "/dev/dri/card0 (scanout)  refused"));
    CHECK_FALSE(contains(text, "buffer 1"));

    const std::vector<BufferReport> two{one[0], one[0]};
    CHECK(contains(buffers_text(two, wide), "buffer 2 of 2\n"));
}

TEST_CASE("no devices and no sources are said in words") {
    CHECK(devices_text({}, wide) == "no DRM, accel or V4L2 device on this machine\n");
    CHECK(sources_text({}, wide) == "no source of memory on this machine\n");
}

TEST_CASE("a source that can't be used says why, and what would help") {
    SourceInfo source;
    source.name = "udmabuf";
    source.path = "/dev/udmabuf";
    source.reason = "may not open it";
    source.remedy = "join group kvm";
    CHECK(
        contains(sources_text({&source, 1}, wide),
                 "  udmabuf  no      /dev/udmabuf  may not open it\n      try: join group kvm\n"));
}

TEST_CASE("a device is shown with its facts, their confidence and origin") {
    const DeviceReport device{"/dev/video0",
                              "video4linux",
                              "",
                              {Use::capture},
                              {{"memory", "vmalloc", Confidence::assumed, "CREATE_BUFS"}}};
    const std::string text = device_text(device, wide);
    CHECK(contains(text, "/dev/video0: video4linux, driver unknown, can do: capture\n"));
    CHECK(contains(text, "  memory  vmalloc  assumed     CREATE_BUFS\n"));
    CHECK(
        contains(devices_text({&device, 1}, wide), "  /dev/video0  video4linux  unknown  capture"));
}

TEST_CASE("colour appears only on a screen that has it, and moves no column") {
    const auto candidates = two_heaps();
    CHECK_FALSE(contains(plan_text({"r", candidates, {}, {}}, wide), "\033"));
    std::string coloured = plan_text({"r", candidates, {}, {}}, {120, true});
    CHECK(contains(coloured, "\033[32mdma-heap:system\033[0m"));
    for (std::size_t at = coloured.find('\033'); at != std::string::npos;
         at = coloured.find('\033'))
        coloured.erase(at, coloured.find('m', at) - at + 1);
    CHECK(coloured == plan_text({"r", candidates, {}, {}}, wide));
}

TEST_CASE("control characters in names never reach the terminal") {
    Error error;
    error.object = "/dev/\033[2J\n\xc2\x9b";
    CHECK(error_text(error, wide) == "simplealloc: /dev/?[2J??\n");
    const DeviceReport device{"/dev/video0", "video4linux", "evil\033]0;x\a", {}, {}};
    CHECK(contains(devices_text({&device, 1}, wide), "evil?]0;x?"));
    CHECK_FALSE(contains(device_text(device, wide), "\033"));
}

TEST_CASE("tables wrap at spaces, keep long words whole, and count characters, not bytes") {
    TextTable table({{"a"}, {"b"}, {"n", true}});
    table.add({{"caf\xc3\xa9"}, {"one two three four"}, {"7"}});
    table.add({{"tea"}, {"five"}, {"10"}}, "a note that goes below");
    CHECK(table.render({22, false}) == "  a     b            n\n"
                                       "  caf\xc3\xa9  one two      7\n"
                                       "        three four\n"
                                       "  tea   five        10\n"
                                       "      a note that goes\n"
                                       "      below\n");
    CHECK(table.fits({22, false}));
    CHECK_FALSE(table.fits({12, false}));
    CHECK(contains(table.render({12, false}), "three"));
}

TEST_CASE("a column that is empty in every row is left out") {
    TextTable table({{"a"}, {"nothing"}, {"c"}});
    table.add({{"1"}, {}, {"3"}});
    table.add({{"one"}, {}, {}});
    CHECK(table.render({80, false}) == "  a    c\n  1    3\n  one\n");
}

TEST_CASE("sizes are short and never rounded up") {
    const std::vector<std::pair<std::uint64_t, std::string>> rows{
        {0, "0 bytes"},
        {1, "1 byte"},
        {1023, "1023 bytes"},
        {1024, "1 KiB"},
        {3686400, "3.5 MiB"},
        {4194304, "4 MiB"},
        {4194303, "3.9 MiB"},
        {std::uint64_t{1} << 50U, "1 PiB"},
        {std::numeric_limits<std::uint64_t>::max(), "15.9 EiB"},
    };
    for (const auto& [bytes, words] : rows)
        CHECK(size_in_words(bytes) == words);
    CHECK(exact_size_in_words(1023) == "1023 bytes");
    CHECK(exact_size_in_words(3686400) == "3.5 MiB (3686400 bytes)");
    CHECK(exact_size_in_words(4194304) == "4 MiB");
    CHECK(exact_size_in_words(std::uint64_t{1} << 62U) == "4 EiB");
    const std::vector<std::uint64_t> huge{std::numeric_limits<std::uint64_t>::max(), 1};
    CHECK(total_size(huge) == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a request of several buffers says how many") {
    Request request;
    request.size = 4096;
    request.count = 3;
    CHECK(request_in_words(request) ==
          "4 KiB, 3 buffers, for the CPU alone; the CPU does not touch it");
}

TEST_CASE("a request reads as a sentence") {
    RequestBuilder request = Request::image(1280, 720, fourcc::xrgb8888);
    DeviceDescription camera;
    camera.name = "camera";
    DeviceDescription display;
    display.name = "display";
    request.use(Device::described(camera), Use::capture)
        .use(Device::described(display), Use::scanout);
    CHECK(request_in_words(request) == "1280x720 XR24 for camera (capture) and display "
                                       "(scanout); the CPU does not touch it");
    CHECK(request_in_words(Request::bytes(4194304).cpu(CpuAccess::read_often).strict()) ==
          "4 MiB for the CPU alone; the CPU reads it often; nothing unproven");
}

TEST_CASE("quirks are told with their place, and what does not count is marked") {
    QuirksReport report{"/dev/video0", "unicam", {}};
    CHECK(quirks_text(report, wide) == "/dev/video0: driver unicam, no quirk row is for it\n");
    report.quirks = {{"stride-align", "32", "role = capture", Confidence::known, "mine.quirks", 7,
                      "quirk mine.quirks [video4linux:unicam] (role = capture)", "unicam.c", false},
                     {"memory", "dma-contig", "", Confidence::assumed, "mine.quirks", 1,
                      "quirk mine.quirks [video4linux:unicam]", "unicam.c", true}};
    const auto lines = lines_of(quirks_text(report, wide));
    REQUIRE(lines.size() == 4);
    CHECK(lines[0] == "/dev/video0: driver unicam");
    CHECK(contains(lines[2], "stride-align  32"));
    CHECK(contains(lines[2], "role = capture"));
    CHECK(contains(lines[2], "mine.quirks:7"));
    CHECK(contains(lines[2], "unicam.c"));
    CHECK(contains(lines[3], "overridden"));
    CHECK_FALSE(contains(lines[2], "overridden"));
}

TEST_CASE("a quirk file that is right says how many rows it has, a wrong one names every line") {
    CHECK(file_check_text("a.quirks", {1, {}}, "row") == "a.quirks: 1 row\n");
    CHECK(file_check_text("a.quirks", {0, {}}, "row") == "a.quirks: 0 rows\n");
    CHECK(file_check_text("a\x1b.quirks", {2, {{3, "unknown key `x`"}, {9, "`\a`"}}}, "row") ==
          "a?.quirks:3: unknown key `x`\na?.quirks:9: `?`\n");
}
