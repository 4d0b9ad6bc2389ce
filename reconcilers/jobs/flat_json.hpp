// JSON of a tenant's program, which may be anything. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace djdb {

/// Discarded unless it is JSON as flat as an answer has to be: what is nested a thousand times would end our own process,
/// since writing it takes a call for each.
nlohmann::json parse_flat(std::string_view text);

// Each member is read only if it has its type; of what is no object there is none.

std::string text_at(const nlohmann::json& object, const char* key);
/// The texts of a list.
std::vector<std::string> names_at(const nlohmann::json& object, const char* key);

}  // namespace djdb
