// SPDX-License-Identifier: MIT
// Asks the library and prints its answers.
#include "tools/commands.hpp"

#include "tools/output/graph.hpp"
#include "tools/output/json.hpp"
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

/// What was typed can't be understood.
struct Misunderstood {
    Error error;
};

template <typename Value>
Value understood(Result<Value> result) {
    if (!result)
        throw Misunderstood{std::move(result).error()};
    return *std::move(result);
}

/// Value() of a Result that holds an error ends a command here.
template <typename Command>
int answer(const CommonOptions& common, const Command& command) {
    try {
        return command();
    } catch (const Misunderstood& typed) {
        return fail(common, typed.error, exit_usage);
    } catch (const BadResult& bad) {
        return fail(common, bad.error());
    }
}

Allocator open_allocator(const CommonOptions& common) {
    AllocatorOptions options;
    options.quirk_path = common.quirks;
    options.policy_path = common.policy;
    return Allocator::open(std::move(options)).value();
}

Request build_request(const Allocator& allocator, const RequestOptions& options) {
    Request request = options.image ? Request::image(options.image->width, options.image->height,
                                                     options.image->fourcc)
                                    : Request::bytes(options.bytes);
    if (options.image)
        request.modifier = options.image->modifier;
    // A path that is used twice is one device.
    std::map<std::string, Device> devices;
    for (const UseOption& use : options.uses) {
        auto known = devices.find(use.path);
        if (known == devices.end())
            known = devices.emplace(use.path, allocator.device(use.path).value()).first;
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

Planned make_plan(const CommonOptions& common, const RequestText& text) {
    const RequestOptions options = understood(parse_request(text));
    Allocator allocator = open_allocator(common);
    Plan plan = allocator.plan(build_request(allocator, options)).value();
    return {std::move(allocator), std::move(plan)};
}

int print_plan(const CommonOptions& common, const Plan& plan, bool why = false) {
    const PlanReport report = report_of(plan);
    const Screen screen = screen_of(stdout_fd);
    std::string text = common.json ? plan_json(report) : plan_text(report, screen);
    if (why && !common.json)
        text += why_text(report, screen);
    return print(text, report.candidates.empty() ? exit_failed : exit_done);
}

/// Those of the paths that are devices; `failures` says what is wrong with the others.
std::vector<Device> ask_devices(const Allocator& allocator, std::span<const std::string> paths,
                                std::vector<Error>& failures) {
    std::vector<Device> devices;
    for (const std::string& path : paths) {
        if (auto device = allocator.device(path))
            devices.push_back(*std::move(device));
        else
            failures.push_back(std::move(device).error());
    }
    for (const Error& error : failures)
        write_error(error_text(error, screen_of(stderr_fd)));
    return devices;
}

/// One below another.
template <typename Report>
std::string texts_of(const std::vector<Report>& reports,
                     std::string (*text_of)(const Report&, const Screen&)) {
    std::string text;
    for (const Report& report : reports)
        text += (text.empty() ? "" : "\n") + text_of(report, screen_of(stdout_fd));
    return text;
}

int print_check(const CommonOptions& common, const std::string& file, const FileReport& report,
                std::string_view row) {
    return print(common.json ? file_check_json(file, report) : file_check_text(file, report, row),
                 report.mistakes.empty() ? exit_done : exit_failed);
}

/// How monitor_command() goes on once it listens.
int print_events(const CommonOptions& common, const MonitorCommandOptions& options,
                 const Interrupt& interrupt, Monitor& monitor) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    for (std::size_t seen = 0; options.count == 0 || seen < options.count;) {
        if (const auto event = monitor.next().value()) {
            ++seen;
            if (!write_output(common.json ? hotplug_json_line(*event) : hotplug_line(*event)))
                return exit_failed;
            continue;
        }
        std::optional<std::int64_t> left;
        if (options.timeout)
            left = std::chrono::ceil<std::chrono::milliseconds>(
                       begin + std::chrono::seconds(*options.timeout) - Clock::now())
                       .count();
        switch (interrupt.wait(monitor.fd(), left)) {
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

int allocate(const CommonOptions& common, const Planned& planned,
             const AllocCommandOptions& options, std::optional<Hold>& hold) {
    std::vector<Buffer> buffers;
    const std::size_t count = planned.plan.request().count.value_or(1);
    while (buffers.size() < count) {
        AllocateOptions allocate;
        allocate.verify = options.verify;
        // The user names the camera and asks for a test: an idle queue may be borrowed for it.
        allocate.borrow_idle_queues = options.verify;
        auto buffer = planned.allocator.allocate(planned.plan, allocate);
        if (!buffer) {
            const std::size_t number = buffers.size() + 1;
            buffers.clear();
            return fail(common, buffer.error(), exit_failed,
                        count > 1 ? std::optional(number) : std::nullopt);
        }
        buffers.push_back(*std::move(buffer));
    }

    std::vector<BufferReport> reports;
    for (const Buffer& buffer : buffers)
        reports.push_back(report_of(buffer));
    const auto stats = options.stats ? std::optional(planned.allocator.stats()) : std::nullopt;
    const Screen screen = screen_of(stdout_fd);
    std::string text = common.json ? buffers_json(reports, stats) : buffers_text(reports, screen);
    if (stats && !common.json)
        text += "\n" + stats_text(*stats, screen);
    const int status = print(text);
    if (hold && status == exit_done)
        hold->wait();
    return status;
}

} // namespace

int devices_command(const CommonOptions& common, std::span<const std::string> paths) {
    return answer(common, [&] {
        const Allocator allocator = open_allocator(common);
        std::vector<DeviceReport> reports;
        std::vector<Error> failures;
        for (const Device& device :
             paths.empty() ? allocator.devices().value() : ask_devices(allocator, paths, failures))
            reports.push_back(report_of(device));
        return print(common.json     ? devices_json(reports, failures)
                     : paths.empty() ? devices_text(reports, screen_of(stdout_fd))
                                     : texts_of(reports, device_text),
                     failures.empty() ? exit_done : exit_failed);
    });
}

int policy_command(const CommonOptions& common) {
    return answer(common, [&] {
        const std::vector<PolicyValue> values = open_allocator(common).policy();
        return print(common.json ? policy_json(values) : policy_text(values, screen_of(stdout_fd)));
    });
}

int check_policy_command(const CommonOptions& common, const std::string& file) {
    return answer(common, [&] {
        return print_check(common, file, check_policy_file(file).value(), "value");
    });
}

int quirks_command(const CommonOptions& common, std::span<const std::string> paths) {
    return answer(common, [&] {
        std::vector<QuirksReport> reports;
        std::vector<Error> failures;
        for (const Device& device : ask_devices(open_allocator(common), paths, failures))
            reports.push_back({device.path(), device.driver(), applied_quirks(device)});
        return print(common.json ? quirks_json(reports, failures) : texts_of(reports, quirks_text),
                     failures.empty() ? exit_done : exit_failed);
    });
}

int check_quirks_command(const CommonOptions& common, const std::string& file) {
    return answer(common,
                  [&] { return print_check(common, file, check_quirk_file(file).value(), "row"); });
}

int sources_command(const CommonOptions& common) {
    return answer(common, [&] {
        const std::vector<SourceInfo> sources = open_allocator(common).sources().value();
        return print(common.json ? sources_json(sources)
                                 : sources_text(sources, screen_of(stdout_fd)));
    });
}

int capabilities_command(const CommonOptions& common, const std::string& use,
                         const std::string& format) {
    return answer(common, [&] {
        const UseOption who = understood(parse_use_option(use));
        const Fourcc fourcc = understood(parse_format(format));
        const Device device = open_allocator(common).device(who.path).value();
        const CapabilityReport report{device.path(), who.use, fourcc,
                                      device.capabilities(who.use, fourcc).value()};
        return print(common.json ? capabilities_json(report)
                                 : capabilities_text(report, screen_of(stdout_fd)));
    });
}

int plan_command(const CommonOptions& common, const RequestText& text, bool why) {
    return answer(common, [&] { return print_plan(common, make_plan(common, text).plan, why); });
}

int monitor_command(const CommonOptions& common, const MonitorCommandOptions& options) {
    return answer(common, [&] {
        const Interrupt interrupt;
        const Allocator allocator = open_allocator(common);
        Monitor monitor = allocator.monitor().value();
        const std::string_view origin = monitor.origin();
        if (!write_output(common.json ? listening_json_line(origin) : listening_line(origin)))
            return exit_failed;
        return print_events(common, options, interrupt, monitor);
    });
}

int doctor_command(const CommonOptions& common) {
    return answer(common, [&] {
        const DoctorReport report = examine(open_allocator(common), ask_machine()).value();
        return print(common.json ? doctor_json(report) : doctor_text(report, screen_of(stdout_fd)),
                     findings_of(report).empty() ? exit_done : exit_failed);
    });
}

int graph_command(const CommonOptions& common, const RequestText& text, const std::string& svg) {
    return answer(common, [&] {
        const Planned planned = make_plan(common, text);
        const std::string document = graph_dot(graph_of(planned.plan));
        const int status = planned.plan.candidates().empty() ? exit_failed : exit_done;
        if (svg.empty())
            return print(document, status);
        draw_svg(document, svg).value();
        return status;
    });
}

int alloc_command(const CommonOptions& common, const RequestText& text,
                  const AllocCommandOptions& options) {
    return answer(common, [&] {
        std::optional<Hold> hold;
        if (options.hold)
            hold.emplace();
        const Planned planned = make_plan(common, text);
        // Why nothing serves it is what `plan` says.
        if (planned.plan.candidates().empty())
            return print_plan(common, planned.plan);
        return allocate(common, planned, options, hold);
    });
}

} // namespace simplealloc::tools
