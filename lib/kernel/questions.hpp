// SPDX-License-Identifier: MIT
// Questions to sysfs, procfs and drivers, where a failure is an answer: that something is not
// there, but not that it could not be asked for want of memory or descriptors.
#pragma once

#include "lib/kernel/kernel.hpp"

#include <simplealloc/result.hpp>

#include <string>
#include <utility>
#include <vector>

namespace simplealloc::questions {

/// As those of the kernel.
/// @{
int read_file(const std::string& path, std::string& out);
int list_directory(const std::string& path, std::vector<std::string>& out);
int real_path(const std::string& path, std::string& out);
int stat(const std::string& path, kernel::Stat& out);
int ioctl(int fd, unsigned long request, void* argument);
/// @}

/// Of this thread, since it was made.
class Watch {
public:
    Watch() noexcept;
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Fails with exhausted or fd-limit where a question could not be asked.
    [[nodiscard]] Result<void> all_asked() const;

private:
    int before_;
};

/// What `work` answers, if it could ask all that it wanted to know.
template <typename Work>
auto ask_all(Work work) -> decltype(work()) {
    const Watch watch;
    auto answer = work();
    if (answer)
        if (auto asked = watch.all_asked(); !asked)
            return std::move(asked).error();
    return answer;
}

} // namespace simplealloc::questions
