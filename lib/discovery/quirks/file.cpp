// SPDX-License-Identifier: MIT
// Everything is checked while reading, so that a typing mistake is seen and not a missing fact.
#include "lib/discovery/quirks/file.hpp"

#include "lib/discovery/quirks/identity.hpp"
#include "lib/discovery/quirks/keys.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {

namespace {

std::string in_small_letters(std::string text) {
    for (char& letter : text)
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    return text;
}

bool is_device_subsystem(std::string_view name) {
    return name == "drm" || name == "accel" || name == "video4linux" || name == "char";
}

/// Reads one section.
class Reader {
public:
    Reader(const std::string& file, const ini::Section& section, RowKind kind, QuirkFile& result)
        : section_(section), kind_(kind), result_(result) {
        row_.file = file;
        row_.decides = kind == RowKind::policy;
        row_.line = section.line;
    }

    void read() {
        read_head();
        for (const ini::Entry& entry : section_.entries)
            read_entry(entry);
        for (const auto& [key, value] : conditions_)
            row_.conditions +=
                fmt::format("{}{} = {}", row_.conditions.empty() ? "" : "; ", key, value);
        row_.origin = fmt::format("{} {} [{}]", kind_ == RowKind::policy ? "policy" : "quirk",
                                  row_.file, section_.head);
        if (!row_.conditions.empty())
            row_.origin += fmt::format(" ({})", row_.conditions);
        check();
        result_.rows.push_back(std::move(row_));
    }

private:
    void complain(std::size_t line, std::string text) {
        result_.mistakes.push_back({line, std::move(text)});
    }

    [[nodiscard]] std::size_t line_of(std::string_view key) const {
        for (const ini::Entry& entry : section_.entries)
            if (entry.key == key)
                return entry.line;
        return 0;
    }
    [[nodiscard]] bool has(std::string_view key) const { return line_of(key) != 0; }

    /// The names that udev's rules give: the kind of node ends them.
    void read_place(std::string place) {
        const bool drm = place.ends_with("-card") || place.ends_with("-render");
        if (!drm && place.find("-video-index") == std::string::npos)
            return complain(section_.line,
                            "a name in by-path ends with -card, -render or -video-indexN");
        row_.subsystem = drm ? "drm" : "video4linux";
        row_.driver = "*";
        row_.place = std::move(place);
    }

    void read_head() {
        const std::string& head = section_.head;
        constexpr std::string_view by_path = "by-path:";
        if (kind_ == RowKind::policy && head.starts_with(by_path))
            return read_place(head.substr(by_path.size()));
        const auto colon = head.find(':');
        if (colon == std::string::npos)
            return complain(section_.line,
                            kind_ == RowKind::policy
                                ? "a section is [policy], [quota], [subsystem:driver] or "
                                  "[by-path:name]"
                                : "a section is [subsystem:driver]");
        row_.subsystem = head.substr(0, colon);
        // It may have blanks inside: QUERYCAP of mxc-jpeg says `mxc-jpeg codec`.
        row_.driver = ini::trim(std::string_view(head).substr(colon + 1));
        if (!is_device_subsystem(row_.subsystem) &&
            (row_.subsystem != "ion" || kind_ == RowKind::policy))
            complain(section_.line,
                     fmt::format("`{}` is no subsystem: drm, accel, video4linux{}", row_.subsystem,
                                 kind_ == RowKind::policy ? " or char" : ", char or ion"));
        if (row_.driver.empty())
            complain(section_.line, "the section names no driver");
    }

    void read_entry(const ini::Entry& entry) {
        const QuirkKey* key = find_quirk_key(entry.key);
        if (key == nullptr)
            return complain(entry.line, fmt::format("unknown key `{}`", entry.key));
        if (!key->subsystem.empty() && key->subsystem != row_.subsystem)
            return complain(entry.line, fmt::format("{} is for {}, not for {}", entry.key,
                                                    key->subsystem, row_.subsystem));
        if (!key->valid(entry.value))
            return complain(entry.line, fmt::format("`{}` of {} is not {}", entry.value, entry.key,
                                                    key->expected));
        if (key->scope != KeyScope::row)
            row_.values.emplace(entry.key, entry.value);
        else if (entry.key == "source")
            row_.source = entry.value;
        else if (entry.key == "confidence")
            row_.confidence = entry.value == "known" ? Confidence::known : Confidence::assumed;
        else
            read_condition(entry.key, entry.value);
    }

