#include "crds/conditions.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace djdb {
namespace {

struct TypeRow {
    ConditionType type;
    std::string_view wire;
    std::string_view meaning;
};

constexpr std::array kTypes{
    TypeRow{ConditionType::Ready, "Ready", "everything below holds for this generation"},
    TypeRow{ConditionType::Reconciling, "Reconciling", "the operator is at work; absent otherwise"},
    TypeRow{ConditionType::Stalled, "Stalled", "a person has to act; absent otherwise"},
    TypeRow{ConditionType::Accepted, "Accepted", "names, server and namespace can be followed"},
    TypeRow{
        ConditionType::ServerReachable, "ServerReachable", "the server's administrator can log in"},
    TypeRow{ConditionType::DeletionGuarded, "DeletionGuarded", "the finalizer is in place"},
    TypeRow{
        ConditionType::Claimed,
        "Claimed",
        "the server's ledger names this resource as the database's owner"},
    TypeRow{
        ConditionType::CredentialsStored,
        "CredentialsStored",
        "passwords are kept in the operator's namespace"},
    TypeRow{ConditionType::RolesReady, "RolesReady", "owner and logins exist"},
    TypeRow{ConditionType::DatabaseReady, "DatabaseReady", "the database exists"},
    TypeRow{ConditionType::GrantsReady, "GrantsReady", "only this tenant can connect"},
    TypeRow{
        ConditionType::CredentialsSynced,
        "CredentialsSynced",
        "logins are proven and the Secret is published"},
    TypeRow{ConditionType::Gated, "Gated", "the admission policy holds new Pod templates"},
    TypeRow{
        ConditionType::MigrationsApplied,
        "MigrationsApplied",
        "the image's migrations are in the database"},
    TypeRow{ConditionType::RolledOut, "RolledOut", "all labelled Deployments run the image"},
};

using enum Reason;
using C = ConditionType;

constexpr std::array kReasons{
    ReasonRow{Succeeded, "Succeeded", C::Accepted, "the stage's promise holds", ""},
    ReasonRow{Reason::Ready, "Ready", C::Ready, "everything holds", ""},
    ReasonRow{
        NoWorkload,
        "NoWorkload",
        C::RolledOut,
        "no Deployment carries the label yet",
        "label Deployments with djangodb.io/database"},
    ReasonRow{Progressing, "Progressing", C::Reconciling, "the operator is at work", "wait"},
    ReasonRow{
        WaitingForEarlierStage,
        "WaitingForEarlierStage",
        C::RolledOut,
        "an earlier condition does not hold yet",
        "look at the first condition that is False"},
    ReasonRow{
        MigrationRunning,
        "MigrationRunning",
        C::MigrationsApplied,
        "the migration Job runs",
        "wait"},
    ReasonRow{
        MigrationRetrying,
        "MigrationRetrying",
        C::MigrationsApplied,
        "an attempt met a lock or an unreachable server",
        "wait; it is tried again"},
    ReasonRow{RollingOut, "RollingOut", C::RolledOut, "new Pods are starting", "wait"},
    ReasonRow{Deleting, "Deleting", C::DeletionGuarded, "logins are being shut", "see the message"},
    ReasonRow{
        InvalidName,
        "InvalidName",
        C::Accepted,
        "a name is too long, reserved, or would need quoting",
        "choose another name"},
    ReasonRow{
        ServerNotFound,
        "ServerNotFound",
        C::Accepted,
        "the PostgresServer does not exist",
        "create it or correct spec.serverRef.name"},
    ReasonRow{
        NamespaceNotAllowed,
        "NamespaceNotAllowed",
        C::Accepted,
        "the server does not allow this namespace",
        "add it to the server's spec.allowedNamespaces"},
    ReasonRow{
        AdminSecretMissing,
        "AdminSecretMissing",
        C::Accepted,
        "the administrator's Secret does not exist",
        "create it in the operator's namespace"},
    ReasonRow{
        AdminSecretInvalid,
        "AdminSecretInvalid",
        C::Accepted,
        "the Secret lacks username or password",
        "add the key"},
    ReasonRow{
        CaSecretMissing,
        "CaSecretMissing",
        C::Accepted,
        "the CA certificate was not found",
        "create the Secret that spec.tls.caSecretRef names"},
    ReasonRow{
        DNSFailed,
        "DNSFailed",
        C::ServerReachable,
        "the server's name does not resolve",
        "correct spec.host"},
    ReasonRow{
        TCPUnreachable,
        "TCPUnreachable",
        C::ServerReachable,
        "nobody answers at host and port",
        "check network policies first, then listen_addresses"},
    ReasonRow{
        TLSFailed,
        "TLSFailed",
        C::ServerReachable,
        "the server's certificate can't be verified",
        "check the CA, the name and the expiry"},
    ReasonRow{
        AuthRejected,
        "AuthRejected",
        C::ServerReachable,
        "the administrator's login was refused",
        "correct the Secret, or pg_hba.conf"},
    ReasonRow{
        TooManyConnections,
        "TooManyConnections",
        C::ServerReachable,
        "the server has no free connection",
        "raise max_connections"},
    ReasonRow{
        ServerStarting, "ServerStarting", C::ServerReachable, "the server starts or stops", "wait"},
    ReasonRow{
        BrokenServerVersion,
        "BrokenServerVersion",
        C::ServerReachable,
        "this minor release ignores SET role of a login (CVE-2024-10978 regression)",
        "update PostgreSQL"},
    ReasonRow{
        AdminRightsMissing,
        "AdminRightsMissing",
        C::ServerReachable,
        "the administrator lacks a right",
        "run the statement in the message"},
    ReasonRow{
        ServerError,
        "ServerError",
        C::ServerReachable,
        "the server refused a statement",
        "see the message"},
    ReasonRow{
        OwnershipConflict,
        "OwnershipConflict",
        C::Claimed,
        "another resource owns the database",
        "choose another name"},
    ReasonRow{
        AdoptionNotGranted,
        "AdoptionNotGranted",
        C::Claimed,
        "the database exists and was not made by the operator",
        "choose another name"},
    ReasonRow{
        RoleConflict,
        "RoleConflict",
        C::Claimed,
        "a role exists and was not made by the operator",
        "choose another name or drop the role"},
    ReasonRow{
        LoginRejected,
        "LoginRejected",
        C::CredentialsSynced,
        "a login of the tenant could not be proven",
        "see the message"},
    ReasonRow{
        SecretConflict,
        "SecretConflict",
        C::CredentialsSynced,
        "the Secret exists and is not this resource's",
        "choose another secretName or delete it"},
    ReasonRow{
        InvalidKeyTemplate,
        "InvalidKeyTemplate",
        C::CredentialsSynced,
        "a key template is malformed",
        "correct spec.credentials.keys"},
    ReasonRow{
        GateMissing,
        "GateMissing",
        C::Gated,
        "the admission policy is missing or altered",
        "kubectl delete mutatingadmissionpolicy djangodb-release-gate if it was altered (Helm "
        "keeps "
        "others' changes), then helm upgrade"},
    ReasonRow{
        PausedByUser,
        "PausedByUser",
        C::Gated,
        "a user paused a labelled Deployment",
        "kubectl rollout resume"},
    ReasonRow{
        ImagesDiverge,
        "ImagesDiverge",
        C::Gated,
        "labelled Deployments ask for different images",
        "set one image in all"},
    ReasonRow{
        UngatedRollout,
        "UngatedRollout",
        C::Gated,
        "an image rolls that was not held",
        "see the message"},
    ReasonRow{
        AppContainerMissing,
        "AppContainerMissing",
        C::Gated,
        "a Deployment lacks the app container",
        "correct spec.app.container"},
    ReasonRow{
        MigrationFailed,
        "MigrationFailed",
        C::MigrationsApplied,
        "the migration Job failed",
        "read its log; set a fixed image"},
    ReasonRow{
        MigrationJobStuck,
        "MigrationJobStuck",
        C::MigrationsApplied,
        "the Job's Pod can't start",
        "see the message"},
    ReasonRow{
        UnappliedRemain,
        "UnappliedRemain",
        C::MigrationsApplied,
        "the Job reported success, the database disagrees",
        "check which database the image uses"},
    ReasonRow{
        RolloutTimedOut,
        "RolloutTimedOut",
        C::RolledOut,
        "a Deployment exceeded its progress deadline",
        "read the new Pods' logs"},
    ReasonRow{
        ApiError,
        "ApiError",
        C::Reconciling,
        "the API server refused or could not be reached",
        "see the message"},
};

constexpr std::array kStatuses{
    std::pair{ConditionStatus::True, std::string_view{"True"}},
    std::pair{ConditionStatus::False, std::string_view{"False"}},
    std::pair{ConditionStatus::Unknown, std::string_view{"Unknown"}},
};

const TypeRow& row_of(ConditionType type) {
    return *std::ranges::find(kTypes, type, &TypeRow::type);
}

}  // namespace

