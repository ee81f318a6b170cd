// SPDX-License-Identifier: MIT
// Words for how sure a fact is.
#include <simplealloc/fact.hpp>

#include "lib/base/names.hpp"

namespace simplealloc {

namespace {

constexpr Names<Confidence, 3> confidences({
    {Confidence::known, "known"},
    {Confidence::assumed, "assumed"},
    {Confidence::unknown, "unknown"},
});

} // namespace

std::string_view to_string(Confidence confidence) noexcept {
    return confidences.of(confidence);
}

} // namespace simplealloc
