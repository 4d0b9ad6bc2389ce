// Under which names the operator writes: managedFields tell them apart, so that each concern owns its own fields.
#pragma once

#include "crds/api.hpp"

#include <string>
#include <string_view>

namespace djdb::kube {

inline std::string manager(std::string_view concern) {
    return std::string(api::kOperator) + "-" + std::string(concern);
}

}  // namespace djdb::kube
