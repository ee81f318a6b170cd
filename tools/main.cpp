// SPDX-License-Identifier: MIT
// The command line: options, help, and which command runs.
#include "tools/commands.hpp"
#include "tools/terminal/terminal.hpp"

#include <simplealloc/version.hpp>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace simplealloc::tools;

struct CommandLine {
    CommonOptions common;
    RequestText request;
    AllocCommandOptions alloc;
    std::vector<std::string> device_paths;
    std::optional<std::string> policy_file; ///< to check
    std::optional<std::string> quirk_file;  ///< to check
    bool why = false;
    MonitorCommandOptions monitor;
    std::string svg_file; ///< to draw into
    std::string use;
    std::string format;
    int status = exit_done; ///< of the command that was run
};

/// CLI11 does not wrap, but indents what follows a newline.
std::string folded(const std::string& help) {
    std::string text = wrapped(help, 0, Screen{66, false});
    text.pop_back();
    return text;
}

void add_settings(CLI::App& command, CommonOptions& options) {
    command
        .add_option("--quirks", options.quirks,
                    "Quirk files, and folders of them, whose rows win over the built-in ones")
        ->type_name("PATH[:PATH]");
    command
        .add_option("--policy", options.policy,
                    folded("The policy file (default: /etc/libsimplealloc/policy.conf, if there "
                           "is one)"))
        ->type_name("FILE");
}

void add_common_options(CLI::App& command, CommonOptions& options) {
    command.add_flag("--json", options.json, "Print a JSON document (schema 2) instead of a table");
    add_settings(command, options);
}

/// Takes one value each time it is given, unlike CLI11's own lists, which take all that follow.
CLI::Option* add_repeatable(CLI::App& command, const std::string& name,
                            std::vector<std::string>& values, const std::string& help) {
    return command.add_option(name, values, help)->allow_extra_args(false);
}

CLI::Option* add_text(CLI::App& command, const std::string& name, std::optional<std::string>& text,
                      const std::string& help) {
    return command.add_option_function<std::string>(
        name, [&text](const std::string& value) { text = value; }, help);
}

void add_request_options(CLI::App& command, RequestText& request) {
    constexpr const char* what = "What to allocate (one of the two)";
    add_text(command, "--image", request.image,
             "An image, e.g. 1920x1080:NV12 or 1280x720:XR24:LINEAR")
        ->type_name("WxH:FOURCC[:MODIFIER]")
        ->group(what);
    add_text(command, "--bytes", request.bytes, "Plain bytes; K, M and G are powers of 1024")
        ->type_name("N[K|M|G]")
        ->group(what);

    add_text(command, "--crop", request.crop,
             folded("Only so much of the image counts, from its top left corner: the rest is what "
                    "a device pads it with"))
        ->type_name("WxH");
    add_text(
        command, "--min-size", request.min_size,
        folded("How many bytes a device wants at least, e.g. of a codec's stream, whose driver "
               "does not say"))
        ->type_name("N[K|M|G]");
    command
        .add_option("--count", request.count,
                    folded("How many buffers live at a time: a source must have room for all "
                           "(default: 1, or what a codec needs at least)"))
        ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1} << 20U).description(""))
        ->type_name("N");

    constexpr const char* who = "Who uses it";
    add_repeatable(command, "--use", request.uses,
                   folded("A device and what it does (repeatable), e.g. /dev/video0:capture; "
                          "roles: scanout render sample capture encode decode m2m-in m2m-out "
                          "cursor read write. Without any the buffer is for the CPU alone, and "
                          "linear"))
        ->type_name("PATH:ROLE")
        ->group(who);
    add_text(command, "--cpu", request.cpu,
             folded("What the CPU does: none, write, read-rarely or read-often (default: none, "
                    "but read-rarely without --use)"))
        ->type_name("ACCESS")
        ->group(who);

    constexpr const char* where = "Where it may come from";
    add_repeatable(command, "--without", request.without,
                   folded("A backend (dma-heap) or source (dma-heap:system) to leave out "
                          "(repeatable)"))
        ->type_name("BACKEND")
        ->group(where);
    add_text(command, "--order", request.order,
             "Backends or sources that rank first, separated by commas or blanks")
        ->type_name("LIST")
        ->group(where);
    command
        .add_flag("--any-device", request.any_device, "Also memory of devices that no --use names")
        ->group(where);
    command
        .add_flag("--strict", request.strict,
                  "Reject what rests on an unknown, do not rank it last")
        ->group(where);
    command.add_flag("--no-zero", request.no_zero,
                     folded("Leave old data in memory that its source does not clear"));
    command.add_option("--name", request.name, "The buffer's name in debugfs and fdinfo")
        ->type_name("TEXT");
}

