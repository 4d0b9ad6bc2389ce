#include "reconcilers/manifests/verify_job.hpp"

#include "reconcilers/manifests/app_job.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace djdb {
namespace {

using nlohmann::json;
using std::chrono::seconds;

/// What a request and a command may take each, so that the program still says which of them was too slow.
seconds share_of(seconds deadline) {
    constexpr seconds kForTheRest{60};
    constexpr seconds kLeast{5};
    return std::max(kLeast, (deadline - kForTheRest) / 2);
}

/// Kubernetes puts variables into a value of env, such as $(HOME), and reads $$ as $.
std::string as_it_is(const std::string& value) {
    std::string text;
    for (const auto c : value) {
        text += c == '$' ? std::string("$$") : std::string(1, c);
    }
    return text;
}

std::string url_of(const VerifyHttp& http, const Namespace& ns) {
    return "http://" + http.service + "." + ns.str() + ".svc:" + std::to_string(http.port) +
           http.path;
}

}  // namespace

json render_verify_job(
    const Desired& desired, const StartVerify& start, const ServerAccess& access
) {
    const auto& [when, http, command, soak, deadline] = desired.object.spec.verify;
    auto environment = app_job_environment(desired, access, acting_role(desired));
    const auto limit = std::to_string(share_of(deadline).count());
    if (!http.service.empty()) {
        environment.emplace_back(
            "DJANGODB_HTTP_URL", as_it_is(url_of(http, desired.object.meta.key.ns))
        );
        environment.emplace_back("DJANGODB_HTTP_HEADERS", as_it_is(json(http.headers).dump()));
        environment.emplace_back("DJANGODB_HTTP_SECONDS", limit);
    }
    if (!command.empty()) {
        environment.emplace_back("DJANGODB_VERIFY_COMMAND", as_it_is(json(command).dump()));
        environment.emplace_back("DJANGODB_COMMAND_SECONDS", limit);
    }
    return render_app_job(
        desired,
        start,
        {JobKind::Verify, "verify.py", desired.secret_name, std::move(environment), deadline}
    );
}

}  // namespace djdb
