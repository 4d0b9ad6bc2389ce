// database.cpp -- the database exists and is ours.
//   Absent -> Act(CreateDatabase)      Closed | Open -> Satisfied      Foreign is refused by claim
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_database(const Desired& desired, const Observed& observed) {
    const auto name = "\"" + desired.names.database.str() + "\"";
    if (observed.tenant->database == DatabaseState::Absent) {
        return Act{
            {Reason::Progressing, "Creating database " + name + "."}, {CreateDatabase{}}, true};
    }
    return Satisfied{{Reason::Succeeded, "Database " + name + " exists."}};
}

}  // namespace djdb
