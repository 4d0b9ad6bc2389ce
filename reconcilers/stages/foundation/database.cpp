// database.cpp -- the database exists and is ours. Never an empty one in the place of one with data.
//   Absent        -> Act(CreateDatabase)
//   Closed, Open  -> Satisfied
//   Foreign       -> Act(AdoptDatabase): the stage claim claims it or has refused
//   Adopting      -> Act(AdoptDatabase)
//   Lost, Replaced, HalfDropped -> Blocked(DatabaseLost)
//   Renamed       -> Blocked(DatabaseRenamed)
//   Reowned       -> Blocked(DatabaseReowned)
#include "reconcilers/workflow.hpp"

namespace djdb {
namespace {

Verdict blocked(Reason reason, std::string message) {
    return Blocked{{reason, std::move(message)}};
}

Verdict lost(const Desired& desired, const Observed& observed) {
    const auto& tenant = known(observed.tenant);
    const auto name = "\"" + desired.names.database.str() + "\"";
    const auto database = "Database " + name + " (OID " + tenant.database_oid + ")";
    const std::string acknowledge =
        "restore it under this name and set database_oid in djangodb.claim of the server to its "
        "new OID, or to NULL to begin with an empty database.";
    if (tenant.database == DatabaseState::Renamed) {
        return blocked(
            Reason::DatabaseRenamed,
            database + " is named \"" + tenant.database_name +
                "\" now. Nothing was changed or created in its place; run ALTER DATABASE \"" +
                tenant.database_name + "\" RENAME TO " + name + "."
        );
    }
    if (tenant.database == DatabaseState::Reowned) {
        return blocked(
            Reason::DatabaseReowned,
            database + " was given to \"" + tenant.database_owner +
                "\" by somebody else. It was left so; run ALTER DATABASE " + name + " OWNER TO \"" +
                known(observed.server.access).administrator.user + "\"."
        );
    }
    if (tenant.database == DatabaseState::HalfDropped) {
        return blocked(
            Reason::DatabaseLost,
            database +
                " was dropped half-way by somebody else: nothing works on it but DROP "
                "DATABASE. Nothing was created in its place; drop it, " +
                acknowledge
        );
    }
    if (tenant.database == DatabaseState::Replaced) {
        return blocked(
            Reason::DatabaseLost,
            database +
                " is gone, and another database has its name. That one was left as it "
                "is; if it is the restored one, set database_oid in djangodb.claim of the "
                "server to its OID, else drop it, " +
                acknowledge
        );
    }
    return blocked(
        Reason::DatabaseLost,
        database + " was dropped by somebody else. Nothing was created in its place; " + acknowledge
    );
}

}  // namespace

Verdict assess_database(const Desired& desired, const Observed& observed) {
    const auto name = "\"" + desired.names.database.str() + "\"";
    switch (known(observed.tenant).database) {
        case DatabaseState::Absent:
            return act_and_continue(
                {Reason::Progressing, "Creating database " + name + "."}, {CreateDatabase{}}
            );
        case DatabaseState::Foreign:
        case DatabaseState::Adopting:
            return act_and_continue(
                {Reason::Progressing,
                 "Giving all in database " + name + " to " + desired.names.owner.str() + "."},
                {AdoptDatabase{}}
            );
        case DatabaseState::Closed:
        case DatabaseState::Open:
            return Satisfied{{Reason::Succeeded, "Database " + name + " exists."}};
        case DatabaseState::Lost:
        case DatabaseState::Replaced:
        case DatabaseState::HalfDropped:
        case DatabaseState::Renamed:
        case DatabaseState::Reowned:
            break;
    }
    return lost(desired, observed);
}

}  // namespace djdb
