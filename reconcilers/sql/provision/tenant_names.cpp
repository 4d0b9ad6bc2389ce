#include "reconcilers/ports/database.hpp"

#include <algorithm>
#include <stdexcept>

namespace djdb {

TenantNames tenant_names(const DatabaseName& database, const std::vector<ReaderSpec>& readers) {
    const auto role = [&](const std::string& suffix) { return RoleName(database.str() + suffix); };
    TenantNames names{
        database,
        role("_owner"),
        role("_a"),
        role("_b"),
        role("_migrate"),
        role("_rw"),
        role("_ro")};
    for (const auto& reader : readers) {
        names.readers.push_back({reader.name, role("_ro_" + reader.name)});
    }
    return names;
}

const RoleName& TenantNames::role(const LoginId& login) const {
    switch (login.kind) {
        case LoginKind::A:
            return login_a;
        case LoginKind::B:
            return login_b;
        case LoginKind::Migrate:
            return migrate;
        case LoginKind::Reader:
            break;
    }
    const auto reader = std::ranges::find(readers, login.reader_name, &ReaderRole::name);
    if (reader == readers.end()) {
        throw std::out_of_range("no reader of this name was named");
    }
    return reader->role;
}

std::vector<LoginId> enabled_logins(const TenantNames& names, const TenantSetup& setup) {
    std::vector<LoginId> logins{setup.active_login, LoginId::migrate()};
    for (const auto& reader : names.readers) {
        logins.push_back(LoginId::reader(reader.name));
    }
    return logins;
}

}  // namespace djdb
