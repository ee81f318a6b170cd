// SPDX-License-Identifier: MIT
// What a command found out, as plain values: what both outputs, JSON and tables, are made of.
#pragma once

#include <simplealloc/allocator.hpp>
#include <simplealloc/quirks.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace simplealloc::tools {

struct DeviceReport {
    std::string path;
    std::string subsystem;
    std::string driver;
    std::vector<Use> uses;
    std::vector<Fact> facts;
};
inline DeviceReport report_of(const Device& device) {
    return {device.path(), device.subsystem(), device.driver(), device.uses(), device.facts()};
}

struct QuirksReport {
    std::string path; ///< of the device
    std::string driver;
    std::vector<AppliedQuirk> quirks;
};

/// The ways in which a device takes a buffer.
struct CapabilityReport {
    std::string device; ///< its path
    Use use = Use::read;
    Fourcc fourcc;
    std::vector<CapabilitySet> sets;
};

/// Borrows from a Plan.
struct PlanReport {
    std::string request; ///< in words
    std::span<const Candidate> candidates;
    std::span<const Rejection> rejections;
    std::span<const Conflict> conflict;
    std::span<const Relaxation> relaxations = {};
    std::span<const QuotaState> quotas = {};
};

struct DmaBufReport {
    std::uint64_t size = 0;
    DmaBufInfo info;
};

/// Borrows from a Buffer.
struct BufferReport {
    std::string source;
    std::uint32_t width = 0; ///< pixels; 0 for plain bytes
    std::uint32_t height = 0;
    Fourcc fourcc;
    Modifier modifier;
    std::vector<DmaBufReport> dmabufs;
    std::span<const Plane> planes;
    std::span<const Fact> facts;
    std::span<const Verification> verified;
    std::span<const Attempt> attempts;
};

} // namespace simplealloc::tools
