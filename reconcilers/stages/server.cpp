// server.cpp -- the administrator can log in and may do the work.
//   connection or first query failed -> Wait(reason by SQLSTATE or phase), tried again
//     for want of a right or a login -> Blocked(the same), tried again now and then
//   facts read, rights missing       -> Blocked(AdminRightsMissing)      else -> Satisfied
// The rights are read only while the database is not ours yet: afterwards the work itself shows them.
#include "reconcilers/status.hpp"
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_server(const Desired& desired, const Observed& observed) {
    const auto& name = desired.object.spec.server_ref.name;
    if (observed.server_failure && needs_a_person(*observed.server_failure)) {
        return Blocked{{reason_of(*observed.server_failure), observed.server_failure->message}};
    }
    if (observed.server_failure) {
        return Wait{
            {reason_of(*observed.server_failure), observed.server_failure->message},
            observed.now + std::chrono::seconds{5}};
    }
    if (observed.server_facts &&
        !(observed.server_facts->is_superuser ||
          (observed.server_facts->can_create_database && observed.server_facts->can_create_role))) {
        return Blocked{
            {Reason::AdminRightsMissing,
             "The administrator of PostgresServer \"" + name +
                 "\" lacks CREATEDB or CREATEROLE. Nothing was changed; a DBA has to run ALTER "
                 "ROLE " +
                 (observed.access ? observed.access->admin_user : std::string{"<admin>"}) +
                 " CREATEDB CREATEROLE."}};
    }
    return Satisfied{
        {Reason::Succeeded, "The administrator can log in to PostgresServer \"" + name + "\"."}};
}

}  // namespace djdb
