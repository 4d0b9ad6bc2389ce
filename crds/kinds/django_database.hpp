// DjangoDatabase: what an app team writes (Spec) and reads (Status). Plain values; the field tables
// that decode, encode, document and validate them stand in django_database_fields.hpp.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "crds/names.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace djdb {

struct ServerRef {
    std::string name;
    friend bool operator==(const ServerRef&, const ServerRef&) = default;
};

struct DatabaseSpec {
    std::string name;
    /// Beside public; owned as public is.
    std::vector<std::string> schemas;
    std::vector<std::string> extensions;
    /// Of all sessions together; -1: no limit.
    std::int64_t connection_limit = -1;
    /// What the app's sessions begin with, as Django would set it itself in each.
    std::string time_zone = "UTC";
    friend bool operator==(const DatabaseSpec&, const DatabaseSpec&) = default;
};

/// Who owns the database: the administrator, or the tenant's owner role, which may then drop it.
enum class Ownership { Schema, Database };
/// What the app's logins may do.
enum class RuntimeAccess {
    Owner,      ///< everything in the schemas, migrations included
    ReadWrite,  ///< read and write rows: only the migration login changes the schema
};

struct ReaderSpec {
    std::string name;
    /// Empty: "<resource name>-<reader name>".
    std::string secret_name;
    friend bool operator==(const ReaderSpec&, const ReaderSpec&) = default;
};

struct AccessSpec {
    Ownership ownership = Ownership::Schema;
    RuntimeAccess runtime = RuntimeAccess::Owner;
    std::vector<ReaderSpec> readers;
    friend bool operator==(const AccessSpec&, const AccessSpec&) = default;
};

enum class DeletionPolicy { Retain, Delete };

struct DeletionSpec {
    DeletionPolicy policy = DeletionPolicy::Retain;
    /// With it the database is kept whatever the policy says.
    bool is_protected = false;
    friend bool operator==(const DeletionSpec&, const DeletionSpec&) = default;
};

/// Observe: everything is looked at and reported, nothing is changed.
enum class Mode { Apply, Observe };

struct CredentialsSpec {
    /// Empty: "<resource name>-database".
    std::string secret_name;
    /// Extra keys of the Secret, each a template over {name} {user} {password} {host} {port}
    /// {sslmode} {sslrootcert} {url}.
    std::map<std::string, std::string> keys;
    /// Where the app's Pods mount the ConfigMap's ca.crt; becomes DB_SSLROOTCERT.
    std::string ca_path = "/etc/djangodb/ca.crt";
    friend bool operator==(const CredentialsSpec&, const CredentialsSpec&) = default;
};

/// Which of the Pod template's labels a Job's Pod keeps.
enum class PodLabelsPolicy {
    Identity,  ///< all but those by which a labelled workload selects its Pods
    Keep,      ///< all
    None,
};

struct PodLabelsSpec {
    PodLabelsPolicy policy = PodLabelsPolicy::Identity;
    /// Beside them.
    std::map<std::string, std::string> add;
    friend bool operator==(const PodLabelsSpec&, const PodLabelsSpec&) = default;
};

struct AppSpec {
    /// The container that runs the app; empty: the Pod template's first.
    std::string container;
    /// The app's management entry point; empty: manage.py in the image's working directory.
    std::vector<std::string> manage;
    /// Sets DJANGO_SETTINGS_MODULE in the migration Job; empty: what the Pod template says.
    std::string settings_module;
    /// Stands before the program that a Job runs; empty: nothing does.
    std::vector<std::string> entrypoint;
    PodLabelsSpec pod_labels;
    /// Init containers of the Pod template that a Job's Pod has too, beside its native sidecars.
    std::vector<std::string> keep_containers;
    friend bool operator==(const AppSpec&, const AppSpec&) = default;
};

/// Of a container, as Kubernetes writes quantities.
struct ResourcesSpec {
    std::map<std::string, std::string> requests;
    std::map<std::string, std::string> limits;
    friend bool operator==(const ResourcesSpec&, const ResourcesSpec&) = default;
};

/// Mounted for a migration beside what the Pod template mounts.
struct MigrationVolume {
    std::string name;
    std::string mount_path;
    /// A PersistentVolumeClaim; empty: an empty folder.
    std::string claim_name;
    /// Of an empty folder; empty: none.
    std::string size_limit;
    friend bool operator==(const MigrationVolume&, const MigrationVolume&) = default;
};

/// What becomes of a release whose plan has migrations of a kind.
enum class PlanPolicy {
    Allow,
    Approve,  ///< it is held until somebody approves the plan
    Block,
};

struct MigrationsSpec {
    /// How long one statement may wait for a lock before it gives way and is tried again.
    std::chrono::seconds lock_timeout{5};
    /// How long one migration Job may take in all.
    std::chrono::seconds deadline{3600};
    /// Empty: the template's.
    ResourcesSpec resources;
    std::vector<MigrationVolume> volumes;
    /// Of migrations that lose data.
    PlanPolicy destructive = PlanPolicy::Allow;
    /// Of migrations behind which the release that runs may fail.
    PlanPolicy incompatible = PlanPolicy::Allow;
    /// The digest of the plan that is approved; empty: none is.
    std::string approved_plan;
    friend bool operator==(const MigrationsSpec&, const MigrationsSpec&) = default;
};

