// SPDX-License-Identifier: MIT
// Every function of the C API without each of its pointers, one after the other. The list comes
// from the headers, which declare what the library exports (tests/consumers/symbols.py).
#include "tests/support/c_world.hpp"
#include "tests/support/catch.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <utility>

using namespace simplealloc::test;

namespace {

/// What the headers allow to be NULL, as FUNCTION:PARAMETER; each was met when the test is over.
std::set<std::string> optional_arguments = {
    "simplealloc_allocator_open:options",
    "simplealloc_allocator_held:of",
    "simplealloc_allocator_allocate:options",
    "simplealloc_allocator_allocate_request:options",
    "simplealloc_allocator_prepare:options",
    "simplealloc_allocator_check:options",
    "simplealloc_fence_status:sys_errno",
    "simplealloc_pool_create:options",
    "simplealloc_pool_create_request:options",
    "simplealloc_set_log:sink",
    "simplealloc_set_log:data",
    "simplealloc_wire_encode:sets",
    // Where a count is stored.
    "simplealloc_device_get_uses:count",
    "simplealloc_drm_import_get_handles:count",
    "simplealloc_mapping_get_data:size",
};

template <typename T>
constexpr bool is_error_out = std::is_same_v<T, simplealloc_error**>;

/// The argument number Index of type T, where number Null is missing.
template <typename T, std::size_t Index, std::size_t Null>
T argument(CWorld& world, simplealloc_error** error) {
    if constexpr (is_error_out<T>)
        return error;
    else if constexpr (Index == Null)
        return nullptr;
    else if constexpr (std::is_pointer_v<T>)
        return world.valid(static_cast<std::remove_const_t<std::remove_pointer_t<T>>*>(nullptr));
    else
        return CWorld::scalar<T>();
}

/// What functions that can't fail answer: nothing.
bool is_nothing(const char* text) {
    return text != nullptr && *text == '\0';
}
template <typename T>
bool is_nothing(const T* const* list) {
    return list != nullptr && *list == nullptr;
}
template <typename T>
bool is_nothing(const T* object) {
    return object == nullptr;
}
bool is_nothing(simplealloc_pollable pollable) {
    return pollable.fd == -1;
}
template <typename T>
requires std::is_arithmetic_v<T> || std::is_enum_v<T>
bool is_nothing(T number) {
    return number == T();
}

struct Function {
    CWorld& world;
    std::string name;
    std::vector<std::string> parameters;

    template <std::size_t Null, std::size_t... Indices, typename R, typename... Arguments>
    void call_without(R (*function)(Arguments...), std::index_sequence<Indices...>) {
        const std::string& missing = parameters.at(Null);
        INFO(name << " without " << missing);
        const bool optional = optional_arguments.erase(name + ":" + missing) != 0;
        const auto call = [&](simplealloc_error** error) {
            return function(argument<Arguments, Indices, Null>(world, error)...);
        };
        if constexpr (std::is_void_v<R>) {
            call(nullptr);
        } else if constexpr ((is_error_out<Arguments> || ...)) {
            const int code = call(world.error.out());
            CHECK((code == -EINVAL) != optional);
            if (!optional) {
                REQUIRE(world.error);
                CHECK(world.error->object == missing);
                CHECK(world.error->detail == std::string_view("is NULL"));
                CHECK(call(nullptr) == -EINVAL);
            }
        } else {
            const R result = call(nullptr);
            if constexpr (std::is_same_v<R, int>) {
                const bool gives_fd = name.ends_with("_fd") || name.ends_with("_release");
                CHECK(result == (optional ? 0 : gives_fd ? -1 : -EINVAL));
            } else if (!optional) {
                CHECK(is_nothing(result));
            }
        }
        world.free_all();
    }

    template <std::size_t... Indices, typename R, typename... Arguments>
    void check(R (*function)(Arguments...), std::index_sequence<Indices...> all) {
        REQUIRE(parameters.size() == sizeof...(Arguments));
        [[maybe_unused]] const auto each = [&]<std::size_t Null, typename T>() {
            if constexpr (std::is_pointer_v<T> && !is_error_out<T>)
                call_without<Null>(function, all);
        };
        (each.template operator()<Indices, Arguments>(), ...);
    }

    template <typename R, typename... Arguments>
    void check(R (*function)(Arguments...)) {
        check(function, std::index_sequence_for<Arguments...>());
    }
};

/// As C may do it: with a number that stands for nothing.
template <typename Enum>
__attribute__((no_sanitize("undefined"))) const char* name_of(const char* (*to_string)(Enum),
                                                              int number) {
    Enum value{};
    static_assert(sizeof(value) == sizeof(number));
    std::memcpy(&value, &number, sizeof(number));
    return to_string(value);
}

template <typename Enum>
requires std::is_enum_v<Enum>
void check_unknown_name(const char* (*to_string)(Enum)) {
    for (const int number : {-1, 99, 0x7fffffff})
        CHECK(name_of(to_string, number) == std::string_view("unknown"));
}
template <typename R, typename... Arguments>
void check_unknown_name(R (* /*function*/)(Arguments...)) {}

} // namespace

TEST_CASE("each pointer of each function of C may be missing") {
    CWorld world;
    world.free_all();
#define VERSIONED(...)
#define FREED(...)
#define FUNCTION(name, ...) Function{world, #name, {__VA_ARGS__}}.check(&name);
#include "c_headers.inc"
#undef FUNCTION
    CHECK(optional_arguments.empty());
    CHECK(simplealloc_set_log(SIMPLEALLOC_LOG_OFF, nullptr, nullptr) == 0);
    CHECK(world.kernel.errors().empty());
}

TEST_CASE("numbers that stand for nothing have the name unknown") {
#define FUNCTION(name, ...) check_unknown_name(&name);
#include "c_headers.inc"
#undef FUNCTION
}
