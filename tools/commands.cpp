// SPDX-License-Identifier: MIT
// Asks the library and prints its answers.
#include "tools/commands.hpp"

#include "tools/output/capabilities.hpp"
#include "tools/output/doctor.hpp"
#include "tools/output/graph.hpp"
#include "tools/output/hotplug.hpp"
#include "tools/output/json.hpp"
#include "tools/output/report.hpp"
#include "tools/output/stats.hpp"
#include "tools/output/table.hpp"
#include "tools/output/words.hpp"
#include "tools/terminal/draw.hpp"
#include "tools/terminal/hold.hpp"
#include "tools/terminal/interrupt.hpp"
#include "tools/terminal/terminal.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace simplealloc::tools {

namespace {

constexpr int stdout_fd = 1;
constexpr int stderr_fd = 2;

int print(std::string_view text, int status = exit_done) {
    return write_output(text) ? status : exit_failed;
}

/// Says what went wrong on standard error; with --json the whole of it is the document as well.
int fail(const CommonOptions& common, const Error& error, int status = exit_failed,
         std::optional<std::size_t> buffer = {}) {
    const Screen screen = screen_of(stderr_fd);
    write_error(error_text(error, screen, buffer));
    if (common.json)
        return print(error_json(error, buffer), status);
    write_error(error_reasons_text(error, screen));
    return status;
}

Result<Allocator> open_allocator(const CommonOptions& common) {
    AllocatorOptions options;
    options.quirk_path = common.quirks;
    options.policy_path = common.policy;
    return Allocator::open(std::move(options));
}

Result<Request> build_request(const Allocator& allocator, const RequestOptions& options) {
    Request request = options.image ? Request::image(options.image->width, options.image->height,
                                                     options.image->fourcc)
                                    : Request::bytes(options.bytes);
    if (options.image)
        request.modifier = options.image->modifier;
    // A path that is used twice is one device.
    std::map<std::string, Device> devices;
    for (const UseOption& use : options.uses) {
        auto known = devices.find(use.path);
        if (known == devices.end()) {
            auto device = allocator.device(use.path);
            if (!device)
                return device.error();
            known = devices.emplace(use.path, *std::move(device)).first;
        }
        DeviceUse added{known->second, use.use, {}};
        // What anybody wants holds for the buffer, so one device says it.
        if (options.min_size != 0 && &use == &options.uses.front())
            added.alternatives.emplace_back().constraints.min_size = options.min_size;
        request.uses.push_back(std::move(added));
    }
    request.cpu = options.cpu;
    request.count = options.count;
    if (options.crop) {
        request.crop_width = options.crop->width;
        request.crop_height = options.crop->height;
    }
    if (options.any_device)
        request.any_device = true;
    if (options.strict)
        request.strict = true;
    request.zeroed = options.zeroed;
    request.order = options.order;
    request.name = options.name;
    request.without = options.without;
    return request;
}

PlanReport report_of(const Plan& plan) {
    return {request_in_words(plan.request()),
            plan.candidates(),
            plan.rejections(),
            plan.conflict(),
            plan.relaxations(),
            plan.quotas()};
}

/// What can't be asked of a dma-buf is left out: the buffer is there all the same.
std::vector<DmaBufReport> dmabufs_of(const Buffer& buffer) {
    std::vector<DmaBufReport> dmabufs;
    for (std::size_t i = 0; i < buffer.dmabufs().size(); ++i) {
        DmaBufReport& report = dmabufs.emplace_back(DmaBufReport{buffer.dmabufs()[i].size, {}});
        if (auto info = buffer.info(i))
            report.info = std::move(*info);
        else
            write_error(error_text(info.error(), screen_of(stderr_fd)));
    }
    return dmabufs;
}

GraphReport graph_of(const Plan& plan) {
    GraphReport report{report_of(plan), {}};
    for (const DeviceUse& use : plan.request().uses)
        report.uses.push_back({party_in_words(use), use.device.driver()});
    return report;
}

BufferReport report_of(const Buffer& buffer) {
    return {buffer.source(),   buffer.width(),     buffer.height(), buffer.fourcc(),
            buffer.modifier(), dmabufs_of(buffer), buffer.planes(), buffer.facts(),
            buffer.verified(), buffer.attempts()};
}

/// A request's way from the command line to its plan.
struct Planned {
    Allocator allocator;
    Plan plan;
};

/// Nothing when it failed, which has then been said; `status` is the exit status.
std::optional<Planned> make_plan(const CommonOptions& common, const RequestText& text,
                                 int& status) {
    auto options = parse_request(text);
    if (!options) {
        status = fail(common, options.error(), exit_usage);
        return std::nullopt;
    }
    auto allocator = open_allocator(common);
    if (!allocator) {
        status = fail(common, allocator.error());
        return std::nullopt;
    }
    auto request = build_request(*allocator, *options);
    if (!request) {
        status = fail(common, request.error());
        return std::nullopt;
    }
    auto plan = allocator->plan(*request);
    if (!plan) {
        status = fail(common, plan.error());
        return std::nullopt;
    }
    return Planned{*std::move(allocator), *std::move(plan)};
}

} // namespace

