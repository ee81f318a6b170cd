// SPDX-License-Identifier: MIT
// /dev/udmabuf: pages of a memfd as a dma-buf, bound to no device.
#include "backends/udmabuf.hpp"

#include "backends/common/source.hpp"
#include "lib/base/failure.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/kernel/questions.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/udmabuf.h>

namespace simplealloc::udmabuf {

namespace {

constexpr const char* size_limit_path = "/sys/module/udmabuf/parameters/size_limit_mb";
constexpr const char* list_limit_path = "/sys/module/udmabuf/parameters/list_limit";
constexpr const char* code = "drivers/dma-buf/udmabuf.c";

/// Both parameters are signed ints, and a negative limit refuses everything.
std::optional<std::uint64_t> parameter(const char* path) {
    std::string text;
    if (questions::read_file(path, text) < 0)
        return std::nullopt;
    char* end = nullptr;
    const long value = std::strtol(text.c_str(), &end, 10);
    if (end == text.c_str())
        return std::nullopt;
    return static_cast<std::uint64_t>(std::max(value, 0L));
}

/// Bytes, as of now: root may change it at any time. no_limit when unreadable.
std::uint64_t size_limit() {
    std::uint64_t bytes = 0;
    const auto mebibytes = parameter(size_limit_path);
    if (!mebibytes || __builtin_mul_overflow(*mebibytes, 1024U * 1024U, &bytes))
        return no_limit;
    return bytes;
}

std::string limit_reason(std::uint64_t limit) {
    return fmt::format("size_limit_mb of udmabuf is {} MiB", limit / (1024U * 1024U));
}

std::string limit_remedy(std::uint64_t wanted) {
    constexpr std::uint64_t mebibyte = 1024U * 1024U;
    return fmt::format("raise it: echo {} > {}", wanted / mebibyte + (wanted % mebibyte != 0),
                       size_limit_path);
}

Error above_limit(const SourceRecord& source, int sys_errno, std::uint64_t size,
                  std::uint64_t limit) {
    return failure(Stage::allocate, Cause::limit, sys_errno, source.path,
                   fmt::format("{} wanted, {}", size_text(size), limit_reason(limit)),
                   limit_remedy(size));
}

/// Sealed against shrinking, which would take pages away from under the dma-buf; the driver insists
/// on it.
Result<UniqueFd> make_memfd(const SourceRecord& source, const std::string& name,
                            std::uint64_t size) {
    const auto failed = [&](int result, const char* what) {
        return failure(Stage::allocate, cause_of(-result), -result, source.input.name,
                       fmt::format("{} a memfd of {}", what, size_text(size)));
    };
    // The kernel keeps 249 bytes of a memfd's name and refuses more.
    const int made = kernel::memfd(name.empty() ? "simplealloc" : name.substr(0, 249).c_str(), 0);
    if (made < 0)
        return failed(made, "create");
    UniqueFd fd = UniqueFd::adopt(made);
    if (const int result = kernel::truncate(made, size); result < 0)
        return failed(result, "size");
    if (const int result = kernel::add_seals(made, F_SEAL_SHRINK); result < 0)
        return failed(result, "seal");
    return fd;
}

Result<UniqueFd> allocate_one(const SourceRecord& source, int node, std::uint64_t wanted,
                              const AllocationSpec& spec) {
    const std::uint64_t page = kernel::page_size();
    std::uint64_t size = 0;
    if (__builtin_add_overflow(wanted, page - 1, &size))
        return above_limit(source, 0, wanted, size_limit());
    size -= size % page;
    auto memfd = make_memfd(source, spec.name, size);
    if (!memfd)
        return std::move(memfd).error();
    udmabuf_create request = {};
    request.memfd = static_cast<__u32>(memfd->get());
    request.flags = UDMABUF_FLAGS_CLOEXEC;
    request.size = size;
    const int result = kernel::ioctl(node, UDMABUF_CREATE, &request);
    if (result >= 0)
        return UniqueFd::adopt(result);
    // EINVAL stands for every wrong argument and for the limit, which may be another one by now
    // than when it was planned.
    if (result == -EINVAL) {
        if (const std::uint64_t limit = size_limit(); size > limit)
            return above_limit(source, EINVAL, size, limit);
    }
    return source_failure(source, Stage::allocate, cause_of(-result), -result,
                          fmt::format("allocate {}", size_text(size)));
}

} // namespace

std::vector<SourceRecord> find(std::span<const std::shared_ptr<const DeviceRecord>>) {
    const std::string path = misc_node("udmabuf");
    if (path.empty())
        return {};
    SourceRecord source = make_source("udmabuf", {}, path, "misc", true);
    solver::Offer& offer = source.input.offer;
    offer.contiguity = solver::OfferContiguity::scattered;
    offer.caching = solver::CpuCaching::cached;
    offer.zeroed = true;
    add_contiguity_fact(source, Confidence::known, code);
    add_caching_fact(source, Confidence::known, code);
    add_zeroed_fact(source, Confidence::known, code);
    add_mode_fact(source);
    if (const std::uint64_t limit = size_limit(); limit != no_limit) {
        offer.max_size = limit;
        offer.max_size_reason = limit_reason(limit);
        offer.max_size_remedy =
            fmt::format("raise it to N MiB: echo N > {}, or boot with udmabuf.size_limit_mb=N",
                        size_limit_path);
        source.facts.push_back({"max-size", size_text(limit), Confidence::known, size_limit_path});
    }
    if (const auto lists = parameter(list_limit_path))
        source.facts.push_back(
            {"list-limit", fmt::format("{}", *lists), Confidence::known, list_limit_path});
    return {std::move(source)};
}

Result<std::unique_ptr<OpenSource>> open(const SourceRecord& source) {
    return open_with(source, O_RDWR, allocate_one);
}

} // namespace simplealloc::udmabuf
