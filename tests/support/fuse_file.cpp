// SPDX-License-Identifier: MIT
// The protocol of /dev/fuse as far as opening a file goes (include/uapi/linux/fuse.h).
#include "tests/support/fuse_file.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace simplealloc::test {

namespace {

struct Nothing {};

template <typename Body>
void answer(int daemon, const fuse_in_header& asked, Body body) {
    fuse_out_header header = {};
    const std::size_t size = std::is_empty_v<Body> ? 0 : sizeof(body);
    header.len = static_cast<std::uint32_t>(sizeof(header) + size);
    header.unique = asked.unique;
    const std::array<iovec, 2> parts{{{&header, sizeof(header)}, {&body, size}}};
    (void)!::writev(daemon, parts.data(), parts.size());
}

} // namespace

std::unique_ptr<FuseFile> FuseFile::mount() {
    std::string path = "/tmp/fuse-file-XXXXXX";
    const UniqueFd under = UniqueFd::adopt(::mkstemp(path.data()));
    UniqueFd daemon = UniqueFd::adopt(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    const std::string options =
        "fd=" + std::to_string(daemon.get()) + ",rootmode=100600,user_id=0,group_id=0";
    if (!daemon || ::mount("test", path.c_str(), "fuse", 0, options.c_str()) != 0) {
        ::unlink(path.c_str());
        return nullptr;
    }
    return std::unique_ptr<FuseFile>(new FuseFile(std::move(path), std::move(daemon)));
}

FuseFile::FuseFile(std::string path, UniqueFd daemon)
    : path_(std::move(path)), daemon_(std::move(daemon)), server_([this] { serve(); }) {
    file_.reset(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
}

FuseFile::~FuseFile() {
    // By force: ends the connection, and whoever waits for an answer.
    ::umount2(path_.c_str(), MNT_FORCE);
    server_.join();
    file_.reset();
    ::umount2(path_.c_str(), MNT_DETACH);
    ::unlink(path_.c_str());
}

void FuseFile::serve() {
    std::array<std::byte, FUSE_MIN_READ_BUFFER + 65536> room;
    for (;;) {
        const ssize_t got = ::read(daemon_.get(), room.data(), room.size());
        if (got < static_cast<ssize_t>(sizeof(fuse_in_header)))
            return;
        fuse_in_header asked = {};
        std::memcpy(&asked, room.data(), sizeof(asked));
        fuse_init_out init = {};
        init.major = FUSE_KERNEL_VERSION;
        init.minor = FUSE_KERNEL_MINOR_VERSION;
        init.max_write = 4096;
        if (asked.opcode == FUSE_INIT)
            answer(daemon_.get(), asked, init);
        else if (asked.opcode == FUSE_OPEN)
            answer(daemon_.get(), asked, fuse_open_out{});
        else if (asked.opcode == FUSE_FLUSH || asked.opcode == FUSE_RELEASE)
            answer(daemon_.get(), asked, Nothing{});
        else if (asked.opcode != FUSE_INTERRUPT && unanswered_ == 0)
            unanswered_ = asked.opcode;
    }
}

} // namespace simplealloc::test
