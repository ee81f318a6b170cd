// SPDX-License-Identifier: MIT
// Ownership of an allocation's dma-bufs.
#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/buffer/data.hpp"
#include "lib/buffer/mapping.hpp"
#include "lib/discovery/record/device_record.hpp"
#include "lib/discovery/setup.hpp"
#include "lib/kernel/dmabuf.hpp"
#include "lib/kernel/wait.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace simplealloc {

namespace {

Error no_such_dmabuf(Stage stage, const BufferData& data, std::size_t index) {
    return failure(stage, Cause::invalid, 0, data.origin->source.input.name,
                   fmt::format("dma-buf {} of {}", index, data.dmabufs.size()));
}

Error out_of_reach(const BufferData& data) {
    const SourceRecord& source = data.origin->source;
    return failure(Stage::map, Cause::unsupported, 0, source.input.name,
                   source.input.offer.protected_memory ? "this memory is protected from the CPU"
                                                       : "this memory can't be mapped by the CPU",
                   "request CPU access, so that another source is chosen");
}

} // namespace

bool DmaBuf::is_same(const DmaBuf& other) const {
    return dmabuf::is_same(fd, other.fd);
}

bool Buffer::is_same(const Buffer& other) const {
    return this == &other ||
           (!dmabufs().empty() && std::ranges::equal(dmabufs(), other.dmabufs(), &DmaBuf::is_same));
}

Buffer::Buffer(std::unique_ptr<BufferData> data) noexcept : data_(std::move(data)) {}
Buffer::Buffer(Buffer&&) noexcept = default;
Buffer& Buffer::operator=(Buffer&&) noexcept = default;
Buffer::~Buffer() = default;

std::span<const DmaBuf> Buffer::dmabufs() const noexcept {
    return data_->dmabufs;
}
Result<DmaBufInfo> Buffer::info(std::size_t dmabuf) const {
    if (dmabuf >= data_->dmabufs.size())
        return no_such_dmabuf(Stage::share, *data_, dmabuf);
    return dmabuf::info(data_->dmabufs[dmabuf].fd);
}
std::span<const Plane> Buffer::planes() const noexcept {
    return data_->layout->planes;
}
const Layout& Buffer::layout() const noexcept {
    return *data_->layout;
}
const std::string& Buffer::source() const noexcept {
    return data_->origin->source.input.name;
}
std::span<const Fact> Buffer::facts() const noexcept {
    return data_->origin->facts;
}
std::span<const Verification> Buffer::verified() const noexcept {
    return data_->verified;
}
std::span<const Attempt> Buffer::attempts() const noexcept {
    return data_->attempts;
}

Result<Setup> Buffer::setup(std::size_t use_index) const {
    const auto& uses = data_->origin->request.uses;
    if (use_index >= uses.size())
        return failure(Stage::request, Cause::invalid, 0, "setup",
                       fmt::format("use {} of {}", use_index, uses.size()));
    return setup(uses[use_index]);
}

Result<Setup> Buffer::setup(const DeviceUse& use) const {
    const Request& fields = data_->origin->request;
    return make_setup(Internal::data(use.device), use, *data_->layout,
                      {0, 0, fields.crop_width, fields.crop_height});
}

Result<Mapping> Buffer::map(Access access, std::size_t dmabuf) const {
    if (dmabuf >= data_->dmabufs.size())
        return no_such_dmabuf(Stage::map, *data_, dmabuf);
    if (!is_mappable(*data_))
        return out_of_reach(*data_);
    const DmaBuf& target = data_->dmabufs[dmabuf];
    auto memory = data_->cpu.get(dmabuf, target.fd, target.size, access, data_->flush);
    if (!memory)
        return std::move(memory).error();
    return begin_mapping(*std::move(memory), access);
}

Result<MappedPlanes> Buffer::map_planes(Access access) const {
    std::vector<Mapping> mappings;
    do {
        auto mapping = map(access, mappings.size());
        if (!mapping)
            return std::move(mapping).error();
        mappings.push_back(*std::move(mapping));
    } while (mappings.size() < data_->dmabufs.size());
    return view_planes(*data_->layout, std::move(mappings));
}

Result<bool> Buffer::wait(Access access, Timeout timeout) const {
    if (data_->dmabufs.empty())
        return no_such_dmabuf(Stage::sync, *data_, 0);
    std::vector<Pollable> targets;
    for (const DmaBuf& dmabuf : data_->dmabufs)
        targets.push_back(dmabuf::pollable(dmabuf.fd, access));
    return wait_for(targets, timeout);
}

Result<Pollable> Buffer::pollable(Access access, std::size_t dmabuf) const {
    if (dmabuf >= data_->dmabufs.size())
        return no_such_dmabuf(Stage::sync, *data_, dmabuf);
    return dmabuf::pollable(data_->dmabufs[dmabuf].fd, access);
}

Result<Fence> Buffer::export_sync_file(Access access, std::size_t dmabuf) const {
    if (dmabuf >= data_->dmabufs.size())
        return no_such_dmabuf(Stage::sync, *data_, dmabuf);
    return dmabuf::export_sync_file(data_->dmabufs[dmabuf].fd, access);
}

Result<void> Buffer::import_sync_file(int sync_file, Access access) const {
    if (data_->dmabufs.empty())
        return no_such_dmabuf(Stage::sync, *data_, 0);
    for (const DmaBuf& dmabuf : data_->dmabufs) {
        if (auto imported = dmabuf::import_sync_file(dmabuf.fd, sync_file, access); !imported)
            return imported;
    }
    return {};
}

Result<UniqueFd> Buffer::dup_fd(std::size_t dmabuf) const {
    if (dmabuf >= data_->dmabufs.size())
        return no_such_dmabuf(Stage::share, *data_, dmabuf);
    return UniqueFd::dup(data_->dmabufs[dmabuf].fd);
}

std::vector<UniqueFd> Buffer::release() {
    data_->dmabufs.clear();
    data_->cpu.clear();
    data_->charge = {};
    return std::exchange(data_->fds, {});
}

} // namespace simplealloc
