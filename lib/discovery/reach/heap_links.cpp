// SPDX-License-Identifier: MIT
// Links from a device to a dma-heap that works for it.
#include "lib/discovery/reach/heap_links.hpp"

#include "lib/kernel/questions.hpp"

#include <algorithm>

namespace simplealloc {

namespace {

/// `/sys/devices/virtual/dma_heap/NAME` has the name; empty when it is another folder.
std::string heap_behind(const std::string& link) {
    std::string resolved;
    if (questions::real_path(link, resolved) < 0)
        return {};
    const auto name = resolved.rfind('/');
    return resolved.substr(0, name).ends_with("/dma_heap") ? resolved.substr(name + 1)
                                                           : std::string();
}

} // namespace

void find_heap_links(const udev::Node& node, DeviceRecord& record) {
    for (const std::string& folder : {node.syspath, node.parent_syspath}) {
        std::vector<std::string> names;
        if (folder.empty() || questions::list_directory(folder, names) < 0)
            continue;
        for (const std::string& name : names) {
            if (!name.starts_with("dma_heap"))
                continue;
            const std::string link = folder + "/" + name;
            const std::string heap = heap_behind(link);
            const bool known =
                std::any_of(record.heap_links.begin(), record.heap_links.end(),
                            [&](const HeapLink& other) { return other.heap == heap; });
            if (heap.empty() || known)
                continue;
            record.heap_links.push_back({heap, link});
            record.facts.push_back({"dma-heap", heap, Confidence::known, link});
        }
    }
}

} // namespace simplealloc
