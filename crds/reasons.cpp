// The reasons' one table: what the API says, what it means, what to do. The README prints it.
#include "crds/conditions.hpp"

#include <algorithm>
#include <array>

namespace djdb {
namespace {

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
        "create it, or this resource anew with another spec.serverRef.name"},
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
        "create the resource anew with another spec.database.name"},
    ReasonRow{
        AdoptionNotGranted,
        "AdoptionNotGranted",
        C::Claimed,
        "the database exists and was not made by the operator",
        "create the resource anew with another spec.database.name"},
    ReasonRow{
        RoleConflict,
        "RoleConflict",
        C::Claimed,
        "a role exists and was not made by the operator",
        "drop the role, or create the resource anew with another spec.database.name"},
    ReasonRow{
        DatabaseLost,
        "DatabaseLost",
        C::DatabaseReady,
        "the database was dropped or renamed by somebody else; it is never replaced by an empty "
        "one",
        "restore it or rename it back, as the message says"},
    ReasonRow{
        PublicSchemaShared,
        "PublicSchemaShared",
        C::GrantsReady,
        "PostgreSQL 13 or 14: schema public still belongs to the server's superuser; the app works",
        "run the statements in the message, or update PostgreSQL"},
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
        "a Secret, ConfigMap or Job of the name exists and is not this resource's",
        "delete it, or choose another spec.credentials.secretName"},
    ReasonRow{
        InvalidKeyTemplate,
        "InvalidKeyTemplate",
        C::Accepted,
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
        EntryPointNotFound,
        "EntryPointNotFound",
        C::MigrationsApplied,
        "the image has no such management command",
        "correct spec.app.manage"},
    ReasonRow{
        EntryPointNotDjango,
        "EntryPointNotDjango",
        C::MigrationsApplied,
        "the management command ended before it reached Django",
        "correct spec.app.manage"},
    ReasonRow{
        SettingsNotFound,
        "SettingsNotFound",
        C::MigrationsApplied,
        "the settings module does not exist in the image",
        "correct DJANGO_SETTINGS_MODULE or spec.app.settingsModule"},
    ReasonRow{
        SettingsImportFailed,
        "SettingsImportFailed",
        C::MigrationsApplied,
        "the settings raise an error, often for a missing variable",
        "give the Pod template what the message names"},
    ReasonRow{
        NoDatabaseConfigured,
        "NoDatabaseConfigured",
        C::MigrationsApplied,
        "the settings name no default database",
        "read DB_* from the Secret in DATABASES"},
    ReasonRow{
        EngineNotPostgres,
        "EngineNotPostgres",
        C::MigrationsApplied,
        "the settings use another engine, such as a fallback to SQLite",
        "set ENGINE to django.db.backends.postgresql"},
    ReasonRow{
        DjangoMissing,
        "DjangoMissing",
        C::MigrationsApplied,
        "the image's interpreter can't import Django",
        "set a fixed image, or spec.app.manage if it is in a virtual environment"},
    ReasonRow{
        DriverMissing,
        "DriverMissing",
        C::MigrationsApplied,
        "the image has no psycopg",
        "set a fixed image with psycopg"},
    ReasonRow{
        DriverTooOld,
        "DriverTooOld",
        C::MigrationsApplied,
        "the image's psycopg is too old for its Django",
        "set a fixed image with a newer psycopg"},
    ReasonRow{
        AuthFailed,
        "AuthFailed",
        C::MigrationsApplied,
        "the server refused the login that the app's settings use",
        "read DB_USER and DB_PASSWORD from the Secret"},
    ReasonRow{
        WrongDatabaseOrUser,
        "WrongDatabaseOrUser",
        C::MigrationsApplied,
        "the app's settings lead to another database or role",
        "read DB_* from the Secret"},
    ReasonRow{
        TLSNotInUse,
        "TLSNotInUse",
        C::MigrationsApplied,
        "the app's connection is not encrypted",
        "set sslmode in OPTIONS from DB_SSLMODE"},
    ReasonRow{
        PermissionDenied,
        "PermissionDenied",
        C::MigrationsApplied,
        "a migration lacks a right",
        "see the message; extensions may need the administrator"},
    ReasonRow{
        GraphConflict,
        "GraphConflict",
        C::MigrationsApplied,
        "several leaf migrations",
        "run makemigrations --merge, set a fixed image"},
    ReasonRow{
        GraphBroken,
        "GraphBroken",
        C::MigrationsApplied,
        "a migration file is missing or broken",
        "set a fixed image"},
    ReasonRow{
        InconsistentHistory,
        "InconsistentHistory",
        C::MigrationsApplied,
        "a migration is recorded before one that it depends on",
        "see the message"},
    ReasonRow{
        SquashGap,
        "SquashGap",
        C::MigrationsApplied,
        "a squashed migration replaces migrations of which only some are applied",
        "release the unsquashed version first"},
    ReasonRow{
        ServerTooOld,
        "ServerTooOld",
        C::MigrationsApplied,
        "Django does not support this PostgreSQL release",
        "update PostgreSQL"},
    ReasonRow{
        LockTimeout,
        "LockTimeout",
        C::MigrationsApplied,
        "a migration waited for a lock again and again",
        "end the long transaction, then delete the Job: it is tried again"},
    ReasonRow{
        Backward,
        "Backward",
        C::MigrationsApplied,
        "the plan goes backwards, which loses data",
        "set an image that knows all applied migrations"},
    ReasonRow{
        PartiallyApplied,
        "PartiallyApplied",
        C::MigrationsApplied,
        "a migration outside a transaction failed half-way",
        "finish or undo it by hand as the message says, then delete the Job: it is tried again"},
    ReasonRow{
        NotRecorded,
        "NotRecorded",
        C::MigrationsApplied,
        "a migration ran and is not in django_migrations",
        "look at the database before anything else"},
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

}  // namespace

std::span<const ReasonRow> reason_table() {
    return kReasons;
}

std::string_view to_string(Reason reason) {
    return std::ranges::find(kReasons, reason, &ReasonRow::reason)->wire;
}

std::optional<Reason> parse_reason(std::string_view text) {
    const auto* const row = std::ranges::find(kReasons, text, &ReasonRow::wire);
    return row == kReasons.end() ? std::nullopt : std::optional(row->reason);
}

}  // namespace djdb
