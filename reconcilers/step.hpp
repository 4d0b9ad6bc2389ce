// What can be done, as data. A step prints without secrets because it holds none: execute fetches
// or makes them.
#pragma once

#include "crds/names.hpp"
#include "reconcilers/ports/cluster.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace djdb {

struct AddFinalizer {};
struct RemoveFinalizer {};
/// Makes the passwords and keeps them in the operator's namespace, before any role has them.
struct StoreCredentials {};
struct RemoveCredentials {};
/// Claims a database that exists, as it is, once all in it may be taken over.
struct ClaimExisting {
    std::vector<RoleName> owners;
};
/// Gives what is in it to the owner role.
struct AdoptDatabase {};
/// Takes the claim from the resource that holds it.
struct TransferClaim {
    std::string holder;
};
/// Takes up the claim that a deleted resource of the same name left, and shuts its logins.
struct Reattach {};
struct CreateRoles {};
struct CreateDatabase {};
struct ConfigureDatabase {};
/// Logs in as the app and as the migration login, which makes and drops a table.
struct ProveLogins {};
struct PublishSecret {};
/// Logs in as the reader of this place in spec.access.readers.
struct ProveReader {
    std::size_t reader = 0;
};
struct PublishReaderSecret {
    std::size_t reader = 0;
};
/// Shuts and drops a reader's login that is asked for no more.
struct RemoveReader {
    RoleName role;
};
/// Removes its Secret, if that is this resource's.
struct RemoveReaderSecret {
    ObjectName secret;
};
/// Takes what is asked for no more out of the stored copy.
struct ForgetReaders {};
/// The migration login's Secret and the program that the Job runs.
struct PublishMigration {};
struct StartMigration {
    Workload source;
    Revision revision;
    ImageRef image;
    int attempt = 1;
};
/// Removes a Job of an earlier template whose Pod never started, so that the next one need not wait.
struct CancelMigration {
    std::string job;
    ResourceUid uid;
};
struct RecordPassedImage {
    ImageRef image;
};
struct OpenGate {
    Workload workload;
};
/// Lets finished Jobs go after a while: what they said is recorded.
struct ExpireJobs {
    std::vector<std::string> jobs;
};
/// Shuts and drops the tenant's logins; the database, its owner and the claim stay.
struct RetireTenant {};
/// Drops the database, its roles, and the claim at last.
struct DropTenant {};
/// Tells people what a decision means for them.
struct Announce {
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
    ProveLogins,
    PublishSecret,
    ProveReader,
    PublishReaderSecret,
    RemoveReader,
    RemoveReaderSecret,
    ForgetReaders,
    PublishMigration,
    StartMigration,
    CancelMigration,
    RecordPassedImage,
    OpenGate,
    ExpireJobs,
    RetireTenant,
    DropTenant,
    Announce>;

std::string_view to_string(const Step&);

}  // namespace djdb
