// SPDX-License-Identifier: MIT
// Makes Buffers of what something else allocated.
#include "lib/allocator_data.hpp"
#include "lib/buffer_data.hpp"
#include "lib/dmabuf.hpp"
#include "lib/failure.hpp"
#include "lib/solver/layout.hpp"

#include <simplealloc/allocator.hpp>

#include <fmt/format.h>

namespace simplealloc {

namespace {

/// Memory of which only the caller's word is known.
SourceRecord unknown_source(const ForeignBuffer& foreign) {
    SourceRecord record;
    record.input.name = "foreign";
    solver::Offer& offer = record.input.offer;
    if (foreign.contiguous)
        offer.contiguity = solver::OfferContiguity::physical;
    offer.min_address = foreign.min_address;
    offer.max_address = foreign.max_address;
    record.facts.push_back({"contiguity", foreign.contiguous ? "physical" : "unknown",
                            foreign.contiguous ? Confidence::known : Confidence::unknown,
                            "caller"});
    return record;
}

Error no_such_source(const std::string& name) {
    return failure(Stage::request, Cause::invalid, 0, name, "this machine has no such source",
                   "`simplealloc sources` lists them; leave the name empty where nobody knows");
}

/// Checks descriptors and layout against each other and fills in what the kernel knows.
Result<void> take_dmabufs(const ForeignBuffer& foreign, BufferData& data, Layout& layout) {
    std::vector<std::uint64_t>& sizes = layout.dmabuf_sizes;
    const std::size_t count = foreign.dmabufs.size();
    if (sizes.empty() ? count == 0 : count != 0 && count != sizes.size())
        return failure(Stage::layout, Cause::invalid, 0, "adopt",
                       fmt::format("{} dma-bufs, the layout has {}", count, sizes.size()));
    sizes.resize(std::max(count, sizes.size()));
    for (std::size_t i = 0; i < count; ++i) {
        auto fd = UniqueFd::dup(foreign.dmabufs[i]);
        if (!fd)
            return fd.error();
        const auto size = dmabuf::size(fd->get());
        if (!size)
            return size.error();
        sizes[i] = *size;
        data.dmabufs.push_back({fd->get(), *size});
        data.fds.push_back(std::move(*fd));
    }
    return {};
}

Result<void> check_layout(const Layout& layout) {
    if (layout.planes.empty())
        return failure(Stage::layout, Cause::invalid, 0, "adopt", "the layout has no planes");
    auto checked = solver::check_layout(layout, {});
    if (checked)
        return {};
    Error error = checked.error();
    error.cause = Cause::invalid;
    error.stage = Stage::layout;
    return error;
}

Request request_of(const ForeignBuffer& foreign, const Layout& layout) {
    Request request = layout.fourcc == fourcc::bytes
                          ? Request::bytes(layout.planes.front().size)
                          : Request::image(layout.width, layout.height, layout.fourcc);
    for (const DeviceUse& use : foreign.uses)
        request.use(use);
    request.cpu(foreign.cpu);
    return request;
}

} // namespace

Result<Buffer> Allocator::adopt(const ForeignBuffer& foreign) const {
    auto data = std::make_unique<BufferData>();
    Layout layout = foreign.layout;
    if (auto taken = take_dmabufs(foreign, *data, layout); !taken)
        return taken.error();
    if (auto checked = check_layout(layout); !checked)
        return checked.error();
    BufferOrigin origin;
    if (foreign.source.empty()) {
        origin.source = unknown_source(foreign);
    } else {
        auto known = data_->find_source(foreign.source, foreign.uses);
        if (!known)
            return known.error();
        if (!known->has_value())
            return no_such_source(foreign.source);
        origin.source = **std::move(known);
    }
    origin.facts = origin.source.facts;
    origin.request = data_->policy.complete(request_of(foreign, layout));
    data->layout = std::make_shared<const Layout>(std::move(layout));
    data->origin = std::make_shared<const BufferOrigin>(std::move(origin));
    return Buffer(std::move(data));
}

} // namespace simplealloc
