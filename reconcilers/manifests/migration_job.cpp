#include "reconcilers/manifests/migration_job.hpp"

#include "reconcilers/manifests/app_job.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace djdb {
nlohmann::json render_migration_job(
    const Desired& desired, const StartMigration& start, const ServerAccess& access
) {
    auto environment = app_job_environment(desired, access, desired.names.owner);
    const auto lock_timeout = desired.object.spec.migrations.lock_timeout.count() * 1000;
    environment.emplace_back("DJANGODB_LOCK_TIMEOUT", std::to_string(lock_timeout));
    if (start.approved) {
        environment.emplace_back("DJANGODB_APPROVED", *start.approved);
    }
    return render_app_job(
        desired,
        start,
        {JobKind::Migrate,
         "migrate.py",
         desired.migration_name,
         std::move(environment),
         desired.object.spec.migrations.deadline,
         marks_against_eviction(),
         desired.object.spec.migrations.resources,
         desired.object.spec.migrations.volumes}
    );
}

}  // namespace djdb
