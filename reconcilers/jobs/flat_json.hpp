// JSON of a tenant's program, which may be anything. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace djdb {

/// Discarded unless it is JSON as flat as an answer has to be: what is nested a thousand times would end our own process,
/// since writing it takes a call for each.
nlohmann::json parse_flat(std::string_view text);

}  // namespace djdb
