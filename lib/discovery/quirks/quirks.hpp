// SPDX-License-Identifier: MIT
// Facts that no interface tells: the rows of data/quirks/*.quirks and of further files.
#pragma once

#include "lib/discovery/quirks/identity.hpp"
#include "lib/discovery/quirks/row.hpp"

#include <simplealloc/result.hpp>

#include <span>
#include <string>
#include <vector>

namespace simplealloc {

/// What rows may ask of the machine.
struct MachineIdentity {
    std::string release;                 ///< of the kernel, by uname
    std::vector<std::string> compatible; ///< of the device tree's root
};
MachineIdentity this_machine();

/// Of rows that say something of the same key, one wins: the one of the file that was read later
/// (what is compiled in comes first, then SIMPLEALLOC_QUIRKS, then the caller's path; a folder
/// counts as one), else one for a place, else the one with more conditions, else the one further
/// down.
class Quirks {
public:
    Quirks() = default;
    explicit Quirks(MachineIdentity machine) : machine_(std::move(machine)) {}

    /// `paths`: files, and folders of *.quirks files, separated by colons; may be empty. Fails with
    /// invalid where a file is wrong, naming file and line.
    static Result<Quirks> load(const std::string& paths);
    /// The rows of one file win over those read before it.
    Result<void> read(const std::string& text, const std::string& file);
    /// They win over all rows before them.
    void add(std::vector<QuirkRow> rows);

    /// The name that the driver itself answers (DRM_VERSION, QUERYCAP) for the one that sysfs
    /// shows: some drivers differ, some show their transport's, and a node that may not be opened
    /// has only the latter.
    [[nodiscard]] std::string canonical_driver(const std::string& subsystem,
                                               const std::string& sysfs_name) const;

    /// The rows for a device on this machine, whatever their roles and formats; the strongest
    /// first.
    [[nodiscard]] std::vector<QuirkRowPtr> rows_for(const DeviceIdentity& device) const;
    /// The rows of a subsystem for this machine; the strongest first.
    [[nodiscard]] std::vector<QuirkRowPtr> rows_of(const std::string& subsystem) const;

private:
    Result<void> read(const std::string& text, const std::string& file, unsigned layer);
    Result<void> read_file(const std::string& path, unsigned layer);
    Result<void> read_path(const std::string& path);
    [[nodiscard]] bool is_for_machine(const QuirkRow& row) const;
    /// Of what is compiled in, only sections that `is_named` are read.
    template <typename Named, typename Wanted>
    [[nodiscard]] std::vector<QuirkRowPtr> strongest_rows(std::string_view subsystem,
                                                          Named is_named, Wanted is_wanted) const;

    MachineIdentity machine_;
    bool embedded_ = false; ///< what is compiled in counts, too
    std::vector<QuirkRowPtr> rows_;
    unsigned layers_ = 0;
};

} // namespace simplealloc
