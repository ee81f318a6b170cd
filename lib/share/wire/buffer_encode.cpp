// SPDX-License-Identifier: MIT
// Writes what a buffer is as bytes.
#include "lib/share/wire/buffer_entries.hpp"
#include "lib/share/wire/buffer_form.hpp"
#include "lib/share/wire/bytes.hpp"
#include "lib/share/wire/check.hpp"

#include <simplealloc/share.hpp>

namespace simplealloc::wire {
namespace {

void write_layout(Writer& out, const Layout& layout) {
    const std::size_t image = out.begin(BufferEntry::image, must_understand);
    out.number(layout.width);
    out.number(layout.height);
    out.number(layout.fourcc.value);
    out.number(static_cast<std::uint16_t>(layout.modifier.state));
    out.number(static_cast<std::uint16_t>(layout.placement));
    out.number(layout.modifier.value);
    out.close(image);
    for (const Plane& plane : layout.planes) {
        const std::size_t start = out.begin(BufferEntry::plane, must_understand);
        out.number(plane.dmabuf);
        out.number(plane.offset);
        out.number(plane.stride);
        out.number(plane.size);
        out.close(start);
    }
    for (const std::uint64_t size : layout.dmabuf_sizes) {
        const std::size_t start = out.begin(BufferEntry::dmabuf, must_understand);
        out.number(size);
        out.close(start);
    }
}

void write_crop(Writer& out, const BufferForm& form) {
    if (form.crop_width == 0)
        return;
    const std::size_t start = out.begin(BufferEntry::crop, 0);
    out.number(form.crop_width);
    out.number(form.crop_height);
    out.close(start);
}

Result<void> write_text(Writer& out, BufferEntry entry, const char* what, const std::string& text) {
    if (text.empty())
        return {};
    if (auto checked = check_text(what, text); !checked)
        return checked;
    const std::size_t start = out.begin(entry, 0);
    out.text(text);
    out.close(start);
    return {};
}

Result<void> write_fact(Writer& out, const Fact& fact) {
    const std::size_t start = out.begin(BufferEntry::fact, 0);
    out.number(static_cast<std::uint8_t>(fact.confidence));
    for (const std::string* text : {&fact.name, &fact.value, &fact.origin}) {
        if (auto checked = check_text("facts", *text); !checked)
            return checked;
        out.number(static_cast<std::uint16_t>(text->size()));
        out.text(*text);
    }
    out.close(start);
    return {};
}

/// What has the value of memory that nobody knows is left out.
void write_offer(Writer& out, const solver::Offer& offer) {
    static const solver::Offer unknown;
    for (const BufferNumber& row : buffer_numbers) {
        if (row.get(offer) == row.get(unknown))
            continue;
        const std::size_t start = out.begin(row.entry, must_understand);
        out.number(row.get(offer));
        out.close(start);
    }
}

Result<void> write_texts(Writer& out, const BufferForm& form) {
    if (auto written = write_text(out, BufferEntry::source, "source", form.source); !written)
        return written;
    if (auto written = write_text(out, BufferEntry::driver, "driver", form.driver); !written)
        return written;
    if (auto written = write_text(out, BufferEntry::device, "device", form.offer.device); !written)
        return written;
    for (const std::string& alias : form.aliases)
        if (auto written = write_text(out, BufferEntry::alias, "aliases", alias); !written)
            return written;
    for (const Fact& fact : form.facts)
        if (auto written = write_fact(out, fact); !written)
            return written;
    return {};
}

Result<void> check_counts(const BufferForm& form) {
    const Layout& layout = form.layout;
    if (layout.dmabuf_sizes.empty())
        return invalid("dma-bufs", "there are none");
    if (layout.dmabuf_sizes.size() > share::max_dmabufs)
        return too_many("dma-bufs", layout.dmabuf_sizes.size(), share::max_dmabufs);
    if (layout.planes.size() > share::max_dmabufs)
        return too_many("planes", layout.planes.size(), share::max_dmabufs);
    if (form.facts.size() > share::max_facts)
        return too_many("facts", form.facts.size(), share::max_facts);
    if (form.aliases.size() > share::max_aliases)
        return too_many("aliases", form.aliases.size(), share::max_aliases);
    return {};
}

} // namespace

Result<std::vector<std::byte>> encode_buffer(const BufferForm& form) {
    if (auto checked = check_counts(form); !checked)
        return std::move(checked).error();
    Writer out;
    out.text(buffer_magic);
    out.number(share::version);
    out.number(static_cast<std::uint16_t>(form.layout.dmabuf_sizes.size()));
    const std::size_t total = out.open();
    write_layout(out, form.layout);
    write_crop(out, form);
    write_offer(out, form.offer);
    if (auto written = write_texts(out, form); !written)
        return std::move(written).error();
    if (out.bytes().size() > share::max_message)
        return too_many("bytes", out.bytes().size(), share::max_message);
    out.put_length(total - 4, out.bytes().size());
    return std::move(out.bytes());
}

} // namespace simplealloc::wire
