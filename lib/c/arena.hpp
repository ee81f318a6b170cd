// SPDX-License-Identifier: MIT
// Memory for what C sees of an object: structs, strings and lists, freed together.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace simplealloc::c {

/// What it gives lives as long as it does. Each concept has a function to_c(value, arena) that
/// makes a C struct of a C++ value.
class Arena {
public:
    Arena() : memory_(first_.data(), first_.size()) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    template <typename T>
    const T* add(const T& value) {
        return copy(&value, 1);
    }

    template <typename T>
    const T* copy(const T* values, std::size_t count) {
        static_assert(std::is_trivially_copyable_v<T>);
        T* const room = allocate<T>(count);
        std::uninitialized_copy_n(values, count, room);
        return room;
    }

    const char* text(std::string_view value) {
        char* const room = allocate<char>(value.size() + 1);
        value.copy(room, value.size());
        room[value.size()] = '\0';
        return room;
    }

    const char* const* texts(const std::vector<std::string>& values) {
        return pointers<char>(values, [this](const std::string& value) { return text(value); });
    }

    template <typename Range>
    auto list(const Range& values) {
        using C = decltype(to_c(*std::begin(values), *this));
        return pointers<C>(values, [this](const auto& value) { return add(to_c(value, *this)); });
    }

    /// Pointers to what `make` returns of each value, and NULL behind the last.
    template <typename C, typename Range, typename Make>
    const C* const* pointers(const Range& values, Make make) {
        const C** const room = allocate<const C*>(std::size(values) + 1);
        const C** next = room;
        for (const auto& value : values)
            *next++ = make(value);
        *next = nullptr;
        return room;
    }

    /// For what has a destructor.
    template <typename T, typename... Arguments>
    T* own(Arguments&&... arguments) {
        auto object = std::make_shared<T>(std::forward<Arguments>(arguments)...);
        owned_.push_back(object);
        return object.get();
    }

private:
    template <typename T>
    T* allocate(std::size_t count) {
        return static_cast<T*>(memory_.allocate(count * sizeof(T), alignof(T)));
    }

    /// An error or a device needs no more, and is one block of memory then.
    alignas(std::max_align_t) std::array<std::byte, 512> first_;
    std::pmr::monotonic_buffer_resource memory_;
    std::vector<std::shared_ptr<void>> owned_;
};

/// What C sees of an object that never changes, made when a thread first asks for it.
template <typename T>
class Lazy {
public:
    Lazy() = default;
    Lazy(const Lazy&) = delete;
    Lazy& operator=(const Lazy&) = delete;
    ~Lazy() { delete made_.load(); }

    /// T of the object; NULL where there is no memory for it.
    template <typename Object>
    const T* of(const Object& object) const noexcept {
        const T* made = made_.load(std::memory_order_acquire);
        if (made != nullptr)
            return made;
        try {
            auto fresh = std::make_unique<const T>(object);
            // Another thread may have been faster.
            return made_.compare_exchange_strong(made, fresh.get()) ? fresh.release() : made;
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
    }

private:
    mutable std::atomic<const T*> made_ = nullptr;
};

} // namespace simplealloc::c
