// What is asked of a server itself: which one it is, whether it takes writes, its version, the
// administrator's rights, and to whom it is open. Pure.
#pragma once

#include "reconcilers/ports/database.hpp"
#include "reconcilers/sql/inspect/session_kind.hpp"
#include "reconcilers/sql/text/statement.hpp"

namespace djdb::sql {

/// What every session is asked first.
struct ServerStanding {
    ServerIdentity identity;
    bool is_read_only = false;
    bool can_read_ledger = true;
    /// The server process that answered.
    std::int64_t backend_pid = 0;
    /// Settings that are not in force as they were pinned.
    std::vector<std::string> unpinned;
};

/// In the maintenance database the ledger's revision and a setting that forbids writing count as
/// well. No name in it depends on search_path, which is part of what is asked.
Statement identify_server(SessionKind);
/// The same for servers whose administrator may not ask for the system identifier.
Statement identify_ledger(SessionKind);
/// Understands the one row of both.
ServerStanding server_standing(const Row&, SessionKind);

/// Where the log of all that happened so far ends, and whether it is on disk up to there.
Statement find_end_of_wal();
Statement is_flushed(const std::string& position);

/// Changes nothing, and works in any database; the ledger is seen in the maintenance database alone.
Statement inspect_server(const std::string& maintenance_database);
/// Understands its one row; identity, claims and TLS are asked elsewhere.
ServerFacts server_facts(const Row&);
/// Only where server_facts said that there is a ledger.
Statement count_claims();

/// Minor releases that ignore SET role of ALTER ROLE, so that tables would get the wrong owner:
/// 12.21, 13.17, 14.14, 15.9, 16.5 and 17.1 (fixed by the releases a week later).
bool ignores_role_setting(std::int64_t version_number);

}  // namespace djdb::sql
