// SPDX-License-Identifier: MIT
// What all backends do alike: the beginning of a source, its facts, and taking in fresh dma-bufs.
#pragma once

#include "lib/backend.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace simplealloc {

/// A source named `BACKEND:INSTANCE` (`BACKEND` without instance) of system memory: addresses up
/// to the top of RAM, sizes in pages. Whether this process may open `path` is asked, not tried.
SourceRecord make_source(const char* backend, const std::string& instance, const std::string& path,
                         const std::string& subsystem, bool write);

/// Memory that a driver allocates for its device is where that reaches it.
void keep_in_reach(SourceRecord& source, const Reach& reach);

// Facts of SourceRecord::input.offer. What the offer does not know has confidence unknown, whatever
// is passed.
void add_contiguity_fact(SourceRecord& source, Confidence confidence, const std::string& origin);
void add_caching_fact(SourceRecord& source, Confidence confidence, const std::string& origin);
void add_zeroed_fact(SourceRecord& source, Confidence confidence, const std::string& origin);
/// Mode and group of the node; no fact where it can't be asked.
void add_mode_fact(SourceRecord& source);

/// What the kernel made of sizes that were asked for. Where the size alone decides, one lseek of
/// the first such dma-buf does for all.
class KnownSizes {
public:
    /// Nothing for a size that was not asked for before.
    [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t asked) const;
    void add(std::uint64_t asked, std::uint64_t real) { sizes_.emplace_back(asked, real); }

private:
    std::vector<std::pair<std::uint64_t, std::uint64_t>> sizes_;
};

/// Adds `fd` to `buffer` as its next dma-buf and puts the real size into the layout. Fails with
/// mismatch when that is less than the layout needs. Without `known` the size is measured each
/// time.
Result<void> take_dmabuf(RawBuffer& buffer, UniqueFd fd, const std::string& source,
                         KnownSizes* known = nullptr);

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
    KnownSizes sizes_;
};

/// Opens the source's node; `flags` as for open(2).
Result<UniqueFd> open_node(const SourceRecord& source, int flags);

/// The common Error of a system call: cause as given, and for denied the remedy of the source.
Error source_failure(const SourceRecord& source, Stage stage, Cause cause, int sys_errno,
                     std::string detail);

/// `64 MiB`, or bytes where that would lose something.
std::string size_text(std::uint64_t bytes);

} // namespace simplealloc
