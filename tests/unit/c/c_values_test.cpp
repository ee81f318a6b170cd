// SPDX-License-Identifier: MIT
// Plain values of the C API: names, formats, layouts, capability sets, versions of structs.
#include "lib/c/arguments.hpp"
#include "lib/c/guard.hpp"
#include "tests/support/c_objects.hpp"
#include "tests/support/catch.hpp"

#include <simplealloc/constraints.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

using namespace simplealloc;
using namespace simplealloc::test;

namespace {

template <typename Enum>
struct Names {
    const char* (*to_string)(Enum);
    std::vector<std::pair<Enum, const char*>> names;
};

/// In their order, each with its own name.
template <typename Enum>
void check_names(const Names<Enum>& wanted) {
    int next = 0;
    for (const auto& [value, name] : wanted.names) {
        CHECK(static_cast<int>(value) == next++);
        CHECK(wanted.to_string(value) == std::string_view(name));
    }
}

/// A struct as a header of another version has it.
template <typename T, std::size_t Size>
struct Resized {
    alignas(T) std::array<unsigned char, Size> bytes{};

    explicit Resized(const T& from) {
        std::memcpy(bytes.data(), &from, std::min(Size, sizeof(T)));
        constexpr std::size_t size = Size;
        std::memcpy(bytes.data(), &size, sizeof(size));
    }
    [[nodiscard]] const T* get() const { return reinterpret_cast<const T*>(bytes.data()); }
};

} // namespace

