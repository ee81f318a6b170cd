// SPDX-License-Identifier: MIT
// Which files are read, and which of their rows count.
#include "lib/discovery/quirks/quirks.hpp"

#include "lib/base/failure.hpp"
#include "lib/discovery/quirks/embedded.hpp"
#include "lib/discovery/quirks/file.hpp"
#include "lib/discovery/quirks/keys.hpp"
#include "lib/kernel/device_tree.hpp"
#include "lib/kernel/kernel.hpp"

#include <algorithm>
#include <mutex>
#include <sys/stat.h>
#include <tuple>

namespace simplealloc {

namespace {

Error unreadable(const std::string& path, int result, std::string what) {
    return failure(Stage::discover, cause_of(-result), -result, path, std::move(what));
}

std::size_t condition_count(const QuirkRow& row) {
    constexpr std::size_t more_than_all = 16;
    return (row.place.empty() ? 0 : more_than_all) + std::size_t{!row.compatible.empty()} +
           std::size_t{!row.machine.empty()} + std::size_t{!row.names.empty()} +
           std::size_t{!row.classes.empty()} + std::size_t{!row.nodes.empty()} +
           std::size_t{row.kernel.has_value()} + std::size_t{row.discrete.has_value()} +
           std::size_t{!row.pci_ids.empty()} + std::size_t{!row.roles.empty()} +
           std::size_t{!row.formats.empty()} + std::size_t{!row.modifiers.empty()} +
           std::size_t{!is_pattern(row.driver)};
}

bool has_name(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// By its name to the letter, which may look like a pattern (`CX2341[56]`), or by a pattern.
bool is_for_driver(std::string_view driver, const std::vector<std::string>& names) {
    return has_name(names, driver) ||
           (is_pattern(driver) && matches_any({std::string(driver)}, names));
}

/// A section is read when somebody asks for it: to read all of them would be most of what opening
/// an allocator costs.
QuirkRowPtr embedded_row(std::size_t index) {
    struct Rows {
        std::mutex mutex;
        std::vector<QuirkRowPtr> rows = std::vector<QuirkRowPtr>(embedded_sections().size());
    };
    // Never destroyed: threads may ask while the process ends.
    static Rows& all = *new Rows;
    const std::lock_guard lock(all.mutex);
    QuirkRowPtr& row = all.rows[index];
    if (!row) {
        const EmbeddedSection& section = embedded_sections()[index];
        // Without a mistake, as a test proves for all of them.
        QuirkRow read =
            parse_quirks(std::string(section.text), std::string(section.file)).rows.front();
        read.line = section.line;
        row = std::make_shared<const QuirkRow>(std::move(read));
    }
    return row;
}

template <typename Named>
std::vector<QuirkRowPtr> embedded_rows(std::string_view subsystem, Named is_named) {
    std::vector<QuirkRowPtr> rows;
    const auto sections = embedded_sections();
    for (std::size_t i = 0; i < sections.size(); ++i)
        if (sections[i].subsystem == subsystem && is_named(sections[i]))
            rows.push_back(embedded_row(i));
    return rows;
}

/// Of rows in the order in which they were read.
void strongest_first(std::vector<QuirkRowPtr>& rows) {
    std::reverse(rows.begin(), rows.end());
    std::stable_sort(rows.begin(), rows.end(), [](const QuirkRowPtr& a, const QuirkRowPtr& b) {
        return std::tuple(a->layer, condition_count(*a)) >
               std::tuple(b->layer, condition_count(*b));
    });
}

std::vector<std::string> split_paths(std::string_view paths) {
    std::vector<std::string> parts;
    while (!paths.empty()) {
        const std::size_t end = std::min(paths.find(':'), paths.size());
        if (end > 0)
            parts.emplace_back(paths.substr(0, end));
        paths.remove_prefix(std::min(end + 1, paths.size()));
    }
    return parts;
}

} // namespace

MachineIdentity this_machine() {
    return {kernel::release(), device_tree::machine()};
}

Result<void> Quirks::read(const std::string& text, const std::string& file, unsigned layer) {
    QuirkFile parsed = parse_quirks(text, file);
    if (!parsed.mistakes.empty())
        return ini::error_of(file, parsed.mistakes, "simplealloc quirks --check",
                             "simplealloc-quirks(5)");
    for (QuirkRow& row : parsed.rows) {
        row.layer = layer;
        rows_.push_back(std::make_shared<const QuirkRow>(std::move(row)));
    }
    return {};
}

Result<void> Quirks::read(const std::string& text, const std::string& file) {
    return read(text, file, ++layers_);
}

void Quirks::add(std::vector<QuirkRow> rows) {
    ++layers_;
    for (QuirkRow& row : rows) {
        row.layer = layers_;
        rows_.push_back(std::make_shared<const QuirkRow>(std::move(row)));
    }
}

Result<void> Quirks::read_file(const std::string& path, unsigned layer) {
    std::string text;
    if (const int result = kernel::read_file(path, text); result < 0)
        return unreadable(path, result, "read quirk file");
    return read(text, path, layer);
}

Result<void> Quirks::read_path(const std::string& path) {
    kernel::Stat stat;
    if (const int result = kernel::stat(path.c_str(), stat); result < 0)
        return unreadable(path, result, "look up quirk files");
    ++layers_;
    if (!S_ISDIR(stat.mode))
        return read_file(path, layers_);
    std::vector<std::string> names;
    if (const int result = kernel::list_directory(path, names); result < 0)
        return unreadable(path, result, "read quirk folder");
    for (const std::string& name : names)
        if (name.ends_with(".quirks"))
            if (auto read = read_file(path + "/" + name, layers_); !read)
                return read;
    return {};
}

Result<Quirks> Quirks::load(const std::string& paths) {
    Quirks quirks(this_machine());
    quirks.embedded_ = true;
    const char* of_environment = kernel::environment("SIMPLEALLOC_QUIRKS");
    for (const std::string& list : {std::string(of_environment ? of_environment : ""), paths})
        for (const std::string& path : split_paths(list))
            if (auto read = quirks.read_path(path); !read)
                return std::move(read).error();
    return quirks;
}

bool Quirks::is_for_machine(const QuirkRow& row) const {
    return (row.machine.empty() || matches_any(row.machine, machine_.compatible)) &&
           (!row.kernel || contains(*row.kernel, machine_.release));
}

template <typename Named, typename Wanted>
std::vector<QuirkRowPtr> Quirks::strongest_rows(std::string_view subsystem, Named is_named,
                                                Wanted is_wanted) const {
    std::vector<QuirkRowPtr> found;
    const auto keep = [&](const std::vector<QuirkRowPtr>& rows) {
        for (const QuirkRowPtr& row : rows)
            if (row->subsystem == subsystem && is_wanted(*row) && is_for_machine(*row))
                found.push_back(row);
    };
    if (embedded_)
        keep(embedded_rows(subsystem, is_named));
    keep(rows_);
    strongest_first(found);
    return found;
}

std::string Quirks::canonical_driver(const std::string& subsystem,
                                     const std::string& sysfs_name) const {
    const auto is_other_name = [&](std::string_view names) {
        return !names.empty() && has_name(ini::words(names), sysfs_name);
    };
    const auto rows = strongest_rows(
        subsystem, [&](const EmbeddedSection& one) { return is_other_name(one.sysfs_drivers); },
        [&](const QuirkRow& row) {
            const auto others = row.values.find("sysfs-driver");
            return others != row.values.end() && is_other_name(others->second);
        });
    return rows.empty() ? sysfs_name : rows.front()->driver;
}

std::vector<QuirkRowPtr> Quirks::rows_for(const DeviceIdentity& device) const {
    const auto is_for = [&](const auto& row) { return is_for_driver(row.driver, device.drivers); };
    return strongest_rows(device.subsystem, is_for, [&](const QuirkRow& row) {
        return is_for(row) && (row.place.empty() || matches_any({row.place}, device.places)) &&
               (row.compatible.empty() || matches_any(row.compatible, device.compatible)) &&
               (row.classes.empty() || has_name(row.classes, device.node_class)) &&
               (row.nodes.empty() || matches_any(row.nodes, {device.node})) &&
               (row.names.empty() || matches_any(row.names, device.names)) &&
               (!row.discrete || row.discrete == device.discrete) &&
               (row.pci_ids.empty() || matches_any(row.pci_ids, {device.pci_id}));
    });
}

std::vector<QuirkRowPtr> Quirks::rows_of(const std::string& subsystem) const {
    const auto any = [](const auto& /*row*/) { return true; };
    return strongest_rows(subsystem, any, any);
}

} // namespace simplealloc
