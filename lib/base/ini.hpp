// SPDX-License-Identifier: MIT
// The grammar that quirk and policy files share: `[head]` lines, `key = value` lines, # comments.
#pragma once

#include <simplealloc/error.hpp>
#include <simplealloc/file_report.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::ini {

struct Entry {
    std::string key;
    std::string value; ///< may be empty
    std::size_t line = 0;
};

struct Section {
    std::string head; ///< between the brackets
    std::size_t line = 0;
    std::vector<Entry> entries; ///< no key twice
};

/// What was understood, and every mistake; a file with a mistake should count for nothing.
struct File {
    std::vector<Section> sections;
    std::vector<FileMistake> mistakes; ///< by line
};

/// Heads may repeat: what they mean is the caller's matter.
File parse(std::string_view text);

/// Without blanks at both ends.
std::string_view trim(std::string_view text);

/// The words of a list that blanks separate.
std::vector<std::string> words(std::string_view value);

/// The first of the mistakes (at least one) as an Error. `check` is the command that names all,
/// `manual` the page that has the format.
Error error_of(const std::string& file, const std::vector<FileMistake>& mistakes,
               std::string_view check, std::string_view manual);

} // namespace simplealloc::ini
