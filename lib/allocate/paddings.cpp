// SPDX-License-Identifier: MIT
// Lines that displays took after they had refused shorter ones.
#include "lib/allocate/paddings.hpp"

#include <utility>

namespace simplealloc {

void Paddings::remember(Padding padding) {
    const std::lock_guard lock(mutex_);
    const auto is_same = [party = padding.party, fourcc = padding.fourcc](const Padding& known) {
        return known.party == party && known.fourcc == fourcc;
    };
    paddings_.add(std::move(padding), is_same);
}

Latest<Padding>::Snapshot Paddings::current() const {
    const std::lock_guard lock(mutex_);
    return paddings_.current();
}

void Paddings::forget() {
    const std::lock_guard lock(mutex_);
    paddings_.clear();
}

} // namespace simplealloc
