// From the ports' words for a tenant to the model's.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "tests/model/postgres/server.hpp"

#include <map>
#include <string>

namespace djdb::model {

Shape shape_of(const Tenant& tenant);
std::map<std::string, std::string> passwords_of(const TenantNames& names, const TenantPasswords&);
TenantFacts facts_of(const Sight& sight);
Drift drift_of(const Difference& difference);

}  // namespace djdb::model
