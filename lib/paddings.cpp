// SPDX-License-Identifier: MIT
// Lines that displays took after they had refused shorter ones.
#include "lib/paddings.hpp"

#include <algorithm>
#include <utility>

namespace simplealloc {

namespace {

constexpr std::size_t most = 64;

} // namespace

void Paddings::remember(Padding padding) {
    const std::lock_guard lock(mutex_);
    std::erase_if(paddings_, [&](const Padding& known) {
        return known.party == padding.party && known.fourcc == padding.fourcc;
    });
    if (paddings_.size() == most)
        paddings_.erase(paddings_.begin());
    paddings_.push_back(std::move(padding));
}

std::vector<Padding> Paddings::current() const {
    const std::lock_guard lock(mutex_);
    return paddings_;
}

void Paddings::forget() {
    const std::lock_guard lock(mutex_);
    paddings_.clear();
}

} // namespace simplealloc
