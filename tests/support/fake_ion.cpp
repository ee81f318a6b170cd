// SPDX-License-Identifier: MIT
// /dev/ion for the fake kernel, in each of its ABIs.
#include "backends/uapi/ion.h"
#include "tests/support/fake_devices.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/sysmacros.h>

namespace simplealloc::test {

namespace {

namespace uapi = ion::uapi;

struct Handle {
    std::shared_ptr<FakeDmaBuf> memory;
    std::shared_ptr<Counted> counted;
};

/// One open file.
struct Client {
    FakeKernel& kernel;
    std::shared_ptr<FakeIon> ion;
    FakeIonAbi abi;
    std::map<std::int32_t, Handle> handles = {};
    std::int32_t next_handle = 1;

    [[nodiscard]] bool is_legacy() const {
        return abi == FakeIonAbi::legacy || abi == FakeIonAbi::legacy_query;
    }

    /// By falling id, as the kernel keeps them.
    [[nodiscard]] std::vector<FakeIonHeap> sorted() const {
        std::vector<FakeIonHeap> heaps = ion->heaps;
        std::sort(heaps.begin(), heaps.end(),
                  [](const FakeIonHeap& a, const FakeIonHeap& b) { return a.id > b.id; });
        return heaps;
    }

    /// Tries the heaps of the mask.
    int allocate(std::uint64_t len, std::uint64_t align, std::uint32_t mask, std::uint32_t flags,
                 std::shared_ptr<FakeDmaBuf>& out) {
        ion->allocations.push_back({mask, flags, align});
        if (len == 0 || len > UINT64_MAX - kernel.page)
            return -EINVAL;
        const std::uint64_t size = (len + kernel.page - 1) / kernel.page * kernel.page;
        int result = -ENODEV;
        for (const FakeIonHeap& heap : sorted()) {
            if (((mask >> heap.id) & 1U) == 0)
                continue;
            if (align > kernel.page || (heap.refuses_cached && (flags & uapi::flag_cached) != 0)) {
                result = -EINVAL;
                continue;
            }
            auto charge = FakePool::take(heap.pool, size);
            if (!charge) {
                // ION_CMA_ALLOCATE_FAILED was -1 before 4.12.
                constexpr std::uint32_t dma = 4;
                result = is_legacy() && heap.type == dma ? -EPERM : -ENOMEM;
                continue;
            }
            out = kernel.make_dmabuf(size - heap.missing, "ion", O_RDWR, std::move(charge));
            out->contiguous = heap.contiguous;
            out->mappable = heap.mappable;
            return 0;
        }
        return result;
    }

    int legacy_alloc(uapi::LegacyAllocation& request) {
        Handle handle;
        if (const int error = allocate(request.len, request.align, request.heap_id_mask,
                                       request.flags, handle.memory);
            error < 0)
            return error;
        handle.counted = std::make_shared<Counted>(ion->handles);
        request.handle = next_handle++;
        handles[request.handle] = std::move(handle);
        return 0;
    }

    int modern_alloc(uapi::ModernAllocation& request) {
        std::shared_ptr<FakeDmaBuf> memory;
        if (const int error = allocate(request.len, 0, request.heap_id_mask, request.flags, memory);
            error < 0)
            return error;
        request.fd = static_cast<std::uint32_t>(kernel.install(std::move(memory)));
        return 0;
    }

    int share(uapi::LegacyFd& request) {
        const auto found = handles.find(request.handle);
        if (found == handles.end())
            return -EINVAL;
        request.fd = kernel.install(found->second.memory);
        return 0;
    }

    int sync(const uapi::LegacyFd& request) const {
        const auto memory = kernel.dmabuf(request.fd);
        if (!memory || memory->exporter != "ion")
            return memory ? -EINVAL : -EBADF;
        ion->synced.push_back(memory->inode);
        return 0;
    }

    int query(uapi::HeapQuery& request) const {
        if (request.reserved0 != 0 || request.reserved1 != 0 || request.reserved2 != 0)
            return -EINVAL;
        const auto count = static_cast<std::uint32_t>(ion->heaps.size());
        if (request.heaps == 0) {
            request.cnt = count;
            return 0;
        }
        if (request.cnt == 0)
            return -EINVAL;
        request.cnt = std::min(request.cnt, count);
        auto* out = reinterpret_cast<uapi::HeapData*>(request.heaps);
        const std::vector<FakeIonHeap> heaps = sorted();
        for (std::uint32_t i = 0; i < request.cnt; ++i) {
            out[i] = {};
            std::strncpy(out[i].name, heaps[i].name.c_str(), sizeof(out[i].name) - 1);
            out[i].type = heaps[i].type;
            out[i].heap_id = heaps[i].id;
        }
        return 0;
    }

    int legacy(unsigned long request, void* argument) {
        switch (request) {
        case uapi::legacy_alloc:
            return legacy_alloc(*static_cast<uapi::LegacyAllocation*>(argument));
        case uapi::legacy_free:
            return handles.erase(static_cast<uapi::LegacyHandle*>(argument)->handle) != 0 ? 0
                                                                                          : -EINVAL;
        case uapi::legacy_share:
            return share(*static_cast<uapi::LegacyFd*>(argument));
        case uapi::legacy_sync:
            return sync(*static_cast<uapi::LegacyFd*>(argument));
        case uapi::heap_query:
            return abi == FakeIonAbi::legacy_query ? query(*static_cast<uapi::HeapQuery*>(argument))
                                                   : -ENOTTY;
        default:
            return -ENOTTY;
        }
    }

    /// Of such an ION no caller here gets further than to find that out.
    int wide(unsigned long request, void* argument) const {
        constexpr unsigned long wide_free = _IOWR('I', 1, std::uint64_t);
        if (request == wide_free)
            return -EINVAL;
        if (request == uapi::heap_query && ion->wide_query)
            return query(*static_cast<uapi::HeapQuery*>(argument));
        return -ENOTTY;
    }

    int modern(unsigned long request, void* argument) {
        switch (request) {
        case uapi::modern_alloc:
            return modern_alloc(*static_cast<uapi::ModernAllocation*>(argument));
        case uapi::heap_query:
            return query(*static_cast<uapi::HeapQuery*>(argument));
        case uapi::abi_version:
            if (abi != FakeIonAbi::modular)
                return -ENOTTY;
            *static_cast<std::uint32_t*>(argument) = 2;
            return 0;
        default:
            return -ENOTTY;
        }
    }
};

} // namespace

std::shared_ptr<FakeIon> add_ion(FakeKernel& kernel, FakeIon ion) {
    auto shared = std::make_shared<FakeIon>(std::move(ion));
    FakeNode node;
    node.path = "/dev/ion";
    node.devnum = makedev(10, 63);
    node.open = [&kernel, shared](int) -> IoctlHandler {
        const auto client = std::make_shared<Client>(Client{kernel, shared, shared->abi});
        return [client](int, unsigned long request, void* argument) {
            if (client->ion->override)
                if (const auto answer = client->ion->override(request, argument))
                    return *answer;
            if (client->abi == FakeIonAbi::wide)
                return client->wide(request, argument);
            return client->is_legacy() ? client->legacy(request, argument)
                                       : client->modern(request, argument);
        };
    };
    if (shared->in_udev) {
        udev::Node known;
        known.syspath = "/sys/devices/virtual/misc/ion";
        known.sysname = "ion";
        known.devnode = node.path;
        known.subsystem = "misc";
        known.devnum = node.devnum;
        kernel.add_udev(std::move(known));
    }
    kernel.add_node(std::move(node));
    return shared;
}

} // namespace simplealloc::test
