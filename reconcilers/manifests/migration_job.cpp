#include "reconcilers/manifests/migration_job.hpp"

#include "reconcilers/app_template.hpp"
#include "reconcilers/manifests/app_pod.hpp"
#include "reconcilers/manifests/metadata.hpp"

#include <nlohmann/json.hpp>

#include <utility>
#include <vector>

namespace djdb {
namespace {

using nlohmann::json;

/// The contract with jobs/migrate.py: see jobs/README.md.
std::vector<std::pair<std::string, std::string>> environment(
    const Desired& desired, const ServerAccess& access
) {
    const auto& spec = desired.object.spec;
    std::vector<std::pair<std::string, std::string>> variables{
        {"DJANGODB_EXPECT_DATABASE", desired.names.database.str()},
        {"DJANGODB_EXPECT_USER", desired.names.owner.str()},
        {"DJANGODB_REQUIRE_TLS", access.address.is_socket() ? "0" : "1"},
        {"DJANGODB_LOCK_TIMEOUT", std::to_string(spec.migrations.lock_timeout.count() * 1000)},
        {"DJANGODB_TERMINATION_LOG", kTerminationLog},
        {"PGCONNECT_TIMEOUT", "10"},
        {"PYTHONUNBUFFERED", "1"},
        {"PYTHONDONTWRITEBYTECODE", "1"}};
    if (!spec.app.manage.empty()) {
        variables.emplace_back("DJANGODB_MANAGE", json(spec.app.manage).dump());
    }
    if (!spec.app.settings_module.empty()) {
        variables.emplace_back("DJANGO_SETTINGS_MODULE", spec.app.settings_module);
    }
    return variables;
}

/// The usual marks against being moved: a step without a transaction that is cut needs a person.
json marks_against_eviction() {
    return {
        {"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"},
        {"descheduler.alpha.kubernetes.io/prefer-no-eviction", "true"},
        {"karpenter.sh/do-not-disrupt", "true"}};
}

}  // namespace

std::string migration_job_name(const Desired& desired, const Revision& revision, int attempt) {
    const auto& name = desired.object.meta.key.name.str();
    // 63 bytes is the limit of the label job-name; a resource's name has at most 52 and may hold dots,
    // behind which no "-" may stand.
    auto start = name.substr(0, 36);
    start.erase(start.find_last_not_of("-.") + 1);
    return start + "-migrate-" + revision.str() + "-" + std::to_string(attempt);
}

json render_migration_job(
    const Desired& desired, const StartMigration& start, const ServerAccess& access
) {
    const auto metadata = render_job_metadata(
        desired,
        migration_job_name(desired, start.revision, start.attempt),
        {JobKind::Migrate, start.revision, start.image, start.attempt, start.proves}
    );
    const AppProgram program{
        app_container(start.source, desired.object.spec.app),
        desired.migration_name,
        "migrate.py",
        desired.migration_name,
        environment(desired, access)};
    return {
        {"apiVersion", "batch/v1"},
        {"kind", "Job"},
        {"metadata", metadata},
        {"spec",
         {{"backoffLimit", 0},
          {"completions", 1},
          {"parallelism", 1},
          {"podReplacementPolicy", "Failed"},
          {"activeDeadlineSeconds", desired.object.spec.migrations.deadline.count()},
          {"template",
           {{"metadata",
             {{"labels", metadata.at("labels")}, {"annotations", marks_against_eviction()}}},
            {"spec", render_app_pod(desired, start.source.pod_template.text(), program)}}}}}};
}

json render_migration_program(const Desired& desired) {
    auto files = json::object();
    for (const auto& file : migration_program()) {
        files[file.name] = file.text;
    }
    return {
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", render_metadata(desired, desired.migration_name.str())},
        {"data", files}};
}

}  // namespace djdb
