// SPDX-License-Identifier: MIT
// Structs that a caller in C fills in with anything but wild pointers: sizes, numbers, bools and
// enumerators that no header has. Each ends where its page does.
#include "tests/fuzz/input.hpp"
#include "tests/support/c_takers.hpp"

#include <array>
#include <type_traits>

using namespace simplealloc;
using test::CWorld;

namespace {

bool coin(fuzz::Input& input) {
    return input.number<std::uint8_t>() % 2 == 0;
}

/// NULL, or something.
template <typename Pointer>
void choose(fuzz::Input& input, Pointer& pointer, std::type_identity_t<Pointer> something) {
    pointer = coin(input) ? something : nullptr;
}

template <typename T>
const T* valid(CWorld& w) {
    return w.valid(static_cast<T*>(nullptr));
}
const char* const* words(CWorld& w) {
    return w.valid(static_cast<const char**>(nullptr));
}
/// One, with NULL behind it.
template <typename T>
const T* const* list(CWorld& w) {
    return w.at_end(std::array<const T*, 2>{valid<T>(w), nullptr})->data();
}

// Bytes make no pointers, and an array is as long as it is.
void point(CWorld& w, fuzz::Input& input, simplealloc_allocator_options& s) {
    static constexpr simplealloc_quota quota = {"dma-heap", 4096};
    choose(input, s.without, words(w));
    choose(input, s.order, words(w));
    choose(input, s.quotas, &quota);
    s.quota_count %= 2;
    choose(input, s.policy_path, "/none");
    choose(input, s.quirk_path, "/none");
}
void point(CWorld& /*w*/, fuzz::Input& input, simplealloc_format_support& s) {
    static constexpr std::uint64_t modifiers[] = {0, 1};
    choose(input, s.modifiers, modifiers);
    s.modifier_count %= 3;
}
void point(CWorld& /*w*/, fuzz::Input& input, simplealloc_evidence& s) {
    choose(input, s.origin, "fuzz");
}
void point(CWorld& w, fuzz::Input& input, simplealloc_constraints& s) {
    choose(input, s.exporters, words(w));
}
void point(CWorld& w, fuzz::Input& input, simplealloc_capability_set& s) {
    choose(input, s.constraints, valid<simplealloc_constraints>(w));
    choose(input, s.formats, list<simplealloc_format_support>(w));
    choose(input, s.evidence, list<simplealloc_evidence>(w));
    choose(input, s.label, "NM12");
}
void point(CWorld& w, fuzz::Input& input, simplealloc_device_description& s) {
    choose(input, s.name, "npu");
    choose(input, s.alternatives, list<simplealloc_capability_set>(w));
    s.verify = nullptr;
    choose(input, s.release, [](void*) {});
    s.data = nullptr;
}
void point(CWorld& w, fuzz::Input& input, simplealloc_device_use& s) {
    choose(input, s.device, w.device);
    choose(input, s.alternatives, list<simplealloc_capability_set>(w));
}
void point(CWorld& w, fuzz::Input& input, simplealloc_foreign_buffer& s) {
    choose(input, s.layout, valid<simplealloc_layout>(w));
    choose(input, s.dmabufs, &simplealloc_buffer_get_dmabufs(w.buffer)[0]->fd);
    s.dmabuf_count %= 2;
    choose(input, s.uses, list<simplealloc_device_use>(w));
    choose(input, s.source, "dma-heap:system");
}
void point(CWorld& w, fuzz::Input& input, simplealloc_request& s) {
    static constexpr simplealloc_modifier linear = {0, SIMPLEALLOC_MODIFIER_NAMED};
    choose(input, s.modifier, &linear);
    choose(input, s.uses, list<simplealloc_device_use>(w));
    choose(input, s.name, "fuzz");
    choose(input, s.without, words(w));
    choose(input, s.order, words(w));
}
void point(CWorld& w, fuzz::Input& input, simplealloc_dmabuf_feedback& s) {
    static constexpr std::uint16_t formats[] = {0};
    static constexpr simplealloc_dmabuf_tranche tranche = {0, true, 1, formats};
    const auto table = input.bytes(64);
    choose(input, s.table, w.place(table));
    s.table_size = table.size();
    choose(input, s.tranches, &tranche);
    s.tranche_count %= 2;
}
void point(CWorld& w, fuzz::Input& input, simplealloc_pool_options& s) {
    choose(input, s.allocate, valid<simplealloc_allocate_options>(w));
    // Tens of thousands of buffers in advance are a matter of patience.
    if (s.min_buffers <= s.max_buffers && s.max_buffers <= 65536)
        s.min_buffers %= 8;
}
void point(CWorld& /*w*/, fuzz::Input& /*input*/, simplealloc_layout& /*s*/) {}
void point(CWorld& /*w*/, fuzz::Input& /*input*/, simplealloc_check_options& /*s*/) {}
void point(CWorld& /*w*/, fuzz::Input& /*input*/, simplealloc_allocate_options& /*s*/) {}

/// What the caller says of its size is true, or so wrong that nobody should read it.
template <typename T>
void take(CWorld& w, fuzz::Input& input) {
    constexpr std::size_t page = 4096;
    const auto said = static_cast<std::size_t>(input.number<std::uint64_t>());
    std::array<std::byte, page> bytes{};
    std::memcpy(bytes.data(), valid<T>(w), sizeof(T));
    T value;
    std::memcpy(&value, bytes.data(), sizeof(value));
    if (coin(input)) {
        const auto made = input.bytes(sizeof(T));
        std::ranges::copy(made, std::as_writable_bytes(std::span(&value, 1)).begin());
    }
    point(w, input, value);
    std::memcpy(bytes.data(), &value, sizeof(value));
    const auto beyond = input.bytes(page - sizeof(T));
    std::copy(beyond.begin(), beyond.end(), bytes.begin() + sizeof(T));
    std::memcpy(bytes.data(), &said, sizeof(said));
    const std::size_t real = said < sizeof(said) || said > page ? sizeof(said) : said;
    const int code = test::take(w, w.place_as<T>(std::span(bytes).first(real)));
    fuzz::require(code < 0 ? w.error && w.error->code == code : !w.error);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static CWorld& w = *new CWorld; // it outlives all inputs, and its objects don't change
    static const test::Census before = w.kernel.census();
    static constexpr std::array all = {
#define FUNCTION(...)
#define FREED(...)
#define VERSIONED(type, init) &take<type>,
#include "c_headers.inc"
    };
    fuzz::Input input(data, size);
    all[input.number<std::uint8_t>() % all.size()](w, input);
    w.error.out();
    w.free_all();
    w.kernel.clear_calls();
    fuzz::require(w.kernel.census() == before && w.kernel.errors().empty());
    return 0;
}
