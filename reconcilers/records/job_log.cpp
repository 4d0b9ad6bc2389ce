#include "reconcilers/records/job_log.hpp"

#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <ranges>
#include <string_view>

namespace djdb {
namespace {

using nlohmann::json;

constexpr std::string_view kHidden = "***";
constexpr std::size_t kShortestSecret = 4;  // what is shorter would hide ordinary words
constexpr std::string_view kSpace = " \t\r\n";

void replace_all(std::string& text, const std::string& what) {
    for (auto at = text.find(what); at != std::string::npos;
         at = text.find(what, at + kHidden.size())) {
        text.replace(at, what.size(), kHidden);
    }
}

/// scheme://user:password@host
void hide_in_urls(std::string& text) {
    for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
        const auto end = std::min(text.find_first_of(" \t\r\n\"'", at + 3), text.size());
        const auto host = text.substr(0, end).rfind('@');
        const auto colon = text.find(':', at + 3);
        if (host != std::string::npos && host > at && colon < host) {
            text.replace(colon + 1, host - colon - 1, kHidden);
        }
    }
}

bool is_at(std::string_view text, std::size_t at, std::string_view word) {
    return text.size() - at >= word.size() &&
           std::ranges::equal(text.substr(at, word.size()), word, [](unsigned char a, char b) {
               return std::tolower(a) == b;
           });
}

/// password=..., 'SECRET_KEY': '...', and the like.
void hide_in_settings(std::string& text) {
    static constexpr std::array<std::string_view, 7> kNames{
        "password", "passwd", "secret", "token", "api_key", "apikey", "secret_key"};
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const auto name : kNames) {
            if (!is_at(text, at, name)) {
                continue;
            }
            auto sign = at + name.size();
            sign = std::min(text.find_first_not_of("\"' \t", sign), text.size());
            if (sign == text.size() || (text[sign] != '=' && text[sign] != ':')) {
                continue;
            }
            auto begin = std::min(text.find_first_not_of(" \t", sign + 1), text.size());
            const bool is_quoted =
                begin < text.size() && (text[begin] == '"' || text[begin] == '\'');
            const auto end = is_quoted ? text.find(text[begin], begin + 1)
                                       : text.find_first_of(" \t\r\n,;)}]", begin);
            begin += is_quoted ? 1 : 0;
            if (begin < std::min(end, text.size())) {
                text.replace(begin, std::min(end, text.size()) - begin, kHidden);
                at = begin + kHidden.size();
                break;
            }
        }
    }
}

/// djangodb-migrate {...}, djangodb-probe {...}
std::string_view answer_in(std::string_view line) {
    for (const std::string_view program : {"djangodb-migrate {", "djangodb-probe {"}) {
        if (line.starts_with(program)) {
            return line.substr(program.size() - 1);
        }
    }
    return {};
}

/// An API object takes UTF-8 alone, and control characters would make it unreadable.
std::string printable(const std::string& line) {
    std::string out;
    for (const char c : line) {
        out += static_cast<unsigned char>(c) >= 0x20 || c == '\t' ? c : ' ';
    }
    const auto valid = json(out).dump(-1, ' ', false, json::error_handler_t::replace);
    return beginning_of(json::parse(valid).get<std::string>(), kLongestLine);
}

/// The longest first: else a part of it would be left where a shorter one is in it.
void hide(std::string& text, const std::vector<Sensitive>& secrets) {
    std::vector<const std::string*> values;
    for (const auto& secret : secrets) {
        if (secret.reveal().size() >= kShortestSecret) {
            values.push_back(&secret.reveal());
        }
    }
    std::ranges::sort(values, std::ranges::greater{}, [](const auto* value) {
        return value->size();
    });
    for (const auto* value : values) {
        replace_all(text, *value);
    }
}

std::string json_or_nothing(std::string answer, const std::vector<Sensitive>& secrets) {
    hide(answer, secrets);
    return json::accept(answer) ? answer : std::string{};
}

}  // namespace

std::string scrub(std::string text, const std::vector<Sensitive>& secrets) {
    hide(text, secrets);
    hide_in_urls(text);
    hide_in_settings(text);
    return text;
}

JobLog without_log(
    const std::string& answer, const std::string& why, const std::vector<Sensitive>& secrets
) {
    return {json_or_nothing(answer, secrets), why};
}

JobLog read_job_log(const std::string& text, const std::vector<Sensitive>& secrets) {
    JobLog log;
    std::vector<std::string> lines;
    for (const auto part : std::views::split(text, '\n')) {
        const std::string_view line(part.begin(), part.end());
        if (const auto answer = answer_in(line); !answer.empty()) {
            log.answer = json_or_nothing(std::string(answer), secrets);
        } else if (line.find_first_not_of(kSpace) != std::string_view::npos) {
            lines.push_back(printable(scrub(std::string(line), secrets)));
        }
    }
    std::size_t size = 0;
    auto first = lines.end();
    while (first != lines.begin() && size + std::prev(first)->size() + 1 <= kLongestLog) {
        --first;
        size += first->size() + 1;
    }
    for (; first != lines.end(); ++first) {
        log.lines += *first + "\n";
    }
    return log;
}

}  // namespace djdb