TEST_CASE("enumerators of C have the names that those of C++ have") {
    check_names<simplealloc_cause>({simplealloc_cause_to_string,
                                    {{SIMPLEALLOC_CAUSE_EXHAUSTED, "exhausted"},
                                     {SIMPLEALLOC_CAUSE_DENIED, "denied"},
                                     {SIMPLEALLOC_CAUSE_GONE, "gone"},
                                     {SIMPLEALLOC_CAUSE_UNSUPPORTED, "unsupported"},
                                     {SIMPLEALLOC_CAUSE_LIMIT, "limit"},
                                     {SIMPLEALLOC_CAUSE_FD_LIMIT, "fd-limit"},
                                     {SIMPLEALLOC_CAUSE_INTERRUPTED, "interrupted"},
                                     {SIMPLEALLOC_CAUSE_OUR_BUG, "our-bug"},
                                     {SIMPLEALLOC_CAUSE_INVALID, "invalid"},
                                     {SIMPLEALLOC_CAUSE_UNSATISFIABLE, "unsatisfiable"},
                                     {SIMPLEALLOC_CAUSE_MISMATCH, "mismatch"},
                                     {SIMPLEALLOC_CAUSE_REFUSED, "refused"},
                                     {SIMPLEALLOC_CAUSE_BUSY, "busy"}}});
    check_names<simplealloc_stage>({simplealloc_stage_to_string,
                                    {{SIMPLEALLOC_STAGE_REQUEST, "request"},
                                     {SIMPLEALLOC_STAGE_DISCOVER, "discover"},
                                     {SIMPLEALLOC_STAGE_PLAN, "plan"},
                                     {SIMPLEALLOC_STAGE_OPEN, "open"},
                                     {SIMPLEALLOC_STAGE_ALLOCATE, "allocate"},
                                     {SIMPLEALLOC_STAGE_EXPORT_FD, "export"},
                                     {SIMPLEALLOC_STAGE_LAYOUT, "layout"},
                                     {SIMPLEALLOC_STAGE_VERIFY, "verify"},
                                     {SIMPLEALLOC_STAGE_MAP, "map"},
                                     {SIMPLEALLOC_STAGE_SYNC, "sync"},
                                     {SIMPLEALLOC_STAGE_SHARE, "share"},
                                     {SIMPLEALLOC_STAGE_IMPORT_FD, "import"},
                                     {SIMPLEALLOC_STAGE_ACQUIRE, "acquire"}}});
    check_names<simplealloc_use>({simplealloc_use_to_string,
                                  {{SIMPLEALLOC_USE_SCANOUT, "scanout"},
                                   {SIMPLEALLOC_USE_RENDER, "render"},
                                   {SIMPLEALLOC_USE_SAMPLE, "sample"},
                                   {SIMPLEALLOC_USE_CAPTURE, "capture"},
                                   {SIMPLEALLOC_USE_ENCODE, "encode"},
                                   {SIMPLEALLOC_USE_DECODE, "decode"},
                                   {SIMPLEALLOC_USE_M2M_IN, "m2m-in"},
                                   {SIMPLEALLOC_USE_M2M_OUT, "m2m-out"},
                                   {SIMPLEALLOC_USE_CURSOR, "cursor"},
                                   {SIMPLEALLOC_USE_READ, "read"},
                                   {SIMPLEALLOC_USE_WRITE, "write"}}});
    check_names<simplealloc_cpu_access>({simplealloc_cpu_access_to_string,
                                         {{SIMPLEALLOC_CPU_NONE, "none"},
                                          {SIMPLEALLOC_CPU_WRITE, "write"},
                                          {SIMPLEALLOC_CPU_READ_RARELY, "read-rarely"},
                                          {SIMPLEALLOC_CPU_READ_OFTEN, "read-often"}}});
    check_names<simplealloc_confidence>({simplealloc_confidence_to_string,
                                         {{SIMPLEALLOC_CONFIDENCE_KNOWN, "known"},
                                          {SIMPLEALLOC_CONFIDENCE_ASSUMED, "assumed"},
                                          {SIMPLEALLOC_CONFIDENCE_UNKNOWN, "unknown"}}});
    check_names<simplealloc_verdict>({simplealloc_verdict_to_string,
                                      {{SIMPLEALLOC_VERDICT_KEEP, "keep"},
                                       {SIMPLEALLOC_VERDICT_IMPORT_AS_IS, "import-as-is"},
                                       {SIMPLEALLOC_VERDICT_REALLOCATE, "reallocate"},
                                       {SIMPLEALLOC_VERDICT_COPY, "copy"},
                                       {SIMPLEALLOC_VERDICT_NONE, "none"}}});
    check_names<simplealloc_hotplug_kind>({simplealloc_hotplug_kind_to_string,
                                           {{SIMPLEALLOC_HOTPLUG_ADDED, "added"},
                                            {SIMPLEALLOC_HOTPLUG_REMOVED, "removed"},
                                            {SIMPLEALLOC_HOTPLUG_CHANGED, "changed"},
                                            {SIMPLEALLOC_HOTPLUG_RESCAN, "rescan"}}});
    check_names<simplealloc_hotplug_subject>({simplealloc_hotplug_subject_to_string,
                                              {{SIMPLEALLOC_HOTPLUG_DEVICE, "device"},
                                               {SIMPLEALLOC_HOTPLUG_HEAP, "heap"},
                                               {SIMPLEALLOC_HOTPLUG_MACHINE, "machine"}}});
    check_names<simplealloc_criterion_kind>({simplealloc_criterion_kind_to_string,
                                             {{SIMPLEALLOC_CRITERION_PROVEN, "proven"},
                                              {SIMPLEALLOC_CRITERION_LAYOUT, "layout"},
                                              {SIMPLEALLOC_CRITERION_CPU_FIT, "cpu-fit"},
                                              {SIMPLEALLOC_CRITERION_SCARCITY, "scarcity"},
                                              {SIMPLEALLOC_CRITERION_SIDE_EFFECTS, "side-effects"},
                                              {SIMPLEALLOC_CRITERION_POLICY, "policy"},
                                              {SIMPLEALLOC_CRITERION_NAME, "name"}}});
    check_names<simplealloc_remedy_kind>(
        {simplealloc_remedy_kind_to_string,
         {{SIMPLEALLOC_REMEDY_ADVICE, "advice"},
          {SIMPLEALLOC_REMEDY_ORDER, "order"},
          {SIMPLEALLOC_REMEDY_LEAVE_OUT, "leave-out"},
          {SIMPLEALLOC_REMEDY_LET_IN, "let-in"},
          {SIMPLEALLOC_REMEDY_ANY_DEVICE, "any-device"},
          {SIMPLEALLOC_REMEDY_NOT_STRICT, "not-strict"},
          {SIMPLEALLOC_REMEDY_CPU, "cpu"},
          {SIMPLEALLOC_REMEDY_OPEN_MODIFIER, "open-modifier"},
          {SIMPLEALLOC_REMEDY_LINEAR, "linear"},
          {SIMPLEALLOC_REMEDY_FORMAT, "format"},
          {SIMPLEALLOC_REMEDY_IMAGE_SIZE, "image-size"},
          {SIMPLEALLOC_REMEDY_CROP, "crop"},
          {SIMPLEALLOC_REMEDY_COUNT, "count"},
          {SIMPLEALLOC_REMEDY_BYTES, "bytes"},
          {SIMPLEALLOC_REMEDY_LESS, "less"},
          {SIMPLEALLOC_REMEDY_IMAGE, "image"},
          {SIMPLEALLOC_REMEDY_DRM_FORMAT, "drm-format"},
          {SIMPLEALLOC_REMEDY_ACCEPTED_FORMAT, "accepted-format"},
          {SIMPLEALLOC_REMEDY_OTHER_FORMAT, "other-format"},
          {SIMPLEALLOC_REMEDY_OTHER_SIZE, "other-size"},
          {SIMPLEALLOC_REMEDY_EACH_PLANE, "each-plane"},
          {SIMPLEALLOC_REMEDY_APART, "apart"},
          {SIMPLEALLOC_REMEDY_COPY, "copy"},
          {SIMPLEALLOC_REMEDY_COPY_ONE, "copy-one"},
          {SIMPLEALLOC_REMEDY_PROTECTED_USE, "protected-use"},
          {SIMPLEALLOC_REMEDY_FEWER_WAYS, "fewer-ways"},
          {SIMPLEALLOC_REMEDY_BUDGET, "budget"},
          {SIMPLEALLOC_REMEDY_ALLOW_IN_ENVIRONMENT, "allow-in-environment"},
          {SIMPLEALLOC_REMEDY_ALLOW_IN_POLICY, "allow-in-policy"},
          {SIMPLEALLOC_REMEDY_SOURCE, "source"},
          {SIMPLEALLOC_REMEDY_OTHER_SOURCE, "other-source"},
          {SIMPLEALLOC_REMEDY_CONTIGUOUS_MEMORY, "contiguous-memory"},
          {SIMPLEALLOC_REMEDY_CMA_AREA, "cma-area"},
          {SIMPLEALLOC_REMEDY_CMA_HEAP, "cma-heap"},
          {SIMPLEALLOC_REMEDY_HEAPS, "heaps"},
          {SIMPLEALLOC_REMEDY_PROTECTED_HEAP, "protected-heap"},
          {SIMPLEALLOC_REMEDY_DESCRIBE, "describe"},
          {SIMPLEALLOC_REMEDY_QUIRK, "quirk"},
          {SIMPLEALLOC_REMEDY_FREE_MEMORY, "free-memory"},
          {SIMPLEALLOC_REMEDY_REPLUG, "replug"}}});
    check_names<simplealloc_relaxation_kind>({simplealloc_relaxation_kind_to_string,
                                              {{SIMPLEALLOC_RELAXATION_CROP, "crop"},
                                               {SIMPLEALLOC_RELAXATION_MODIFIER, "modifier"},
                                               {SIMPLEALLOC_RELAXATION_LEFT_OUT, "left-out"},
                                               {SIMPLEALLOC_RELAXATION_STRICT, "strict"},
                                               {SIMPLEALLOC_RELAXATION_ANY_DEVICE, "any-device"},
                                               {SIMPLEALLOC_RELAXATION_ALPHA, "alpha"},
                                               {SIMPLEALLOC_RELAXATION_PLACEMENT, "placement"},
                                               {SIMPLEALLOC_RELAXATION_FORMAT, "format"},
                                               {SIMPLEALLOC_RELAXATION_CPU_ACCESS, "cpu-access"},
                                               {SIMPLEALLOC_RELAXATION_COUNT, "count"},
                                               {SIMPLEALLOC_RELAXATION_SIZE, "size"},
                                               {SIMPLEALLOC_RELAXATION_DEVICE, "device"}}});
}

