// Reasons of the stages before a release.
#include "tests/unit/reconcilers/builders.hpp"
#include "tests/unit/reconcilers/reason_shown.hpp"

#include <gtest/gtest.h>

namespace djdb {
namespace {

using enum ConditionType;
constexpr auto kTrue = ConditionStatus::True;
constexpr auto kFalse = ConditionStatus::False;

const std::vector<ReasonShown>& provision_rows() {
    static const std::vector<ReasonShown> kRows{
        {"an unknown server is named",
         [](auto&, auto& o) { o.server.reference = ServerReference::NotFound; },
         Accepted,
         kFalse,
         Reason::ServerNotFound},
        {"a namespace needs the server's consent",
         [](auto&, auto& o) { o.server.reference = ServerReference::NamespaceNotAllowed; },
         Accepted,
         kFalse,
         Reason::NamespaceNotAllowed},
        {"the administrator's Secret is missing",
         [](auto&, auto& o) { o.server.reference = ServerReference::AdminSecretMissing; },
         Accepted,
         kFalse,
         Reason::AdminSecretMissing},
        {"the administrator's Secret lacks a key",
         [](auto&, auto& o) { o.server.reference = ServerReference::AdminSecretInvalid; },
         Accepted,
         kFalse,
         Reason::AdminSecretInvalid},
        {"the CA is missing",
         [](auto&, auto& o) { o.server.reference = ServerReference::CaMissing; },
         Accepted,
         kFalse,
         Reason::CaSecretMissing},
        {"a bad name is refused before anything else",
         [](auto& d, auto&) { d.name_error = "bad"; },
         Accepted,
         kFalse,
         Reason::InvalidName},
        {"a spec that can't be read is refused before all",
         [](auto& d, auto&) {
             d.object.undecodable = "spec.mode: expected Apply or Observe";
             d.name_error = d.object.undecodable;
         },
         Accepted,
         kFalse,
         Reason::Undecodable},
        {"a server whose object can't be read",
         [](auto&, auto& o) { o.server.reference = ServerReference::Undecodable; },
         Accepted,
         kFalse,
         Reason::Undecodable},
        {"a bad key template is refused",
         [](auto& d, auto&) {
             d.object.spec.credentials.keys = {{"A", "{nope}"}};
         },
         Accepted,
         kFalse,
         Reason::InvalidKeyTemplate},
        {"a refused login is told as such",
         [](auto&, auto& o) {
             o.server_failure = Failure{
                 FailureClass::Forbidden,
                 FailureOrigin::Postgres,
                 "28P01",
                 "m",
                 Reason::AuthRejected};
         },
         ServerReachable,
         kFalse,
         Reason::AuthRejected},
        {"a name that does not resolve",
         [](auto&, auto& o) {
             o.server_failure = Failure{
                 FailureClass::Transient,
                 FailureOrigin::Postgres,
                 "Resolve",
                 "m",
                 Reason::DNSFailed};
         },
         ServerReachable,
         kFalse,
         Reason::DNSFailed},
        {"a pooler that drops what sessions begin with",
         [](auto&, auto& o) {
             o.server_failure = Failure{
                 FailureClass::Terminal,
                 FailureOrigin::Postgres,
                 "",
                 "m",
                 Reason::SessionNotPinned};
         },
         ServerReachable,
         kFalse,
         Reason::SessionNotPinned},
        {"a pooler that is in the way",
         [](auto&, auto& o) {
             o.server_failure = Failure{
                 FailureClass::Terminal, FailureOrigin::Postgres, "", "m", Reason::PoolerInPath};
         },
         ServerReachable,
         kFalse,
         Reason::PoolerInPath},
        {"a statement that the server refuses",
         [](auto&, auto& o) {
             o.server_failure =
                 Failure{FailureClass::Transient, FailureOrigin::Postgres, "53100", "m"};
         },
         ServerReachable,
         kFalse,
         Reason::ServerError},
        {"rights are missing",
         [](auto&, auto& o) {
             o.tenant->claim = ClaimState::Unclaimed;
             o.administrator = AdministratorFacts{.user = "admin", .can_create_role = true};
         },
         ServerReachable,
         kFalse,
         Reason::AdminRightsMissing},
        {"another resource holds the claim",
         [](auto&, auto& o) { o.tenant->claim = ClaimState::OfAnother; },
         Claimed,
         kFalse,
         Reason::OwnershipConflict},
        {"a database that is not ours",
         [](auto&, auto& o) {
             o.tenant->claim = ClaimState::Unclaimed;
             o.tenant->database = DatabaseState::Foreign;
         },
         Claimed,
         kFalse,
         Reason::AdoptionNotGranted},
        {"a role that is not ours",
         [](auto&, auto& o) { o.tenant->roles = RolesState::Foreign; },
         Claimed,
         kFalse,
         Reason::RoleConflict},
        {"passwords that are lost and in use",
         [](auto&, auto& o) {
             o.secrets.passwords.reset();
             o.tenant->was_configured = true;
         },
         CredentialsStored,
         kFalse,
         Reason::CredentialsLost},
        {"passwords that are lost, but for what the app reads",
         [](auto&, auto& o) {
             o.secrets.passwords.reset();
             o.secrets.recovered = {{LoginId::a(), Sensitive("a")}};
             o.tenant->was_configured = true;
         },
         CredentialsStored,
         kFalse,
         Reason::Progressing},
        {"a login that is refused although its password was just set",
         [](auto&, auto& o) { o.inspection.refused_logins = {RoleName("shop_a")}; },
         CredentialsSynced,
         kFalse,
         Reason::LoginRejected},
        {"a claim that was given to another for good",
         [](auto&, auto& o) {
             o.tenant->claim = ClaimState::OfAnother;
             o.tenant->lost_by_transfer = true;
             o.server.policy.grants.transfer = {{"shop", "apps", "shop"}};
         },
         Claimed,
         kFalse,
         Reason::OwnershipConflict},
        {"a resource that was deleted, and its cluster restored",
         [](auto&, auto& o) {
             o.tenant->claim = ClaimState::RetainedForMe;
             o.tenant->was_deleted = true;
         },
         Claimed,
         kFalse,
         Reason::ClaimLost},
        {"the operator's own database",
         [](auto&, auto& o) { o.server.access->maintenance_database = "shop"; },
         Claimed,
         kFalse,
         Reason::OwnershipConflict},
        {"a ledger that has forgotten",
         [](auto& d, auto& o) {
             d.object.status.database_oid = "16400";
             o.tenant->claim = ClaimState::Unclaimed;
             o.tenant->database = DatabaseState::Absent;
         },
         Claimed,
         kFalse,
         Reason::ClaimLost},
        {"a database that somebody dropped",
         [](auto&, auto& o) { o.tenant->database = DatabaseState::Lost; },
         DatabaseReady,
         kFalse,
         Reason::DatabaseLost},
        {"another in its place",
         [](auto&, auto& o) { o.tenant->database = DatabaseState::Replaced; },
         DatabaseReady,
         kFalse,
         Reason::DatabaseLost},
        {"a drop that did not end",
         [](auto&, auto& o) { o.tenant->database = DatabaseState::HalfDropped; },
         DatabaseReady,
         kFalse,
         Reason::DatabaseLost},
        {"a database that somebody renamed",
         [](auto&, auto& o) { o.tenant->database = DatabaseState::Renamed; },
         DatabaseReady,
         kFalse,
         Reason::DatabaseRenamed},
        {"a database that somebody gave away",
         [](auto&, auto& o) { o.tenant->database = DatabaseState::Reowned; },
         DatabaseReady,
         kFalse,
         Reason::DatabaseReowned},
        {"a schema that an old server does not let go of is no obstacle",
         [](auto&, auto& o) { o.tenant->shares_public_schema = true; },
         GrantsReady,
         kTrue,
         Reason::PublicSchemaShared},
        {"a Secret that is not ours",
         [](auto&, auto& o) { o.secrets.app = PublishedState::Foreign; },
         CredentialsSynced,
         kFalse,
         Reason::SecretConflict},
        {"an app without Deployments is ready",
         [](auto&, auto& o) { o.release.workloads.clear(); },
         Ready,
         kTrue,
         Reason::Ready},
        {"and says that none is labelled",
         [](auto&, auto& o) { o.release.workloads.clear(); },
         RolledOut,
         ConditionStatus::Unknown,
         Reason::NoWorkload},
    };
    return kRows;
}

TEST(Reasons, OfProvisioning) {
    check(provision_rows());
}

}  // namespace
}  // namespace djdb
