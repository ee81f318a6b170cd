// SPDX-License-Identifier: MIT
// Dma-bufs that something else allocated, checked against the layout that is said to be in them.
#include "lib/buffer/import.hpp"
#include "lib/base/internal.hpp"

#include "lib/base/failure.hpp"
#include "lib/kernel/dmabuf.hpp"
#include "lib/model/foreign_layout.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

namespace simplealloc {

namespace {

/// As many as a framebuffer has planes.
constexpr std::size_t most_dmabufs = 4;

Error invalid(std::string detail) {
    return failure(Stage::layout, Cause::invalid, 0, "layout", std::move(detail));
}

/// Takes a dma-buf over unless the buffer has it already; its index there.
Result<std::uint32_t> take(UniqueFd fd, BufferData& data) {
    if (auto checked = dmabuf::check(fd.get()); !checked)
        return std::move(checked).error();
    const auto known = std::find_if(data.fds.begin(), data.fds.end(), [&](const UniqueFd& other) {
        return dmabuf::is_same(fd.get(), other.get());
    });
    const auto index = static_cast<std::uint32_t>(known - data.fds.begin());
    if (known != data.fds.end())
        return index;
    auto size = dmabuf::size(fd.get());
    if (!size)
        return std::move(size).error();
    if (*size == 0)
        return invalid(fmt::format("dma-buf {} has no bytes", index));
    data.dmabufs.push_back({fd.get(), *size});
    data.fds.push_back(std::move(fd));
    return index;
}

/// The real sizes take the place of those that are said.
Result<void> take_all(std::vector<UniqueFd> fds, Layout& layout, BufferData& data) {
    const std::vector<std::uint64_t> said = std::move(layout.dmabuf_sizes);
    if (fds.empty() || fds.size() > most_dmabufs)
        return invalid(fmt::format("{} dma-bufs, it takes 1 to {}", fds.size(), most_dmabufs));
    if (!said.empty() && said.size() != fds.size())
        return invalid(fmt::format("{} dma-bufs, the layout has {}", fds.size(), said.size()));
    std::vector<std::uint32_t> indices;
    for (std::size_t i = 0; i < fds.size(); ++i) {
        auto index = take(std::move(fds[i]), data);
        if (!index)
            return std::move(index).error();
        const std::uint64_t size = data.dmabufs[*index].size;
        if (!said.empty() && said[i] > size)
            return invalid(fmt::format("dma-buf {} has {} bytes, not {}", i, size, said[i]));
        indices.push_back(*index);
    }
    for (Plane& plane : layout.planes) {
        if (plane.dmabuf >= indices.size())
            return invalid(
                fmt::format("a plane in dma-buf {}, of {}", plane.dmabuf, indices.size()));
        plane.dmabuf = indices[plane.dmabuf];
    }
    layout.dmabuf_sizes.clear();
    for (const DmaBuf& dmabuf : data.dmabufs)
        layout.dmabuf_sizes.push_back(dmabuf.size);
    return {};
}

} // namespace

SourceRecord unknown_source() {
    SourceRecord record;
    record.input.name = "foreign";
    record.facts.push_back({"contiguity", "unknown", Confidence::unknown, "caller"});
    return record;
}

Request plain_request(const Layout& layout) {
    return layout.fourcc == fourcc::bytes
               ? Request::bytes(layout.planes.front().size)
               : Request::image(layout.width, layout.height, layout.fourcc);
}

Result<std::vector<UniqueFd>> duplicate(std::span<const int> fds) {
    std::vector<UniqueFd> copies;
    for (const int fd : fds) {
        auto copy = UniqueFd::dup(fd);
        if (!copy)
            return std::move(copy).error();
        copies.push_back(std::move(*copy));
    }
    return copies;
}

Result<void> import_dmabufs(std::vector<UniqueFd> fds, Layout& layout, BufferData& data) {
    if (auto taken = take_all(std::move(fds), layout, data); !taken)
        return taken;
    return solver::complete(layout);
}

Result<Buffer> import_buffer(std::vector<UniqueFd> fds, Layout layout, SourceRecord source,
                             const Crop& crop) {
    auto data = std::make_unique<BufferData>();
    if (auto imported = import_dmabufs(std::move(fds), layout, *data); !imported)
        return std::move(imported).error();
    BufferOrigin origin;
    origin.facts = source.facts;
    origin.source = std::move(source);
    origin.request = plain_request(layout);
    origin.request.crop_width = crop.width;
    origin.request.crop_height = crop.height;
    data->layout = std::make_shared<const Layout>(std::move(layout));
    data->origin = std::make_shared<const BufferOrigin>(std::move(origin));
    return Internal::make<Buffer>(std::move(data));
}

Result<Buffer> Buffer::import(std::span<const int> fds, Layout layout) {
    auto copies = duplicate(fds);
    if (!copies)
        return std::move(copies).error();
    return import_buffer(std::move(*copies), std::move(layout), unknown_source());
}

} // namespace simplealloc
