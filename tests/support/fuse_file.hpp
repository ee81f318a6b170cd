// SPDX-License-Identifier: MIT
// A file of a FUSE daemon that lets it be opened and closed, and answers nothing else.
#pragma once

#include <simplealloc/unique_fd.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace simplealloc::test {

/// Mounted over a file of its own. Whoever asks it waits until it is destroyed.
class FuseFile {
public:
    /// Null where this process may not mount, or the kernel has no FUSE.
    static std::unique_ptr<FuseFile> mount();
    ~FuseFile();
    FuseFile(const FuseFile&) = delete;
    FuseFile& operator=(const FuseFile&) = delete;

    [[nodiscard]] int fd() const { return file_.get(); }
    /// The first question that gets no answer (FUSE_IOCTL, FUSE_GETATTR…); 0 where there is none.
    [[nodiscard]] unsigned unanswered() const { return unanswered_; }

private:
    FuseFile(std::string path, UniqueFd daemon);
    void serve();

    std::string path_;
    UniqueFd daemon_;
    UniqueFd file_;
    std::atomic<unsigned> unanswered_ = 0;
    std::thread server_;
};

} // namespace simplealloc::test