void add_alloc_options(CLI::App& command, AllocCommandOptions& options) {
    CLI::Option* verify = command.add_flag("--verify");
    verify->description(
        folded("Import the buffer into every device that can be tested without disturbing anyone; "
               "the queue of an idle camera is borrowed for it (default)"));
    CLI::Option* no_verify = command.add_flag_callback(
        "--no-verify", [&options] { options.verify = false; }, "Only allocate");
    no_verify->excludes(verify);
    // A text of their own keeps CLI11 from naming both in the help of each.
    verify->option_text(" ");
    no_verify->option_text(" ");
    command.add_flag("--hold", options.hold,
                     folded("Keep the buffers until a newline or the end of standard input (unless "
                            "that is /dev/null), SIGINT or SIGTERM"));
    command.add_flag("--stats", options.stats,
                     folded("Also show what came from which source, and what failed"));
}

/// CLI11 complains of a missing command before it mentions the word that is none.
std::string message_of(const CLI::ParseError& error, const CLI::App& app) {
    if (!app.get_subcommands().empty())
        return error.what();
    const std::vector<std::string> unknown = app.remaining();
    return unknown.empty() ? "name a command: devices, policy, quirks, sources, capabilities, "
                             "plan, graph, alloc, monitor or doctor"
                           : "'" + unknown.front() + "' is not a command or option";
}

int usage_error(const CLI::ParseError& error, const CLI::App& app) {
    std::string command = app.get_name();
    for (const CLI::App* chosen : app.get_subcommands())
        command += " " + chosen->get_name();
    write_error("simplealloc: " + printable(message_of(error, app)) + "\n  try: " + command +
                " --help\n");
    return exit_usage;
}

/// `examples` are lines for a shell; `run` gives the exit status.
CLI::App& add_command(CLI::App& app, CommandLine& line, const char* name, const char* what,
                      const char* examples, int (*run)(const CommandLine&)) {
    CLI::App* command = app.add_subcommand(name, what);
    command->footer(std::string("Examples:\n") + examples);
    command->callback([&line, run] { line.status = run(line); });
    return *command;
}

/// Those that show devices, and what files say.
void add_devices_and_files(CLI::App& app, CommandLine& line) {
    CLI::App& devices = add_command(
        app, line, "devices", "List the machine's devices; no node is opened, but for those named",
        "  simplealloc devices                     what is there\n"
        "  simplealloc devices /dev/video0         all that is known of one, and how\n",
        [](const CommandLine& line) { return devices_command(line.common, line.device_paths); });
    devices.add_option("path", line.device_paths, "Ask these nodes, and tell all about them")
        ->type_name("PATH");
    add_common_options(devices, line.common);

    CLI::App& policy =
        add_command(app, line, "policy", "Show the policy that is in force, or check a policy file",
                    "  simplealloc policy                      what counts, and who wants it so\n"
                    "  simplealloc policy --check my.conf      mistakes, with their lines\n",
                    [](const CommandLine& line) {
                        return line.policy_file
                                   ? check_policy_command(line.common, *line.policy_file)
                                   : policy_command(line.common);
                    });
    add_text(policy, "--check", line.policy_file,
             "Name the mistakes of a policy file, and use none of it")
        ->type_name("FILE")
        ->option_text("FILE");
    add_common_options(policy, line.common);

    CLI::App& quirks = add_command(
        app, line, "quirks", "Say what quirk files tell about a device, or check such a file",
        "  simplealloc quirks /dev/video0          which rows apply\n"
        "  simplealloc quirks --check my.quirks    mistakes, with their lines\n",
        [](const CommandLine& line) {
            if (line.quirk_file)
                return check_quirks_command(line.common, *line.quirk_file);
            if (line.device_paths.empty())
                throw CLI::RequiredError("PATH or --check");
            return quirks_command(line.common, line.device_paths);
        });
    CLI::Option* of_devices =
        quirks.add_option("path", line.device_paths, "The devices' nodes")->type_name("PATH");
    add_text(quirks, "--check", line.quirk_file,
             "Name the mistakes of a quirk file, and use none of it")
        ->type_name("FILE")
        ->excludes(of_devices)
        ->option_text("FILE");
    add_common_options(quirks, line.common);
}

/// Those that show where memory comes from, and what devices need of it.
void add_sources_and_needs(CLI::App& app, CommandLine& line) {
    add_common_options(
        add_command(
            app, line, "sources",
            "List the places that memory can come from (V4L2 nodes: see plan)",
            "  simplealloc sources                     what may be used, and what would help\n"
            "  SIMPLEALLOC_DISABLE=ion simplealloc sources\n",
            [](const CommandLine& line) { return sources_command(line.common); }),
        line.common);

    CLI::App& capabilities = add_command(
        app, line, "capabilities", "Say what a device needs of a buffer, and how that is known",
        "  simplealloc capabilities /dev/dri/card0:scanout XR24\n", [](const CommandLine& line) {
            return capabilities_command(line.common, line.use, line.format);
        });
    capabilities.add_option("device", line.use, "A device and what it does; roles: see plan")
        ->type_name("PATH:ROLE")
        ->required();
    capabilities.add_option("format", line.format, "A pixel format (default: plain bytes)")
        ->type_name("FOURCC");
    add_common_options(capabilities, line.common);
}

