// One JSON object a line on stderr, with zap's keys. Any thread may call.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace djdb::telemetry {

enum class Level { Trace, Debug, Info, Warn, Error };

/// Lines below it are dropped. Set once, before threads start.
void set_level(Level level);
/// @return false for an unknown word
bool set_level(std::string_view word);

using LogField = std::pair<std::string_view, std::string>;

/// Never throws; control characters and invalid UTF-8 are escaped. Secrets can't get here:
/// Sensitive has no text form.
void log(
    Level level,
    std::string_view logger,
    std::string_view message,
    std::initializer_list<LogField> fields = {}
);

}  // namespace djdb::telemetry
