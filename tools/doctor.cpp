// SPDX-License-Identifier: MIT
#include "tools/doctor.hpp"

#include "tools/words.hpp"

#include <algorithm>
#include <array>
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

/// What is tried, until both devices take it.
constexpr std::array formats{fourcc::xrgb8888, fourcc::nv12, fourcc::yuyv, fourcc::rgb565};
constexpr std::uint32_t width = 640;
constexpr std::uint32_t height = 480;
constexpr std::size_t most_pairs = 24;

/// A line of /proc/meminfo, `NAME:   N kB`, in bytes.
std::optional<std::uint64_t> meminfo(std::string_view name) {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        if (line.compare(0, name.size(), name) != 0 || line[name.size()] != ':')
            continue;
        const std::size_t digit = line.find_first_of("0123456789");
        std::uint64_t kibibytes = 0;
        if (digit != std::string::npos &&
            std::from_chars(line.data() + digit, line.data() + line.size(), kibibytes).ec ==
                std::errc())
            return kibibytes * 1024;
    }
    return std::nullopt;
}

/// The ways that frames go, from who makes them to who takes them.
struct Way {
    Use from;
    Use to;
};
constexpr Way ways[] = {
    {Use::capture, Use::scanout}, {Use::capture, Use::encode}, {Use::capture, Use::m2m_in},
    {Use::capture, Use::sample},  {Use::decode, Use::scanout}, {Use::decode, Use::sample},
    {Use::m2m_out, Use::scanout}, {Use::m2m_out, Use::encode}, {Use::render, Use::scanout},
    {Use::render, Use::encode},   {Use::capture, Use::read},   {Use::decode, Use::read},
};

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

bool is_about_formats(const Plan& plan) {
    return std::ranges::any_of(plan.conflict(), [](const Conflict& conflict) {
        return conflict.constraint == to_string(ConstraintKind::format);
    });
}

std::string conflict_in_words(const Plan& plan) {
    std::string text;
    for (const Conflict& conflict : plan.conflict())
        text += fmt::format("{}{} of {}", text.empty() ? "" : "; ", conflict.constraint,
                            join_in_words(conflict.parties));
    return text;
}

/// Nothing where one of them takes no frames in pixels, such as an encoder's coded side.
std::optional<PairHealth> examine_pair(const Allocator& allocator, const DeviceUse& from,
                                       const DeviceUse& to) {
    PairHealth pair;
    pair.from = party_in_words(from);
    pair.to = party_in_words(to);
    for (const Fourcc fourcc : formats) {
        const auto plan = allocator.plan(Request::image(width, height, fourcc).use(from).use(to));
        if (!plan)
            return std::nullopt;
        if (!plan->candidates().empty()) {
            pair.fourcc = fourcc;
            pair.source = plan->candidates().front().source;
            pair.reason.clear();
            pair.remedy.clear();
            return pair;
        }
        if (!pair.reason.empty() || is_about_formats(*plan))
            continue;
        pair.fourcc = fourcc;
        pair.reason = conflict_in_words(*plan);
        if (!plan->relaxations().empty())
            pair.remedy = plan->relaxations().front().what;
    }
    if (pair.reason.empty()) {
        std::vector<std::string> tried;
        for (const Fourcc fourcc : formats)
            tried.push_back(to_string(fourcc));
        pair.reason = fmt::format("no format in common, of {}", join_in_words(tried));
    }
    return pair;
}

bool can(const Device& device, Use use) {
    return std::ranges::find(device.uses(), use) != device.uses().end();
}

/// Encoders and decoders are memory-to-memory devices as well.
bool is_told_by_another(const Device& device, Use use) {
    return (use == Use::m2m_in && can(device, Use::encode)) ||
           (use == Use::m2m_out && can(device, Use::decode));
}

/// One for each piece of hardware: of a card and its render node the latter, which needs no master.
std::vector<Device> who_can(const std::vector<Device>& devices, Use use) {
    std::vector<Device> who;
    for (const Device& device : devices) {
        if (!can(device, use) || is_told_by_another(device, use))
            continue;
        const auto known = std::ranges::find(who, device.id(), &Device::id);
        if (known == who.end())
            who.push_back(device);
        else
            *known = device;
    }
    return who;
}

void examine_pairs(const Allocator& allocator, const std::vector<Device>& devices,
                   DoctorReport& report) {
    for (const Way& way : ways)
        for (const Device& from : who_can(devices, way.from))
            for (const Device& to : who_can(devices, way.to)) {
                if (from.id() == to.id())
                    continue;
                if (report.pairs.size() == most_pairs)
                    ++report.pairs_left_out;
                else if (auto pair =
                             examine_pair(allocator, {from, way.from, {}}, {to, way.to, {}}))
                    report.pairs.push_back(*std::move(pair));
            }
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

bool gives_contiguous(const SourceInfo& source) {
    return source.usable && std::ranges::any_of(source.facts, [](const Fact& fact) {
               return fact.name == "contiguity" && fact.value == "physical";
           });
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

    if (std::ranges::any_of(report.sources, gives_contiguous))
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
    examine_pairs(allocator, devices, report);
    return report;
}

std::vector<Finding> findings_of(const DoctorReport& report) {
    std::vector<Finding> findings;
    find_in_machine(report.machine, findings);
    if (report.devices.empty())
        findings.push_back({"there is no DRM or V4L2 device",
                            "load its driver; a container must be given the nodes and /sys"});
    find_in_devices_and_sources(report, findings);
    return findings;
}

} // namespace simplealloc::tools
