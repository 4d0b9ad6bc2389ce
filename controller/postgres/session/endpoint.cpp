#include "controller/postgres/session/endpoint.hpp"

#include "controller/postgres/session/scram.hpp"

#include <tuple>
#include <utility>

namespace djdb::postgres {
namespace {

/// Where a session goes when the maintenance database is not there yet: every server has it.
constexpr const char* kAlwaysThere = "postgres";

/// What is expected of the server itself: only the maintenance database holds the ledger.
Endpoint endpoint_of(const ServerAccess& access, Login login, std::string database) {
    Endpoint to{access.address, std::move(login), std::move(database)};
    to.binds_channel = access.password_mode == PasswordMode::ScramVerifier;
    to.server.identity.expected.ledger_revision = 0;
    to.server.identity.accepted = {};
    return to;
}

}  // namespace

bool operator==(const Endpoint& a, const Endpoint& b) {
    const auto way = [](const Endpoint& to) {
        return std::tie(
            to.server.host,
            to.server.port,
            to.server.tls,
            to.login,
            to.database,
            to.kind,
            to.is_reusable,
            to.binds_channel
        );
    };
    return way(a) == way(b);
}

std::string address_of(const Endpoint& to) {
    return to.is_socket() ? to.server.host + "/.s.PGSQL." + std::to_string(to.server.port)
                          : to.server.host + ":" + std::to_string(to.server.port);
}

std::string to_string(const Endpoint& to) {
    return address_of(to) + " as role \"" + to.login.user + "\", database \"" + to.database + "\"";
}

Endpoint admin_endpoint(const ServerAccess& access, std::string database) {
    auto to = endpoint_of(access, access.administrator, std::move(database));
    if (to.database == access.maintenance_database || to.database == kAlwaysThere) {
        to.kind = SessionKind::Maintenance;
        to.server.identity = access.address.identity;
    }
    return to;
}

Endpoint tenant_endpoint(
    const ServerAccess& access,
    const DatabaseName& database,
    const RoleName& login,
    const Sensitive& password
) {
    auto to = endpoint_of(access, {login.str(), password}, database.str());
    to.kind = SessionKind::Tenant;
    to.is_reusable = false;
    if (access.password_mode == PasswordMode::ScramVerifier) {
        // Any other verifier than the operator's own is of another password, or hashes in vain.
        to.most_iterations = kScramIterations;
    }
    return to;
}

}  // namespace djdb::postgres
