// grants.cpp -- only the tenant may connect, and its logins act as the owner of the schema.
//   database open and configured, roles just as they were -> Satisfied
//   anything else                                         -> Act(ConfigureDatabase)
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_grants(const Desired& desired, const Observed& observed) {
    const auto& tenant = *observed.tenant;
    if (tenant.database == DatabaseState::Open && tenant.database_is_configured) {
        return Satisfied{
            {Reason::Succeeded,
             "PUBLIC can't connect; the logins act as " + desired.names.owner.str() +
                 ", which owns the schema and not the database."}};
    }
    return Act{
        {Reason::Progressing,
         "Setting grants and defaults of " + desired.names.database.str() + "."},
        {ConfigureDatabase{}},
        true};
}

}  // namespace djdb