    void read_condition(const std::string& key, const std::string& value) {
        if (key == "compatible")
            row_.compatible = ini::words(value);
        else if (key == "machine")
            row_.machine = ini::words(value);
        else if (key == "class")
            row_.classes = ini::words(value);
        else if (key == "node")
            row_.nodes = ini::words(value);
        else if (key == "node-name")
            row_.names = ini::words(value);
        else if (key == "kernel")
            row_.kernel = parse_kernel_range(value);
        else if (key == "discrete")
            row_.discrete = value == "yes";
        else if (key == "role")
            row_.roles = ini::words(value);
        else if (key == "format")
            for (const std::string& word : ini::words(value))
                row_.formats.push_back(*Fourcc::parse(word));
        else if (key == "modifier")
            for (const std::string& word : ini::words(value))
                row_.modifiers.push_back(Modifier::parse(word)->value);
        else if (key == "pci-id")
            row_.pci_ids = ini::words(in_small_letters(value));
        conditions_.emplace(key, value);
    }

    /// What concerns more than one line.
    void check() {
        if (kind_ == RowKind::quirk && !has("source"))
            complain(row_.line, "the section has no source");
        const bool tiled = has("modifier");
        const bool narrow = has("role") || has("format") || tiled;
        for (const auto& [name, value] : row_.values) {
            const KeyScope scope = find_quirk_key(name)->scope;
            if (narrow && !is_of_use(scope))
                complain(line_of(name), fmt::format("{} is of the whole device, its section has a "
                                                    "role, format or modifier",
                                                    name));
            else if (tiled && scope != KeyScope::limit)
                complain(line_of(name),
                         fmt::format("{} is no limit, its section has a modifier", name));
            if (kind_ == RowKind::policy && scope == KeyScope::driver)
                complain(line_of(name), fmt::format("{} is for quirk files", name));
            if (row_.subsystem == "ion" && scope != KeyScope::driver)
                complain(line_of(name), fmt::format("{} is not for ion", name));
        }
        if (row_.subsystem == "ion" && (narrow || has("compatible") || has("pci-id")))
            complain(row_.line, "of ion a section may be for a machine or a kernel only");
        if (row_.subsystem == "char" && row_.values.contains("sysfs-driver"))
            complain(line_of("sysfs-driver"), "sysfs-driver is not for char: no node tells a name");
        if (is_pattern(row_.driver) && row_.values.contains("sysfs-driver"))
            complain(line_of("sysfs-driver"), "a pattern of drivers has no one name");
        const auto least = row_.values.find("min-address");
        const auto most = row_.values.find("max-address");
        if (least != row_.values.end() && most != row_.values.end() &&
            number_of(least->second) > number_of(most->second))
            complain(line_of("min-address"), "min-address is above max-address");
        for (const QuirkRow& other : result_.rows)
            if (other.origin == row_.origin)
                complain(row_.line, fmt::format("second section [{}]", section_.head));
    }

    const ini::Section& section_;
    RowKind kind_;
    QuirkFile& result_;
    QuirkRow row_;
    std::map<std::string, std::string> conditions_; ///< sorted, so that two sections compare
};

} // namespace

void parse_row(const std::string& file, const ini::Section& section, RowKind kind,
               QuirkFile& result) {
    Reader(file, section, kind, result).read();
}

QuirkFile parse_quirks(const std::string& text, const std::string& file) {
    ini::File parsed = ini::parse(text);
    QuirkFile result;
    result.mistakes = std::move(parsed.mistakes);
    for (const ini::Section& section : parsed.sections)
        parse_row(file, section, RowKind::quirk, result);
    std::stable_sort(result.mistakes.begin(), result.mistakes.end(),
                     [](const FileMistake& a, const FileMistake& b) { return a.line < b.line; });
    return result;
}

} // namespace simplealloc
