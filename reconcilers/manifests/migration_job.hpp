// The Job that migrates: the new Pod template's app container with the migration login. Pure.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/step.hpp"

#include <nlohmann/json_fwd.hpp>

namespace djdb {

nlohmann::json render_migration_job(
    const Desired& desired, const StartMigration& start, const ServerAccess& access
);

}  // namespace djdb