TEST_CASE("every constraint of C is read from its name") {
    for (int number = 0; number <= SIMPLEALLOC_CONSTRAINT_POLICY; ++number) {
        const auto kind = static_cast<simplealloc_constraint>(number);
        simplealloc_constraint read{};
        const char* const name = simplealloc_constraint_to_string(kind);
        CHECK(name != std::string_view("unknown"));
        CHECK(simplealloc_constraint_parse(name, &read) == 0);
        CHECK(read == kind);
        CHECK(simplealloc::to_string(static_cast<simplealloc::ConstraintKind>(number)) == name);
    }
    CHECK(simplealloc_constraint_to_string(SIMPLEALLOC_CONSTRAINT_ADDRESS_WINDOW) ==
          std::string_view("address-window"));
    CHECK(simplealloc_constraint_to_string(SIMPLEALLOC_CONSTRAINT_POLICY) ==
          std::string_view("policy"));
}

TEST_CASE("words that name nothing are invalid, and nothing is stored") {
    simplealloc_use use = SIMPLEALLOC_USE_CURSOR;
    CHECK(simplealloc_use_parse("m2m-in", &use) == 0);
    CHECK(use == SIMPLEALLOC_USE_M2M_IN);
    CHECK(simplealloc_use_parse("M2M", &use) == -EINVAL);
    CHECK(use == SIMPLEALLOC_USE_M2M_IN);
    CHECK(simplealloc_use_parse(nullptr, &use) == -EINVAL);
    CHECK(simplealloc_use_parse("read", nullptr) == -EINVAL);
    simplealloc_cpu_access cpu{};
    CHECK(simplealloc_cpu_access_parse("read-often", &cpu) == 0);
    CHECK(cpu == SIMPLEALLOC_CPU_READ_OFTEN);
    CHECK(simplealloc_cpu_access_parse("", &cpu) == -EINVAL);
    simplealloc_constraint constraint{};
    CHECK(simplealloc_constraint_parse("strides", &constraint) == -EINVAL);
}