/// Those of the paths that are devices; `failures` says what is wrong with the others.
std::vector<Device> ask_devices(const Allocator& allocator, std::span<const std::string> paths,
                                std::vector<Error>& failures) {
    std::vector<Device> devices;
    for (const std::string& path : paths) {
        auto device = allocator.device(path);
        if (device)
            devices.push_back(*std::move(device));
        else
            failures.push_back(std::move(device).error());
    }
    for (const Error& error : failures)
        write_error(error_text(error, screen_of(stderr_fd)));
    return devices;
}

int devices_command(const CommonOptions& common, std::span<const std::string> paths) {
    auto allocator = open_allocator(common);
    if (!allocator)
        return fail(common, allocator.error());

    std::vector<DeviceReport> reports;
    std::vector<Error> failures;
    if (paths.empty()) {
        auto devices = allocator->devices();
        if (!devices)
            return fail(common, devices.error());
        for (const Device& device : *devices)
            reports.push_back(report_of(device));
    }
    for (const Device& device : ask_devices(*allocator, paths, failures))
        reports.push_back(report_of(device));

    const int status = failures.empty() ? exit_done : exit_failed;
    if (common.json)
        return print(devices_json(reports, failures), status);
    const Screen screen = screen_of(stdout_fd);
    if (paths.empty())
        return print(devices_text(reports, screen), status);
    std::string text;
    for (const DeviceReport& report : reports)
        text += (text.empty() ? "" : "\n") + device_text(report, screen);
    return print(text, status);
}

int policy_command(const CommonOptions& common) {
    auto allocator = open_allocator(common);
    if (!allocator)
        return fail(common, allocator.error());
    const std::vector<PolicyValue> values = allocator->policy();
    return print(common.json ? policy_json(values) : policy_text(values, screen_of(stdout_fd)));
}

int check_policy_command(const CommonOptions& common, const std::string& file) {
    const auto report = check_policy_file(file);
    if (!report)
        return fail(common, report.error());
    return print(common.json ? file_check_json(file, *report, "values")
                             : file_check_text(file, *report, "value"),
                 report->mistakes.empty() ? exit_done : exit_failed);
}

int quirks_command(const CommonOptions& common, std::span<const std::string> paths) {
    auto allocator = open_allocator(common);
    if (!allocator)
        return fail(common, allocator.error());
    std::vector<QuirksReport> reports;
    std::vector<Error> failures;
    for (const Device& device : ask_devices(*allocator, paths, failures))
        reports.push_back({device.path(), device.driver(), applied_quirks(device)});
    const int status = failures.empty() ? exit_done : exit_failed;
    if (common.json)
        return print(quirks_json(reports, failures), status);
    std::string text;
    for (const QuirksReport& report : reports)
        text += (text.empty() ? "" : "\n") + quirks_text(report, screen_of(stdout_fd));
    return print(text, status);
}

int check_quirks_command(const CommonOptions& common, const std::string& file) {
    const auto report = check_quirk_file(file);
    if (!report)
        return fail(common, report.error());
    return print(common.json ? file_check_json(file, *report, "rows")
                             : file_check_text(file, *report, "row"),
                 report->mistakes.empty() ? exit_done : exit_failed);
}

int sources_command(const CommonOptions& common) {
    auto allocator = open_allocator(common);
    if (!allocator)
        return fail(common, allocator.error());
    auto sources = allocator->sources();
    if (!sources)
        return fail(common, sources.error());
    return print(common.json ? sources_json(*sources)
                             : sources_text(*sources, screen_of(stdout_fd)));
}

int capabilities_command(const CommonOptions& common, const std::string& use,
                         const std::string& format) {
    const auto who = parse_use_option(use);
    if (!who)
        return fail(common, who.error(), exit_usage);
    const auto fourcc = parse_format(format);
    if (!fourcc)
        return fail(common, fourcc.error(), exit_usage);
    auto allocator = open_allocator(common);
    if (!allocator)
        return fail(common, allocator.error());
    const auto device = allocator->device(who->path);
    if (!device)
        return fail(common, device.error());
    auto sets = device->capabilities(who->use, *fourcc);
    if (!sets)
        return fail(common, sets.error());
    const CapabilityReport report{device->path(), who->use, *fourcc, *std::move(sets)};
    return print(common.json ? capabilities_json(report)
                             : capabilities_text(report, screen_of(stdout_fd)));
}

