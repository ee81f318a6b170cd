// SPDX-License-Identifier: MIT
#include <simplealloc/version.hpp>

#include <fmt/format.h>

namespace simplealloc {

Version version() noexcept {
    return header_version;
}

std::string to_string(Version version) {
    return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

} // namespace simplealloc
