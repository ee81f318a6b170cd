// SPDX-License-Identifier: MIT
// An operation on a machine that is out of memory in one place, and then in the next.
#pragma once

#include <simplealloc/result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace guest {

/// What an operation made: it dies when nothing can fail any more.
using Held = std::vector<std::shared_ptr<void>>;
/// Answers in words what came of it.
using Operation = std::function<simplealloc::Result<std::string>(Held&)>;
using Preparation = std::function<void(Held&)>;

template <typename T>
T& keep(Held& held, T value) {
    auto kept = std::make_shared<T>(std::move(value));
    held.push_back(kept);
    return *kept;
}

/// Keeps it where there is one; `answer` says what it is.
template <typename T>
simplealloc::Result<std::string> keep(Held& held, simplealloc::Result<T> made,
                                      std::string answer = "made") {
    if (!made)
        return made.error();
    keep(held, *std::move(made));
    return answer;
}

/// Each place of `operation` where the kernel can run out of memory does so, one after the other,
/// or some of them where there are very many. Checks that the cause is `exhausted` or that the
/// answer is the same or says what is missing, that nothing is left, and that it works right after.
/// `prepare` comes before each, without faults.
void sweep(
    const std::string& what, const Operation& operation, const Preparation& prepare = [](Held&) {});

} // namespace guest
