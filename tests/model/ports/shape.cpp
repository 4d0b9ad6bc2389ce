#include "tests/model/ports/shape.hpp"

namespace djdb::model {
namespace {

DriftKind kind_of(Differs what) {
    switch (what) {
        case Differs::NameNotKept:
            return DriftKind::RoleNameNotKept;
        case Differs::RoleMissing:
            return DriftKind::RoleMissing;
        case Differs::MarkMissing:
            return DriftKind::RoleCommentMissing;
        case Differs::ExtraRight:
            return DriftKind::RoleAttribute;
        case Differs::CannotLogIn:
            return DriftKind::RoleCannotLogIn;
        case Differs::MayLogIn:
            return DriftKind::RoleMayLogIn;
        case Differs::Owner:
            return DriftKind::DatabaseOwner;
        case Differs::Closed:
            return DriftKind::DatabaseClosed;
        case Differs::Limit:
            return DriftKind::DatabaseConnectionLimit;
        case Differs::PrivilegeMissing:
            return DriftKind::DatabasePrivilegeMissing;
        case Differs::PublicIn:
            return DriftKind::DatabasePrivilegeOfPublic;
        case Differs::Inside:
            break;
    }
    return DriftKind::SchemaOwner;
}

ClaimState claim_of(SeenClaim claim) {
    switch (claim) {
        case SeenClaim::Unclaimed:
            return ClaimState::Unclaimed;
        case SeenClaim::Mine:
            return ClaimState::Mine;
        case SeenClaim::Retained:
            return ClaimState::RetainedForMe;
        case SeenClaim::Other:
            break;
    }
    return ClaimState::OfAnother;
}

RolesState roles_of(SeenRoles roles) {
    switch (roles) {
        case SeenRoles::Absent:
            return RolesState::Absent;
        case SeenRoles::Incomplete:
            return RolesState::Incomplete;
        case SeenRoles::Complete:
            return RolesState::Complete;
        case SeenRoles::Foreign:
            break;
    }
    return RolesState::Foreign;
}

DatabaseState database_of(SeenDatabase database) {
    switch (database) {
        case SeenDatabase::Absent:
            return DatabaseState::Absent;
        case SeenDatabase::Closed:
            return DatabaseState::Closed;
        case SeenDatabase::Open:
            return DatabaseState::Open;
        case SeenDatabase::Adopting:
            return DatabaseState::Adopting;
        case SeenDatabase::Lost:
            return DatabaseState::Lost;
        case SeenDatabase::Replaced:
            return DatabaseState::Replaced;
        case SeenDatabase::HalfDropped:
            return DatabaseState::HalfDropped;
        case SeenDatabase::Renamed:
            return DatabaseState::Renamed;
        case SeenDatabase::Reowned:
            return DatabaseState::Reowned;
        case SeenDatabase::Foreign:
            break;
    }
    return DatabaseState::Foreign;
}

}  // namespace

Shape shape_of(const Tenant& tenant) {
    const auto& [names, setup, claimant] = tenant;
    const bool is_owner = setup.runtime == RuntimeAccess::Owner;
    const bool a_is_active = setup.active_login == LoginId::a();
    Shape shape;
    shape.database = names.database.str();
    shape.owner = names.owner.str();
    shape.roles.push_back({names.owner.str(), false});
    if (!is_owner) {
        shape.roles.push_back({names.read_write.str(), false});
    }
    if (!names.readers.empty()) {
        shape.roles.push_back({names.read_only.str(), false});
    }
    shape.roles.push_back({names.login_a.str(), a_is_active});
    shape.roles.push_back({names.login_b.str(), !a_is_active});
    shape.roles.push_back({names.migrate.str(), true});
    shape.names = {
        names.owner.str(),
        names.login_a.str(),
        names.login_b.str(),
        names.migrate.str(),
        names.read_write.str(),
        names.read_only.str()};
    for (const auto& reader : names.readers) {
        shape.roles.push_back({reader.role.str(), true});
        shape.names.push_back(reader.role.str());
    }
    shape.groups = {names.owner.str(), names.read_write.str(), names.read_only.str()};
    shape.owns_database = setup.ownership == Ownership::Database;
    shape.limit = setup.connection_limit;
    shape.holder = {claimant.cluster_id, claimant.uid.str(), to_string(claimant.key)};
    return shape;
}

std::map<std::string, std::string> passwords_of(
    const TenantNames& names, const TenantPasswords& passwords
) {
    std::map<std::string, std::string> by_role;
    for (const auto& [login, password] : passwords) {
        by_role.emplace(names.role(login).str(), password.reveal());
    }
    return by_role;
}

Drift drift_of(const Difference& difference) {
    return {kind_of(difference.what), difference.subject, difference.details};
}

TenantFacts facts_of(const Sight& sight) {
    TenantFacts facts;
    facts.claim = claim_of(sight.claim);
    facts.claim_holder = sight.holder;
    facts.roles = roles_of(sight.roles);
    facts.database = database_of(sight.database);
    facts.lost_by_transfer = sight.lost_by_transfer;
    facts.was_deleted = sight.was_deleted;
    facts.attempts = sight.attempts;
    facts.database_oid = sight.oid;
    facts.database_name = sight.name;
    facts.database_owner = sight.owner;
    facts.database_is_configured = sight.is_configured;
    facts.was_configured = sight.was_configured;
    for (const auto& difference : sight.differences) {
        facts.drift.push_back(drift_of(difference));
    }
    facts.fingerprint = sight.fingerprint;
    for (const auto& role : sight.removed) {
        facts.removed_readers.emplace_back(role);
    }
    for (const auto& row : sight.templates) {
        facts.passed_templates.push_back(
            {row.app_template,
             row.configs,
             ImageRef(row.image),
             row.applied,
             row.recorded_in,
             ResourceUid(row.job),
             row.verified}
        );
    }
    for (const auto& image : sight.images) {
        facts.passed_images.emplace_back(image);
    }
    return facts;
}

}  // namespace djdb::model
