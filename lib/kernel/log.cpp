// SPDX-License-Identifier: MIT
// spdlog behind the public sink.
#include "lib/kernel/log.hpp"

#include "lib/kernel/kernel.hpp"

#include <atomic>
#include <mutex>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <string_view>

namespace simplealloc {

namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
    return static_cast<spdlog::level::level_enum>(static_cast<int>(level));
}

static_assert(static_cast<int>(LogLevel::trace) == SPDLOG_LEVEL_TRACE);
static_assert(static_cast<int>(LogLevel::error) == SPDLOG_LEVEL_ERROR);

/// spdlog has such a sink of its own only from 1.11 on. It needs no mutex: log::write() has one.
class CallerSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit CallerSink(LogSink target) : sink_(std::move(target)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        sink_(static_cast<LogLevel>(static_cast<int>(message.level)),
              std::string_view(message.payload.data(), message.payload.size()));
    }
    void flush_() override {}

    LogSink sink_;
};

std::shared_ptr<spdlog::logger> make_logger(LogLevel level, LogSink sink) {
    spdlog::sink_ptr target;
    if (sink)
        target = std::make_shared<CallerSink>(std::move(sink));
    else
        target = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>("simplealloc", std::move(target));
    // What a sink throws is not for stderr, where spdlog would write it.
    logger->set_error_handler([](const std::string& /*what*/) {});
    logger->set_pattern("%n: %l: %v");
    logger->set_level(to_spdlog(level));
    return logger;
}

std::shared_ptr<spdlog::logger> from_environment() {
    const char* name = kernel::environment("SIMPLEALLOC_LOG");
    if (name == nullptr || *name == '\0')
        return make_logger(LogLevel::off, {});
    const auto level = spdlog::level::from_str(name);
    auto logger = make_logger(static_cast<LogLevel>(static_cast<int>(level)), {});
    // from_str answers "off" to any word it does not know: a typing mistake would be silent.
    if (level == spdlog::level::off && std::string_view(name) != "off") {
        logger->set_level(spdlog::level::warn);
        logger->warn("SIMPLEALLOC_LOG={}: not one of trace, debug, info, warning, error, off",
                     name);
    }
    return logger;
}

struct Current {
    /// Held while a sink runs, so that nobody is in one that was replaced. A sink may log by what
    /// it calls, and replace itself.
    std::recursive_mutex mutex;
    std::shared_ptr<spdlog::logger> logger = from_environment();
    /// The logger's: asked for each line, most of which nobody wants.
    std::atomic<spdlog::level::level_enum> level = logger->level();
};

/// Never destroyed: who dies later, a static of the program's, may still use the library.
Current& current() {
    static Current& instance = *new Current;
    return instance;
}

thread_local std::vector<std::pair<LogLevel, std::string>>* held_lines = nullptr;

} // namespace

void set_log(LogLevel level, LogSink sink) {
    auto fresh = make_logger(level, std::move(sink));
    Current& state = current();
    const std::lock_guard lock(state.mutex);
    state.logger.swap(fresh);
    state.level = state.logger->level();
}

bool log::enabled(LogLevel level) {
    return to_spdlog(level) >= current().level;
}

void log::write(LogLevel level, const std::string& line) {
    if (held_lines != nullptr) {
        held_lines->emplace_back(level, line);
        return;
    }
    Current& state = current();
    const std::lock_guard lock(state.mutex);
    const auto logger = state.logger; // which its sink may replace
    logger->log(to_spdlog(level), line);
}

log::Hold::Hold() : outermost_(held_lines == nullptr) {
    if (outermost_)
        held_lines = &lines_;
}

log::Hold::~Hold() {
    if (!outermost_)
        return;
    held_lines = nullptr;
    for (const auto& [level, line] : lines_)
        log::line(level, "{}", line);
}

} // namespace simplealloc
