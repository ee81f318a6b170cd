// SPDX-License-Identifier: MIT
// Whatever the bytes are, the reader takes or refuses them; what it takes can be sent on unchanged.
#include "lib/share/wire/buffer_form.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace simplealloc;
    const auto read = wire::decode_buffer(std::as_bytes(std::span(data, size)));
    if (!read)
        return 0;
    const auto written = wire::encode_buffer(*read);
    if (!written)
        std::abort();
    const auto again = wire::decode_buffer(*written);
    if (!again || *wire::encode_buffer(*again) != *written)
        std::abort();
    return 0;
}
