#include "controller/kube/client/http_failure.hpp"

#include "controller/kube/client/wire_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace djdb::kube {
namespace {

std::string reason_of(const nlohmann::json& body) {
    return text_at(body, {"reason"});
}

/// A 403 of the authorizer, as the API server words it. Any other is of admission: a quota, Pod
/// Security, a policy or a webhook refused this content.
bool lacks_a_right(std::string_view message) {
    return message.find(" is forbidden: User \"") != std::string_view::npos &&
           message.find(" cannot ") != std::string_view::npos;
}

FailureClass classify(int status, std::string_view reason, std::string_view message) {
    // A 404 that is not the API server's own word on an object says nothing about it: a proxy, or a
    // kind that is not served at the moment.
    if (status == 404 && reason != "NotFound") {
        return FailureClass::Transient;
    }
    if (status == 403 && reason == "Forbidden" && !lacks_a_right(message)) {
        return FailureClass::Invalid;
    }
    return classify_status(status);
}

}  // namespace

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

bool says_absent(const HttpResponse& answer, const std::string& name) {
    const auto body = parse_wire_json(answer.body);
    return answer.status == 404 && reason_of(body) == "NotFound" &&
           text_at(body, {"details", "name"}) == name;
}

bool says_version_is_lost(int code, const nlohmann::json& status) {
    if (code == 410) {
        return true;
    }
    const auto details = status.find("details");
    const auto causes = details == status.end() ? status.end() : details->find("causes");
    return details != status.end() && causes != details->end() && causes->is_array() &&
           std::ranges::any_of(*causes, [](const nlohmann::json& cause) {
               return reason_of(cause) == "ResourceVersionTooLarge";
           });
}

Error status_error(const HttpResponse& answer, const std::string& what) {
    const auto body = parse_wire_json(answer.body);
    const auto reason = reason_of(body);
    const auto message = text_at(body, {"message"});
    const auto code = std::to_string(answer.status) + (reason.empty() ? "" : " " + reason);
    return Error(
        {.kind = classify(answer.status, reason, message),
         .origin = FailureOrigin::Kubernetes,
         .code = code,
         .message = what + ": " + (message.empty() ? "the API server answered " + code : message)}
    );
}

}  // namespace djdb::kube
