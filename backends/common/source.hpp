// SPDX-License-Identifier: MIT
// What all backends do alike: the beginning of a source, its facts, and taking in fresh dma-bufs.
#pragma once

#include "lib/base/address_range.hpp"
#include "lib/base/size_text.hpp"
#include "lib/source/backend.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace simplealloc {

/// The node of a driver of class misc, which has one alone; empty where there is none.
std::string misc_node(const std::string& name);

/// A source named `BACKEND:INSTANCE` (`BACKEND` without instance) of system memory: addresses where
/// RAM is, sizes in pages. Whether this process may open `path` is asked, not tried.
SourceRecord make_source(const char* backend, const std::string& instance, const std::string& path,
                         const std::string& subsystem, bool write);

/// Keeps to the RAM inside of the window. Where there is none, the window can't be right: false,
/// and nothing is changed.
bool narrow(solver::Offer& offer, const AddressRange& window);

/// Memory that a driver allocates for its device is in the device's own pool, or else where that
/// reaches it.
void keep_in_reach(SourceRecord& source, const Reach& reach);

/// A card's own memory: others reach it in the card's BARs, where they do at all, or its driver
/// moves it to RAM for them. Anywhere where sysfs does not tell.
void place_device_memory(SourceRecord& source, const DeviceRecord& device);

/// Whether others can attach and map its dma-bufs, which are called `memory`, e.g. `dumb buffers`.
void describe_exports(SourceRecord& source, const Learned<bool>& attachable,
                      const Learned<bool>& stable, const char* memory);

/// The kind of memory that a card's driver allocates; a fact of it.
void describe_memory_kind(SourceRecord& source, const DeviceRecord& device, const char* memory);

// Facts of SourceRecord::input.offer. What the offer does not know has confidence unknown, whatever
// is passed.
void add_contiguity_fact(SourceRecord& source, Confidence confidence, const std::string& origin);
void add_caching_fact(SourceRecord& source, Confidence confidence, const std::string& origin);
void add_zeroed_fact(SourceRecord& source, Confidence confidence, const std::string& origin);
/// Mode and group of the node; no fact where it can't be asked.
void add_mode_fact(SourceRecord& source);

/// Puts the real sizes of the dma-bufs into the layout. Fails with mismatch when one has less than
/// the layout needs.
Result<void> measure(Layout& layout, std::span<const UniqueFd> dmabufs, const std::string& source);

/// The last layout that the kernel made of what was asked. An equal request makes an equal buffer,
/// so that it need not be measured again.
class KnownLayout {
public:
    /// Null unless the same was asked.
    [[nodiscard]] std::shared_ptr<const Layout> find(const Layout& asked) const;
    std::shared_ptr<const Layout> remember(const Layout& asked, Layout made);

private:
    Layout asked_;
    std::shared_ptr<const Layout> made_;
};

/// A node which makes one dma-buf a call, whose size follows from what was asked for.
class OpenNode : public OpenSource {
public:
    explicit OpenNode(const SourceRecord& source, UniqueFd node)
        : source_(source), node_(std::move(node)) {}
    Result<RawBuffer> allocate(const AllocationSpec& spec) override;

protected:
    virtual Result<UniqueFd> make(std::uint64_t size, const AllocationSpec& spec) = 0;
    [[nodiscard]] const SourceRecord& source() const { return source_; }
    [[nodiscard]] int node() const { return node_.get(); }

private:
    const SourceRecord& source_;
    UniqueFd node_;
    KnownLayout known_;
};

/// Opens the source's node; `flags` as for open(2).
Result<UniqueFd> open_node(const SourceRecord& source, int flags);

/// Allocates one dma-buf of at least `size` bytes with a call on `node`.
using MakeDmaBuf = Result<UniqueFd> (*)(const SourceRecord& source, int node, std::uint64_t size,
                                        const AllocationSpec& spec);
/// An OpenNode of the source whose dma-bufs `make` allocates.
Result<std::unique_ptr<OpenSource>> open_with(const SourceRecord& source, int flags,
                                              MakeDmaBuf make);

/// The common Error of a system call: cause as given, and for denied the remedy of the source.
Error source_failure(const SourceRecord& source, Stage stage, Cause cause, int sys_errno,
                     std::string detail);

} // namespace simplealloc
