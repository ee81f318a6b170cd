// SPDX-License-Identifier: MIT
// Reads quirk files. Everything is checked while reading, so that a typing mistake is seen and not
// a missing fact.
#include "lib/discovery/quirks.hpp"

#include "lib/discovery/embedded_quirks.hpp"
#include "lib/failure.hpp"
#include "lib/kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <initializer_list>
#include <sstream>

namespace simplealloc {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> values) {
    return std::find(values.begin(), values.end(), text) != values.end();
}

bool is_number(std::string_view text, int base, std::uint64_t smallest) {
    std::uint64_t number = 0;
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc{} && stop == end && number >= smallest;
}

bool is_word(std::string_view text) {
    return !text.empty() && text.find_first_of(blanks) == std::string_view::npos;
}

bool is_not_empty(std::string_view text) {
    return !text.empty();
}
bool is_switch(std::string_view text) {
    return one_of(text, {"yes", "no"});
}
bool is_count(std::string_view text) {
    return is_number(text, 10, 1);
}
bool is_address(std::string_view text) {
    return text.substr(0, 2) == "0x" && is_number(text.substr(2), 16, 1);
}
bool is_bpp_list(std::string_view text) {
    std::istringstream words{std::string(text)};
    bool any = false;
    for (std::string word; words >> word; any = true)
        if (!is_count(word))
            return false;
    return any;
}
/// ID:NAME:MEMORY
bool is_heap(std::string_view text) {
    const std::size_t first = text.find(':');
    const std::size_t last = text.rfind(':');
    // An ION mask has 32 bits.
    return first <= 2 && last > first + 1 && is_number(text.substr(0, first), 10, 0) &&
           !is_number(text.substr(0, first), 10, 32) &&
           one_of(text.substr(last + 1), {"scattered", "contiguous", "protected", "unknown"});
}
bool is_heap_list(std::string_view text) {
    std::istringstream words{std::string(text)};
    bool any = false;
    for (std::string word; words >> word; any = true)
        if (!is_heap(word))
            return false;
    return any;
}

struct Key {
    std::string_view name;
    bool (*valid)(std::string_view);
    std::string_view expected;
};

constexpr Key keys[] = {
    {"source", is_not_empty, "where the kernel says so"},
    {"sysfs-driver", is_not_empty, "names of drivers"},
    {"imports", is_switch, "yes or no"},
    {"exports-attachable", is_switch, "yes or no"},
    {"exports-vmap-stable", is_switch, "yes or no"},
    {"memory",
     [](std::string_view t) {
         return one_of(t, {"vmalloc", "dma-contig", "dma-sg"});
     },
     "vmalloc, dma-contig or dma-sg"},
    {"memory-parameter", is_word, "a module parameter's name"},
    {"contiguous", is_switch, "yes or no"},
    {"max-address", is_address, "0x and a hexadecimal number"},
    {"stride-align", is_count, "a number of bytes above 0"},
    {"dumb-bpp", is_bpp_list, "numbers of bits, separated by spaces"},
    {"dumb-pitch-align", is_count, "a number of bytes above 0"},
    {"dumb-caching",
     [](std::string_view t) {
         return one_of(t, {"cached", "write-combined"});
     },
     "cached or write-combined"},
    {"dumb-memory",
     [](std::string_view t) {
         return one_of(t, {"system", "device-local"});
     },
     "system or device-local"},
    {"dumb-contiguity",
     [](std::string_view t) {
         return one_of(t, {"scattered", "contiguous"});
     },
     "scattered or contiguous"},
    {"compatible", is_word, "the beginning of a machine's compatible string"},
    {"heaps", is_heap_list,
     "a list of ID:NAME:MEMORY, with an id up to 31 and scattered, contiguous, protected or "
     "unknown memory"},
};

/// The reader's place in a file, for messages.
struct Place {
    const std::string& file;
    std::size_t line = 0;

    [[nodiscard]] Error wrong(std::string detail) const {
        return failure(Stage::discover, Cause::invalid, 0, fmt::format("{}:{}", file, line),
                       std::move(detail));
    }
};

