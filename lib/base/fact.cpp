// SPDX-License-Identifier: MIT
// Words for how sure a fact is.
#include <simplealloc/fact.hpp>

namespace simplealloc {

std::string_view to_string(Confidence confidence) noexcept {
    switch (confidence) {
    case Confidence::known:
        return "known";
    case Confidence::assumed:
        return "assumed";
    case Confidence::unknown:
        return "unknown";
    }
    return "unknown";
}

} // namespace simplealloc
