// The port's part that ends: logins, sessions, databases.
#include "controller/postgres/administrator.hpp"
#include "controller/postgres/database_port.hpp"
#include "reconcilers/sql/retire.hpp"

#include <utility>

namespace djdb::postgres {

void PostgresDatabase::retire(
    const ServerAccess& access,
    const TenantNames& names,
    const Claimant& claimant,
    const CallContext& call
) {
    as_admin(access, call, [&](Connection& session) {
        session.run_batch(sql::retire(names, claimant), call);
    });
    try {
        as_admin(access, call, [&](Connection& session) {
            session.run(sql::end_sessions(names, claimant), call);
        });
    } catch (const Error& error) {
        // New logins are shut already; sessions of others can be ended with more rights only.
        if (error.failure().code != "AdminRightsMissing") {
            throw;
        }
    }
}

}  // namespace djdb::postgres
