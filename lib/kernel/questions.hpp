// SPDX-License-Identifier: MIT
// Questions to sysfs, procfs and drivers, where a failure is an answer: that something is not
// there, but not that it could not be asked for want of memory or descriptors.
#pragma once

#include "lib/kernel/kernel.hpp"
#include "lib/kernel/udev.hpp"

#include <simplealloc/result.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simplealloc::questions {

/// As those of the kernel. Within a Watch each is asked once: the kernel's later answers could
/// contradict what was made of the first.
/// @{
int read_file(const std::string& path, std::string& out);
int list_directory(const std::string& path, std::vector<std::string>& out);
int real_path(const std::string& path, std::string& out);
int stat(const std::string& path, kernel::Stat& out);
int access(const std::string& path, int mode);
/// @}
/// As the kernel's, each time.
int ioctl(int fd, unsigned long request, void* argument);
/// As udev's, each time; empty where it can't be asked.
std::vector<udev::Node> enumerate(std::string_view subsystem);
/// Of what was asked by other calls, and failed so.
void note(int sys_errno);

struct Question {
    enum class Kind { file, folder, link, stat, access };

    Kind kind;
    std::string path;
    int mode = 0; ///< of access

    auto operator<=>(const Question&) const = default;
};

struct Answer {
    int result = 0;
    std::string text;
    std::vector<std::string> names;
    kernel::Stat stat;

    bool operator==(const Answer&) const = default;
};

using Answers = std::map<Question, Answer>;

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
    Answers answers_; ///< of the outermost watch
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

/// Notes what this thread asks while it lives, for who wants to know later whether all would still
/// be answered alike. Asks anew what a Watch around it has asked before.
class Record {
public:
    Record() noexcept;
    ~Record();
    Record(const Record&) = delete;
    Record& operator=(const Record&) = delete;

    [[nodiscard]] const Answers& answers() const { return answers_; }

private:
    Answers answers_;
    Answers* outer_;
};

/// Asks all again.
bool still_hold(const Answers& answers);

} // namespace simplealloc::questions
