// SPDX-License-Identifier: MIT
// The grammar that quirk and policy files share.
#include "lib/base/ini.hpp"

#include "lib/base/failure.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace simplealloc::ini {

namespace {

constexpr std::string_view blanks = " \t\r";

class Parser {
public:
    void read(std::string_view raw) {
        ++line_;
        const std::string_view line = trim(raw);
        if (line.empty() || line.front() == '#')
            return;
        if (line.front() == '[')
            begin_section(line);
        else if (!file_.sections.empty())
            read_entry(line);
        else if (!std::exchange(lost_, true))
            complain("a value stands before the first section");
    }

    File finish() { return std::move(file_); }

private:
    void complain(std::string text) { file_.mistakes.push_back({line_, std::move(text)}); }

    /// A head with a mistake begins a section all the same: its entries are read.
    void begin_section(std::string_view line) {
        const bool closed = line.back() == ']';
        if (!closed)
            complain("the head of a section ends with ]");
        file_.sections.push_back(
            {std::string(trim(line.substr(1, line.size() - (closed ? 2 : 1)))), line_, {}});
    }

    void read_entry(std::string_view line) {
        const auto equals = line.find('=');
        std::string key(trim(line.substr(0, equals)));
        if (equals == std::string_view::npos || key.empty())
            return complain("a line is `key = value`");
        auto& entries = file_.sections.back().entries;
        if (std::any_of(entries.begin(), entries.end(),
                        [&](const Entry& other) { return other.key == key; }))
            return complain(fmt::format("{} is given twice", key));
        entries.push_back({std::move(key), std::string(trim(line.substr(equals + 1))), line_});
    }

    std::size_t line_ = 0;
    bool lost_ = false; ///< values before the first section were complained of
    File file_;
};

} // namespace

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

File parse(std::string_view text) {
    Parser parser;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        parser.read(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parser.finish();
}

std::vector<std::string> words(std::string_view value) {
    std::vector<std::string> words;
    for (value = trim(value); !value.empty(); value = trim(value)) {
        const std::size_t end = std::min(value.find_first_of(blanks), value.size());
        words.emplace_back(value.substr(0, end));
        value.remove_prefix(end);
    }
    return words;
}

Error error_of(const std::string& file, const std::vector<FileMistake>& mistakes,
               std::string_view check, std::string_view manual) {
    const FileMistake& first = mistakes.front();
    std::string remedy = fmt::format("{} has the format", manual);
    if (mistakes.size() > 1)
        remedy =
            fmt::format("`{} {}` names this mistake and {} more", check, file, mistakes.size() - 1);
    return failure(Stage::discover, Cause::invalid, 0, fmt::format("{}:{}", file, first.line),
                   first.text, std::move(remedy));
}

} // namespace simplealloc::ini
