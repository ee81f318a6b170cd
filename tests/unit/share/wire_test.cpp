// SPDX-License-Identifier: MIT
// Capability sets as bytes: exact both ways, and nothing that comes from a stranger does harm.
#include <simplealloc/wire.hpp>

#include "lib/share/wire/entries.hpp"
#include "tests/support/cases.hpp"
#include "tests/support/catch.hpp"

#include <functional>

using namespace simplealloc;
using simplealloc::test::check_share;
using simplealloc::test::for_each_case;
using simplealloc::test::Generator;
using Bytes = std::vector<std::byte>;
using Sets = std::vector<CapabilitySet>;

namespace {

std::string random_text(Generator& g) {
    return g.pick<const char*>({"", "VIDIOC_TRY_FMT", "quirk caf\u00e9.quirks [x]", "\u65e5\u672c",
                                "default for platform DRM"});
}

CapabilitySet random_set(Generator& g) {
    CapabilitySet set;
    set.constraints = test::random_constraints(g);
    // Never 0; see Constraints.
    for (auto field : {&Constraints::stride_align, &Constraints::stride_align_pixels})
        set.constraints.*field = std::max<std::uint64_t>(set.constraints.*field, 1);
    for (PlaneLimits& plane : set.constraints.planes)
        for (auto field :
             {&PlaneLimits::stride_align, &PlaneLimits::offset_align, &PlaneLimits::max_stride})
            plane.*field = std::max<std::uint64_t>(plane.*field, 1);
    for (auto field : {&Constraints::max_stride, &Constraints::max_size, &Constraints::max_width,
                       &Constraints::max_height})
        set.constraints.*field = std::max<std::uint64_t>(set.constraints.*field, 1);
    if (set.constraints.min_address > set.constraints.max_address)
        std::swap(set.constraints.min_address, set.constraints.max_address);
    const std::uint64_t formats = g.below(4);
    for (std::uint64_t i = 0; i < formats; ++i) {
        FormatSupport format{
            Fourcc(static_cast<std::uint32_t>(1000 * i + 1 + g.below(1000))), {}, g.one_in(2)};
        for (std::uint64_t m = g.below(5); m > 0; --m)
            format.modifiers.push_back(m << 56U | g.below(1000));
        set.formats.push_back(std::move(format));
    }
    set.import_path = g.pick({ImportPath::dma, ImportPath::vmap});
    for (const auto kind : {ConstraintKind::format, ConstraintKind::stride_align,
                            ConstraintKind::contiguity, ConstraintKind::policy})
        if (g.one_in(2))
            set.evidence[kind] = {static_cast<Confidence>(g.below(3)), random_text(g)};
    set.label = random_text(g);
    return set;
}

Sets random_sets(Generator& g) {
    Sets sets(g.below(4));
    for (CapabilitySet& set : sets)
        set = random_set(g);
    return sets;
}

Bytes encoded(const Sets& sets) {
    auto bytes = wire::encode(sets);
    CAPTURE(bytes ? "" : bytes.error().message());
    REQUIRE(bytes);
    return *bytes;
}

void put32(Bytes& bytes, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
        bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
}

/// A message of one set with one entry, as another version may write it.
Bytes message(std::uint16_t entry, std::uint16_t flags, const Bytes& payload) {
    Bytes bytes = encoded({CapabilitySet{}});
    for (const std::uint16_t field : {entry, flags})
        for (std::size_t i = 0; i < 2; ++i)
            bytes.push_back(static_cast<std::byte>(field >> (8 * i)));
    bytes.resize(bytes.size() + 4);
    put32(bytes, bytes.size() - 4, static_cast<std::uint32_t>(payload.size()));
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    put32(bytes, 8, static_cast<std::uint32_t>(bytes.size()));
    put32(bytes, 16, static_cast<std::uint32_t>(bytes.size() - 20));
    return bytes;
}

Bytes number(std::uint64_t value) {
    Bytes bytes(8);
    for (std::size_t i = 0; i < 8; ++i)
        bytes[i] = static_cast<std::byte>(value >> (8 * i));
    return bytes;
}

Bytes text(std::string_view characters) {
    Bytes bytes;
    for (const char c : characters)
        bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

/// Limits of one plane: a stride that is a multiple of 8, and no more.
Bytes plane_payload(std::uint64_t index) {
    Bytes payload = number(index);
    for (const std::uint64_t value :
         {std::uint64_t{8}, std::uint64_t{1}, std::uint64_t{0}, std::uint64_t{0}, no_limit}) {
        const Bytes field = number(value);
        payload.insert(payload.end(), field.begin(), field.end());
    }
    return payload;
}

/// Changes, takes out or puts in a byte; the length at the top is then made right half of the time.
void damage(Bytes& bytes, Generator& g) {
    const auto at = static_cast<std::ptrdiff_t>(g.below(bytes.size()));
    switch (g.below(4)) {
    case 0:
        bytes[static_cast<std::size_t>(at)] = static_cast<std::byte>(g.next());
        break;
    case 1:
        bytes[static_cast<std::size_t>(at)] ^= static_cast<std::byte>(1U << g.below(8));
        break;
    case 2:
        bytes.erase(bytes.begin() + at);
        break;
    default:
        bytes.insert(bytes.begin() + at, static_cast<std::byte>(g.next()));
    }
    if (bytes.size() >= 12 && g.one_in(2))
        put32(bytes, 8, static_cast<std::uint32_t>(bytes.size()));
}

Error refusal(const Bytes& bytes) {
    const auto sets = wire::decode(bytes);
    REQUIRE_FALSE(sets);
    return sets.error();
}

constexpr std::uint16_t id(wire::Entry entry) {
    return static_cast<std::uint16_t>(entry);
}

} // namespace

TEST_CASE("what is encoded is decoded, exactly") {
    for_each_case(20000, [](Generator& g) {
        const Sets sets = random_sets(g);
        const auto bytes = wire::encode(sets);
        INFO((bytes ? "" : bytes.error().message()));
        REQUIRE(bytes);
        const auto back = wire::decode(*bytes);
        INFO((back ? "" : back.error().message()));
        REQUIRE(back);
        REQUIRE(*back == sets);
    });
}

TEST_CASE("every number of a set travels, up to its last value") {
    for (const wire::NumberEntry& row : wire::number_entries()) {
        CAPTURE(row.name);
        for (const std::uint64_t value : {row.least, row.most}) {
            // An upper end of 0 is a window with the lower one alone.
            if (row.entry == wire::Entry::min_address && value != 0)
                continue;
            CapabilitySet set;
            row.set(set, value);
            CHECK(row.get(set) == value);
            const auto back = wire::decode(encoded({set}));
            REQUIRE(back);
            CHECK(back->front() == set);
        }
    }
}

TEST_CASE("every field of a set has an entry") {
    // With a new field this does not compile any more: it needs an entry and a row in docs/wire.md.
    const Constraints constraints;
    [[maybe_unused]] const auto& [c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15,
                                  c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28,
                                  c29, c30] = constraints;
    const PlaneLimits plane;
    [[maybe_unused]] const auto& [p1, p2, p3, p4, p5] = plane;
    const CapabilitySet set;
    [[maybe_unused]] const auto& [s1, formats, import_path, evidence, label] = set;
    // All but exporters and planes are numbers, and the import path is one as well.
    CHECK(wire::number_entries().size() == 30 - 2 + 1);
    CHECK(std::size(wire::plane_numbers) == 5);
}

TEST_CASE("the bytes are those of docs/wire.md, whatever the machine") {
    CapabilitySet set;
    set.constraints.stride_align = 0x0102;
    set.formats = {{fourcc::nv12, {0x0300000000000001}, true}};
    set.evidence[ConstraintKind::format] = {Confidence::assumed, "x"};
    set.label = "NM12";
    const Bytes expected = [] {
        Bytes bytes;
        for (const int byte : std::initializer_list<int>{
                 // clang-format off
                 'S', 'A', 'C', 'S', 1, 0, 0, 0, 89, 0, 0, 0, 1, 0, 0, 0,          // header
                 69, 0, 0, 0,                                                      // one set
                 1, 0, 1, 0, 8, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0,                   // stride_align
                 65, 0, 1, 0, 16, 0, 0, 0, 'N', 'V', '1', '2', 1, 0, 0, 0,         // format
                 1, 0, 0, 0, 0, 0, 0, 3,                                           // its modifier
                 66, 0, 0, 0, 9, 0, 0, 0, 1, 6, 'f', 'o', 'r', 'm', 'a', 't', 'x', // evidence
                 67, 0, 0, 0, 4, 0, 0, 0, 'N', 'M', '1', '2',                      // label
                 // clang-format on
             })
            bytes.push_back(static_cast<std::byte>(byte));
        return bytes;
    }();
    CHECK(encoded({set}) == expected);
    CHECK(encoded({}).size() == 16);
    CHECK(encoded({CapabilitySet{}}).size() == 20); // what limits nothing is not sent
}

TEST_CASE("an unknown entry is skipped unless it must be understood") {
    const auto skipped = wire::decode(message(999, 0, number(7)));
    REQUIRE(skipped);
    CHECK(*skipped == Sets{CapabilitySet{}});
    const Error error = refusal(message(999, 1, number(7)));
    CHECK(error.cause == Cause::unsupported);
    CHECK(error.object == "entry 999");
    // Evidence for a constraint of a later version: nothing that matters is lost.
    const auto known = wire::decode(message(id(wire::Entry::evidence), 0, text("\1\5cheek?")));
    REQUIRE(known);
    CHECK(known->front().evidence.empty());
}

TEST_CASE("another version is named, and not read") {
    Bytes bytes = encoded({CapabilitySet{}});
    bytes[4] = std::byte{2};
    const Error error = refusal(bytes);
    CHECK(error.cause == Cause::unsupported);
    CHECK(error.object == "version 2");
}

TEST_CASE("values that make no sense are refused by both sides") {
    struct Row {
        const char* object;
        std::function<void(CapabilitySet&)> spoil;
        Cause cause = Cause::invalid;
    };
    const Row rows[] = {
        {"stride_align", [](auto& s) { s.constraints.stride_align = 0; }},
        {"height_align", [](auto& s) { s.constraints.height_align = 0; }},
        {"max_stride", [](auto& s) { s.constraints.max_stride = 0; }},
        {"max_segments", [](auto& s) { s.constraints.max_segments = 0; }},
        {"placements", [](auto& s) { s.constraints.placements.bits = 0; }},
        {"address_align", [](auto& s) { s.constraints.address_align = 0; }},
        {"planes.stride_align", [](auto& s) { s.constraints.planes[3].stride_align = 0; }},
        {"planes.max_stride", [](auto& s) { s.constraints.planes[0].max_stride = 0; }},
        {"placements", [](auto& s) { s.constraints.placements.bits = 8; }},
        {"memory_kinds", [](auto& s) { s.constraints.memory_kinds = 0; }},
        {"contiguity", [](auto& s) { s.constraints.contiguity = Contiguity{3}; }},
        {"import_path", [](auto& s) { s.import_path = ImportPath{2}; }},
        {"max_address",
         [](auto& s) { s.constraints.min_address = 2, s.constraints.max_address = 1; }},
        {"formats",
         [](auto& s) {
             s.formats = {{fourcc::nv12, {}, true}, {fourcc::nv12, {}, true}};
         }},
        {"formats",
         [](auto& s) {
             s.formats = {{fourcc::bytes, {}, true}};
         }},
        {"modifiers",
         [](auto& s) {
             s.formats = {{fourcc::nv12, {1, 2, 1}, true}};
         }},
        {"modifiers",
         [](auto& s) {
             s.formats = {{fourcc::nv12, {Modifier::implicit().value}, true}};
         }},
        {"label", [](auto& s) { s.label = "\x1b[2J"; }},
        {"label", [](auto& s) { s.label = "\xc2\x9b"; }},         // CSI in 8 bits
        {"label", [](auto& s) { s.label = "\xc0\xaf"; }},         // not the shortest form
        {"label", [](auto& s) { s.label = "\xed\xa0\x80"; }},     // a surrogate
        {"label", [](auto& s) { s.label = "\xe2\x82"; }},         // cut short
        {"label", [](auto& s) { s.label = "\xf4\x90\x80\x80"; }}, // beyond U+10FFFF
        {"evidence",
         [](auto& s) {
             s.evidence[ConstraintKind::format] = {{}, "\n"};
         }},
        {"exporters", [](auto& s) { s.constraints.exporters = {{"\x7f"}}; }},
        {"label", [](auto& s) { s.label.assign(wire::max_text + 1, 'x'); }, Cause::limit},
        {"exporters", [](auto& s) { s.constraints.exporters.emplace(wire::max_exporters + 1); },
         Cause::limit},
        {"modifiers",
         [](auto& s) {
             s.formats = {{fourcc::nv12, {}, true}};
             for (std::uint64_t i = 0; i <= wire::max_modifiers; ++i)
                 s.formats[0].modifiers.push_back(i);
         },
         Cause::limit},
        {"formats",
         [](auto& s) {
             for (std::uint32_t i = 0; i <= wire::max_formats; ++i)
                 s.formats.push_back({Fourcc(i + 1), {}, true});
         },
         Cause::limit},
    };
    for (const Row& row : rows) {
        CapabilitySet set;
        row.spoil(set);
        const auto refused = wire::encode(Sets{set});
        CAPTURE(row.object);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().object == row.object);
        CHECK(refused.error().cause == row.cause);
    }
    CHECK(wire::encode(Sets(wire::max_sets)));
    CHECK(wire::encode(Sets(wire::max_sets + 1)).error().cause == Cause::limit);