TEST_CASE("formats and modifiers are written as snprintf would") {
    std::uint32_t fourcc = 0;
    REQUIRE(simplealloc_fourcc_parse("XR24", &fourcc) == 0);
    CHECK(fourcc == SIMPLEALLOC_FOURCC('X', 'R', '2', '4'));
    CHECK(simplealloc_fourcc_parse("", &fourcc) == -EINVAL);
    CHECK(simplealloc_fourcc_parse("toolong", &fourcc) == -EINVAL);
    std::uint32_t bitstream = 0;
    REQUIRE(simplealloc_fourcc_parse("v4l2:H264", &bitstream) == 0);
    CHECK(bitstream == SIMPLEALLOC_FOURCC_V4L2(SIMPLEALLOC_FOURCC('H', '2', '6', '4')));
    CHECK(bitstream == Fourcc::v4l2(SIMPLEALLOC_FOURCC('H', '2', '6', '4')).value);

    std::array<char, 8> text{};
    CHECK(simplealloc_fourcc_to_string(fourcc, text.data(), text.size()) == 4);
    CHECK(text.data() == std::string_view("XR24"));
    CHECK(simplealloc_fourcc_to_string(fourcc, text.data(), 3) == 4);
    CHECK(text.data() == std::string_view("XR"));
    CHECK(simplealloc_fourcc_to_string(SIMPLEALLOC_FOURCC_BYTES, nullptr, 0) == 5);
    CHECK(simplealloc_fourcc_to_string(fourcc, nullptr, 1) == -EINVAL);

    simplealloc_modifier modifier{};
    REQUIRE(simplealloc_modifier_parse("INVALID", &modifier) == 0);
    CHECK(modifier.state == SIMPLEALLOC_MODIFIER_IMPLICIT);
    REQUIRE(simplealloc_modifier_parse("0x100000000000001", &modifier) == 0);
    CHECK(modifier.value == 0x100000000000001);
    CHECK(modifier.state == SIMPLEALLOC_MODIFIER_NAMED);
    std::array<char, 32> long_text{};
    CHECK(simplealloc_modifier_to_string(modifier, long_text.data(), long_text.size()) == 7);
    CHECK(long_text.data() == std::string_view("X_TILED"));
    CHECK(simplealloc_modifier_parse("linear?", &modifier) == -EINVAL);
}

TEST_CASE("a struct of a newer header is taken while its new fields are not used") {
    simplealloc_device_description description = SIMPLEALLOC_DEVICE_DESCRIPTION_INIT;
    description.name = "egl";
    Resized<simplealloc_device_description, sizeof(description) + 16> newer(description);
    CError error;
    CDevice device;
    expect(simplealloc_device_describe(newer.get(), device.out(), error.out()), error);
    CHECK(simplealloc_device_get_path(device) == std::string_view("egl"));

    newer.bytes.back() = 1;
    CHECK(simplealloc_device_describe(newer.get(), device.out(), error.out()) == -E2BIG);
    CHECK(device == nullptr);
    REQUIRE(error);
    CHECK(error->code == -E2BIG);
    CHECK(error->cause == SIMPLEALLOC_CAUSE_INVALID);
    CHECK(error->message == std::string_view("description: uses a field that this library does "
                                             "not know; update libsimplealloc"));
}

