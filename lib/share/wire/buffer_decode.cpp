// SPDX-License-Identifier: MIT
// Reads what a buffer is from bytes that may come from anybody.
#include "lib/share/wire/buffer_entries.hpp"
#include "lib/share/wire/buffer_form.hpp"
#include "lib/share/wire/bytes.hpp"
#include "lib/share/wire/check.hpp"

#include <simplealloc/share.hpp>

#include <algorithm>
#include <bitset>
#include <fmt/format.h>
#include <utility>

namespace simplealloc::wire {
namespace {

/// Which entries that come once have come already.
using Seen = std::bitset<128>;

Error cut_short(const char* what) {
    return invalid(what, "it has another length than it says");
}

Result<void> read_image(Reader payload, Layout& layout) {
    std::uint16_t state = 0;
    std::uint16_t placement = 0;
    if (!payload.number(layout.width) || !payload.number(layout.height) ||
        !payload.number(layout.fourcc.value) || !payload.number(state) ||
        !payload.number(placement) || !payload.number(layout.modifier.value) || !payload.empty())
        return cut_short("image");
    if (state > static_cast<std::uint16_t>(Modifier::State::implicit))
        return invalid("image", fmt::format("{} is no state of a modifier", state));
    if (placement > static_cast<std::uint16_t>(Placement::per_plane))
        return invalid("image", fmt::format("{} is no placement", placement));
    layout.modifier.state = static_cast<Modifier::State>(state);
    layout.placement = static_cast<Placement>(placement);
    return {};
}

Result<void> read_plane(Reader payload, Layout& layout) {
    Plane plane;
    if (!payload.number(plane.dmabuf) || !payload.number(plane.offset) ||
        !payload.number(plane.stride) || !payload.number(plane.size) || !payload.empty())
        return cut_short("plane");
    if (layout.planes.size() == share::max_dmabufs)
        return too_many("planes", layout.planes.size() + 1, share::max_dmabufs);
    layout.planes.push_back(plane);
    return {};
}

Result<void> read_dmabuf(Reader payload, Layout& layout) {
    std::uint64_t size = 0;
    if (!payload.number(size) || !payload.empty())
        return cut_short("dma-buf");
    if (layout.dmabuf_sizes.size() == share::max_dmabufs)
        return too_many("dma-bufs", layout.dmabuf_sizes.size() + 1, share::max_dmabufs);
    layout.dmabuf_sizes.push_back(size);
    return {};
}

Result<void> read_crop(Reader payload, BufferForm& form) {
    if (!payload.number(form.crop_width) || !payload.number(form.crop_height) || !payload.empty())
        return cut_short("crop");
    return {};
}

Result<void> read_number(Reader payload, const BufferNumber& row, solver::Offer& offer) {
    std::uint64_t value = 0;
    if (!payload.number(value) || !payload.empty())
        return cut_short(row.name);
    if (value < row.least || value > row.most)
        return invalid(row.name,
                       fmt::format("{} is not from {} to {}", value, row.least, row.most));
    row.set(offer, value);
    return {};
}

Result<void> read_text(Reader payload, const char* what, std::string& text) {
    const std::string_view all = payload.remaining_text();
    if (auto checked = check_text(what, all); !checked)
        return checked;
    text = all;
    return {};
}

Result<void> read_alias(Reader payload, BufferForm& form) {
    if (form.aliases.size() == share::max_aliases)
        return too_many("aliases", form.aliases.size() + 1, share::max_aliases);
    return read_text(payload, "aliases", form.aliases.emplace_back());
}

Result<void> read_fact(Reader payload, BufferForm& form) {
    if (form.facts.size() == share::max_facts)
        return too_many("facts", form.facts.size() + 1, share::max_facts);
    std::uint8_t confidence = 0;
    if (!payload.number(confidence))
        return cut_short("facts");
    if (confidence > static_cast<std::uint8_t>(Confidence::unknown))
        return invalid("facts", fmt::format("{} is no confidence", confidence));
    Fact& fact = form.facts.emplace_back();
    fact.confidence = static_cast<Confidence>(confidence);
    for (std::string* text : {&fact.name, &fact.value, &fact.origin}) {
        std::uint16_t length = 0;
        std::string_view part;
        if (!payload.number(length) || !payload.text(length, part))
            return cut_short("facts");
        if (auto checked = check_text("facts", part); !checked)
            return checked;
        *text = part;
    }
    return payload.empty() ? Result<void>() : cut_short("facts");
}

bool comes_once(BufferEntry entry) {
    return entry != BufferEntry::plane && entry != BufferEntry::dmabuf &&
           entry != BufferEntry::alias && entry != BufferEntry::fact;
}

Result<void> read_known(BufferEntry entry, Reader payload, BufferForm& form, bool& known) {
    switch (entry) {
    case BufferEntry::image:
        return read_image(payload, form.layout);
    case BufferEntry::plane:
        return read_plane(payload, form.layout);
    case BufferEntry::dmabuf:
        return read_dmabuf(payload, form.layout);
    case BufferEntry::crop:
        return read_crop(payload, form);
    case BufferEntry::source:
        return read_text(payload, "source", form.source);
    case BufferEntry::driver:
        return read_text(payload, "driver", form.driver);
    case BufferEntry::device:
        return read_text(payload, "device", form.offer.device);
    case BufferEntry::alias:
        return read_alias(payload, form);
    case BufferEntry::fact:
        return read_fact(payload, form);
    default:
        break;
    }
    const auto* row = std::find_if(buffer_numbers.begin(), buffer_numbers.end(),
                                   [&](const BufferNumber& one) { return one.entry == entry; });
    known = row != buffer_numbers.end();
    return known ? read_number(payload, *row, form.offer) : Result<void>();
}

Result<void> read_entry(Reader& in, BufferForm& form, Seen& seen) {
    std::uint16_t number = 0;
    std::uint16_t flags = 0;
    std::uint32_t length = 0;
    std::span<const std::byte> payload;
    if (!in.number(number) || !in.number(flags) || !in.number(length) || !in.take(length, payload))
        return cut_short("entry");
    if ((flags & ~must_understand) != 0)
        return invalid(fmt::format("entry {}", number),
                       fmt::format("flags {:#x} are not known", flags));
    const auto entry = static_cast<BufferEntry>(number);
    bool known = true;
    if (auto read = read_known(entry, Reader(payload), form, known); !read)
        return read;
    if (!known && (flags & must_understand) != 0)
        return broken(Cause::unsupported, fmt::format("entry {}", number),
                      "it must be understood, and this version does not know it");
    if (!known || !comes_once(entry))
        return {};
    if (seen.test(number))
        return invalid(fmt::format("entry {}", number), "it comes twice");
    seen.set(number);
    return {};
}

} // namespace

Result<BufferHeader> read_buffer_header(std::span<const std::byte> bytes) {
    Reader in(bytes);
    std::string_view found;
    std::uint16_t written_by = 0;
    std::uint16_t dmabufs = 0;
    std::uint32_t total = 0;
    if (!in.text(buffer_magic.size(), found) || found != buffer_magic)
        return invalid("message", "it does not start with SABF");
    if (!in.number(written_by) || !in.number(dmabufs) || !in.number(total))
        return cut_short("message");
    if (written_by != share::version)
        return broken(Cause::unsupported, fmt::format("version {}", written_by),
                      fmt::format("only version {} is known", share::version));
    if (dmabufs == 0)
        return invalid("dma-bufs", "there are none");
    if (dmabufs > share::max_dmabufs)
        return too_many("dma-bufs", dmabufs, share::max_dmabufs);
    if (total > share::max_message)
        return too_many("bytes", total, share::max_message);
    if (total < buffer_header)
        return cut_short("message");
    return BufferHeader{total, dmabufs};
}

Result<BufferForm> decode_buffer(std::span<const std::byte> message) {
    auto header = read_buffer_header(message);
    if (!header)
        return std::move(header).error();
    if (header->size != message.size())
        return cut_short("message");
    BufferForm form;
    Seen seen;
    Reader in(message.subspan(buffer_header));
    while (!in.empty())
        if (auto read = read_entry(in, form, seen); !read)
            return std::move(read).error();
    if (!seen.test(static_cast<std::size_t>(BufferEntry::image)))
        return invalid("image", "it is missing");
    if (form.layout.dmabuf_sizes.size() != header->dmabufs)
        return invalid("dma-bufs", fmt::format("{} are announced, {} described", header->dmabufs,
                                               form.layout.dmabuf_sizes.size()));
    const bool crops = seen.test(static_cast<std::size_t>(BufferEntry::crop));
    if (crops && (form.crop_width == 0 || form.crop_height == 0 ||
                  form.crop_width > form.layout.width || form.crop_height > form.layout.height))
        return invalid("crop",
                       fmt::format("{}x{} pixels are no part of {}x{}", form.crop_width,
                                   form.crop_height, form.layout.width, form.layout.height));
    if (form.offer.min_address > form.offer.max_address)
        return invalid("max_address", fmt::format("the window from {:#x} ends at {:#x}",
                                                  form.offer.min_address, form.offer.max_address));
    return form;
}

} // namespace simplealloc::wire
