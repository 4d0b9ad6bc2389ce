#include "controller/kube/older_definition.hpp"

#include "crds/conditions/conditions.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <string_view>

namespace djdb::kube {
namespace {

using nlohmann::json;

/// As the API server quotes a value that an enum does not have (measured on 1.36.3).
std::set<std::string> unknown_words(const std::string& refusal) {
    constexpr std::string_view kBefore = "Unsupported value: \"";
    std::set<std::string> words;
    for (auto at = refusal.find(kBefore); at != std::string::npos;) {
        const auto begin = at + kBefore.size();
        const auto end = refusal.find('"', begin);
        if (end == std::string::npos) {
            break;
        }
        words.insert(refusal.substr(begin, end - begin));
        at = refusal.find(kBefore, end);
    }
    return words;
}

}  // namespace

std::optional<json> without_unknown_words(json status, const std::string& refusal) {
    const auto words = unknown_words(refusal);
    if (words.empty() || !status.contains("conditions")) {
        return std::nullopt;
    }
    auto known = json::array();
    for (auto& condition : status["conditions"]) {
        if (words.contains(condition.value("type", ""))) {
            continue;
        }
        if (words.contains(condition.value("reason", ""))) {
            condition["reason"] = std::string(to_string(Reason::Progressing));
        }
        known.push_back(std::move(condition));
    }
    status["conditions"] = std::move(known);
    return status;
}

}  // namespace djdb::kube
