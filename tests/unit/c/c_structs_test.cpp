// SPDX-License-Identifier: MIT
// Structs of C with sizes and bytes that no _INIT macro gives.
#include "lib/c/arguments.hpp"
#include "tests/support/c_takers.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

using namespace simplealloc::test;

namespace {

/// What comes of a struct that says `said`, of which `real` bytes exist, all but the first
/// sizeof(T) zero. `stray`: the index of a byte that is not.
template <typename T>
int take_sized(CWorld& w, std::size_t said, std::size_t real, std::size_t stray = SIZE_MAX) {
    const T* const valid = w.valid(static_cast<T*>(nullptr));
    std::vector<std::byte> bytes(std::max(real, sizeof(T)));
    std::memcpy(bytes.data(), valid, sizeof(T));
    std::memcpy(bytes.data(), &said, sizeof(said));
    if (stray < bytes.size())
        bytes[stray] = std::byte{1};
    const int code = take(w, w.place_as<T>(std::span(bytes).first(real)));
    w.free_all();
    return code;
}

template <typename T>
void check_sizes(CWorld& w, const char* name) {
    constexpr std::size_t page = 4096;
    INFO(name);
    for (const std::size_t said : {std::size_t{0}, std::size_t{1}, sizeof(std::size_t) - 1,
                                   sizeof(std::size_t), sizeof(T) / 2, sizeof(T) - 1}) {
        INFO(said);
        CHECK(take_sized<T>(w, said, std::max(said, sizeof(std::size_t))) == -EINVAL);
        REQUIRE(w.error);
        CHECK(w.error->detail == std::string_view("has a size that no version of it had: it has "
                                                  "to begin as its _INIT macro"));
    }
    for (const std::size_t said : {sizeof(T), sizeof(T) + 1, page}) {
        INFO(said);
        CHECK(take_sized<T>(w, said, said) >= 0);
        if (said > sizeof(T)) {
            CHECK(take_sized<T>(w, said, said, sizeof(T)) == -E2BIG);
            CHECK(take_sized<T>(w, said, said, said - 1) == -E2BIG);
        }
    }
    for (const std::size_t said :
         {page + 1, std::size_t{0x10000}, SIZE_MAX / 2, SIZE_MAX - 7, SIZE_MAX}) {
        INFO(said);
        CHECK(take_sized<T>(w, said, sizeof(T)) == -E2BIG);
        CHECK(take_sized<T>(w, said, sizeof(said)) == -E2BIG);
    }
}

template <typename T>
void check_flag(CWorld& w, bool T::*flag, const char* name) {
    T* const value = w.valid(static_cast<T*>(nullptr));
    for (const unsigned char byte : {0x02, 0x80, 0xff}) {
        std::memset(&(value->*flag), byte, 1);
        CHECK(take(w, value) == -EINVAL);
        REQUIRE(w.error);
        CHECK(w.error->object == std::string_view(name));
        CHECK(w.error->detail == std::string_view("is neither true nor false"));
    }
    std::memset(&(value->*flag), 1, 1);
    CHECK(take(w, value) >= 0);
    w.free_all();
}

struct First {
    std::size_t size;
    void* data;
};
/// The same two versions later.
struct Grown {
    std::size_t size;
    void* data;
    void* second;
    int third;
};

} // namespace

template <>
inline constexpr std::array simplealloc::c::earlier_sizes<Grown>{sizeof(First),
                                                                 offsetof(Grown, third)};

TEST_CASE("the size of each struct of C is one that it can have") {
    CWorld world;
#define FUNCTION(...)
#define FREED(...)
#define VERSIONED(type, init) check_sizes<type>(world, #type);
#include "c_headers.inc"
#undef VERSIONED
    CHECK(world.kernel.errors().empty());
}

TEST_CASE("a struct of an older header has the defaults of what it lacks") {
    int one = 0;
    int two = 0;
    const Grown defaults = {sizeof(Grown), nullptr, &two, 3};
    const First old = {sizeof(First), &one};
    const Guarded placed(std::as_bytes(std::span(&old, 1)));
    auto* const given = reinterpret_cast<Grown*>(placed.data());
    const Grown read = simplealloc::c::read_struct(given, defaults, "grown");
    CHECK(read.size == sizeof(Grown));
    CHECK(read.data == &one);
    CHECK(read.second == &two);
    CHECK(read.third == 3);
    // Half a pointer is not read.
    given->size = sizeof(First) - 4;
    CHECK_THROWS_AS(simplealloc::c::read_struct(given, defaults, "grown"), simplealloc::BadResult);
}

TEST_CASE("a bool of C is 0 or 1") {
    CWorld w;
    check_flag(w, &simplealloc_allocate_options::verify, "verify");
    check_flag(w, &simplealloc_allocate_options::borrow_idle_queues, "borrow_idle_queues");
    check_flag(w, &simplealloc_check_options::replaceable, "replaceable");
    check_flag(w, &simplealloc_check_options::verify, "verify");
    check_flag(w, &simplealloc_check_options::borrow_idle_queues, "borrow_idle_queues");
    check_flag(w, &simplealloc_foreign_buffer::contiguous, "contiguous");
    check_flag(w, &simplealloc_pool_options::mix_sources, "mix_sources");
    check_flag(w, &simplealloc_pool_options::wait_for_devices, "wait_for_devices");
    check_flag(w, &simplealloc_constraints::starts_at_zero, "starts_at_zero");
    check_flag(w, &simplealloc_constraints::protected_memory, "protected_memory");
    check_flag(w, &simplealloc_format_support::without_modifier, "without_modifier");
}

TEST_CASE("a bool of C is 0 or 1 in lists, too") {
    CWorld w;
    CCapabilities sets;
    simplealloc_egl_modifier modifier{};
    std::memset(&modifier.external_only, 2, 1);
    const simplealloc_egl_format egl = {SIMPLEALLOC_FOURCC_BYTES, 1, &modifier};
    CHECK(simplealloc_capabilities_from_egl(&egl, 1, false, sets.out(), w.error.out()) == -EINVAL);
    REQUIRE(w.error);
    CHECK(w.error->object == std::string_view("external_only"));

    simplealloc_dmabuf_tranche tranche{};
    std::memset(&tranche.scanout, 2, 1);
    simplealloc_dmabuf_feedback feedback = SIMPLEALLOC_DMABUF_FEEDBACK_INIT;
    feedback.tranche_count = 1;
    feedback.tranches = &tranche;
    CHECK(take(w, &feedback) == -EINVAL);
    REQUIRE(w.error);
    CHECK(w.error->object == std::string_view("scanout"));

    const simplealloc_v4l2_plane plane = {0, 128, 128 * 64, 128 * 64};
    simplealloc_v4l2_setup v4l2 = {V4L2_PIX_FMT_YUYV, false, 64, 64, 1, &plane, {}};
    std::memset(&v4l2.multiplanar, 2, 1);
    const simplealloc_setup setup = {&v4l2, nullptr};
    Owned<simplealloc_v4l2_import, simplealloc_v4l2_import_free> import;
    CHECK(simplealloc_v4l2_import_create(&setup, SIMPLEALLOC_USE_CAPTURE, import.out(),
                                         w.error.out()) == -EINVAL);
    REQUIRE(w.error);
    CHECK(w.error->object == std::string_view("multiplanar"));
}
