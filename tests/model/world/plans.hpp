// What migrations will do, in the model: each but those of a new database loses data, so that it is approved where the
// resource asks for that.
#pragma once

#include "tests/model/world/world.hpp"

#include <string>

namespace djdb::model {

/// Members of a probe's answer, as jobs/djangodb_forecast.py gives them: of what is pending right now. What loses nothing
/// is noted as approved.
std::string find_plan(World&, const Job& probe);

/// As jobs/migrate.py asks before it does anything: nothing is pending that was not approved.
bool may_migrate(const World&, const Job& migration);

/// The digest that a condition asks to approve; empty: none does.
std::string asked_digest(const DjangoDatabaseStatus&);

/// A user sets it in the resource.
void approve(World&, const ObjectKey& resource, const std::string& digest);

}  // namespace djdb::model
