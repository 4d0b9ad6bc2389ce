// What a session begins with, whatever its database and its role have set. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace djdb::sql {

/// What a session of this kind pins on connect, and what it is checked for.
enum class SessionKind {
    Maintenance,  ///< administrator, in a database where no tenant sets anything: it obeys what the
                  ///< server says of writing, and finds the ledger that it expects
    Admin,        ///< administrator, in a tenant's database: nothing that a tenant plants or sets
                  ///< reaches it
    Tenant,       ///< as the app would get it, its role and search_path included
    Reader,       ///< the same of a login whose sessions begin read-only
};

constexpr bool is_administrators(SessionKind kind) {
    return kind == SessionKind::Maintenance || kind == SessionKind::Admin;
}

struct PinnedSetting {
    std::string_view name;
    /// As current_setting() shows it: what is given at the start is compared with what is in force.
    std::string_view value;
};

/// An administrator's session pins what a database's owner could have set for it (search_path,
/// role, timeouts, the warnings by which REVOKE tells that it did nothing, and in a tenant's
/// database read-only), and keeps parameters, which carry verifiers, out of the server's log of
/// errors; a tenant's gets limits only, so that it shows what the app will get.
std::vector<PinnedSetting> pinned_settings(SessionKind);

}  // namespace djdb::sql