    CHECK(refusal(message(id(wire::Entry{1}), 1, number(0))).object == "stride_align");
    CHECK(refusal(message(id(wire::Entry::contiguity), 1, number(1ULL << 32U))).object ==
          "contiguity"); // not cut to the field
    CHECK(refusal(message(id(wire::Entry::starts_at_zero), 1, number(2))).object ==
          "starts_at_zero");
    CHECK(wire::decode(message(id(wire::Entry::plane), 1, plane_payload(3))));
    CHECK(refusal(message(id(wire::Entry::plane), 1, plane_payload(4))).object == "planes");
    CHECK(refusal(message(id(wire::Entry::label), 0, text("\n"))).object == "label");
    CHECK(refusal(message(id(wire::Entry::format), 1, text({"NV12\2\0\0\0", 8}))).object ==
          "formats");
    CHECK(refusal(message(id(wire::Entry::evidence), 0, text("\3\6format"))).object == "evidence");
    CHECK(refusal(message(id(wire::Entry::label), 2, text("x"))).object == "entry 67");
}

TEST_CASE("an entry that comes twice is refused") {
    for (const Bytes& once :
         {message(id(wire::Entry{7}), 1, number(4)), message(id(wire::Entry::label), 0, {}),
          message(id(wire::Entry::exporters), 1, {}),
          message(id(wire::Entry::plane), 1, plane_payload(3)),
          message(id(wire::Entry::format), 1, text({"NV12\1\0\0\0", 8})),
          message(id(wire::Entry::evidence), 0, [] {
              Bytes payload = text("?\6format");
              payload[0] = std::byte{0};
              return payload;
          }())}) {
        Bytes twice = once;
        twice.insert(twice.end(), once.begin() + 20, once.end());
        put32(twice, 8, static_cast<std::uint32_t>(twice.size()));
        put32(twice, 16, static_cast<std::uint32_t>(twice.size() - 20));
        CHECK(wire::decode(once));
        CHECK(refusal(twice).cause == Cause::invalid);
    }
}