TEST_CASE("a struct that was not initialised is invalid") {
    const simplealloc_device_description description = {};
    CError error;
    CDevice device;
    CHECK(simplealloc_device_describe(&description, device.out(), error.out()) == -EINVAL);
    REQUIRE(error);
    CHECK(error->object == std::string_view("description"));
    CHECK(error->detail == std::string_view("has a size that no version of it had: it has to "
                                            "begin as its _INIT macro"));
}

TEST_CASE("every exception becomes an errno and an error") {
    const auto code = [](auto exception, CError& error) {
        return c::guarded(error.out(), [&] { throw std::move(exception); });
    };
    CError error;
    SECTION("no memory: the error needs none") {
        CHECK(code(std::bad_alloc(), error) == -ENOMEM);
        REQUIRE(error);
        CHECK(error->cause == SIMPLEALLOC_CAUSE_EXHAUSTED);
        CHECK(error->message == std::string_view("this process has no memory left"));
        CHECK(length(error->attempts) == 0);
        CHECK(length(error->relaxations) == 0);
    }
    SECTION("one that nobody expects") {
        CHECK(code(std::runtime_error("odd"), error) == -EPROTO);
        CHECK(error->cause == SIMPLEALLOC_CAUSE_OUR_BUG);
        CHECK(error->detail == std::string_view("odd"));
    }
    SECTION("one that is no std::exception") {
        CHECK(code(42, error) < 0);
        CHECK(error);
    }
    SECTION("nobody wants the error") {
        CHECK(c::guarded(nullptr, [] { throw std::bad_alloc(); }) == -ENOMEM);
        CHECK(c::guarded(nullptr, [] { throw std::runtime_error("odd"); }) == -EPROTO);
    }
}

TEST_CASE("each cause has an errno of its own") {
    std::set<int> codes;
    for (int cause = 0; cause <= SIMPLEALLOC_CAUSE_BUSY; ++cause) {
        Error thrown;
        thrown.cause = static_cast<Cause>(cause);
        thrown.stage = Stage::map;
        thrown.sys_errno = ENOTTY;
        thrown.attempts = {{"ion:x", Stage::allocate, Cause::limit, EDOM, "no", "more"}};
        thrown.rejections = {{"udmabuf",
                              ConstraintKind::exporter,
                              "why",
                              {"a", "b"},
                              {{RemedyKind::order, {"x"}}, {RemedyKind::less}},
                              "1",
                              "2"}};
        thrown.conflict = {{ConstraintKind::contiguity,
                            {"c"},
                            {{"d", ConstraintKind::contiguity, "f", Confidence::assumed, "g"}}}};
        thrown.relaxations.emplace_back().what = "less";
        thrown.relaxations[0].how = {{RemedyKind::any_device}};
        thrown.constraint = ConstraintKind::max_stride;
        CError error;
        const int code = c::guarded(error.out(), [&] { throw BadResult(thrown); });
        CHECK(code < 0);
        CHECK(code != -E2BIG);
        CHECK(codes.insert(code).second);
        REQUIRE(error);
        CHECK(error->code == code);
        CHECK(error->cause == cause);
        CHECK(error->stage == SIMPLEALLOC_STAGE_MAP);
        CHECK(error->sys_errno == ENOTTY);
        REQUIRE(length(error->attempts) == 1);
        CHECK(error->attempts[0]->sys_errno == EDOM);
        CHECK(error->attempts[0]->cause == SIMPLEALLOC_CAUSE_LIMIT);
        REQUIRE(length(error->rejections) == 1);
        REQUIRE(length(error->rejections[0]->required_by) == 2);
        CHECK(error->rejections[0]->required_by[1] == std::string_view("b"));
        CHECK(error->rejections[0]->offered == std::string_view("2"));
        CHECK(error->rejections[0]->constraint == SIMPLEALLOC_CONSTRAINT_EXPORTER);
        REQUIRE(length(error->rejections[0]->remedies) == 2);
        CHECK(error->rejections[0]->remedies[0]->kind == SIMPLEALLOC_REMEDY_ORDER);
        CHECK(error->rejections[0]->remedies[0]->arguments[0] == std::string_view("x"));
        CHECK(error->rejections[0]->remedies[0]->text == std::string_view("request.order x"));
        CHECK(error->rejections[0]->remedies[1]->text == std::string_view("request less"));
        CHECK(*error->constraint == SIMPLEALLOC_CONSTRAINT_MAX_STRIDE);
        REQUIRE(length(error->conflicts) == 1);
        CHECK(error->conflicts[0]->contributors[0]->origin == std::string_view("g"));
        REQUIRE(length(error->relaxations) == 1);
        CHECK(error->relaxations[0]->what == std::string_view("less"));
        REQUIRE(length(error->relaxations[0]->how) == 1);
        CHECK(error->remedy == std::string_view("less (request.any_device)"));
    }
}

