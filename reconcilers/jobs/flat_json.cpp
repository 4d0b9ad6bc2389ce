#include "reconcilers/jobs/flat_json.hpp"

#include <nlohmann/json.hpp>

namespace djdb {

nlohmann::json parse_flat(std::string_view text) {
    using nlohmann::json;
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

}  // namespace djdb
