// What differs between a tenant as it is to be and as it was found, by kind and subject. What people
// read of it is made in one place; nothing is ever decided by those words. Pure; any thread.
#pragma once

#include <string>
#include <vector>

namespace djdb {

/// Which part of provisioning makes a difference good.
enum class Repair {
    Roles,     ///< claim_and_create_roles
    Database,  ///< configure
    Nobody,    ///< somebody else added it: it is told and left
};

/// In the order of the table in ports/drift.cpp, which has repair and words of each.
enum class DriftKind {
    RoleNameNotKept,
    RoleMissing,
    RoleCommentMissing,
    RoleAttribute,
    RoleCannotLogIn,
    RoleMayLogIn,
    RoleConnectionLimit,
    RoleExpires,
    RoleSettingEverywhere,
    AdministratorNotMember,
    MembershipMissing,
    MembershipGrantable,
    MembershipAdded,
    MembershipOfAdministrator,
    PasswordRejected,
    DatabaseOwner,
    DatabaseClosed,
    DatabaseConnectionLimit,
    ForeignOwned,
    DatabasePrivilegeMissing,
    DatabasePrivilegeOfPublic,
    DatabasePrivilegeAdded,
    SettingDiffers,
    DatabaseSettingAdded,
    RoleSettingAdded,
    SchemaMissing,
    PublicSchemaMissing,
    SchemaOwner,
    SchemaUsageMissing,
    SchemaPrivilegeOfPublic,
    SchemaPrivilegeAdded,
    RowRightsMissing,
    RecordWritable,
    DefaultRightsMissing,
    ExtensionMissing,
};

struct Drift {
    DriftKind kind = DriftKind::RoleMissing;
    /// What differs: the name of a role, database, schema, relation or extension.
    std::string subject;
    /// What else the sentence names, in its order.
    std::vector<std::string> details = {};

    [[nodiscard]] Repair repair() const;
    /// As status.drift and Events show it.
    [[nodiscard]] std::string sentence() const;
    friend bool operator==(const Drift&, const Drift&) = default;
};

bool is_to_be_repaired(const std::vector<Drift>&, Repair by);
/// Whether there is one of this kind about this subject.
bool has_drift(const std::vector<Drift>&, DriftKind kind, const std::string& subject);

}  // namespace djdb
