// SPDX-License-Identifier: MIT
#include "lib/kernel/questions.hpp"

#include "lib/base/failure.hpp"

#include <algorithm>
#include <cerrno>

namespace simplealloc::questions {

namespace {

/// The first errno since a watch began.
thread_local int shortage = 0;
/// Of the innermost Record, else of the Watch; null outside of both.
thread_local Answers* known = nullptr;

int noted(int result) {
    if (shortage == 0 && (result == -ENOMEM || result == -EMFILE || result == -ENFILE))
        shortage = -result;
    return result;
}

Answer ask(const Question& question) {
    Answer answer;
    switch (question.kind) {
    case Question::Kind::file:
        answer.result = kernel::read_file(question.path, answer.text);
        break;
    case Question::Kind::folder:
        answer.result = kernel::list_directory(question.path, answer.names);
        break;
    case Question::Kind::link:
        answer.result = kernel::real_path(question.path, answer.text);
        break;
    case Question::Kind::stat:
        answer.result = kernel::stat(question.path.c_str(), answer.stat);
        break;
    case Question::Kind::access:
        answer.result = kernel::access(question.path.c_str(), question.mode);
        break;
    }
    noted(answer.result);
    return answer;
}

/// Asks a watched thread's question once.
Answer answer(Question question) {
    if (known == nullptr)
        return ask(question);
    const auto found = known->find(question);
    if (found != known->end())
        return found->second;
    Answer asked = ask(question);
    known->emplace(std::move(question), asked);
    return asked;
}

} // namespace

int read_file(const std::string& path, std::string& out) {
    Answer told = answer({Question::Kind::file, path});
    out = std::move(told.text);
    return told.result;
}

int list_directory(const std::string& path, std::vector<std::string>& out) {
    Answer told = answer({Question::Kind::folder, path});
    out = std::move(told.names);
    return told.result;
}

int real_path(const std::string& path, std::string& out) {
    Answer told = answer({Question::Kind::link, path});
    out = std::move(told.text);
    return told.result;
}

int stat(const std::string& path, kernel::Stat& out) {
    Answer told = answer({Question::Kind::stat, path});
    out = told.stat;
    return told.result;
}

int access(const std::string& path, int mode) {
    return answer({Question::Kind::access, path, mode}).result;
}

int ioctl(int fd, unsigned long request, void* argument) {
    return noted(kernel::ioctl(fd, request, argument));
}

std::vector<udev::Node> enumerate(std::string_view subsystem) {
    int error = 0;
    std::vector<udev::Node> nodes = udev::enumerate(subsystem, error);
    noted(error);
    return nodes;
}

void note(int sys_errno) {
    noted(-sys_errno);
}

Watch::Watch() noexcept : before_(std::exchange(shortage, 0)) {
    if (known == nullptr)
        known = &answers_;
}

Watch::~Watch() {
    if (known == &answers_)
        known = nullptr;
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

Record::Record() noexcept : outer_(std::exchange(known, &answers_)) {}

Record::~Record() {
    known = outer_;
    if (known != nullptr)
        known->merge(answers_);
}

bool still_hold(const Answers& answers) {
    return std::ranges::all_of(answers,
                               [](const auto& each) { return answer(each.first) == each.second; });
}

} // namespace simplealloc::questions
