#include "reconcilers/ports/drift.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace djdb {
namespace {

struct Row {
    DriftKind kind;
    Repair repair;
    /// {0} is the subject, {1} and so on are the details.
    std::string_view sentence;
};

constexpr std::array kRows{
    Row{DriftKind::RoleNameNotKept, Repair::Roles, "The ledger does not keep the role name {0}."},
    Row{DriftKind::RoleMissing, Repair::Roles, "Role {0} is missing."},
    Row{DriftKind::RoleCommentMissing,
        Repair::Roles,
        "Role {0} does not have this resource's comment."},
    Row{DriftKind::RoleAttribute, Repair::Roles, "Role {0} has {1}."},
    Row{DriftKind::RoleCannotLogIn, Repair::Roles, "Role {0} can't log in."},
    Row{DriftKind::RoleMayLogIn, Repair::Roles, "Role {0} may log in."},
    Row{DriftKind::RoleConnectionLimit, Repair::Roles, "Role {0} has the connection limit {1}."},
    Row{DriftKind::RoleExpires, Repair::Roles, "Role {0} is valid until {1} only."},
    Row{DriftKind::RoleSettingEverywhere,
        Repair::Nobody,
        "Role {0} has the setting {1} in every database. It was left."},
    Row{DriftKind::AdministratorNotMember,
        Repair::Roles,
        "The administrator is no full member of {0}."},
    Row{DriftKind::MembershipMissing, Repair::Roles, "Role {0} is no full member of {1}."},
    Row{DriftKind::MembershipGrantable, Repair::Roles, "Role {0} may grant membership in {1}."},
    Row{DriftKind::MembershipAdded, Repair::Roles, "Role {0} is a member of {1}."},
    Row{DriftKind::MembershipOfAdministrator,
        Repair::Nobody,
        "Role {0} is a member of {1}. It was left: whoever administers roles could grant it to "
        "itself."},
    Row{DriftKind::PasswordRejected,
        Repair::Roles,
        "The server refuses the stored password of {0}."},
    Row{DriftKind::DatabaseOwner, Repair::Database, "Database {0} belongs to {1} instead of {2}."},
    Row{DriftKind::DatabaseClosed, Repair::Database, "Database {0} refuses connections."},
    Row{DriftKind::DatabaseConnectionLimit,
        Repair::Database,
        "Database {0} has the connection limit {1} instead of {2}."},
    Row{DriftKind::ForeignOwned,
        Repair::Nobody,
        "{1} objects in database {2} belong to {0} instead of {3}. They were left; give them to "
        "{3} by ALTER .. OWNER TO."},
    Row{DriftKind::DatabasePrivilegeMissing,
        Repair::Database,
        "Role {0} lacks {1} on database {2}."},
    Row{DriftKind::DatabasePrivilegeOfPublic, Repair::Database, "PUBLIC has {1} on database {0}."},
    Row{DriftKind::DatabasePrivilegeAdded,
        Repair::Nobody,
        "Role {0} has {1} on database {2}. It was left."},
    Row{DriftKind::SettingDiffers,
        Repair::Database,
        "Setting {1} of role {0} is {2} instead of \"{3}\"."},
    Row{DriftKind::DatabaseSettingAdded,
        Repair::Nobody,
        "Database {0} has the setting {1}. It was left."},
    Row{DriftKind::RoleSettingAdded,
        Repair::Nobody,
        "Role {0} has the setting {1} in database {2}. It was left."},
    Row{DriftKind::SchemaMissing, Repair::Database, "Schema {0} is missing."},
    // Who dropped public had a reason: the migration login could have.
    Row{DriftKind::PublicSchemaMissing, Repair::Nobody, "Schema {0} is missing."},
    Row{DriftKind::SchemaOwner, Repair::Database, "Schema {0} belongs to {1} instead of {2}."},
    Row{DriftKind::SchemaUsageMissing, Repair::Database, "Role {1} lacks USAGE on schema {0}."},
    Row{DriftKind::SchemaPrivilegeOfPublic,
        Repair::Nobody,
        "PUBLIC has {1} on schema {0}. It was left."},
    Row{DriftKind::SchemaPrivilegeAdded,
        Repair::Nobody,
        "Role {2} has {1} on schema {0}. It was left."},
    Row{DriftKind::RowRightsMissing, Repair::Database, "Role {1} lacks rights on {0}."},
    Row{DriftKind::RecordWritable, Repair::Database, "Role {1} may write {0}."},
    Row{DriftKind::DefaultRightsMissing,
        Repair::Database,
        "Role {1} would lack rights on new {2} of schema {0}."},
    Row{DriftKind::ExtensionMissing, Repair::Database, "Extension {0} is not installed."},
};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < kRows.size(); ++i) {
        if (kRows[i].kind != static_cast<DriftKind>(i)) {
            return false;
        }
    }
    return static_cast<std::size_t>(DriftKind::ExtensionMissing) + 1 == kRows.size();
}
static_assert(is_in_order(), "each kind of drift has one row, at its place");

const Row& row_of(DriftKind kind) {
    return kRows.at(static_cast<std::size_t>(kind));
}

}  // namespace

Repair Drift::repair() const {
    return row_of(kind).repair;
}

std::string Drift::sentence() const {
    std::string sentence;
    const auto words = row_of(kind).sentence;
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (words[at] != '{') {
            sentence += words[at];
            continue;
        }
        const auto place = static_cast<std::size_t>(words[at + 1] - '0');
        sentence += place == 0 ? subject : details.at(place - 1);
        at += 2;
    }
    return sentence;
}

bool is_to_be_repaired(const std::vector<Drift>& drift, Repair by) {
    return std::ranges::any_of(drift, [&](const Drift& one) { return one.repair() == by; });
}

bool has_drift(const std::vector<Drift>& drift, DriftKind kind, const std::string& subject) {
    return std::ranges::any_of(drift, [&](const Drift& one) {
        return one.kind == kind && one.subject == subject;
    });
}

}  // namespace djdb
