#include "controller/kube/http_failure.hpp"

#include <nlohmann/json.hpp>

namespace djdb::kube {

FailureClass classify_status(int status) {
    if (status == 409) {
        return FailureClass::Conflict;
    }
    if (status == 401 || status == 403) {
        return FailureClass::Forbidden;
    }
    if (status == 400 || status == 413 || status == 415 || status == 422) {
        return FailureClass::Invalid;
    }
    if (status == 429 || status >= 500) {
        return FailureClass::Transient;
    }
    return FailureClass::Terminal;
}

Error status_error(const HttpResponse& answer, const std::string& what) {
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    const auto text = [&body](const char* key) {
        const auto found = body.is_object() ? body.find(key) : body.end();
        return body.is_object() && found != body.end() && found->is_string()
                   ? found->get<std::string>()
                   : std::string{};
    };
    const auto reason = text("reason");
    const auto message = text("message");
    auto code = std::to_string(answer.status) + (reason.empty() ? "" : " " + reason);
    return Error(
        {.kind = classify_status(answer.status),
         .origin = FailureOrigin::Kubernetes,
         .code = code,
         .message = what + ": " + (message.empty() ? "the API server answered " + code : message)}
    );
}

}  // namespace djdb::kube
