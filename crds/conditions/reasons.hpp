// Why a condition is as it is: an enum with one table, so that a reason can't be misspelt. The rows stand
// in reasons/, by topic; docs/conditions.md is generated from them.
#pragma once

#include "crds/conditions/condition_types.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace djdb {

enum class Reason {
    // reasons/common.hpp
    Succeeded,
    Ready,
    NoWorkload,
    Progressing,
    WaitingForEarlierStage,
    ObserveOnly,
    ApiError,
    RightsMissing,
    WriteRefused,
    Undecodable,
    // reasons/server.hpp
    ServerNotFound,
    NamespaceNotAllowed,
    AdminSecretMissing,
    AdminSecretInvalid,
    CaSecretMissing,
    ClientCertificateInvalid,
    DNSFailed,
    TCPUnreachable,
    TLSNotOffered,
    TLSVerifyFailed,
    AccessRuleRejected,
    AuthRejected,
    ChannelBindingImpossible,
    DatabaseMissing,
    TooManyConnections,
    ServerStarting,
    ReadOnlyServer,
    BrokenServerVersion,
    LocaleNotUTF8,
    AdminRightsMissing,
    AdminIsSuperuser,
    TLSNotVerified,
    PublicCanConnect,
    ServerIdentityChanged,
    ServerRestored,
    SessionNotPinned,
    PoolerInPath,
    ServerError,
    // reasons/database.hpp
    InvalidName,
    InvalidKeyTemplate,
    OwnershipConflict,
    AdoptionNotGranted,
    AdoptionRefused,
    RoleConflict,
    ClaimLost,
    CredentialsLost,
    DatabaseLost,
    DatabaseRenamed,
    DatabaseReowned,
    ExtensionNotAllowed,
    ExtensionMissing,
    PublicSchemaShared,
    LoginRejected,
    SecretConflict,
    Drifted,
    Deleting,
    DropObstructed,
    // reasons/release.hpp
    GateMissing,
    PausedByUser,
    ImagesDiverge,
    UngatedRollout,
    ConfigChanged,
    AppContainerMissing,
    CutoverUnconfirmed,
    PreflightOff,
    PreflightRunning,
    PreflightRetrying,
    PreflightFailed,
    PreflightJobStuck,
    ApprovalRequired,
    PlanRefused,
    PlanUnknown,
    RollbackUnsafe,
    BackupsOff,
    BackupRunning,
    BackupRetrying,
    BackupFailed,
    BackupJobStuck,
    MigrationRunning,
    MigrationRetrying,
    MigrationFailed,
    MigrationJobStuck,
    MigrationPodLost,
    UnappliedRemain,
    RollingOut,
    RolloutTimedOut,
    VerifyOff,
    VerifyRunning,
    VerifyRetrying,
    VerifyFailed,
    VerifyJobStuck,
    PodsRestarted,
    Superseded,
    // reasons/job.hpp
    TLSFailed,
    EntryPointNotFound,
    EntryPointNotDjango,
    SettingsNotFound,
    SettingsImportFailed,
    NoDatabaseConfigured,
    EngineNotPostgres,
    DjangoMissing,
    DriverMissing,
    DriverTooOld,
    AuthFailed,
    WrongDatabaseOrUser,
    TLSNotInUse,
    PermissionDenied,
    GraphConflict,
    GraphBroken,
    InconsistentHistory,
    SquashGap,
    ServerTooOld,
    LockTimeout,
    Backward,
    PartiallyApplied,
    NotRecorded,
    Unreachable,
    LockHeld,
    Interrupted,
    Deadlock,
    StatementTimeout,
    Internal,
    OptionsRefused,
    ConnectionFailed,
    ChecksFailed,
    PlanChanged,
};

struct ReasonRow {
    Reason reason;
    std::string_view wire;
    /// Where it appears.
    ConditionSet conditions;
    std::string_view meaning;
    std::string_view repair;
};

/// In the order of the enum; a test compares.
std::span<const ReasonRow> reason_table();

std::string_view to_string(Reason);
std::optional<Reason> parse_reason(std::string_view);
/// By its row in the table.
bool appears_in(Reason, ConditionType);

}  // namespace djdb
