// SPDX-License-Identifier: MIT
// Clears memory that may hold what its last owner left.
#include "lib/buffer/zero.hpp"
#include "lib/buffer/mapping.hpp"

#include "lib/buffer/cpu_memory.hpp"
#include "lib/kernel/log.hpp"

#include <algorithm>
#include <string_view>

namespace simplealloc {

namespace {

Result<void> clear(const BufferData& buffer, const DmaBuf& dmabuf) {
    // Not the Buffer's own mapping: most buffers are never mapped again.
    auto memory = CpuMemory::create(dmabuf.fd, dmabuf.size, Access::write, buffer.flush);
    if (!memory)
        return std::move(memory).error();
    auto mapping = begin_mapping(*std::move(memory), Access::write);
    if (!mapping)
        return std::move(mapping).error();
    std::fill(mapping->bytes().begin(), mapping->bytes().end(), std::byte{0});
    return mapping->finish();
}

} // namespace

Result<bool> clear_memory(const BufferData& buffer, std::optional<bool> zeroed) {
    if (zeroed == true || !is_mappable(buffer))
        return false;
    // Zeros are no image in a layout that only devices understand.
    if (!buffer.layout->modifier.is_linear())
        return false;
    for (const DmaBuf& dmabuf : buffer.dmabufs) {
        auto cleared = clear(buffer, dmabuf);
        if (cleared)
            continue;
        // Some exporters have no mmap, which only trying tells.
        if (cleared.error().stage != Stage::map || cleared.error().cause != Cause::unsupported) {
            Error error = cleared.error();
            error.object = buffer.origin->source.input.name;
            error.detail = "clear old data: " + error.detail;
            return error;
        }
        log::line(LogLevel::info, "allocate: {}: old data is not cleared: {}",
                  buffer.origin->source.input.name, cleared.error().message());
        return false;
    }
    return true;
}

void note_cleared(std::vector<Fact>& facts) {
    constexpr std::string_view name = "zeroed";
    const Fact cleared{std::string(name), "yes", Confidence::known, "cleared through a mapping"};
    const auto old = std::find_if(facts.begin(), facts.end(),
                                  [&](const Fact& fact) { return fact.name == name; });
    if (old != facts.end())
        *old = cleared;
    else
        facts.push_back(cleared);
}

} // namespace simplealloc
