// SPDX-License-Identifier: MIT
// Connected Unix sockets for the fake kernel; what is under way in them are its descriptors.
#pragma once

#include "tests/support/fake_kernel.hpp"

#include <simplealloc/unique_fd.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace simplealloc::test {

/// What is sent at once. A stream is read across pieces without descriptors, as Linux does it; of a
/// packet what does not fit is lost.
struct FakePiece {
    std::vector<std::byte> bytes;
    std::vector<UniqueFd> fds;
};

/// One direction.
struct FakePipe {
    std::deque<FakePiece> pieces;
    std::size_t room = 1U << 20U; ///< bytes that fit
    std::size_t most = 1U << 20U; ///< bytes that one call takes
    bool closed = false;          ///< by its writer
};

struct FakeSocket {
    int type = 0; ///< SOCK_STREAM or SOCK_SEQPACKET
    std::shared_ptr<FakePipe> in;
    std::shared_ptr<FakePipe> out;
};

struct FakeSocketPair {
    UniqueFd first;
    UniqueFd second;
    std::shared_ptr<FakePipe> to_first;
    std::shared_ptr<FakePipe> to_second;
};
FakeSocketPair make_socket_pair(FakeKernel& kernel, int type);

} // namespace simplealloc::test
