// SPDX-License-Identifier: MIT
#include "lib/kernel/questions.hpp"

#include "lib/base/failure.hpp"

#include <cerrno>

namespace simplealloc::questions {

namespace {

/// The first errno since a watch began.
thread_local int shortage = 0;

int noted(int result) {
    if (shortage == 0 && (result == -ENOMEM || result == -EMFILE || result == -ENFILE))
        shortage = -result;
    return result;
}

} // namespace

int read_file(const std::string& path, std::string& out) {
    return noted(kernel::read_file(path, out));
}

int list_directory(const std::string& path, std::vector<std::string>& out) {
    return noted(kernel::list_directory(path, out));
}

int real_path(const std::string& path, std::string& out) {
    return noted(kernel::real_path(path, out));
}

int stat(const std::string& path, kernel::Stat& out) {
    return noted(kernel::stat(path.c_str(), out));
}

int ioctl(int fd, unsigned long request, void* argument) {
    return noted(kernel::ioctl(fd, request, argument));
}

Watch::Watch() noexcept : before_(std::exchange(shortage, 0)) {}

Watch::~Watch() {
    // Who watches around it wants to know, too.
    if (before_ != 0)
        shortage = before_;
}

Result<void> Watch::all_asked() const {
    if (shortage == 0)
        return {};
    return failure(Stage::discover, cause_of(shortage), shortage, "the machine",
                   "not all could be asked");
}

} // namespace simplealloc::questions
