// Conditions: what a resource says of itself. Types and reasons are enums with one table each, so
// that a reason can't be misspelt, and docs/conditions.md is generated from here.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace djdb {

enum class ConditionType {
    Ready,
    Reconciling,
    Stalled,
    AdminAuthorized,    ///< the administrator has the rights that the work needs
    LeastPrivilege,     ///< and none that it does not need
    TLSVerified,        ///< the server is who it says it is
    ClosedToPublic,     ///< tenants' logins can't enter the maintenance databases
    SameServer,         ///< the server that it always was, with all it ever knew
    Accepted,           ///< the spec can be followed: names, server, namespace
    ServerReachable,    ///< the administrator can log in
    DeletionGuarded,    ///< the finalizer is in place
    Claimed,            ///< the ledger says that the database is this resource's
    CredentialsStored,  ///< passwords are kept in the operator's namespace
    RolesReady,
    DatabaseReady,
    GrantsReady,
    CredentialsSynced,  ///< logins proven, the app's Secret published
    InSync,             ///< nobody changed what the operator set
    Gated,              ///< the admission policy holds new Pod templates
    MigrationsApplied,
    RolledOut,
};

enum class ConditionStatus { True, False, Unknown };

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
    DatabaseMissing,
    TooManyConnections,
    ServerStarting,
    ReadOnlyServer,
    BrokenServerVersion,
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
    AppContainerMissing,
    MigrationRunning,
    MigrationRetrying,
    MigrationFailed,
    MigrationJobStuck,
    UnappliedRemain,
    RollingOut,
    RolloutTimedOut,
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
};

/// Any of the types; a single one converts, so that most rows of a table name just that.
class ConditionSet {
  public:
    constexpr ConditionSet() = default;
    // NOLINTNEXTLINE(misc-explicit-constructor): as said above
    constexpr ConditionSet(ConditionType one) : bits_(bit(one)) {}
    constexpr ConditionSet(std::initializer_list<ConditionType> all) {
        for (const auto one : all) {
            bits_ |= bit(one);
        }
    }
    [[nodiscard]] constexpr bool contains(ConditionType one) const {
        return (bits_ & bit(one)) != 0;
    }

  private:
    static constexpr std::uint32_t bit(ConditionType one) {
        return std::uint32_t{1} << static_cast<unsigned>(one);
    }
    std::uint32_t bits_ = 0;
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

std::string_view to_string(ConditionType);
std::string_view to_string(ConditionStatus);
std::string_view to_string(Reason);
std::string_view meaning(ConditionType);
std::optional<ConditionType> parse_condition_type(std::string_view);
std::optional<ConditionStatus> parse_condition_status(std::string_view);
std::optional<Reason> parse_reason(std::string_view);
/// By its row in the table.
bool appears_in(Reason, ConditionType);
/// All types, in the order in which they are shown.
std::span<const ConditionType> condition_types();

using TimePoint = std::chrono::sys_seconds;

struct Condition {
    ConditionType type = ConditionType::Ready;
    ConditionStatus status = ConditionStatus::Unknown;
    Reason reason = Reason::Progressing;
    std::string message;
    std::int64_t observed_generation = 0;
    /// When status last changed, not reason or message.
    TimePoint last_transition{};
    friend bool operator==(const Condition&, const Condition&) = default;
};

/// The next list of conditions: each keeps its transition time unless its status flips, so writing
/// what is unchanged yields an equal value (a rewritten time would wake our own watch for ever:
/// strimzi#13079).
std::vector<Condition> merge(
    const std::vector<Condition>& previous, std::vector<Condition> next, TimePoint now
);

}  // namespace djdb