std::span<const ReasonRow> reason_table() {
    return kReasons;
}

std::string_view to_string(ConditionType type) {
    return row_of(type).wire;
}
std::string_view meaning(ConditionType type) {
    return row_of(type).meaning;
}
std::string_view to_string(Reason reason) {
    return std::ranges::find(kReasons, reason, &ReasonRow::reason)->wire;
}

std::string_view to_string(ConditionStatus status) {
    return std::ranges::find(kStatuses, status, &decltype(kStatuses)::value_type::first)->second;
}

std::optional<ConditionType> parse_condition_type(std::string_view text) {
    const auto* const row = std::ranges::find(kTypes, text, &TypeRow::wire);
    return row == kTypes.end() ? std::nullopt : std::optional(row->type);
}

std::optional<ConditionStatus> parse_condition_status(std::string_view text) {
    const auto* const row =
        std::ranges::find(kStatuses, text, &decltype(kStatuses)::value_type::second);
    return row == kStatuses.end() ? std::nullopt : std::optional(row->first);
}

std::optional<Reason> parse_reason(std::string_view text) {
    const auto* const row = std::ranges::find(kReasons, text, &ReasonRow::wire);
    return row == kReasons.end() ? std::nullopt : std::optional(row->reason);
}

std::span<const ConditionType> condition_types() {
    static const auto kAll = [] {
        std::array<ConditionType, kTypes.size()> all{};
        std::ranges::transform(kTypes, all.begin(), &TypeRow::type);
        return all;
    }();
    return kAll;
}

std::vector<Condition> merge(
    const std::vector<Condition>& previous, std::vector<Condition> next, TimePoint now
) {
    for (auto& condition : next) {
        const auto before = std::ranges::find(previous, condition.type, &Condition::type);
        const bool unchanged = before != previous.end() && before->status == condition.status;
        condition.last_transition = unchanged ? before->last_transition : now;
    }
    return next;
}

}  // namespace djdb
