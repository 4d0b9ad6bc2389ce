// What can be done, as data. A step prints without secrets because it holds none: execute fetches
// or makes them.
#pragma once

#include "crds/names.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"
#include "reconcilers/ports/passed_template.hpp"

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace djdb {

struct AddFinalizer {
    static constexpr std::string_view kName = "AddFinalizer";
};
struct RemoveFinalizer {
    static constexpr std::string_view kName = "RemoveFinalizer";
};
/// Makes the passwords and keeps them in the operator's namespace, before any role has them.
struct StoreCredentials {
    static constexpr std::string_view kName = "StoreCredentials";
};
struct RemoveCredentials {
    static constexpr std::string_view kName = "RemoveCredentials";
};
/// Claims a database that exists, as it is, once all in it may be taken over.
struct ClaimExisting {
    static constexpr std::string_view kName = "ClaimExisting";
    std::vector<RoleName> owners;
};
/// Gives what is in it to the owner role.
struct AdoptDatabase {
    static constexpr std::string_view kName = "AdoptDatabase";
};
/// Takes the claim from the resource that holds it.
struct TransferClaim {
    static constexpr std::string_view kName = "TransferClaim";
    std::string holder;
};
/// Takes up the claim that a deleted resource of the same name left, and disables its logins.
struct Reattach {
    static constexpr std::string_view kName = "Reattach";
};
struct CreateRoles {
    static constexpr std::string_view kName = "CreateRoles";
};
struct CreateDatabase {
    static constexpr std::string_view kName = "CreateDatabase";
};
struct ConfigureDatabase {
    static constexpr std::string_view kName = "ConfigureDatabase";
};
/// Logs in as the app and as the migration login, which makes and drops a table.
struct ProveLogins {
    static constexpr std::string_view kName = "ProveLogins";
};
/// The server's CA as a ConfigMap.
struct PublishCa {
    static constexpr std::string_view kName = "PublishCa";
};
struct PublishSecret {
    static constexpr std::string_view kName = "PublishSecret";
};
/// Logs in as the reader of this place in Desired::readers.
struct ProveReader {
    static constexpr std::string_view kName = "ProveReader";
    std::size_t reader = 0;
};
struct PublishReaderSecret {
    static constexpr std::string_view kName = "PublishReaderSecret";
    std::size_t reader = 0;
};
/// Disables and drops a reader's login that is no longer requested.
struct RemoveReader {
    static constexpr std::string_view kName = "RemoveReader";
    RoleName role;
};
/// Removes its Secret, if that is this resource's.
struct RemoveReaderSecret {
    static constexpr std::string_view kName = "RemoveReaderSecret";
    ObjectName secret;
};
/// Takes what is no longer requested out of the stored copy.
struct ForgetReaders {
    static constexpr std::string_view kName = "ForgetReaders";
};
/// A Job in the app's own Pod template.
struct AppJob {
    Workload source;
    Revision revision;
    ImageRef image;
    int attempt = 1;
    /// What its app runs with, as proof_name() names it.
    std::string proves;
    /// That its Pod keeps of the template's.
    std::map<std::string, std::string> pod_labels = {};
};
/// Publishes the program and makes the Job that tries the template out. It changes nothing in the database.
struct StartProbe : AppJob {
    static constexpr std::string_view kName = "StartProbe";
};
/// Publishes the program and makes the Job that dumps the database.
struct StartBackup : AppJob {
    static constexpr std::string_view kName = "StartBackup";
    /// Has pg_dump and pg_restore.
    ImageRef client;
};
/// Publishes the program and makes the Job that proves what rolled out.
struct StartVerify : AppJob {
    static constexpr std::string_view kName = "StartVerify";
};
/// Locks out what earlier attempts left, publishes the migration login's Secret and the program, and makes the Job.
struct StartMigration : AppJob {
    static constexpr std::string_view kName = "StartMigration";
    /// Those that it may apply, as FoundPlan has them; none: all that are pending.
    std::optional<std::string> approved = std::nullopt;
    /// What its plan says of them, kept for who goes back to an earlier release.
    std::vector<JudgedMigration> judged = {};
    /// The schema in which its probe found django_migrations; empty: the one in which the login finds it.
    std::string recorded_in = {};
};
/// Removes a Job of an earlier template whose Pod never started, so that the next one need not wait.
struct CancelMigration {
    static constexpr std::string_view kName = "CancelMigration";
    std::string job;
    ResourceUid uid;
};
/// Removes a Job that nobody needs any more: it has done its part and would run on for a container that others put into
/// its Pod, or it tries out what was replaced.
struct RemoveJob {
    static constexpr std::string_view kName = "RemoveJob";
    std::string job;
    ResourceUid uid;
};
/// Keeps such a Job, whose answer is still needed, from being stopped with its Pod at its deadline.
struct LiftJobDeadline {
    static constexpr std::string_view kName = "LiftJobDeadline";
    std::string job;
    ResourceUid uid;
};
struct RecordPassed {
    static constexpr std::string_view kName = "RecordPassed";
    std::vector<PassedTemplate> templates;
};
/// Of templates that passed and rolled out.
struct RecordVerified {
    static constexpr std::string_view kName = "RecordVerified";
    std::vector<PassedTemplate> templates;
    /// What was proven, for people.
    std::string said;
};
struct OpenGate {
    static constexpr std::string_view kName = "OpenGate";
    Workload workload;
};
/// Lets finished Jobs go after a while: what they said is recorded.
struct ExpireJobs {
    static constexpr std::string_view kName = "ExpireJobs";
    std::vector<std::string> jobs;
};
/// Shuts and drops the tenant's logins; the database, its owner and the claim stay.
struct RetireTenant {
    static constexpr std::string_view kName = "RetireTenant";
};
/// Drops the database, its roles, and the claim at last.
struct DropTenant {
    static constexpr std::string_view kName = "DropTenant";
};
/// Tells people what a decision means for them.
struct Announce {
    static constexpr std::string_view kName = "Announce";
    bool is_warning = false;
    std::string reason;
    std::string message;
};

using Step = std::variant<
    AddFinalizer,
    RemoveFinalizer,
    StoreCredentials,
    RemoveCredentials,
    ClaimExisting,
    AdoptDatabase,
    TransferClaim,
    Reattach,
    CreateRoles,
    CreateDatabase,
    ConfigureDatabase,
    PublishCa,
    ProveLogins,
    PublishSecret,
    ProveReader,
    PublishReaderSecret,
    RemoveReader,
    RemoveReaderSecret,
    ForgetReaders,
    StartProbe,
    StartBackup,
    StartVerify,
    StartMigration,
    CancelMigration,
    RemoveJob,
    LiftJobDeadline,
    RecordPassed,
    RecordVerified,
    OpenGate,
    ExpireJobs,
    RetireTenant,
    DropTenant,
    Announce>;

/// Which step it is: its kind, and of whom it is where a run may have several of one kind.
struct StepId {
    std::string_view kind;
    std::string subject;
    friend auto operator<=>(const StepId&, const StepId&) = default;

    template <class Kind>
    [[nodiscard]] bool is() const {
        return kind == Kind::kName;
    }
};

StepId id_of(const Step&);
/// The kind alone: what conditions and Events show.
std::string_view to_string(const Step&);

}  // namespace djdb
