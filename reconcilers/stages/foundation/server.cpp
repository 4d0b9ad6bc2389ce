// server.cpp -- the administrator can log in and may do the work.
//   connection or first query failed -> Wait(reason by SQLSTATE or phase), tried again after growing waits
//     a right or a login is missing  -> Blocked(the same), tried again now and then
//     another server, or of the past -> Blocked(ServerIdentityChanged | ServerRestored): nothing is
//     sent to it
//   facts read, rights missing       -> Blocked(AdminRightsMissing)      else -> Satisfied
// The rights are read only while the database is not ours yet: afterwards the work itself shows them.
#include "reconcilers/server/rights.hpp"
#include "reconcilers/status/failure_reason.hpp"
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_server(const Desired& desired, const Observed& observed) {
    const auto& name = desired.object.spec.server_ref.name;
    if (observed.server_failure && needs_a_person(*observed.server_failure)) {
        return Blocked{{reason_of(*observed.server_failure), observed.server_failure->message}};
    }
    if (observed.server_failure) {
        return Wait{
            {reason_of(*observed.server_failure), observed.server_failure->message}, std::nullopt};
    }
    if (observed.administrator) {
        const auto rights = judge_administrator(
            *observed.administrator,
            observed.server.access ? observed.server.access->maintenance_database : std::string{}
        );
        if (!rights.missing.empty()) {
            return Blocked{
                {Reason::AdminRightsMissing,
                 "PostgresServer \"" + name + "\": " + explain_missing(rights)}};
        }
    }
    return Satisfied{
        {Reason::Succeeded, "The administrator can log in to PostgresServer \"" + name + "\"."}};
}

}  // namespace djdb