int plan_command(const CommonOptions& common, const RequestText& text, bool why) {
    int status = exit_failed;
    const auto planned = make_plan(common, text, status);
    if (!planned)
        return status;
    const PlanReport report = report_of(planned->plan);
    const Screen screen = screen_of(stdout_fd);
    const std::string answer = common.json ? plan_json(report) : plan_text(report, screen);
    return print(why && !common.json ? answer + why_text(report, screen) : answer,
                 report.candidates.empty() ? exit_failed : exit_done);
}

int monitor_command(const CommonOptions& common, const MonitorCommandOptions& options) {
    using Clock = std::chrono::steady_clock;
    const Interrupt interrupt;
    const auto allocator = open_allocator(common);
    if (!allocator)
        return fail(common, allocator.error());
    auto monitor = allocator->monitor();
    if (!monitor)
        return fail(common, monitor.error());
    const std::string_view origin = monitor->origin();
    if (!write_output(common.json ? listening_json_line(origin) : listening_line(origin)))
        return exit_failed;

    const Clock::time_point begin = Clock::now();
    std::size_t seen = 0;
    while (options.count == 0 || seen < options.count) {
        const auto event = monitor->next();
        if (!event)
            return fail(common, event.error());
        if (event->has_value()) {
            ++seen;
            if (!write_output(common.json ? hotplug_json_line(**event) : hotplug_line(**event)))
                return exit_failed;
            continue;
        }
        std::optional<std::int64_t> left;
        if (options.timeout)
            left = std::chrono::ceil<std::chrono::milliseconds>(
                       begin + std::chrono::seconds(*options.timeout) - Clock::now())
                       .count();
        switch (interrupt.wait(monitor->fd(), left)) {
        case Interrupt::Woken::readable:
            break;
        case Interrupt::Woken::interrupted:
            return exit_done;
        case Interrupt::Woken::late:
            return options.count == 0 ? exit_done : exit_failed;
        }
    }
    return exit_done;
}

int doctor_command(const CommonOptions& common) {
    const auto allocator = open_allocator(common);
    if (!allocator)
        return fail(common, allocator.error());
    const auto report = examine(*allocator, ask_machine());
    if (!report)
        return fail(common, report.error());
    return print(common.json ? doctor_json(*report) : doctor_text(*report, screen_of(stdout_fd)),
                 findings_of(*report).empty() ? exit_done : exit_failed);
}

int graph_command(const CommonOptions& common, const RequestText& text, const std::string& svg) {
    int status = exit_failed;
    const auto planned = make_plan(common, text, status);
    if (!planned)
        return status;
    const std::string document = graph_dot(graph_of(planned->plan));
    status = planned->plan.candidates().empty() ? exit_failed : exit_done;
    if (svg.empty())
        return print(document, status);
    if (const auto drawn = draw_svg(document, svg); !drawn)
        return fail(common, drawn.error());
    return status;
}

int alloc_command(const CommonOptions& common, const RequestText& text,
                  const AllocCommandOptions& options) {
    std::optional<Hold> hold;
    if (options.hold)
        hold.emplace();

    int status = exit_failed;
    const auto planned = make_plan(common, text, status);
    if (!planned)
        return status;

    std::vector<Buffer> buffers;
    const std::size_t count = planned->plan.request().count.value_or(1);
    for (std::size_t i = 0; i < count; ++i) {
        AllocateOptions allocate;
        allocate.verify = options.verify;
        // The user names the camera and asks for a test: an idle queue may be borrowed for it.
        allocate.borrow_idle_queues = options.verify;
        auto buffer = planned->allocator.allocate(planned->plan, allocate);
        if (!buffer) {
            buffers.clear();
            return fail(common, buffer.error(), exit_failed,
                        count > 1 ? std::optional(i + 1) : std::nullopt);
        }
        buffers.push_back(*std::move(buffer));
    }

    std::vector<BufferReport> reports;
    for (const Buffer& buffer : buffers)
        reports.push_back(report_of(buffer));
    const auto stats = options.stats ? std::optional(planned->allocator.stats()) : std::nullopt;
    const Screen screen = screen_of(stdout_fd);
    std::string answer = common.json ? buffers_json(reports, stats) : buffers_text(reports, screen);
    if (stats && !common.json)
        answer += "\n" + stats_text(*stats, screen);
    status = print(answer);
    if (hold && status == exit_done)
        hold->wait();
    return status;
}

} // namespace simplealloc::tools
