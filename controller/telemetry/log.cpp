#include "controller/telemetry/log.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <ctime>

namespace djdb::telemetry {
namespace {

constexpr std::array<std::string_view, 5> kWords{"trace", "debug", "info", "warn", "error"};

spdlog::logger& sink() {
    static const auto kLogger = [] {
        auto made = spdlog::stderr_logger_mt("djdb");
        made->set_pattern("%v");  // the line is complete; spdlog's JSON patterns do not escape
        made->set_level(spdlog::level::info);
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return *kLogger;
}

spdlog::level::level_enum to_spdlog(Level level) {
    static constexpr std::array kLevels{
        spdlog::level::trace,
        spdlog::level::debug,
        spdlog::level::info,
        spdlog::level::warn,
        spdlog::level::err};
    return kLevels.at(static_cast<std::size_t>(level));
}

std::string timestamp() {
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::system_clock::to_time_t(now);
    const auto millis =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() %
        1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    const auto digits = std::to_string(millis);
    return std::string(text.data(), length) + "." + std::string(3 - digits.size(), '0') + digits +
           "Z";
}

}  // namespace

void set_level(Level level) {
    sink().set_level(to_spdlog(level));
}

bool set_level(std::string_view word) {
    for (std::size_t i = 0; i < kWords.size(); ++i) {
        if (kWords[i] == word) {
            set_level(static_cast<Level>(i));
            return true;
        }
    }
    return false;
}

void log(
    Level level,
    std::string_view logger,
    std::string_view message,
    std::initializer_list<LogField> fields
) {
    if (!sink().should_log(to_spdlog(level))) {
        return;
    }
    nlohmann::ordered_json line{
        {"level", kWords.at(static_cast<std::size_t>(level))},
        {"ts", timestamp()},
        {"logger", logger},
        {"msg", message}};
    for (const auto& [key, value] : fields) {
        line[std::string(key)] = value;
    }
    sink().log(
        to_spdlog(level),
        "{}",
        line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
    );
}

}  // namespace djdb::telemetry
