// Which rights the administrator has, and what a DBA has to run for those that it lacks. Pure.
#pragma once

#include "reconcilers/ports/database.hpp"

#include <string>

namespace djdb {

AdministratorStatus judge_administrator(
    const AdministratorFacts&, const std::string& maintenance_database
);

/// What is missing and how to give it, in one message.
std::string explain_missing(const AdministratorStatus&);

}  // namespace djdb
