// SPDX-License-Identifier: MIT
// Everything is checked while reading: what a typing mistake leaves out would not be missed.
#include "lib/policy/file.hpp"

#include "lib/base/failure.hpp"
#include "lib/base/parse_number.hpp"
#include "lib/discovery/quirks/file.hpp"
#include "lib/kernel/kernel.hpp"
#include "lib/model/source_names.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace simplealloc {

namespace {

std::optional<bool> switch_of(std::string_view text) {
    if (text == "yes" || text == "no")
        return text == "yes";
    return std::nullopt;
}

/// N, NK, NM, NG or NT, in powers of 1024.
std::optional<std::uint64_t> size_of(std::string_view text) {
    constexpr std::string_view units = "KMGT";
    const std::size_t unit = text.empty() ? std::string_view::npos : units.find(text.back());
    if (unit != std::string_view::npos)
        text.remove_suffix(1);
    const auto number = parse_number<std::uint64_t>(text);
    if (!number || unit == std::string_view::npos)
        return number;
    const unsigned shift = 10U * (static_cast<unsigned>(unit) + 1);
    if (*number > no_limit >> shift)
        return std::nullopt;
    return *number << shift;
}

class Reader {
public:
    explicit Reader(const std::string& file) : file_(file) {}

    ParsedPolicy read(std::string_view text) {
        ini::File parsed = ini::parse(text);
        result_.mistakes = std::move(parsed.mistakes);
        for (const ini::Section& section : parsed.sections)
            read(section);
        std::stable_sort(
            result_.mistakes.begin(), result_.mistakes.end(),
            [](const FileMistake& a, const FileMistake& b) { return a.line < b.line; });
        return std::move(result_);
    }

private:
    void complain(std::size_t line, std::string text) {
        result_.mistakes.push_back({line, std::move(text)});
    }

    void read(const ini::Section& section) {
        if (section.head != "policy" && section.head != "quota")
            return read_device(section);
        origin_ = fmt::format("policy {} [{}]", file_, section.head);
        begin(section, origin_);
        read_entries(section,
                     section.head == "policy" ? &Reader::read_setting : &Reader::read_quota);
    }

    void read_device(const ini::Section& section) {
        QuirkFile parsed;
        parse_row(file_, section, RowKind::policy, parsed);
        for (FileMistake& mistake : parsed.mistakes)
            result_.mistakes.push_back(std::move(mistake));
        for (QuirkRow& row : parsed.rows) {
            begin(section, row.origin);
            result_.values += row.values.size();
            result_.policy.devices.push_back(std::move(row));
        }
    }

    /// Sections for the same with other conditions have other origins.
    void begin(const ini::Section& section, const std::string& origin) {
        if (!origins_.insert(origin).second)
            complain(section.line, fmt::format("second section [{}]", section.head));
    }

    /// A function returns what is wrong, if anything is.
    using ReadEntry = std::string (Reader::*)(const ini::Entry&);
    void read_entries(const ini::Section& section, ReadEntry read_entry) {
        for (const ini::Entry& entry : section.entries) {
            std::string wrong = (this->*read_entry)(entry);
            if (wrong.empty())
                ++result_.values;
            else
                complain(entry.line, std::move(wrong));
        }
    }

    std::string read_setting(const ini::Entry& entry) {
        if (entry.key == "strict")
            return read_switch(entry, result_.policy.strict);
        if (entry.key == "any-device")
            return read_switch(entry, result_.policy.any_device);
        if (entry.key != "order" && entry.key != "forbid")
            return fmt::format("unknown key `{}`: order, forbid, strict or any-device", entry.key);
        std::vector<std::string> names = ini::words(entry.value);
        for (const std::string& name : names)
            if (!solver::names_backend_or_source(name))
                return fmt::format("no backend or source is called `{}`: {}", name,
                                   solver::source_names_text());
        if (names.empty())
            return fmt::format("{} names nothing", entry.key);
        if (entry.key == "order")
            result_.policy.order = {std::move(names), origin_};
        else
            for (std::string& name : names)
                result_.policy.forbidden.push_back(
                    {std::move(name), origin_, solver::ExcludedBy::policy});
        return {};
    }

    std::string read_switch(const ini::Entry& entry, std::optional<Sourced<bool>>& setting) {
        const auto value = switch_of(entry.value);
        if (!value)
            return fmt::format("`{}` of {} is not yes or no", entry.value, entry.key);
        setting = {*value, origin_};
        return {};
    }

    std::string read_quota(const ini::Entry& entry) {
        const bool total = entry.key == "total";
        if (!total && !solver::names_backend_or_source(entry.key))
            return fmt::format("no backend or source is called `{}`: total, {}", entry.key,
                               solver::source_names_text());
        const auto bytes = size_of(entry.value);
        if (!bytes)
            return fmt::format("`{}` of {} is not a number of bytes, such as 64M", entry.value,
                               entry.key);
        result_.policy.quotas.push_back({{total ? "" : entry.key, *bytes}, origin_, entry.line});
        return {};
    }

    const std::string& file_;
    std::string origin_; ///< of the section that is read
    std::set<std::string> origins_;
    ParsedPolicy result_;
};

} // namespace

ParsedPolicy parse_policy(std::string_view text, const std::string& file) {
    return Reader(file).read(text);
}

Result<ParsedPolicy> read_policy(const std::string& path) {
    std::string text;
    if (const int result = kernel::read_file(path, text); result < 0)
        return failure(Stage::discover, cause_of(-result), -result, path, "read policy file");
    return parse_policy(text, path);
}

} // namespace simplealloc
