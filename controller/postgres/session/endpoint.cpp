#include "controller/postgres/session/endpoint.hpp"

#include <tuple>
#include <utility>

namespace djdb::postgres {
namespace {

/// Where a session goes when the maintenance database is not there yet: every server has it.
constexpr const char* kAlwaysThere = "postgres";

/// Only the maintenance database holds the ledger.
ServerIdentity without_ledger(ServerIdentity identity) {
    identity.ledger_revision = 0;
    return identity;
}

Endpoint endpoint_of(const ServerAccess& access) {
    Endpoint to;
    to.host = access.host;
    to.port = access.port;
    to.ca_pem = access.ca_pem;
    to.tls = access.tls;
    to.binds_channel = access.password_mode == PasswordMode::ScramVerifier;
    to.max_sessions = access.max_sessions;
    to.expected = without_ledger(access.expected);
    return to;
}

}  // namespace

bool operator==(const Endpoint& a, const Endpoint& b) {
    const auto login = [](const Endpoint& to) {
        return std::tie(
            to.host,
            to.port,
            to.database,
            to.user,
            to.password,
            to.ca_pem,
            to.kind,
            to.is_reusable,
            to.tls,
            to.client_certificate_pem,
            to.client_key_pem,
            to.binds_channel
        );
    };
    return login(a) == login(b);
}

std::string address_of(const Endpoint& to) {
    return to.is_socket() ? to.host + "/.s.PGSQL." + std::to_string(to.port)
                          : to.host + ":" + std::to_string(to.port);
}

std::string to_string(const Endpoint& to) {
    return address_of(to) + " as role \"" + to.user + "\", database \"" + to.database + "\"";
}

Endpoint admin_endpoint(const ServerAccess& access, std::string database) {
    auto to = endpoint_of(access);
    to.user = access.admin_user;
    to.password = access.admin_password;
    to.client_certificate_pem = access.client_certificate_pem;
    to.client_key_pem = access.client_key_pem;
    if (database == access.maintenance_database || database == kAlwaysThere) {
        to.kind = SessionKind::Maintenance;
        to.expected = access.expected;
        to.accepted = access.accepted;
    }
    to.database = std::move(database);
    return to;
}

Endpoint tenant_endpoint(
    const ServerAccess& access,
    const DatabaseName& database,
    const RoleName& login,
    const Sensitive& password
) {
    auto to = endpoint_of(access);
    to.database = database.str();
    to.user = login.str();
    to.password = password;
    to.kind = SessionKind::Tenant;
    to.is_reusable = false;
    return to;
}

}  // namespace djdb::postgres
