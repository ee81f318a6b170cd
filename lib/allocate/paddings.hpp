// SPDX-License-Identifier: MIT
// Lines that displays took after they had refused shorter ones.
#pragma once

#include "lib/base/latest.hpp"

#include <simplealloc/modifier.hpp>

#include <cstdint>
#include <mutex>
#include <string>

namespace simplealloc {

/// That a display needs padding is no proof that any is enough: it is asked for, and tested again.
struct Padding {
    std::string party; ///< e.g. `/dev/dri/card0 (scanout)`
    Fourcc fourcc;
    std::uint64_t stride_align = 1; ///< bytes
};

/// Remembers the latest of them, until something is hotplugged. Thread-safe.
class Paddings {
public:
    void remember(Padding padding);
    [[nodiscard]] Latest<Padding>::Snapshot current() const;
    void forget();

private:
    mutable std::mutex mutex_;
    Latest<Padding> paddings_;
};

} // namespace simplealloc
