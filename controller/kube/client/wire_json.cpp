#include "controller/kube/client/wire_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace djdb::kube {
namespace {

using nlohmann::json;

constexpr std::size_t kDeepest = 512;

bool is_too_deep(std::string_view text) {
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            i += c == '\\' ? 1U : 0U;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kDeepest) {
                return true;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

bool is_text_or_absent(const json& metadata, const char* name) {
    const auto found = metadata.find(name);
    return found == metadata.end() || found->is_string();
}

bool is_text_map_or_absent(const json& metadata, const char* name) {
    const auto found = metadata.find(name);
    return found == metadata.end() ||
           (found->is_object() &&
            std::ranges::all_of(*found, [](const json& value) { return value.is_string(); }));
}

bool has_text(const json& metadata, const char* name) {
    const auto found = metadata.find(name);
    return found != metadata.end() && found->is_string() &&
           !found->get_ref<const std::string&>().empty();
}

}  // namespace

json parse_wire_json(const std::string& text) {
    return is_too_deep(text) ? json(json::value_t::discarded) : json::parse(text, nullptr, false);
}

bool settle_metadata(json& object) {
    if (!object.is_object() || !object.contains("metadata") || !object["metadata"].is_object()) {
        return false;
    }
    auto& metadata = object["metadata"];
    for (auto member = metadata.begin(); member != metadata.end();) {
        member = member->is_null() ? metadata.erase(member) : std::next(member);
    }
    return has_text(metadata, "name") && has_text(metadata, "resourceVersion") &&
           is_text_or_absent(metadata, "namespace") && is_text_or_absent(metadata, "uid") &&
           is_text_map_or_absent(metadata, "labels") &&
           is_text_map_or_absent(metadata, "annotations");
}

std::string text_at(const json& object, std::initializer_list<const char*> path) {
    const auto* at = &object;
    for (const auto* name : path) {
        const auto found = at->find(name);
        if (found == at->end()) {
            return {};
        }
        at = &*found;
    }
    return at->is_string() ? at->get<std::string>() : std::string{};
}

}  // namespace djdb::kube
