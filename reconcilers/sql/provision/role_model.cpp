#include "reconcilers/sql/provision/role_model.hpp"

#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {
namespace {

/// What Django would else set in each session by itself.
std::vector<Setting> session_defaults(const TenantSetup& setup) {
    return {
        {"client_encoding", "UTF8"},
        {"default_transaction_isolation", "read committed"},
        {"TimeZone", setup.time_zone}};
}

/// A Pod whose node is lost says no goodbye, and what its session has locked stays locked: by the system's own
/// defaults for more than two hours. So whoever does not answer for a minute is gone. Between two statements
/// a data step may compute for as long as its Job may take, so only behind that is a transaction left open.
std::vector<Setting> bounds_of_lost_session(const TenantSetup& setup) {
    return {
        {"tcp_keepalives_idle", "30s"},
        {"tcp_keepalives_interval", "10s"},
        {"tcp_keepalives_count", "3"},
        {"tcp_user_timeout", "60s"},
        {"client_connection_check_interval", "10s", 140000},
        {"idle_in_transaction_session_timeout",
         std::to_string(setup.migration_deadline.count()) + "s"}};
}

/// A login that becomes its group on connect, so that what it makes is the group's.
TenantRole login_as(
    const RoleName& name, const RoleName& group, bool logs_in, const TenantSetup& setup
) {
    TenantRole login{name, logs_in, group, {}, {{"role", group.str()}}};
    for (auto& setting : session_defaults(setup)) {
        login.settings.push_back(std::move(setting));
    }
    return login;
}

}  // namespace

std::vector<TenantRole> tenant_roles(const TenantNames& names, const TenantSetup& setup) {
    const bool is_owner = setup.runtime == RuntimeAccess::Owner;
    const auto& app = is_owner ? names.owner : names.read_write;
    std::vector<TenantRole> roles{{names.owner, false, {}, {"CONNECT", "TEMPORARY", "CREATE"}, {}}};
    if (!is_owner) {
        roles.push_back({names.read_write, false, {}, {"CONNECT"}, {}});
    }
    if (!names.readers.empty()) {
        roles.push_back({names.read_only, false, {}, {"CONNECT"}, {}});
    }
    for (const auto& login : {LoginId::a(), LoginId::b()}) {
        roles.push_back(login_as(names.role(login), app, login == setup.active_login, setup));
    }
    roles.push_back(login_as(names.migrate, names.owner, true, setup));
    roles.back().settings.push_back(
        {"lock_timeout", std::to_string(setup.lock_timeout.count()) + "s"}
    );
    for (auto& setting : bounds_of_lost_session(setup)) {
        roles.back().settings.push_back(std::move(setting));
    }
    for (const auto& reader : names.readers) {
        roles.push_back({reader.role, true, names.read_only, {}, session_defaults(setup)});
        roles.back().settings.push_back({"default_transaction_read_only", "on"});
    }
    return roles;
}

std::vector<RowGroup> row_groups(const TenantNames& names, const TenantSetup& setup) {
    std::vector<RowGroup> groups;
    if (setup.runtime == RuntimeAccess::ReadWrite) {
        groups.push_back(
            {names.read_write,
             {"SELECT", "INSERT", "UPDATE", "DELETE"},
             {"USAGE", "SELECT", "UPDATE"}}
        );
    }
    if (!names.readers.empty()) {
        groups.push_back({names.read_only, {"SELECT"}, {"SELECT"}});
    }
    return groups;
}

std::string literals(const std::vector<TenantRole>& roles) {
    std::string list;
    for (const auto& role : roles) {
        list += (list.empty() ? "" : ", ") + quote_literal(role.name.str());
    }
    return list;
}

std::vector<std::string> managed_schemas(const TenantSetup& setup) {
    std::vector<std::string> schemas{"public"};
    schemas.insert(schemas.end(), setup.schemas.begin(), setup.schemas.end());
    return schemas;
}

std::vector<RoleName> all_names(const TenantNames& names) {
    std::vector<RoleName> all{
        names.owner,
        names.login_a,
        names.login_b,
        names.migrate,
        names.read_write,
        names.read_only};
    for (const auto& reader : names.readers) {
        all.push_back(reader.role);
    }
    return all;
}

}  // namespace djdb::sql
