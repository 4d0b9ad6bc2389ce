#include "reconcilers/jobs/flat_json.hpp"

#include <nlohmann/json.hpp>

namespace djdb {

using nlohmann::json;

json parse_flat(std::string_view text) {
    constexpr int kDeepest = 8;
    bool is_too_deep = false;
    const auto watch_depth = [&](int depth, json::parse_event_t, const json&) {
        is_too_deep = is_too_deep || depth > kDeepest;
        return !is_too_deep;
    };
    auto parsed = json::parse(text, watch_depth, false);
    if (is_too_deep) {
        parsed = json(json::value_t::discarded);
    }
    return parsed;
}

std::string text_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::vector<std::string> names_at(const json& object, const char* key) {
    std::vector<std::string> names;
    const auto list = object.find(key);
    if (list == object.end() || !list->is_array()) {
        return names;
    }
    for (const auto& name : *list) {
        if (name.is_string()) {
            names.push_back(name.get<std::string>());
        }
    }
    return names;
}

}  // namespace djdb
