#include "reconcilers/records/job_log.hpp"

#include "crds/text.hpp"
#include "reconcilers/jobs/flat_json.hpp"
#include "reconcilers/records/scrub.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <string_view>

namespace djdb {
namespace {

using nlohmann::json;

/// Of a line so much is looked at.
constexpr std::size_t kMostOfALine = 4096;
/// Of an answer, as long as a log is read at most.
constexpr std::size_t kLongestRead = std::size_t{1024} * 1024;
constexpr std::string_view kSpace = " \t\r\n";

/// Where djangodb-migrate {...} or one of the others begins: the app may have left a line without an end before it.
struct Found {
    std::string_view before;
    std::string_view answer;
};

Found find_answer(std::string_view line) {
    for (const std::string_view program :
         {"djangodb-migrate {", "djangodb-probe {", "djangodb-backup {"}) {
        if (const auto at = line.find(program); at != std::string_view::npos) {
            return {line.substr(0, at), line.substr(at + program.size() - 1)};
        }
    }
    return {line, {}};
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

/// In texts alone: a password may be "true".
void hide_in_texts(json& value, const std::vector<Sensitive>& secrets) {
    if (value.is_string()) {
        value = hide(value.get<std::string>(), secrets);
    } else if (value.is_structured()) {
        for (auto& inner : value) {
            hide_in_texts(inner, secrets);
        }
    }
}

std::string text_of(const json& answer) {
    return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Of a long plan the first migrations stay, and a count of the others.
/// @return whether it has become shorter
bool shorten_plan(json& answer) {
    const auto plan = answer.is_object() ? answer.find("plan") : answer.end();
    if (plan == answer.end() || !plan->is_array() || plan->empty()) {
        return false;
    }
    const auto gone = std::max<std::size_t>(plan->size() / 8, 1);
    plan->erase(plan->end() - static_cast<std::ptrdiff_t>(gone), plan->end());
    answer["plan_left_out"] = gone + answer.value("plan_left_out", std::size_t{0});
    return true;
}

/// Empty: it is none, or too long without its plan.
std::string json_or_nothing(std::string_view answer, const std::vector<Sensitive>& secrets) {
    if (answer.size() > kLongestRead) {
        return {};
    }
    auto parsed = parse_flat(answer);
    if (parsed.is_discarded()) {
        return {};
    }
    hide_in_texts(parsed, secrets);
    if (parsed.is_object()) {
        parsed.erase("plan_left_out");
    }
    auto text = text_of(parsed);
    while (text.size() > kLongestAnswer) {
        if (!shorten_plan(parsed)) {
            return {};
        }
        text = text_of(parsed);
    }
    return text;
}

/// The last of them, as many as there is room for: no more is scrubbed than is kept.
std::string last_of(
    const std::vector<std::string_view>& lines, const std::vector<Sensitive>& secrets
) {
    std::string text;
    for (const auto line : std::views::reverse(lines)) {
        const auto shown =
            printable(scrub(std::string(line.substr(0, kMostOfALine)), secrets)) + "\n";
        if (text.size() + shown.size() > kLongestLog) {
            break;
        }
        text.insert(0, shown);
    }
    return text;
}

}  // namespace

JobLog read_job_log(
    const std::string& text, const std::string& kept, const std::vector<Sensitive>& secrets
) {
    JobLog log;
    std::vector<std::string_view> lines;
    for (const auto part : std::views::split(text, '\n')) {
        const auto [line, answer] = find_answer(std::string_view(part.begin(), part.end()));
        if (!answer.empty()) {
            log.answer = json_or_nothing(answer, secrets);
        }
        if (line.find_first_not_of(kSpace) != std::string_view::npos) {
            lines.push_back(line);
        }
    }
    if (log.answer.empty()) {
        log.answer = json_or_nothing(kept, secrets);
    }
    log.lines = lines.empty() ? "The Job has written nothing.\n" : last_of(lines, secrets);
    return log;
}

JobLog without_log(
    const std::string& why, const std::string& kept, const std::vector<Sensitive>& secrets
) {
    return {
        json_or_nothing(kept, secrets),
        "The log can't be read: " + printable(scrub(why, secrets)) + "\n"};
}

}  // namespace djdb
