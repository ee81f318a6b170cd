// SPDX-License-Identifier: MIT
// Buffers as bytes and descriptors for another process.
#include <simplealloc/share.hpp>

#include "lib/base/failure.hpp"
#include "lib/buffer/data.hpp"
#include "lib/buffer/import.hpp"
#include "lib/model/offered.hpp"
#include "lib/share/wire/buffer_form.hpp"

#include "lib/base/internal.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace simplealloc::share {

namespace {

constexpr std::string_view by_peer = "peer: ";

Error at_sharing(Error error) {
    error.stage = Stage::share;
    return error;
}

/// Memory that needs more than DMA_BUF_IOCTL_SYNC after CPU writes needs a node for it, which does
/// not travel: who receives it can't map it.
solver::Offer offer_of(const BufferData& data) {
    solver::Offer offer = data.origin->source.input.offer;
    offer.caching = data.flush ? solver::CpuCaching::unmappable
                               : solver::caching_for(offer, data.origin->request.cpu);
    return offer;
}

SourceRecord source_of(wire::BufferForm form) {
    SourceRecord record = unknown_source();
    if (!form.source.empty())
        record.input.name = std::move(form.source);
    record.input.backend = record.input.name.substr(0, record.input.name.find(':'));
    record.input.driver = std::move(form.driver);
    record.input.aliases = std::move(form.aliases);
    record.input.offer = std::move(form.offer);
    record.input.offer.attach_reason = std::string(by_peer) + "others can't attach it";
    record.facts = std::move(form.facts);
    for (Fact& fact : record.facts)
        if (!fact.origin.starts_with(by_peer))
            fact.origin.insert(0, by_peer);
    return record;
}

} // namespace

Result<Parcel> pack(const Buffer& buffer) {
    const BufferData& data = Internal::data(buffer);
    const solver::SourceInput& source = data.origin->source.input;
    Parcel parcel;
    for (const DmaBuf& dmabuf : buffer.dmabufs())
        parcel.fds.push_back(dmabuf.fd);
    if (parcel.fds.empty())
        return failure(Stage::share, Cause::invalid, 0, source.name,
                       "the buffer has no dma-bufs to share");
    wire::BufferForm form;
    form.layout = buffer.layout();
    form.crop_width = data.origin->request.crop_width;
    form.crop_height = data.origin->request.crop_height;
    form.source = source.name;
    form.driver = source.driver;
    form.aliases = source.aliases;
    form.aliases.resize(std::min(form.aliases.size(), max_aliases));
    form.offer = offer_of(data);
    form.facts.assign(buffer.facts().begin(), buffer.facts().end());
    auto bytes = wire::encode_buffer(form);
    if (!bytes)
        return at_sharing(bytes.error());
    parcel.bytes = std::move(*bytes);
    return parcel;
}

Result<Buffer> unpack(std::span<const std::byte> bytes, std::vector<UniqueFd> fds) {
    auto form = wire::decode_buffer(bytes);
    if (!form)
        return at_sharing(form.error());
    if (fds.size() != form->layout.dmabuf_sizes.size())
        return failure(Stage::share, Cause::invalid, 0, "message",
                       fmt::format("{} descriptors for {} dma-bufs", fds.size(),
                                   form->layout.dmabuf_sizes.size()));
    Layout layout = std::move(form->layout);
    const Crop crop{0, 0, form->crop_width, form->crop_height};
    return import_buffer(std::move(fds), std::move(layout), source_of(std::move(*form)), crop);
}

} // namespace simplealloc::share
