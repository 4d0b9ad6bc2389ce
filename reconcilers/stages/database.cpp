// database.cpp -- the database exists and is ours.
//   Absent -> Act(CreateDatabase)      Closed | Open -> Satisfied      Foreign is refused by claim
//   Lost   -> Blocked(DatabaseLost): never an empty database in the place of one with data
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_database(const Desired& desired, const Observed& observed) {
    const auto name = "\"" + desired.names.database.str() + "\"";
    if (observed.tenant->database == DatabaseState::Absent) {
        return Act{
            {Reason::Progressing, "Creating database " + name + "."}, {CreateDatabase{}}, true};
    }
    if (observed.tenant->database == DatabaseState::Lost) {
        return Blocked{
            {Reason::DatabaseLost,
             "Database " + name + " (OID " + observed.tenant->database_oid +
                 ") was dropped or renamed by somebody else. Nothing was created in its place; "
                 "rename it back, or restore it under this name and set database_oid in "
                 "djangodb.claim of the server to its new OID, or to NULL to begin with an empty "
                 "database."}};
    }
    return Satisfied{{Reason::Succeeded, "Database " + name + " exists."}};
}

}  // namespace djdb