/// Those that plan or allocate.
void add_requests(CLI::App& app, CommandLine& line) {
    CLI::App& plan = add_command(
        app, line, "plan", "Say what would be allocated, and why; allocate nothing",
        "  A camera's frames on a display, and who decides what:\n"
        "    simplealloc plan --image 1280x720:NV12 --use /dev/video0:capture \\\n"
        "        --use /dev/dri/card0:scanout --why\n"
        "  Frames that the CPU analyses, without the scarce memory of CMA:\n"
        "    simplealloc plan --image 1280x720:NV12 --use /dev/video0:capture \\\n"
        "        --cpu read-often --without dma-heap:reserved\n",
        [](const CommandLine& line) { return plan_command(line.common, line.request, line.why); });
    add_request_options(plan, line.request);
    plan.add_flag("--why", line.why,
                  folded("Also who sets each limit, and what each candidate lost by (JSON always "
                         "has it)"));
    add_common_options(plan, line.common);

    CLI::App& graph = add_command(
        app, line, "graph", "Write a plan as a Graphviz document (DOT), or draw it",
        "  simplealloc graph --image 1280x720:XR24 --use /dev/dri/card0:scanout --svg plan.svg\n",
        [](const CommandLine& line) {
            return graph_command(line.common, line.request, line.svg_file);
        });
    add_request_options(graph, line.request);
    graph.add_option("--svg", line.svg_file, "Draw it with Graphviz's dot into this file")
        ->check([](const std::string& file) { return file.empty() ? "name a file" : ""; })
        ->type_name("FILE");
    add_settings(graph, line.common);

    CLI::App& alloc = add_command(
        app, line, "alloc", "Allocate, verify, and show the buffer",
        "  simplealloc alloc --bytes 4M --cpu read-often --json\n"
        "  simplealloc alloc --image 1920x1080:XR24 --use /dev/dri/card0:scanout --count 3 "
        "--hold\n",
        [](const CommandLine& line) {
            return alloc_command(line.common, line.request, line.alloc);
        });
    add_request_options(alloc, line.request);
    add_alloc_options(alloc, line.alloc);
    add_common_options(alloc, line.common);
}

/// Those that look at the whole machine.
void add_watchers(CLI::App& app, CommandLine& line) {
    CLI::App& monitor = add_command(
        app, line, "monitor",
        "Show devices and sources that come and go, a line each, until SIGINT",
        "  simplealloc monitor --json\n"
        "  simplealloc monitor --count 1 --timeout 60      until something comes or goes\n",
        [](const CommandLine& line) { return monitor_command(line.common, line.monitor); });
    monitor.add_option("--count", line.monitor.count, "End after so many events")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20U).description(""))
        ->type_name("N");
    monitor
        .add_option("--timeout", line.monitor.timeout,
                    folded("End after so many seconds, in failure if --count was not reached"))
        ->type_name("SECONDS");
    add_common_options(monitor, line.common);

    add_common_options(
        add_command(app, line, "doctor",
                    "Say what this machine can do, what is missing, and how to mend it",
                    "  simplealloc doctor                      as the user whose program fails\n"
                    "  simplealloc doctor --json > doctor.json for a bug report\n",
                    [](const CommandLine& line) { return doctor_command(line.common); }),
        line.common);
}

int run(int argc, char** argv) {
    CommandLine line;
    CLI::App app("Finds the best place to allocate a dma-buf that several devices share.",
                 "simplealloc");
    app.set_version_flag("--version", "simplealloc " + to_string(simplealloc::version()),
                         "Print the version and exit");
    app.require_subcommand(1);
    app.get_formatter()->column_width(32);
    app.footer("Exit status: 0 done, 1 can't be satisfied or failed, 2 wrong usage.\n"
               "SIMPLEALLOC_DISABLE leaves backends or sources out, SIMPLEALLOC_LOG=debug logs to "
               "standard error.");
    add_devices_and_files(app, line);
    add_sources_and_needs(app, line);
    add_requests(app, line);
    add_watchers(app, line);

    try {
        app.parse(argc, argv);
        return line.status;
    } catch (const CLI::CallForVersion& version) {
        return write_output(std::string(version.what()) + "\n") ? exit_done : exit_failed;
    } catch (const CLI::Success&) {
        return write_output(app.help()) ? exit_done : exit_failed;
    } catch (const CLI::ParseError& error) {
        return usage_error(error, app);
    }
}

} // namespace

int main(int argc, char** argv) {
    guard_standard_streams();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        write_error(std::string("simplealloc: ") + error.what() + "\n");
    } catch (...) {
        write_error("simplealloc: an unknown exception\n");
    }
    return exit_failed;
}
