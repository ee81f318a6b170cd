// SPDX-License-Identifier: MIT
#include "tools/doctor.hpp"

#include "tools/output/words.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utility>

namespace simplealloc::tools {

namespace {

/// A line of /proc/meminfo, `NAME:   N kB`, in bytes.
std::optional<std::uint64_t> meminfo(std::string_view name) {
    std::ifstream file("/proc/meminfo");
    std::uint64_t kibibytes = 0;
    for (std::string word; file >> word >> kibibytes; std::getline(file, word))
        if (word.ends_with(':') && word.starts_with(name) && word.size() == name.size() + 1)
            return kibibytes * 1024;
    return std::nullopt;
}

DeviceHealth examine_device(const Device& device) {
    DeviceHealth health;
    health.device = report_of(device);
    // Whether it is a memory-to-memory device only an open node tells.
    const bool unknown = device.uses().empty();
    auto needs = device.capabilities(unknown ? Use::m2m_in : device.uses().front(), fourcc::bytes);
    if (needs)
        health.needs = *std::move(needs);
    else if (!unknown || needs.error().cause == Cause::denied)
        health.problem = std::move(needs).error();
    return health;
}

/// Names under their common remedy, in the order in which the remedies came.
class Remedies {
public:
    void add(const std::string& name, const std::string& remedy) {
        const auto known = std::ranges::find(named_, remedy, &Named::remedy);
        if (known == named_.end())
            named_.push_back({remedy, {name}});
        else
            known->names.push_back(name);
    }
    void report(std::string_view verb, std::vector<Finding>& findings) const {
        for (const Named& named : named_)
            findings.push_back(
                {fmt::format("{} {}", join_in_words(named.names), verb), named.remedy});
    }

private:
    struct Named {
        std::string remedy;
        std::vector<std::string> names;
    };
    std::vector<Named> named_;
};

/// Whether this process may use it is another matter, with another remedy.
bool is_contiguous(const SourceInfo& source) {
    return source.offer.contiguity == OfferContiguity::physical;
}

bool needs_contiguous(const DeviceHealth& device) {
    return !device.needs.empty() && std::ranges::all_of(device.needs, [](const CapabilitySet& set) {
        return set.constraints.contiguity == Contiguity::required;
    });
}

/// Whether the release is before MAJOR.0.
bool is_before(const std::string& release, int major) {
    int number = 0;
    const auto end = release.data() + release.size();
    return std::from_chars(release.data(), end, number).ec == std::errc() && number < major;
}

void find_in_machine(const MachineReport& machine, std::vector<Finding>& findings) {
    constexpr std::uint64_t few_descriptors = 1024;
    if (machine.descriptors && *machine.descriptors < few_descriptors)
        findings.push_back({fmt::format("a process may have {} file descriptors, and each buffer "
                                        "is one or more",
                                        *machine.descriptors),
                            "raise the limit: ulimit -n, or LimitNOFILE= of a systemd unit"});
    if (is_before(machine.kernel, 6))
        findings.push_back({"fences of a dma-buf can't be exported or imported (the kernel is "
                            "older than 6.0); waiting for them works",
                            "a newer kernel, where explicit synchronisation is needed"});
}

void find_in_devices_and_sources(const DoctorReport& report, std::vector<Finding>& findings) {
    Remedies unusable;
    for (const SourceInfo& source : report.sources)
        if (!source.usable)
            unusable.add(source.name, source.remedy.empty() ? source.reason : source.remedy);
    for (const DeviceHealth& device : report.devices)
        if (device.problem)
            unusable.add(device.device.path, device.problem->remedy.empty()
                                                 ? message_alone(*device.problem)
                                                 : device.problem->remedy);
    unusable.report("can't be used", findings);
    if (std::ranges::none_of(report.sources, [](const SourceInfo& source) {
            return source.backend == "dma-heap" || source.backend == "ion";
        }))
        findings.push_back({"there is no dma-heap",
                            "a kernel with CONFIG_DMABUF_HEAPS and CONFIG_DMABUF_HEAPS_SYSTEM"});

    if (std::ranges::any_of(report.sources, is_contiguous))
        return;
    std::vector<std::string> needy;
    for (const DeviceHealth& device : report.devices)
        if (needs_contiguous(device))
            needy.push_back(device.device.path);
    if (!needy.empty())
        findings.push_back(
            {fmt::format("memory in one piece, for {}, has no source", join_in_words(needy)),
             "a kernel with CONFIG_DMABUF_HEAPS_CMA, booted with cma=SIZE"});
}

/// Of a device alone: that two can't share memory may lie in the two, and is told beside them.
void find_failures(const DoctorReport& report, std::vector<Finding>& findings) {
    Remedies remedies;
    for (const PairHealth& one : report.alone)
        if (one.frame.source.empty())
            remedies.add(fmt::format("pictures of {} ({})", one.from, one.frame.reason),
                         one.frame.remedy);
    remedies.report("have no memory", findings);
}

/// What rests on something that nobody said: a row says it.
void find_doubts(const DoctorReport& report, std::vector<Finding>& findings) {
    std::vector<std::string> told;
    for (const std::vector<PairHealth>* part : {&report.alone, &report.pairs})
        for (const PairHealth& pair : *part)
            for (const Doubt& doubt : pair.frame.doubts) {
                if (std::ranges::find(told, doubt.party) != told.end())
                    continue;
                told.push_back(doubt.party);
                findings.push_back(
                    {fmt::format("nobody knows whether {} needs memory in one piece: {} for it is "
                                 "unproven",
                                 doubt.party, pair.frame.source),
                     fmt::format("try it, and say in a quirk file which: `[{}]`, `source = tried "
                                 "here`, `contiguous = no` (or yes)",
                                 doubt.row)});
            }
}

} // namespace

MachineReport ask_machine() {
    MachineReport machine;
    utsname name;
    if (uname(&name) == 0) {
        machine.kernel = name.release;
        machine.architecture = name.machine;
    }
    machine.page_size = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    machine.memory = meminfo("MemTotal").value_or(0);
    machine.cma = meminfo("CmaTotal");
    machine.cma_free = meminfo("CmaFree");
    rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        machine.descriptors = limit.rlim_cur;
    return machine;
}

Result<DoctorReport> examine(const Allocator& allocator, MachineReport machine) {
    DoctorReport report;
    report.machine = std::move(machine);
    auto sources = allocator.sources();
    if (!sources)
        return sources.error();
    report.sources = *std::move(sources);
    const auto listed = allocator.devices();
    if (!listed)
        return listed.error();
    std::vector<Device> devices;
    for (const Device& device : *listed) {
        auto asked = allocator.device(device.path());
        if (!asked) {
            DeviceHealth& health = report.devices.emplace_back();
            health.device.path = device.path();
            health.problem = std::move(asked).error();
            continue;
        }
        report.devices.push_back(examine_device(*asked));
        if (!report.devices.back().problem)
            devices.push_back(*std::move(asked));
    }
    plan_for_users(allocator, devices, report);
    return report;
}

std::vector<Finding> findings_of(const DoctorReport& report) {
    std::vector<Finding> findings;
    find_in_machine(report.machine, findings);
    if (report.devices.empty())
        findings.push_back({"there is no DRM, accel or V4L2 device",
                            "load its driver; a container must be given the nodes and /sys"});
    find_in_devices_and_sources(report, findings);
    find_failures(report, findings);
    find_doubts(report, findings);
    return findings;
}

} // namespace simplealloc::tools