TEST_CASE("a message that is cut short or has bytes left over is refused") {
    Generator g(5);
    Sets sets{random_set(g), random_set(g)};
    sets[0].formats = {{fourcc::nv12, {0, 1}, true}};
    sets[0].constraints.exporters = {{"gpu", "display"}};
    const Bytes whole = encoded(sets);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK_FALSE(wire::decode(cut));
        if (size >= 16) {
            put32(cut, 8, static_cast<std::uint32_t>(size)); // and says so
            CHECK_FALSE(wire::decode(cut));
        }
    }
    Bytes more = whole;
    more.push_back(std::byte{0});
    CHECK(refusal(more).object == "message");
    put32(more, 8, static_cast<std::uint32_t>(more.size()));
    CHECK_THAT(refusal(more).detail, Catch::Matchers::Contains("1 bytes are left over"));
    CHECK(refusal(Bytes(wire::max_message + 1)).cause == Cause::limit);
    // More sets than bytes: refused at the first, nothing is reserved for them.
    Bytes many = encoded({});
    put32(many, 12, 200);
    CHECK(refusal(many).object == "set");
    put32(many, 12, 0xffffffff);
    CHECK(refusal(many).cause == Cause::limit);
}

TEST_CASE("bytes with random damage are refused, or are another message that can be sent") {
    std::uint64_t survived = 0;
    constexpr std::uint64_t cases = 100000;
    for_each_case(cases, [&](Generator& g) {
        const Sets sets{random_set(g)};
        Bytes bytes = *wire::encode(sets);
        for (std::uint64_t n = 1 + g.below(4); n > 0 && !bytes.empty(); --n)
            damage(bytes, g);
        // Of exactly this size, so that sanitizers see the first byte that is read beyond it.
        const Bytes exact(bytes.begin(), bytes.end());
        const auto read = wire::decode(exact);
        if (!read)
            return;
        ++survived;
        const auto again = wire::encode(*read);
        INFO((again ? "" : again.error().message()));
        REQUIRE(again);
        const auto twice = wire::decode(*again);
        REQUIRE(twice);
        REQUIRE(*twice == *read);
    });
    // The damage is small enough to get past the header now and then.
    check_share(survived, cases, 0.01, 0.9);
}
