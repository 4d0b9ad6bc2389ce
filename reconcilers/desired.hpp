// What a DjangoDatabase asks for, with every default and name worked out. Pure.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "reconcilers/ports/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace djdb {

struct Desired {
    DjangoDatabase object;
    TenantNames names;
    TenantSetup setup;
    Claimant claimant;
    [[nodiscard]] Tenant tenant() const { return {names, setup, claimant}; }
    ObjectName secret_name;
    /// Those of spec.access.readers, and behind them the login that dumps.
    std::vector<ReaderSpec> readers;
    /// In their order.
    std::vector<ObjectName> reader_secrets;
    /// ConfigMap with the server's CA, for all that log in.
    ObjectName ca_name;
    /// Secret and ConfigMap of the migration Job.
    ObjectName migration_name;
    /// In the operator's namespace.
    ObjectName credentials_name;
    /// What is wrong with the names, if anything is; then nothing is sent to any server.
    std::optional<std::string> name_error;
};

/// Whose login dumps the database; it is there as long as backups are asked for.
inline constexpr auto kBackupReader = "backup";

/// The Secret that a reader has whose role is `role` and to which the spec gave no name; none where another login has it.
std::optional<ObjectName> usual_reader_secret(const Desired&, const RoleName& role);

/// Total: works for any decoded spec. The schema refuses bad names first; this is for older schemas.
Desired derive_desired(const DjangoDatabase& object, const std::string& cluster_id);

}  // namespace djdb
