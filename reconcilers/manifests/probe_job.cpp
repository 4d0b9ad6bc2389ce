#include "reconcilers/manifests/probe_job.hpp"

#include "reconcilers/app_template.hpp"
#include "reconcilers/manifests/app_job.hpp"
#include "reconcilers/manifests/app_pod.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace djdb {
namespace {

using nlohmann::json;

/// It takes seconds; a large image that no node has yet, minutes.
constexpr std::chrono::minutes kDeadline{15};

/// Command and args of the app's container; empty: the image's own.
json command_of(const Workload& source, const AppSpec& app) {
    const auto pod = json::parse(source.pod_template.text()).at("spec");
    const auto container = find_container(pod, app_container(source, app));
    auto words = json::array();
    for (const auto* part : {"command", "args"}) {
        const auto list = container.value(part, json::array());
        words.insert(words.end(), list.begin(), list.end());
    }
    return words;
}

}  // namespace

json render_probe_job(const Desired& desired, const StartProbe& start, const ServerAccess& access) {
    const auto& spec = desired.object.spec;
    auto environment = app_job_environment(desired, access, acting_role(desired));
    if (const auto command = command_of(start.source, spec.app); !command.empty()) {
        environment.emplace_back("DJANGODB_COMMAND", command.dump());
    }
    if (spec.preflight.fail_level != FailLevel::Never) {
        const bool is_error = spec.preflight.fail_level == FailLevel::Error;
        environment.emplace_back("DJANGODB_FAIL_LEVEL", is_error ? "ERROR" : "WARNING");
    }
    return render_app_job(
        desired,
        start,
        {JobKind::Probe, "probe.py", desired.secret_name, std::move(environment), kDeadline}
    );
}

}  // namespace djdb
