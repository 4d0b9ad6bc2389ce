#include "controller/kube/objects/events.hpp"

#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/objects/fields.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <utility>

namespace djdb::kube {
namespace {

using nlohmann::json;

/// Components of Kubernetes itself still write the older form, whose times are "deprecated" here.
std::string last_seen(const json& event) {
    return std::max(
        {text_at(event, {"series", "lastObservedTime"}),
         text_at(event, {"deprecatedLastTimestamp"}),
         text_at(event, {"eventTime"}),
         text_at(event, {"metadata", "creationTimestamp"})}
    );
}

/// Later is greater; RFC 3339 in UTC compares as text, to the second.
std::pair<std::string, bool> rank(const json& event) {
    constexpr std::size_t kToTheSecond = std::string_view("2026-11-29T02:17:41").size();
    return {last_seen(event).substr(0, kToTheSecond), event.value("type", "") == "Warning"};
}

/// "web-1-x7k2p" becomes "web-1-*" in what is said about "web-1": each Pod that a Job's controller tries to make has
/// another name, and the cause is the same.
std::string without_generated_names(std::string text, const std::string& maker) {
    constexpr std::size_t kGenerated = 5;
    const auto prefix = maker + "-";
    const auto is_of_name = [&](std::size_t at) {
        return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
    };
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
        at += prefix.size();
        std::size_t length = 0;
        while (is_of_name(at + length)) {
            ++length;
        }
        if (length == kGenerated) {
            text.replace(at, length, "*");
        }
    }
    return text;
}

}  // namespace

std::optional<Explanation> last_warning(const std::vector<json>& events) {
    const auto last = std::ranges::max_element(events, {}, rank);
    if (last == events.end() || last->value("type", "") != "Warning") {
        return std::nullopt;
    }
    return Explanation{
        last->value("reason", ""),
        without_generated_names(last->value("note", ""), text_at(*last, {"regarding", "name"}))};
}

}  // namespace djdb::kube