Result<QuirkRow> read_section(std::string_view line, const Place& place) {
    const auto colon = line.find(':');
    if (line.back() != ']' || colon == std::string_view::npos)
        return place.wrong("a section is [subsystem:driver]");
    QuirkRow row;
    row.subsystem = line.substr(1, colon - 1);
    row.driver = line.substr(colon + 1, line.size() - colon - 2);
    if (!one_of(row.subsystem, {"drm", "ion", "video4linux"}))
        return place.wrong(
            fmt::format("`{}` is no subsystem: drm, ion or video4linux", row.subsystem));
    if (!is_word(row.driver))
        return place.wrong("the section names no driver");
    row.origin = fmt::format("quirk {} {}", place.file, line);
    return row;
}

Result<void> read_value(QuirkRow& row, std::string_view line, const Place& place) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return place.wrong("a line is `key = value`");
    const std::string name(trim(line.substr(0, equals)));
    const std::string_view value = trim(line.substr(equals + 1));
    const auto key = std::find_if(std::begin(keys), std::end(keys),
                                  [&](const Key& known) { return known.name == name; });
    if (key == std::end(keys))
        return place.wrong(fmt::format("unknown key `{}`", name));
    if (!key->valid(value))
        return place.wrong(fmt::format("`{}` of {} is not {}", value, name, key->expected));
    if (!row.values.emplace(name, value).second)
        return place.wrong(fmt::format("{} is given twice", name));
    return {};
}

} // namespace

Result<void> Quirks::read(const std::string& text, const std::string& file) {
    std::vector<QuirkRow> rows;
    std::vector<std::size_t> section_lines;
    Place place{file};
    std::istringstream lines(text);
    for (std::string raw; std::getline(lines, raw);) {
        ++place.line;
        const std::string_view line = trim(raw);
        if (line.empty() || line.front() == '#')
            continue;
        if (line.front() == '[') {
            auto row = read_section(line, place);
            if (!row)
                return row.error();
            for (const QuirkRow& other : rows)
                if (other.origin == row->origin)
                    return place.wrong(fmt::format("second section {}", line));
            rows.push_back(std::move(*row));
            section_lines.push_back(place.line);
        } else if (rows.empty()) {
            return place.wrong("a value stands before the first section");
        } else if (auto read = read_value(rows.back(), line, place); !read) {
            return read.error();
        }
    }
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (!rows[i].values.contains("source")) {
            place.line = section_lines[i];
            return place.wrong("the section has no source");
        }
    rows_.insert(rows_.end(), std::make_move_iterator(rows.begin()),
                 std::make_move_iterator(rows.end()));
    return {};
}

Result<Quirks> Quirks::load(const std::string& folder) {
    Quirks quirks;
    for (const EmbeddedQuirks& file : embedded_quirks())
        if (auto read = quirks.read(std::string(file.text), std::string(file.name)); !read)
            return read.error();
    if (folder.empty())
        return quirks;

    std::vector<std::string> names;
    if (const int error = kernel::list_directory(folder, names); error < 0)
        return failure(Stage::discover, cause_of(-error), -error, folder, "read quirk folder");
    for (const std::string& name : names) {
        if (!name.ends_with(".quirks"))
            continue;
        const std::string path = folder + "/" + name;
        std::string text;
        if (const int error = kernel::read_file(path, text); error < 0)
            return failure(Stage::discover, cause_of(-error), -error, path, "read quirk file");
        if (auto read = quirks.read(text, path); !read)
            return read.error();
    }
    return quirks;
}

std::string Quirks::canonical_driver(const std::string& subsystem,
                                     const std::string& sysfs_name) const {
    for (const QuirkRow& row : rows_) {
        const auto others = row.values.find("sysfs-driver");
        if (row.subsystem != subsystem || others == row.values.end())
            continue;
        std::istringstream names(others->second);
        for (std::string name; names >> name;)
            if (name == sysfs_name)
                return row.driver;
    }
    return sysfs_name;
}

std::optional<Quirks::Value> Quirks::find(const std::string& subsystem, const std::string& driver,
                                          const std::string& key) const {
    for (auto row = rows_.rbegin(); row != rows_.rend(); ++row) {
        if (row->subsystem != subsystem || row->driver != driver)
            continue;
        if (const auto value = row->values.find(key); value != row->values.end())
            return Value{value->second, row->origin};
    }
    return std::nullopt;
}

} // namespace simplealloc
