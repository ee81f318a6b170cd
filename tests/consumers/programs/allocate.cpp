// SPDX-License-Identifier: MIT
// What a program in C++ does that uses no exceptions: plans, allocates, writes, reads.
#include <simplealloc/simplealloc.hpp>

#include <cstdio>
#include <utility>

using namespace simplealloc;

namespace {

int fail(const Error& error) {
    std::fprintf(stderr, "%s\n", error.message().c_str());
    return 1;
}

} // namespace

int main() {
    auto allocator = Allocator::open();
    if (!allocator)
        return fail(allocator.error());
    auto plan = allocator->plan(
        Request::image(320, 240, fourcc::nv12).cpu(CpuAccess::read_often).name("consumer"));
    if (!plan)
        return fail(plan.error());
    auto buffer = allocator->allocate(*plan);
    if (!buffer)
        return fail(buffer.error());
    auto pixels = buffer->map(Access::read_write);
    if (!pixels)
        return fail(pixels.error());
    pixels->bytes().back() = std::byte{0x5a};
    if (auto finished = pixels->finish(); !finished)
        return fail(finished.error());
    std::printf("%zu candidates, memory from %s\n", plan->candidates().size(),
                buffer->source().c_str());
    return 0;
}
