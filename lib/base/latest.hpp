// SPDX-License-Identifier: MIT
// A short memory: what was found out last.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace simplealloc {

/// The latest of what was found out, oldest first; the oldest goes. Readers share a snapshot, so
/// that nothing is copied for them. Its owner locks.
template <typename T>
class Latest {
public:
    static constexpr std::size_t most = 64;
    using Snapshot = std::shared_ptr<const std::vector<T>>;

    [[nodiscard]] const Snapshot& current() const noexcept { return items_; }
    /// Of nothing; the same one always, so that reading it needs no lock.
    [[nodiscard]] const Snapshot& none() const noexcept { return none_; }

    /// In the place of those that are of the same by `is_same`.
    template <typename Same>
    void add(T item, Same is_same) {
        auto next = std::make_shared<std::vector<T>>();
        next->reserve(items_->size() + 1);
        std::remove_copy_if(items_->begin(), items_->end(), std::back_inserter(*next), is_same);
        if (next->size() == most)
            next->erase(next->begin());
        next->push_back(std::move(item));
        items_ = std::move(next);
    }
    void clear() noexcept { items_ = none_; }

private:
    const Snapshot none_ = std::make_shared<const std::vector<T>>();
    Snapshot items_ = none_;
};

} // namespace simplealloc
