// SPDX-License-Identifier: MIT
// A peer that sends anything, with any descriptors, in any pieces: what comes of it is a buffer or
// an error, and no descriptor is left.
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_socket.hpp"

#include <simplealloc/share.hpp>

#include <fcntl.h>
#include <sys/socket.h>

using namespace simplealloc;

namespace {

int descriptor(test::FakeKernel& kernel, std::uint8_t kind) {
    switch (kind % 4) {
    case 0:
        return kernel.install(kernel.make_dmabuf(8192, "system", O_RDWR));
    case 1:
        return kernel.install(kernel.make_dmabuf(0, "system", O_RDONLY));
    case 2:
        return kernel.install_sync_file({});
    default:
        return kernel.install("/dev/null", {});
    }
}

/// Of each piece: how many descriptors, which, how many bytes, the bytes.
test::FakePiece piece(test::FakeKernel& kernel, fuzz::Input& input) {
    test::FakePiece out;
    for (auto count = input.number<std::uint8_t>() % 8; count > 0; --count)
        out.fds.push_back(UniqueFd::adopt(descriptor(kernel, input.number<std::uint8_t>())));
    // A dma-buf may come twice.
    if (out.fds.size() == 7)
        if (auto again = UniqueFd::dup(out.fds.front().get()))
            out.fds.back() = std::move(*again);
    const auto bytes = input.bytes(input.number<std::uint16_t>());
    out.bytes.assign(bytes.begin(), bytes.end());
    return out;
}

void receive_all(test::FakeKernel& kernel, fuzz::Input& input) {
    const bool stream = input.number<std::uint8_t>() % 2 == 0;
    auto sockets = test::make_socket_pair(kernel, stream ? SOCK_STREAM : SOCK_SEQPACKET);
    while (!input.empty())
        sockets.to_second->pieces.push_back(piece(kernel, input));
    sockets.first.reset();
    auto channel = share::Channel::open(std::move(sockets.second));
    fuzz::require(channel.has_value());
    for (int i = 0; i < 16; ++i) {
        const auto buffer = channel->receive(std::chrono::milliseconds(0));
        if (!buffer)
            continue; // of packets the next one may be better
        fuzz::require(!buffer->dmabufs().empty() && share::pack(*buffer).has_value());
        for (const DmaBuf& dmabuf : buffer->dmabufs())
            fuzz::require(kernel.dmabuf(dmabuf.fd) != nullptr);
        for (const Fact& fact : buffer->facts())
            fuzz::require(fact.origin.starts_with("peer: "));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::FakeKernel kernel;
    fuzz::Input input(data, size);
    receive_all(kernel, input);
    fuzz::require(kernel.census() == test::Census() && kernel.errors().empty());
    return 0;
}
