// SPDX-License-Identifier: MIT
// A turn of the CPU that is ended once.
#include <simplealloc/mapping.hpp>

#include "lib/base/internal.hpp"
#include "lib/buffer/cpu_memory.hpp"
#include "lib/buffer/mapping.hpp"
#include "lib/kernel/log.hpp"

#include <utility>

namespace simplealloc {

Mapping::Mapping(std::shared_ptr<CpuMemory> memory, Access access,
                 std::span<std::byte> bytes) noexcept
    : memory_(std::move(memory)), access_(access), bytes_(bytes) {}

Result<Mapping> begin_mapping(std::shared_ptr<CpuMemory> memory, Access access) {
    auto bytes = memory->begin(access);
    if (!bytes)
        return std::move(bytes).error();
    return Internal::make<Mapping>(std::move(memory), access, *bytes);
}

Mapping::Mapping(Mapping&& other) noexcept
    : memory_(std::move(other.memory_)), access_(other.access_),
      bytes_(std::exchange(other.bytes_, {})) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    if (this != &other) {
        const Mapping ended(std::move(*this));
        memory_ = std::move(other.memory_);
        access_ = other.access_;
        bytes_ = std::exchange(other.bytes_, {});
    }
    return *this;
}

Mapping::~Mapping() {
    log::quietly("mapping", [this] { return finish(); });
}

Result<void> Mapping::finish() {
    bytes_ = {};
    const auto memory = std::exchange(memory_, nullptr);
    return memory ? memory->end(access_) : Result<void>();
}

} // namespace simplealloc
