// SPDX-License-Identifier: MIT
// Nodes of class simple_allocator, the ioctl interface proposed in 2017.
#include "backends/simple_allocator.hpp"

#include "backends/common/cma.hpp"
#include "backends/common/source.hpp"
#include "backends/uapi/simple_allocator.h"
#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace simplealloc::simple_allocator {

namespace {

constexpr const char* subsystem = "simple_allocator";
constexpr const char* no_compat =
    "the simple allocator has no compat_ioctl, so a 32-bit process can't use it";

/// The proposal numbers the nodes of its one kind of memory: cma0, cma1…
bool is_cma_region(std::string_view name) {
    constexpr std::string_view prefix = "cma";
    return name.starts_with(prefix) && name.size() > prefix.size() &&
           name.find_first_not_of("0123456789", prefix.size()) == std::string_view::npos;
}

/// The first version asked CMA for as many pages as there were bytes wanted, rounded up to a page.
std::uint64_t taken_by_first_version(std::uint64_t size) {
    std::uint64_t bytes = 0;
    return __builtin_mul_overflow(size, std::uint64_t{kernel::page_size()}, &bytes) ? no_limit
                                                                                    : bytes;
}

/// No node tells its version before it has allocated.
void limit_to_areas(SourceRecord& source) {
    limit_to_cma(source);
    solver::Offer& offer = source.input.offer;
    if (offer.max_total != no_limit)
        offer.max_size_reason += fmt::format(
            ", of which a driver of the first version gives no more than {}, since it takes {} "
            "times what it is asked",
            size_text(offer.max_total / kernel::page_size()), kernel::page_size());
}

SourceRecord describe(const udev::Node& node) {
    SourceRecord source =
        make_source("simple-allocator", node.sysname, node.devnode, subsystem, true);
    if (needs_compat(sizeof(void*), kernel::machine())) {
        source.input.usable = false;
        source.input.reason = no_compat;
        source.input.remedy = "use a 64-bit build of the program";
    }
    solver::Offer& offer = source.input.offer;
    // The proposal has no cache maintenance around CPU access.
    offer.sync_effective = false;
    // Whatever kind of memory it is, a driver of its own was written for it.
    offer.scarce = true;
    const bool cma = is_cma_region(node.sysname);
    if (cma) {
        offer.contiguity = solver::OfferContiguity::physical;
        offer.caching = solver::CpuCaching::cached;
        offer.zeroed = false;
    } else {
        offer.undescribed =
            fmt::format("nobody describes memory of a simple allocator called {}", node.sysname);
    }
    add_contiguity_fact(source, Confidence::known, "node name of the simple allocator: cma");
    add_caching_fact(source, Confidence::assumed, "memory of a CMA area is the kernel's own");
    add_zeroed_fact(source, Confidence::assumed, "cma_alloc clears nothing");
    add_mode_fact(source);
    if (cma)
        limit_to_areas(source);
    return source;
}

/// Whether a dma-buf of the driver has a size that is no whole page. Takes 16 MiB of CMA for a
/// moment if so.
bool is_first_version(int node) {
    sa_allocation_data request = {};
    request.length = 1;
    request.flags = O_RDWR | O_CLOEXEC;
    if (kernel::ioctl(node, SA_IOC_ALLOC, &request) < 0)
        return false;
    const UniqueFd closes = UniqueFd::adopt(request.fd);
    return request.length == 1;
}

/// Nothing where that is not what stands in the way.
std::optional<Error> explain_first_version(const SourceRecord& source, int node,
                                           std::uint64_t size) {
    const std::uint64_t total = source.input.offer.max_total;
    const std::uint64_t taken = taken_by_first_version(size);
    if (taken <= total || !is_first_version(node))
        return std::nullopt;
    Error error = source_failure(
        source, Stage::allocate, Cause::limit, EINVAL,
        fmt::format("allocate {}: a driver of the first version takes {} times that, {}, and the "
                    "CMA areas hold {}",
                    size_text(size), kernel::page_size(), size_text(taken), size_text(total)));
    error.remedy = fmt::format("request at most {}, or load the second version",
                               size_text(total / kernel::page_size()));
    return error;
}

/// The driver says EINVAL to whatever fails inside it: no memory, no descriptor, wrong arguments.
/// Opening its node once more takes a descriptor, too, and tells it honestly.
Error explain_einval(const SourceRecord& source, int node, std::uint64_t size) {
    const auto opened = open_node(source, O_RDWR);
    if (!opened && opened.error().cause == Cause::fd_limit) {
        Error error =
            source_failure(source, Stage::allocate, Cause::fd_limit, opened.error().sys_errno,
                           fmt::format("allocate {}: no file descriptor is left, which "
                                       "the driver does not tell from other failures",
                                       size_text(size)));
        error.sys_errno = EINVAL;
        return error;
    }
    if (auto error = explain_first_version(source, node, size))
        return *std::move(error);
    // The arguments are right, so what is left is the memory.
    Error error = source_failure(source, Stage::allocate, Cause::exhausted, EINVAL,
                                 fmt::format("allocate {}: the driver does not say why; most "
                                             "likely its memory is used up or fragmented",
                                             size_text(size)));
    error.remedy = "free buffers of this source or ask for less";
    return error;
}

Error explain(const SourceRecord& source, int node, int sys_errno, std::uint64_t size) {
    const auto unsupported = [&](const char* why) {
        return source_failure(source, Stage::allocate, Cause::unsupported, sys_errno, why);
    };
    switch (sys_errno) {
    case EINVAL:
        return explain_einval(source, node, size);
    case ENODEV:
        return unsupported("the driver does not know SA_IOC_ALLOC");
    case ENOTTY:
        return unsupported(sizeof(void*) == 4 ? no_compat : "the node is no simple allocator");
    default:
        return source_failure(source, Stage::allocate, cause_of(sys_errno), sys_errno,
                              fmt::format("allocate {}", size_text(size)));
    }
}

Result<UniqueFd> allocate_one(const SourceRecord& source, int node, std::uint64_t wanted,
                              const AllocationSpec&) {
    // The first version gives the dma-buf the length as it is, and the last part of a page can't be
    // mapped then.
    const std::uint64_t page = kernel::page_size();
    std::uint64_t size = 0;
    if (__builtin_add_overflow(wanted, page - 1, &size))
        return source_failure(source, Stage::allocate, Cause::limit, 0,
                              fmt::format("allocate {}: too large", size_text(wanted)));
    size -= size % page;
    sa_allocation_data request = {};
    request.length = size;
    request.flags = O_RDWR | O_CLOEXEC;
    const int result = kernel::ioctl(node, SA_IOC_ALLOC, &request);
    if (result < 0)
        return explain(source, node, -result, size);
    return UniqueFd::adopt(request.fd);
}

} // namespace

bool needs_compat(std::size_t pointer_size, std::string_view machine) noexcept {
    constexpr std::array<std::string_view, 6> wide{"x86_64",  "aarch64", "riscv64",
                                                   "ppc64le", "mips64",  "s390x"};
    return pointer_size == 4 && std::find(wide.begin(), wide.end(), machine) != wide.end();
}

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>>) {
    std::vector<SourceRecord> sources;
    for (const udev::Node& node : questions::enumerate(subsystem))
        sources.push_back(describe(node));
    return sources;
}

Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source) {
    return open_with(source, O_RDWR, allocate_one);
}

} // namespace simplealloc::simple_allocator
