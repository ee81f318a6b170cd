// SPDX-License-Identifier: MIT
// What a device takes, as people read it.
#include "tools/output/capability_limits.hpp"
#include "tools/output/table.hpp"

#include "tests/support/catch.hpp"

using namespace simplealloc;
using namespace simplealloc::tools;

TEST_CASE("alternatives are shown one by one, with how each limit is known") {
    CapabilityReport report{"/dev/video0", Use::capture, fourcc::nv12, {{}, {}}};
    CapabilitySet& set = report.sets[0];
    set.constraints.stride_align = 64;
    set.constraints.planes[1].min_size = 4096;
    set.constraints.contiguity = Contiguity::required;
    set.evidence[ConstraintKind::stride_align] = {Confidence::known, "quirk x"};
    set.evidence[ConstraintKind::contiguity] = {Confidence::assumed, "default for V4L2"};
    set.evidence[ConstraintKind::format] = {Confidence::known, "VIDIOC_ENUM_FMT"};
    set.formats = {{fourcc::nv12, {0}, true}};
    set.label = "NM12";
    report.sets[1].import_path = ImportPath::vmap;
    const std::string text = capabilities_text(report, {100, false});
    for (const char* part :
         {"/dev/video0 (capture), way 1 of 2: NM12", "64 bytes", "quirk x", "4 KiB (plane 1)",
          "required", "assumed: default for V4L2", "LINEAR", "known by VIDIOC_ENUM_FMT",
          "way 2 of 2", "no limits", "kernel mapping", "any format, linear"}) {
        CAPTURE(part, text);
        CHECK(text.find(part) != std::string::npos);
    }
    report.fourcc = fourcc::bytes;
    CHECK(capabilities_text(report, {100, false}).find("LINEAR") == std::string::npos);
}

TEST_CASE("every constraint that limits is listed once, and one that does not is not") {
    CapabilitySet set;
    CHECK(limits_of(set).empty());
    Constraints& c = set.constraints;
    for (auto field : {&Constraints::stride_align,     &Constraints::stride_align_pixels,
                       &Constraints::offset_align,     &Constraints::size_align,
                       &Constraints::address_align,    &Constraints::width_align,
                       &Constraints::height_align,     &Constraints::min_stride,
                       &Constraints::min_size,         &Constraints::min_width,
                       &Constraints::min_height,       &Constraints::tail_padding,
                       &Constraints::max_stride,       &Constraints::max_offset,
                       &Constraints::max_size,         &Constraints::max_width,
                       &Constraints::max_height,       &Constraints::max_segments,
                       &Constraints::max_segment_size, &Constraints::segment_boundary,
                       &Constraints::max_buffers})
        c.*field = 7;
    c.contiguity = Contiguity::preferred;
    c.min_address = 1;
    c.placements = Placements::of(Placement::single) | Placements::of(Placement::packed);
    c.starts_at_zero = c.protected_memory = true;
    c.memory_kinds = 2;
    c.exporters.emplace();
    const auto limits = limits_of(set);
    // exporter is the last kind that a set limits by a field.
    REQUIRE(limits.size() == static_cast<std::size_t>(ConstraintKind::exporter) + 1);
    for (std::size_t i = 0; i < limits.size(); ++i)
        CHECK(limits[i].kind == static_cast<ConstraintKind>(i));
    CHECK(value_in_words(limits[0]) == "7 bytes");
    CHECK(value_in_words(limits.back()) == "nobody");
}
