// What is accepted from the API server: JSON within bounds, objects that can be told apart.
// Checked once, where it comes in, so that nothing behind has to doubt metadata.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace djdb::kube {

/// Discarded for text that is not JSON: bad UTF-8, a number beyond double, nesting beyond 512 (the
/// API server allows less in stored objects; copying and writing such a value would recurse).
nlohmann::json parse_wire_json(const std::string& text);

/// Whether metadata has a name and a version and its other members that we read have their types.
/// Members that are null are taken out, as if they were absent.
[[nodiscard]] bool settle_metadata(nlohmann::json& object);

/// The text at spec.serverRef.name and the like, "" when there is none: a stored spec may be of an
/// older schema.
std::string text_at(const nlohmann::json& object, std::initializer_list<const char*> path);

}  // namespace djdb::kube
