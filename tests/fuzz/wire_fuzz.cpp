// SPDX-License-Identifier: MIT
// Whatever the bytes are, the reader takes or refuses them; what it takes can be sent on unchanged.
#include <simplealloc/wire.hpp>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace simplealloc;
    const auto read = wire::decode(std::as_bytes(std::span(data, size)));
    if (!read)
        return 0;
    const auto written = wire::encode(*read);
    if (!written)
        std::abort();
    const auto again = wire::decode(*written);
    if (!again || *again != *read)
        std::abort();
    return 0;
}
