// How the catalogs' facts are read, which come as one JSON value. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace djdb::sql {

/// A member that may be absent or null, as an object or a list.
inline const nlohmann::json& part(const nlohmann::json& facts, const std::string& name) {
    static const nlohmann::json kNone;
    const auto found = facts.find(name);
    return found == facts.end() ? kNone : *found;
}

inline bool has(const nlohmann::json& list, const std::string& word) {
    return std::ranges::find(list, nlohmann::json(word)) != list.end();
}

}  // namespace djdb::sql
