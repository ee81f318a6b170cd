// SPDX-License-Identifier: MIT
// What the doctor found, as a page.
#include "tools/output/table.hpp"

#include "tools/output/capability_limits.hpp"
#include "tools/output/words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace simplealloc::tools {

namespace {

constexpr std::uint32_t usual_height = 1080;

std::string machine_text(const MachineReport& machine, const Screen& screen) {
    std::string text =
        fmt::format("Linux {}, {}, pages of {}, {} of memory", machine.kernel, machine.architecture,
                    size_in_words(machine.page_size), size_in_words(machine.memory));
    if (machine.cma)
        text += fmt::format(", {} of it for CMA ({} free)", size_in_words(*machine.cma),
                            machine.cma_free ? size_in_words(*machine.cma_free) : "unknown");
    text += machine.descriptors
                ? fmt::format("; {} file descriptors for a process", *machine.descriptors)
                : "; any number of file descriptors";
    return styled("machine", Style::bold, screen) + "\n" + wrapped(text, 2, screen);
}

/// Of the memory alone: a layout's limits differ from format to format.
bool is_about_memory(ConstraintKind kind) {
    return kind == ConstraintKind::contiguity || kind == ConstraintKind::address_window ||
           kind == ConstraintKind::exporter || kind == ConstraintKind::memory_kind;
}

std::string needs_in_words(const DeviceHealth& device) {
    if (device.needs.empty())
        return {};
    std::vector<std::string> needs;
    for (const Limit& limit : limits_of(device.needs.front()))
        if (is_about_memory(limit.kind))
            needs.push_back(fmt::format("{}: {}", to_string(limit.kind), value_in_words(limit)));
    return needs.empty() ? "any memory" : join_in_words(needs);
}

std::string devices_text(const DoctorReport& report, const Screen& screen) {
    TextTable table({{"device"}, {"driver"}, {"can do"}, {"needs"}});
    for (const DeviceHealth& health : report.devices)
        table.add({{health.device.path, health.problem ? Style::bad : Style::good},
                   health.device.driver,
                   or_unknown(join_in_words(health.device.uses)),
                   health.problem ? "can't be asked" : needs_in_words(health)});
    return table.empty() ? wrapped("none", 2, screen) : table.render(screen);
}

std::string sources_text(const DoctorReport& report, const Screen& screen) {
    TextTable table({{"source"}, {"memory"}, {"usable"}});
    for (const SourceInfo& source : report.sources) {
        std::string memory;
        for (const Fact& fact : source.facts)
            if (fact.name == "contiguity" || fact.name == "caching" || fact.name == "max-size")
                memory += (memory.empty() ? "" : ", ") + fact.value;
        table.add({source.name, memory, in_words(source.usable)});
    }
    return table.empty() ? wrapped("none", 2, screen) : table.render(screen);
}

/// The size where it is not that of the heading.
std::string frame_in_words(const FrameHealth& frame) {
    if (frame.source.empty())
        return "-";
    if (frame.height == usual_height)
        return to_string(frame.fourcc);
    return fmt::format("{} {}x{}", to_string(frame.fourcc), frame.width, frame.height);
}

Cell memory_cell(const FrameHealth& frame) {
    if (frame.source.empty())
        return {"none: " + frame.reason, Style::bad};
    if (!frame.doubts.empty())
        return {frame.source + ", unproven", Style::warning};
    return {frame.source, Style::good};
}

std::string pairs_text(const DoctorReport& report, const Screen& screen) {
    TextTable table({{"from"}, {"to"}, {"format"}, {"memory from"}});
    for (const PairHealth& pair : report.pairs)
        table.add({pair.from, pair.to, frame_in_words(pair.frame), memory_cell(pair.frame)},
                  try_note(pair.frame.remedy));
    std::string text = table.empty()
                           ? wrapped("no two devices here make and take a frame", 2, screen)
                           : table.render(screen);
    if (report.pairs_left_out > 0)
        text += wrapped(fmt::format("and {} more pairs that are not shown: ask with "
                                    "`simplealloc plan`",
                                    report.pairs_left_out),
                        2, screen);
    return text;
}

/// For who has read that nothing is missing.
std::string failing_pairs_text(const DoctorReport& report) {
    const auto failing = std::ranges::count_if(
        report.pairs, [](const PairHealth& pair) { return pair.frame.source.empty(); });
    if (failing == 0)
        return {};
    return failing == 1 ? ", but a pair above shares no memory"
                        : fmt::format(", but {} pairs above share no memory", failing);
}

std::string findings_text(const DoctorReport& report, const Screen& screen) {
    const std::vector<Finding> findings = findings_of(report);
    if (findings.empty())
        return wrapped("nothing is missing" + failing_pairs_text(report), 2, screen);
    TextTable table({{"#", true}, {"what"}});
    for (std::size_t i = 0; i < findings.size(); ++i)
        table.add({i + 1, {findings[i].problem, Style::warning}}, try_note(findings[i].remedy));
    return table.render(screen);
}

} // namespace

std::string doctor_text(const DoctorReport& report, const Screen& screen) {
    return machine_text(report.machine, screen) + heading("devices", screen) +
           devices_text(report, screen) + heading("sources of memory", screen) +
           sources_text(report, screen) + heading("what can be shared, at 1920x1080", screen) +
           pairs_text(report, screen) + heading("what is missing", screen) +
           findings_text(report, screen);
}

} // namespace simplealloc::tools
