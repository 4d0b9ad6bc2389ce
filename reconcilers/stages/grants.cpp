// grants.cpp -- only the tenant may connect, and its logins act as the owner of the schema.
//   database open and configured, roles just as they were -> Satisfied, and says when public of 13
//   or 14 could not be handed over: only this tenant may connect, so that no other can create in it
//   anything else                                         -> Act(ConfigureDatabase)
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_grants(const Desired& desired, const Observed& observed) {
    const auto& tenant = *observed.tenant;
    if (tenant.database == DatabaseState::Open && tenant.database_is_configured &&
        tenant.shares_public_schema) {
        return Satisfied{
            {Reason::PublicSchemaShared,
             "PUBLIC can't connect and the logins act as " + desired.names.owner.str() +
                 ", but schema public belongs to the server's superuser: before PostgreSQL 15 only "
                 "a "
                 "superuser can hand it over. The app works; to hand it over, run as superuser in "
                 "the database: ALTER SCHEMA public OWNER TO \"" +
                 desired.names.owner.str() + "\"; REVOKE CREATE ON SCHEMA public FROM PUBLIC;"}};
    }
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
