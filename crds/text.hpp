// The API's kinds of text that are not plain strings: RFC 3339 times, Go durations, parts of URLs,
// lists.
#pragma once

#include "crds/conditions/conditions.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace djdb {

/// "2026-11-24T02:17:41Z"
std::string format_time(TimePoint time);
std::optional<TimePoint> parse_time(std::string_view text);

/// "1h30m5s"; zero is "0s".
std::string format_duration(std::chrono::seconds span);
/// Hours, minutes and seconds in that order, each once; nothing else.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// RFC 3986: everything but the unreserved set becomes %XX.
std::string percent_encode(std::string_view text);

/// "a, b" with the separator ", ".
std::string join(const std::vector<std::string>& words, std::string_view separator);

/// The beginning of a UTF-8 text: at most `most` bytes, and never cut within a character.
std::string beginning_of(std::string_view text, std::size_t most);

}  // namespace djdb
