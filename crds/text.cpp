#include "crds/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace djdb {

std::string format_time(TimePoint time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::array<char, 32> text{};
    const int length = std::snprintf(
        text.data(),
        text.size(),
        "%04d-%02u-%02uT%02d:%02d:%02dZ",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count())
    );
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<TimePoint> parse_time(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':' || text.back() != 'Z') {
        return std::nullopt;
    }
    // Kubernetes writes microseconds in some fields; they are dropped.
    const auto fraction = text.substr(19, text.size() - 20);
    if (!fraction.empty() &&
        (fraction.size() < 2 || fraction.front() != '.' ||
         fraction.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
        return std::nullopt;
    }
    const auto number = [&](std::size_t at, std::size_t length) {
        int value = -1;
        const auto* const end = text.data() + at + length;
        return std::from_chars(text.data() + at, end, value).ptr == end ? value : -1;
    };
    const int year = number(0, 4);
    const int month = number(5, 2);
    const int day = number(8, 2);
    const int hour = number(11, 2);
    const int minute = number(14, 2);
    const int second = number(17, 2);
    const std::chrono::year_month_day date{
        std::chrono::year{year},
        std::chrono::month{static_cast<unsigned>(month)},
        std::chrono::day{static_cast<unsigned>(day)}};
    if (year < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60) {
        return std::nullopt;
    }
    return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second};
}

std::string format_duration(std::chrono::seconds span) {
    std::string text;
    for (const auto& [unit, size] :
         {std::pair{'h', 3600L}, std::pair{'m', 60L}, std::pair{'s', 1L}}) {
        const auto count = span.count() / size;
        span -= std::chrono::seconds{count * size};
        if (count > 0) {
            text += std::to_string(count) + unit;
        }
    }
    return text.empty() ? "0s" : text;
}

namespace {

/// 0 for what is no unit.
long seconds_of(char unit) {
    switch (unit) {
        case 'h':
            return 3600;
        case 'm':
            return 60;
        case 's':
            return 1;
        default:
            return 0;
    }
}

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    long total = 0;
    long previous = 7200;  // larger than any unit: units have to shrink
    if (text.empty()) {
        return std::nullopt;
    }
    while (!text.empty()) {
        long count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        const auto digits = static_cast<std::size_t>(end - text.data());
        if (error != std::errc{} || digits == text.size() || count < 0 || count > 1'000'000) {
            return std::nullopt;
        }
        const long size = seconds_of(text[digits]);
        if (size == 0 || size >= previous) {
            return std::nullopt;
        }
        total += count * size;
        previous = size;
        text.remove_prefix(digits + 1);
    }
    return std::chrono::seconds{total};
}

std::string percent_encode(std::string_view text) {
    static constexpr auto kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                                c == '~';
        if (unreserved) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 0xFU];
        }
    }
    return out;
}

std::string beginning_of(std::string_view text, std::size_t most) {
    auto length = std::min(text.size(), most);
    const auto is_within = [&] {
        return length > 0 && length < text.size() &&
               (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U;
    };
    while (is_within()) {
        --length;
    }
    return std::string(text.substr(0, length));
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
    std::string list;
    for (const auto& word : words) {
        if (!list.empty()) {
            list += separator;
        }
        list += word;
    }
    return list;
}

}  // namespace djdb