TEST_CASE("what EGL and Vulkan list comes as capability sets, also through the wire") {
    const simplealloc_egl_modifier modifiers[] = {{7, false}, {8, true}};
    const simplealloc_egl_format formats[] = {
        {SIMPLEALLOC_FOURCC('X', 'R', '2', '4'), 2, modifiers}};
    CError error;
    CCapabilities sets;
    expect(simplealloc_capabilities_from_egl(formats, 1, false, sets.out(), error.out()), error);
    REQUIRE(length(sets->sets) == 1);
    REQUIRE(length(sets->sets[0]->formats) == 1);
    CHECK(sets->sets[0]->formats[0]->modifier_count == 1);
    CHECK(sets->sets[0]->formats[0]->modifiers[0] == 7);

    const simplealloc_vulkan_modifier features[] = {{9, 1, 3}};
    const simplealloc_vulkan_format vulkan[] = {
        {SIMPLEALLOC_FOURCC('A', 'R', '2', '4'), 1, features}};
    expect(simplealloc_capabilities_from_vulkan(vulkan, 1, 2, sets.out(), error.out()), error);
    REQUIRE(length(sets->sets) == 1);
    CHECK(sets->sets[0]->formats[0]->modifiers[0] == 9);
    CHECK(simplealloc_capabilities_from_vulkan(nullptr, 1, 2, sets.out(), error.out()) == -EINVAL);

    const std::uint16_t indices[] = {0};
    const simplealloc_dmabuf_tranche tranche = {1, true, 1, indices};
    const std::array<std::uint64_t, 2> table = {SIMPLEALLOC_FOURCC('X', 'R', '2', '4'), 5};
    simplealloc_dmabuf_feedback feedback = SIMPLEALLOC_DMABUF_FEEDBACK_INIT;
    feedback.table = table.data();
    feedback.table_size = sizeof(table);
    feedback.tranche_count = 1;
    feedback.tranches = &tranche;
    expect(simplealloc_capabilities_from_dmabuf_feedback(&feedback, sets.out(), error.out()),
           error);
    REQUIRE(length(sets->sets) == 1);
    CHECK(sets->sets[0]->formats[0]->modifiers[0] == 5);
    feedback.table_size = 15;
    CCapabilities none;
    CHECK(simplealloc_capabilities_from_dmabuf_feedback(&feedback, none.out(), error.out()) ==
          -EINVAL);
}

