// SPDX-License-Identifier: MIT
// Makes Buffers of what something else allocated.
#include "lib/allocate/data.hpp"
#include "lib/base/failure.hpp"
#include "lib/base/internal.hpp"
#include "lib/buffer/data.hpp"
#include "lib/buffer/import.hpp"
#include "lib/kernel/questions.hpp"
#include "lib/model/foreign_layout.hpp"

#include <simplealloc/allocator.hpp>

namespace simplealloc {

namespace {

/// Memory of which only the caller's word is known.
SourceRecord source_of(const ForeignBuffer& foreign) {
    SourceRecord record = unknown_source();
    solver::Offer& offer = record.input.offer;
    offer.min_address = foreign.min_address;
    offer.max_address = foreign.max_address;
    if (foreign.contiguous) {
        offer.contiguity = solver::OfferContiguity::physical;
        record.facts = {{"contiguity", "physical", Confidence::known, "caller"}};
    }
    return record;
}

Error no_such_source(const std::string& name) {
    return failure(Stage::request, Cause::invalid, 0, name, "this machine has no such source",
                   "`simplealloc sources` lists them; leave the name empty where nobody knows");
}

/// A description alone is of a buffer that is elsewhere: its sizes are the caller's word.
Result<void> take_dmabufs(const ForeignBuffer& foreign, Layout& layout, BufferData& data) {
    if (foreign.dmabufs.empty())
        return solver::complete(layout);
    auto fds = duplicate(foreign.dmabufs);
    if (!fds)
        return std::move(fds).error();
    return import_dmabufs(std::move(*fds), layout, data);
}

Request request_of(const ForeignBuffer& foreign, const Layout& layout) {
    Request request = plain_request(layout);
    request.uses = foreign.uses;
    request.cpu = foreign.cpu;
    return request;
}

} // namespace

Result<Buffer> Allocator::adopt(const ForeignBuffer& foreign) const {
    auto data = std::make_unique<BufferData>();
    Layout layout = foreign.layout;
    if (auto taken = take_dmabufs(foreign, layout, *data); !taken)
        return std::move(taken).error();
    BufferOrigin origin;
    if (foreign.source.empty()) {
        origin.source = source_of(foreign);
    } else {
        auto known =
            questions::ask_all([&] { return data_->find_source(foreign.source, foreign.uses); });
        if (!known)
            return std::move(known).error();
        if (!known->has_value())
            return no_such_source(foreign.source);
        origin.source = **std::move(known);
    }
    origin.facts = origin.source.facts;
    origin.request = data_->policy.complete(request_of(foreign, layout));
    data->layout = std::make_shared<const Layout>(std::move(layout));
    data->origin = std::make_shared<const BufferOrigin>(std::move(origin));
    return Internal::make<Buffer>(std::move(data));
}

} // namespace simplealloc
