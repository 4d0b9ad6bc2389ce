#include "tests/model/ports/model_database.hpp"

#include "reconcilers/server/identity.hpp"
#include "tests/model/ports/model_tenant.hpp"
#include "tests/model/world/mutants.hpp"

namespace djdb::model {
namespace {

Refusal not_there(const char* code, const std::string& message) {
    return {RefusalKind::Transient, code, message};
}

AdministratorFacts administrator() {
    AdministratorFacts facts;
    facts.user = kAdministrator;
    facts.can_create_database = true;
    facts.can_create_role = true;
    return facts;
}

}  // namespace

void enter(const PgServer& server, const ServerAccess& access) {
    switch (server.standing) {
        case PgServer::Standing::Down:
            throw not_there("TCPUnreachable", "connection refused");
        case PgServer::Standing::Starting:
            throw not_there("ServerStarting", "the database system is starting up");
        case PgServer::Standing::Standby:
            throw not_there("ReadOnlyServer", "the server only reads");
        case PgServer::Standing::Up:
            break;
    }
    const ServerIdentity found{server.system_identifier, server.timeline, server.state.revision};
    const auto& rule = access.address.identity;
    switch (compare_server(found, rule.expected, rule.accepted)) {
        case IdentityMatch::Same:
            return;
        case IdentityMatch::AnotherServer:
            throw Refusal(RefusalKind::Terminal, "ServerIdentityChanged", "another server answers");
        case IdentityMatch::RolledBack:
            if (acts(Mutant::ServerOfThePast)) {
                return;
            }
            throw Refusal(RefusalKind::Terminal, "ServerRestored", "the server is of the past");
    }
}

std::unique_ptr<TenantDatabase> ModelDatabase::of(
    const ServerAccess& access, const Tenant& tenant
) {
    return std::make_unique<ModelTenant>(world_, caller_, access, tenant);
}

ServerFacts ModelDatabase::inspect_server(const ServerAccess& access, const CallContext&) {
    return look(world_, caller_, "look at the server", access, [](const PgServer& server) {
        ServerFacts facts;
        facts.version = "15.18";
        facts.version_number = 150018;
        facts.administrator = administrator();
        facts.identity = {server.system_identifier, server.timeline, server.state.revision};
        facts.has_maintenance_database = true;
        facts.has_ledger = true;
        facts.claims = static_cast<std::int64_t>(server.state.claims.size());
        facts.tls_version = "TLSv1.3";
        return facts;
    });
}

AdministratorFacts
ModelDatabase::inspect_administrator(const ServerAccess& access, const CallContext&) {
    return look(world_, caller_, "look at the administrator", access, [](const PgServer&) {
        return administrator();
    });
}

std::map<DatabaseName, std::string> ModelDatabase::
    fingerprint_tenants(const ServerAccess& access, const std::vector<DatabaseName>& databases, const CallContext&) {
    return look(world_, caller_, "compare all tenants", access, [&](const PgServer& server) {
        std::map<DatabaseName, std::string> found;
        for (const auto& database : databases) {
            if (server.is_known(database.str())) {
                found.emplace(database, server.fingerprint(database.str()));
            }
        }
        return found;
    });
}

}  // namespace djdb::model
