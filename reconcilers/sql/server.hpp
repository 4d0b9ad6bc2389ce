// What is asked of a server itself: its version, its administrator's rights, whose connections it
// takes, and which server it is. Pure.
#pragma once

#include "reconcilers/database_port.hpp"
#include "reconcilers/sql/statement.hpp"

namespace djdb::sql {

Statement inspect_server();
ServerFacts server_facts(Row);

/// Minor releases that ignore SET role of ALTER ROLE, so that tables would get the wrong owner:
/// 12.21, 13.17, 14.14, 15.9, 16.5 and 17.1 (fixed by the releases a week later).
bool ignores_role_setting(std::int64_t version_number);

}  // namespace djdb::sql
