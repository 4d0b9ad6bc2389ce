#include "controller/kube/refusal.hpp"

#include "reconcilers/ports/failure.hpp"

#include <nlohmann/json.hpp>

namespace djdb::kube {

using nlohmann::json;

void refuse(const char* code, const std::string& message) {
    throw Error({FailureClass::Conflict, FailureOrigin::Kubernetes, code, message});
}

void refuse_foreign(const json& manifest) {
    const auto& metadata = manifest.at("metadata");
    throw Error(
        {.kind = FailureClass::Conflict,
         .origin = FailureOrigin::Kubernetes,
         .message =
             manifest.at("kind").get<std::string>() + " \"" +
             metadata.at("name").get<std::string>() + "\" in namespace \"" +
             metadata.at("namespace").get<std::string>() +
             "\" exists and was not created for this resource. It was left as it is; rename or "
             "delete "
             "it.",
         .reason = Reason::SecretConflict}
    );
}

}  // namespace djdb::kube