TEST_CASE("capability sets are the same after the wire") {
    const char* const exporters[] = {"/sys/devices/gpu", nullptr};
    simplealloc_constraints constraints = SIMPLEALLOC_CONSTRAINTS_INIT;
    constraints.stride_align = 64;
    constraints.max_segments = 1;
    constraints.contiguity = SIMPLEALLOC_CONTIGUITY_REQUIRED;
    constraints.placements = 1U << SIMPLEALLOC_PLACEMENT_PER_PLANE;
    constraints.planes[1].offset_align = 4096;
    constraints.exporters = exporters;
    const std::uint64_t modifiers[] = {3, 0};
    simplealloc_format_support format = SIMPLEALLOC_FORMAT_SUPPORT_INIT;
    format.fourcc = SIMPLEALLOC_FOURCC('N', 'V', '1', '2');
    format.without_modifier = false;
    format.modifier_count = 2;
    format.modifiers = modifiers;
    const simplealloc_format_support* const formats[] = {&format, nullptr};
    simplealloc_evidence proof = SIMPLEALLOC_EVIDENCE_INIT;
    proof.confidence = SIMPLEALLOC_CONFIDENCE_ASSUMED;
    proof.origin = "datasheet";
    const simplealloc_evidence* const evidence[] = {&proof, nullptr};
    simplealloc_capability_set set = SIMPLEALLOC_CAPABILITY_SET_INIT;
    set.constraints = &constraints;
    set.formats = formats;
    set.import_path = SIMPLEALLOC_IMPORT_PATH_VMAP;
    set.evidence = evidence;
    set.label = "NM12";
    const simplealloc_capability_set* const sets[] = {&set, nullptr};

    CError error;
    Owned<simplealloc_message, simplealloc_message_free> message;
    expect(simplealloc_wire_encode(sets, message.out(), error.out()), error);
    CCapabilities back;
    expect(simplealloc_wire_decode(message->data, message->size, back.out(), error.out()), error);
    REQUIRE(length(back->sets) == 1);
    const simplealloc_capability_set& got = *back->sets[0];
    CHECK(got.size == sizeof(got));
    CHECK(got.constraints->stride_align == 64);
    CHECK(got.constraints->max_segments == 1);
    CHECK(got.constraints->max_stride == SIMPLEALLOC_NO_LIMIT);
    CHECK(got.constraints->contiguity == SIMPLEALLOC_CONTIGUITY_REQUIRED);
    CHECK(got.constraints->placements == constraints.placements);
    CHECK(got.constraints->planes[1].offset_align == 4096);
    REQUIRE(length(got.constraints->exporters) == 1);
    CHECK(got.constraints->exporters[0] == std::string_view(exporters[0]));
    REQUIRE(length(got.formats) == 1);
    CHECK_FALSE(got.formats[0]->without_modifier);
    REQUIRE(got.formats[0]->modifier_count == 2);
    CHECK(got.formats[0]->modifiers[0] == 3);
    CHECK(got.import_path == SIMPLEALLOC_IMPORT_PATH_VMAP);
    REQUIRE(length(got.evidence) == 1);
    CHECK(got.evidence[0]->constraint == SIMPLEALLOC_CONSTRAINT_STRIDE_ALIGN);
    CHECK(got.evidence[0]->confidence == SIMPLEALLOC_CONFIDENCE_ASSUMED);
    CHECK(got.evidence[0]->origin == std::string_view("datasheet"));
    CHECK(got.label == std::string_view("NM12"));

    constraints.placements = 1U << 3U;
    CHECK(simplealloc_wire_encode(sets, message.out(), error.out()) == -EINVAL);
    CHECK(error->object == std::string_view("placements"));
    CHECK(simplealloc_wire_decode("SACS", 4, back.out(), error.out()) == -EINVAL);
    CHECK(back == nullptr);
}

TEST_CASE("what is handed out as nothing may be freed, and errno stays") {
    errno = EXDEV;
    simplealloc_error_free(nullptr);
    simplealloc_capabilities_free(nullptr);
    simplealloc_message_free(nullptr);
    simplealloc_device_free(nullptr);
    simplealloc_setup_free(nullptr);
    simplealloc_plan_free(nullptr);
    simplealloc_fence_free(nullptr);
    simplealloc_mapping_free(nullptr);
    simplealloc_mapped_planes_free(nullptr);
    simplealloc_dmabuf_info_free(nullptr);
    simplealloc_buffer_free(nullptr);
    simplealloc_prepared_free(nullptr);
    simplealloc_check_free(nullptr);
    simplealloc_policy_free(nullptr);
    simplealloc_file_report_free(nullptr);
    simplealloc_applied_quirks_free(nullptr);
    simplealloc_stats_free(nullptr);
    simplealloc_sources_free(nullptr);
    simplealloc_devices_free(nullptr);
    simplealloc_allocator_free(nullptr);
    simplealloc_hotplug_event_free(nullptr);
    simplealloc_monitor_free(nullptr);
    simplealloc_pool_stats_free(nullptr);
    simplealloc_pool_slot_free(nullptr);
    simplealloc_pool_free(nullptr);
    simplealloc_parcel_free(nullptr);
    simplealloc_channel_free(nullptr);
    simplealloc_drm_importer_free(nullptr);
    simplealloc_drm_import_free(nullptr);
    simplealloc_v4l2_import_free(nullptr);
    CHECK(errno == EXDEV);
}
