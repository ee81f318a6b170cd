// SPDX-License-Identifier: MIT
// Hotplug events, one line each.
#include "tools/output/hotplug.hpp"

#include "tools/output/text_table.hpp"
#include "tools/output/words.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace simplealloc::tools {

namespace {

using Json = nlohmann::ordered_json;

/// Names need not be UTF-8, which JSON must be.
std::string json_line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

std::string listening_line(std::string_view origin) {
    return fmt::format("listening to {}\n", origin == "udev" ? "udev" : "the kernel");
}

std::string listening_json_line(std::string_view origin) {
    return json_line({{"schema", 1}, {"event", "listening"}, {"origin", origin}});
}

std::string hotplug_line(const HotplugEvent& event) {
    std::string text = event.kind == HotplugKind::rescan
                           ? std::string("rescan: events were lost, so anything may have changed")
                           : fmt::format("{} {} {} ({})", to_string(event.kind),
                                         to_string(event.subject), event.path, event.subsystem);
    if (!event.sources_added.empty())
        text += "; new: " + join_in_words(event.sources_added);
    if (!event.sources_removed.empty())
        text += "; gone: " + join_in_words(event.sources_removed);
    return printable(text) + "\n";
}

std::string hotplug_json_line(const HotplugEvent& event) {
    return json_line({{"schema", 1},
                      {"event", to_string(event.kind)},
                      {"subject", to_string(event.subject)},
                      {"path", event.path},
                      {"name", event.name},
                      {"subsystem", event.subsystem},
                      {"id", event.id},
                      {"sources_added", Json(event.sources_added)},
                      {"sources_removed", Json(event.sources_removed)}});
}

} // namespace simplealloc::tools
