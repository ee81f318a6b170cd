// SPDX-License-Identifier: MIT
// Capability sets as bytes, for C.
#include "lib/c/arguments.hpp"
#include "lib/c/capability_set.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"

#include <simplealloc/wire.h>
#include <simplealloc/wire.hpp>

using namespace simplealloc;
using namespace simplealloc::c;

static_assert(SIMPLEALLOC_WIRE_VERSION == wire::version);
static_assert(SIMPLEALLOC_WIRE_MAX_MESSAGE == wire::max_message);
static_assert(SIMPLEALLOC_WIRE_MAX_SETS == wire::max_sets);
static_assert(SIMPLEALLOC_WIRE_MAX_FORMATS == wire::max_formats);
static_assert(SIMPLEALLOC_WIRE_MAX_MODIFIERS == wire::max_modifiers);
static_assert(SIMPLEALLOC_WIRE_MAX_EXPORTERS == wire::max_exporters);
static_assert(SIMPLEALLOC_WIRE_MAX_TEXT == wire::max_text);

namespace simplealloc::c {

static simplealloc_message to_c(const std::vector<std::byte>& bytes, Arena& arena) {
    const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return {arena.copy(data, bytes.size()), bytes.size()};
}

} // namespace simplealloc::c

void simplealloc_message_free(simplealloc_message* message) {
    take_back(message);
}

int simplealloc_wire_encode(const simplealloc_capability_set* const* sets,
                            simplealloc_message** message, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(message, "message");
        return give_struct(out, wire::encode(read_sets(sets)));
    });
}

int simplealloc_wire_decode(const void* data, std::size_t size,
                            simplealloc_capabilities** capabilities, simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(capabilities, "capabilities");
        return give_struct(out, wire::decode(bytes(data, size, "data")));
    });
}