/// Before which releases the database is backed up.
enum class BackupWhen {
    Never,
    BeforeMigrate,  ///< those with pending migrations, or of which nobody knows whether they have any
    Always,
};

struct BackupSpec {
    BackupWhen when = BackupWhen::Never;
    /// The PersistentVolumeClaim that the dumps are kept on.
    std::string claim_name;
    /// Has pg_dump and pg_restore; empty: "postgres:<major of the server>".
    std::string image;
    /// How many dumps of this resource stay.
    std::int64_t keep = 7;
    /// A backup that was made for an earlier attempt is good for another release as long as it is no older.
    std::chrono::seconds max_age{3600};
    std::chrono::seconds deadline{3600};
    /// Of each container; empty: none.
    ResourcesSpec resources;
    friend bool operator==(const BackupSpec&, const BackupSpec&) = default;
};

/// When a new Pod template is tried out before anything else.
enum class PreflightWhen { Always, Never };
/// From which level on a finding of Django's check --deploy fails the pre-flight; with Never it is told alone.
enum class FailLevel { Never, Error, Warning };

struct PreflightSpec {
    PreflightWhen when = PreflightWhen::Always;
    FailLevel fail_level = FailLevel::Never;
    friend bool operator==(const PreflightSpec&, const PreflightSpec&) = default;
};

/// When a release is proven to work, once it has rolled out.
enum class VerifyWhen { AfterRollout, Never };

/// A path of the app that reads and writes its database.
struct VerifyHttp {
    /// Of a Service of the namespace; empty: nothing is requested.
    std::string service;
    std::int64_t port = 80;
    std::string path = "/";
    std::map<std::string, std::string> headers;
    friend bool operator==(const VerifyHttp&, const VerifyHttp&) = default;
};

struct VerifySpec {
    VerifyWhen when = VerifyWhen::AfterRollout;
    VerifyHttp http;
    /// Ends with 0 where the app works; empty: none is run.
    std::vector<std::string> command;
    /// How long the new Pods have to run without a restart.
    std::chrono::seconds soak{10};
    std::chrono::seconds deadline{300};
    friend bool operator==(const VerifySpec&, const VerifySpec&) = default;
};

struct CutoverSpec {
    /// The database's name: an app that ran elsewhere begins with it empty.
    std::string start_empty;
    friend bool operator==(const CutoverSpec&, const CutoverSpec&) = default;
};

struct DjangoDatabaseSpec {
    ServerRef server_ref;
    DatabaseSpec database;
    AccessSpec access;
    CredentialsSpec credentials;
    AppSpec app;
    PreflightSpec preflight;
    CutoverSpec cutover;
    BackupSpec backup;
    MigrationsSpec migrations;
    VerifySpec verify;
    Mode mode = Mode::Apply;
    DeletionSpec deletion;
    /// How many DjangoReleases stay.
    std::int64_t release_history_limit = 10;
    friend bool operator==(const DjangoDatabaseSpec&, const DjangoDatabaseSpec&) = default;
};

/// A labelled Deployment as last seen.
struct WorkloadStatus {
    std::string name;
    std::string image;
    /// Held, PausedByUser, RollingOut or RolledOut.
    std::string state;
    /// Hash of the Pod template that has rolled out; empty while one rolls.
    std::string pod_template;
    friend bool operator==(const WorkloadStatus&, const WorkloadStatus&) = default;
};

struct ReleaseStatus {
    /// The image that serves and whose migrations are in the database.
    std::string current;
    /// The image that the labelled Deployments ask for while it is not yet the current one.
    std::string target;
    /// The migration Job of the target, or the last one.
    std::string job;
    friend bool operator==(const ReleaseStatus&, const ReleaseStatus&) = default;
};

struct DjangoDatabaseStatus {
    /// -1 until the operator has seen the resource, so that tools do not take it for settled.
    std::int64_t observed_generation = -1;
    /// A printed summary for people; never the input of a decision.
    std::string phase;
    std::string secret_name;
    /// OID of the database once it was configured. Should the ledger know nothing of it any more,
    /// no empty one is made in its place.
    std::string database_oid;
    /// What differs on the server from what is asked for, one sentence each.
    std::vector<std::string> drift;
    ReleaseStatus release;
    std::vector<WorkloadStatus> workloads;
    std::vector<Condition> conditions;
    friend bool operator==(const DjangoDatabaseStatus&, const DjangoDatabaseStatus&) = default;
};

/// What every Kubernetes object of ours carries and decisions need.
struct ObjectMeta {
    ObjectKey key;
    ResourceUid uid;
    std::int64_t generation = 0;
    std::string resource_version;
    std::vector<std::string> finalizers;
    std::map<std::string, std::string> annotations;
    bool being_deleted = false;
    /// When that was asked for.
    std::optional<TimePoint> deleted_at;
    friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

struct DjangoDatabase {
    ObjectMeta meta;
    DjangoDatabaseSpec spec;
    DjangoDatabaseStatus status;
    /// What of the spec can't be read; the spec is as good as none then.
    std::string undecodable;
    friend bool operator==(const DjangoDatabase&, const DjangoDatabase&) = default;
};

}  // namespace djdb
