// SPDX-License-Identifier: MIT
// A board file is a machine or says where it is wrong.
#include "tests/boards/board.hpp"
#include "tests/boards/machine.hpp"
#include "tests/fuzz/input.hpp"

#include <sys/mman.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace simplealloc;
    const int fd = memfd_create("board", MFD_CLOEXEC);
    fuzz::require(fd >= 0 && write(fd, data, size) == static_cast<ssize_t>(size));
    const auto board = boards::read_board("/proc/self/fd/" + std::to_string(fd));
    close(fd);
    if (!board) {
        fuzz::require(!board.error().detail.empty());
        return 0;
    }
    test::FakeKernel kernel;
    const auto installed = boards::install(*board, kernel);
    fuzz::require(installed || !installed.error().detail.empty());
    return 0;
}
