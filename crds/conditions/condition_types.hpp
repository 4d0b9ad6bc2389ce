// The types of conditions: one for each promise that a resource keeps or breaks. Each has a word and a
// meaning in condition_types.cpp; docs/conditions.md is generated from there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

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
    PreflightPassed,    ///< the new Pod template starts, and reads and writes the database
    PlanApproved,       ///< what the migrations will do is allowed, or somebody approved it
    BackupFresh,        ///< what a migration changes was backed up before
    MigrationsApplied,
    RolledOut,
    Verified,  ///< what rolled out reads and writes its database
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

std::string_view to_string(ConditionType);
std::string_view meaning(ConditionType);
std::optional<ConditionType> parse_condition_type(std::string_view);
/// All types, in the order in which they are shown.
std::span<const ConditionType> condition_types();

}  // namespace djdb
