// What the files of the port Database share about the administrator's sessions. Pure; any thread.
#pragma once

#include "controller/postgres/session/connection.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/ports/failure.hpp"

#include <string>

namespace djdb::postgres {

/// The failure in the words of the port: codes of our own checks become the reasons' names.
/// @param database where the statement ran, for the message
Error explained(const Failure&, const std::string& database);

/// The same of work in a tenant's database, whose objects are the owner role's.
Error explained_within(const Failure&, const TenantNames& names, const std::string& administrator);

/// This column of the first row, "" when there is none or it is NULL.
const std::string& cell(const Rows&, std::size_t column);

}  // namespace djdb::postgres
