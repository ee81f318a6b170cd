// SPDX-License-Identifier: MIT
// Facts that no interface tells, from data/quirks/*.quirks.
#pragma once

#include <simplealloc/constraints.hpp>
#include <simplealloc/result.hpp>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace simplealloc {

/// One section of a quirk file: `[subsystem:driver]`, then `key = value` lines. Unknown keys are an
/// error, so that a typing mistake is seen.
struct QuirkRow {
    std::string subsystem; ///< drm, video4linux, ion
    std::string driver;
    std::map<std::string, std::string> values; ///< key → value, checked when it was read
    std::string origin;                        ///< `quirk FILE [SECTION]`
};

class Quirks {
public:
    /// The rows compiled in, then those of `folder` (if not empty), later ones winning key by key.
    static Result<Quirks> load(const std::string& folder);
    /// Fails with invalid, naming file and line.
    Result<void> read(const std::string& text, const std::string& file);

    /// The name that the driver itself answers (DRM_VERSION, QUERYCAP) for the one that sysfs
    /// shows: some drivers differ, some show their transport's, and a node that may not be opened
    /// has only the latter.
    [[nodiscard]] std::string canonical_driver(const std::string& subsystem,
                                               const std::string& sysfs_name) const;

    /// The value of a key for a driver, with its origin; nothing when no row has it.
    struct Value {
        std::string text;
        std::string origin;
    };
    [[nodiscard]] std::optional<Value> find(const std::string& subsystem, const std::string& driver,
                                            const std::string& key) const;

    [[nodiscard]] std::span<const QuirkRow> rows() const noexcept { return rows_; }

private:
    std::vector<QuirkRow> rows_;
};

} // namespace simplealloc
