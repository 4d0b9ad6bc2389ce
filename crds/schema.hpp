// CustomResourceDefinitions from the field tables. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace djdb {

struct CustomResource {
    std::string plural;
    nlohmann::ordered_json definition;
};

/// All kinds, as `kubectl apply` takes them.
std::vector<CustomResource> custom_resources();

}  // namespace djdb
