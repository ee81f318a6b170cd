// SPDX-License-Identifier: MIT
// Words for sizes, formats, requests and constraints.
#include "tools/output/words.hpp"

#include <array>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace simplealloc::tools {

namespace {

constexpr std::array<std::pair<ConstraintKind, std::string_view>, 36> needs{{
    {ConstraintKind::stride_align, "strides of the right multiple"},
    {ConstraintKind::stride_align_pixels, "strides of the right number of pixels"},
    {ConstraintKind::offset_align, "plane offsets of the right multiple"},
    {ConstraintKind::size_align, "a size of the right multiple"},
    {ConstraintKind::address_align, "memory that starts at the right multiple"},
    {ConstraintKind::width_align, "a width padded to the right multiple"},
    {ConstraintKind::height_align, "a height padded to the right multiple"},
    {ConstraintKind::min_stride, "a longer stride"},
    {ConstraintKind::min_size, "a larger buffer"},
    {ConstraintKind::min_width, "a wider image"},
    {ConstraintKind::min_height, "a higher image"},
    {ConstraintKind::tail_padding, "room behind the last plane"},
    {ConstraintKind::max_stride, "a shorter stride"},
    {ConstraintKind::max_offset, "planes nearer to the start"},
    {ConstraintKind::max_size, "a smaller buffer"},
    {ConstraintKind::max_width, "a narrower image"},
    {ConstraintKind::max_height, "a lower image"},
    {ConstraintKind::max_segments, "memory in fewer pieces"},
    {ConstraintKind::max_segment_size, "memory in smaller pieces"},
    {ConstraintKind::segment_boundary, "pieces that cross no boundary"},
    {ConstraintKind::max_buffers, "fewer buffers at a time"},
    {ConstraintKind::contiguity, "memory in one piece"},
    {ConstraintKind::address_window, "memory at addresses within reach"},
    {ConstraintKind::placement, "another arrangement of planes in dma-bufs"},
    {ConstraintKind::starts_at_zero, "an image that begins at byte 0"},
    {ConstraintKind::memory_kind, "another kind of memory"},
    {ConstraintKind::protected_memory, "protected memory"},
    {ConstraintKind::exporter, "memory from an exporter that is accepted"},
    {ConstraintKind::format, "a format and modifier that all know"},
    {ConstraintKind::attach, "memory that others can attach or map"},
    {ConstraintKind::cpu_access, "memory that the CPU may use in this way"},
    {ConstraintKind::request_size, "a source that can give this much"},
    {ConstraintKind::quota, "a quota that leaves this much"},
    {ConstraintKind::search_limit, "fewer alternatives to choose from"},
    {ConstraintKind::access, "the right to use the source"},
    {ConstraintKind::policy, "a source that the policy allows"},
}};

std::string_view cpu_in_words(CpuAccess cpu) {
    switch (cpu) {
    case CpuAccess::none:
        return "the CPU does not touch it";
    case CpuAccess::write:
        return "the CPU writes it";
    case CpuAccess::read_rarely:
        return "the CPU reads it now and then";
    case CpuAccess::read_often:
        return "the CPU reads it often";
    }
    return {};
}

} // namespace

std::string size_in_words(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024)
        return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
    std::size_t unit = 0;
    std::uint64_t one = 1024;
    while (unit + 1 < units.size() && bytes / one >= 1024) {
        one *= 1024;
        ++unit;
    }
    // Integer tenths: a double would round 2^64 - 1.
    const std::uint64_t whole = bytes / one;
    const std::uint64_t tenth = bytes % one / (one / 1024) * 10 / 1024;
    return tenth == 0 ? fmt::format("{} {}", whole, units[unit])
                      : fmt::format("{}.{} {}", whole, tenth, units[unit]);
}

std::string exact_size_in_words(std::uint64_t bytes) {
    const std::string words = size_in_words(bytes);
    std::uint64_t one = 1;
    while (bytes / 1024 >= one && one < std::uint64_t{1} << 60U)
        one *= 1024;
    return bytes % one == 0 ? words : fmt::format("{} ({} bytes)", words, bytes);
}

std::uint64_t total_size(std::span<const std::uint64_t> sizes) {
    std::uint64_t total = 0;
    for (const std::uint64_t size : sizes)
        if (__builtin_add_overflow(total, size, &total))
            return std::numeric_limits<std::uint64_t>::max();
    return total;
}

std::string message_alone(const Error& error) {
    Error alone;
    alone.cause = error.cause;
    alone.stage = error.stage;
    alone.sys_errno = error.sys_errno;
    alone.object = error.object;
    alone.detail = error.detail;
    alone.conflict = error.conflict;
    return alone.message();
}

std::string message_alone(const Attempt& attempt) {
    const std::string tail = "; " + attempt.remedy;
    std::string message = attempt.message;
    if (!attempt.remedy.empty() && message.ends_with(tail))
        message.resize(message.size() - tail.size());
    return message;
}

std::string or_unknown(std::string_view text) {
    return std::string(text.empty() ? "unknown" : text);
}

Cell in_words(Confidence confidence) {
    return {confidence, confidence == Confidence::known ? Style::plain : Style::warning};
}

Cell in_words(bool usable) {
    return {usable ? "yes" : "no", usable ? Style::good : Style::bad};
}

std::string party_in_words(const DeviceUse& use) {
    return fmt::format("{} ({})", use.device.path(), to_string(use.use));
}

std::string request_in_words(const Request& request) {
    std::string text = request.is_image() ? fmt::format("{}x{} {}", request.width, request.height,
                                                        to_string(request.fourcc))
                                          : exact_size_in_words(request.size);
    if (request.modifier)
        text += " " + to_string(*request.modifier);
    if (request.crop_width != 0)
        text += fmt::format(" cropped to {}x{}", request.crop_width, request.crop_height);
    if (request.count.value_or(1) > 1)
        text += fmt::format(", {} buffers,", *request.count);
    std::vector<std::string> uses;
    for (const DeviceUse& use : request.uses)
        uses.push_back(party_in_words(use));
    text += uses.empty() ? " for the CPU alone" : " for " + join_in_words(uses);
    text += fmt::format("; {}", cpu_in_words(request.cpu));
    if (request.any_device.value_or(false))
        text += "; memory of any device will do";
    if (request.strict.value_or(false))
        text += "; nothing unproven";
    return text;
}

std::string format_in_words(Fourcc fourcc, Modifier modifier) {
    return fourcc == fourcc::bytes || fourcc.is_v4l2()
               ? to_string(fourcc)
               : to_string(fourcc) + " " + to_string(modifier);
}

std::string_view need_in_words(ConstraintKind constraint) {
    for (const auto& [kind, words] : needs)
        if (kind == constraint)
            return words;
    return {};
}

} // namespace simplealloc::tools
