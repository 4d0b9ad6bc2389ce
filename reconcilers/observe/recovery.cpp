#include "reconcilers/observe/recovery.hpp"

#include "reconcilers/execute/stored_passwords.hpp"

#include <algorithm>

namespace djdb {
namespace {

ObjectName secret_of(const Desired& desired, const LoginId& login) {
    if (login == LoginId::migrate()) {
        return desired.migration_name;
    }
    const auto& readers = desired.names.readers;
    const auto reader = std::ranges::find(readers, login.reader_name, &ReaderRole::name);
    return login.kind == LoginKind::Reader && reader != readers.end()
               ? desired.reader_secrets.at(static_cast<std::size_t>(reader - readers.begin()))
               : desired.secret_name;
}

std::optional<Sensitive> published_password(
    const Desired& desired, const LoginId& login, Cluster& cluster, const CallContext& call
) {
    const auto& meta = desired.object.meta;
    const auto secret = cluster.read_secret({meta.key.ns, secret_of(desired, login)}, call);
    return secret && secret->controller == meta.uid ? secret->find("DB_PASSWORD") : std::nullopt;
}

bool is_accepted(
    TenantDatabase& database,
    const LoginId& login,
    const Sensitive& password,
    const CallContext& call
) {
    try {
        return database.accepts_password(login, password, call);
    } catch (const Error& error) {
        if (error.failure().kind == FailureClass::Transient) {
            throw;
        }
        return false;  // disabled, or shut out
    }
}

}  // namespace

bool misses_passwords_in_use(const Desired& desired, const Observed& observed) {
    const auto& tenant = known(observed.tenant);
    return !observed.secrets.passwords && tenant.claim == ClaimState::Mine &&
           tenant.roles != RolesState::Absent &&
           (tenant.was_configured || !desired.object.status.database_oid.empty());
}

TenantPasswords recover_passwords(
    const Desired& desired,
    const Observed& observed,
    Cluster& cluster,
    TenantDatabase& database,
    const CallContext& call
) {
    TenantPasswords recovered;
    for (const auto& login : missing_passwords(desired, observed.secrets.stored)) {
        const auto password = published_password(desired, login, cluster, call);
        if (password && is_accepted(database, login, *password, call)) {
            recovered.emplace(login, *password);
        }
    }
    return recovered;
}

}  // namespace djdb
