// What the reconcilers ask of Kubernetes. The adapter is controller/kube/kube_cluster.
//
// find_* and list_* answer from caches, read_* from the API server, the others write. All may throw
// Error with the HTTP status and reason as code. Workers call it; all members may run together.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "crds/kinds/postgres_server.hpp"
#include "crds/sensitive.hpp"
#include "reconcilers/jobs/job.hpp"
#include "reconcilers/ports/call_context.hpp"
#include "reconcilers/ports/event.hpp"
#include "reconcilers/ports/published.hpp"
#include "reconcilers/ports/workload.hpp"

#include <nlohmann/json_fwd.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace djdb {

using SecretData = std::map<std::string, Sensitive>;

struct SecretFacts {
    /// UID of the owner reference that controls it; empty when nobody does.
    ResourceUid controller;
    SecretData data;
    /// The keys of data that this operator wrote last; others are somebody else's and stay.
    std::set<std::string> own_keys;
    /// Changes with every write, and when it is made anew.
    std::string version;

    /// The key's value, unless it is absent or empty.
    [[nodiscard]] std::optional<Sensitive> find(const std::string& key) const;
};

/// Of a ConfigMap in a tenant's namespace.
struct ConfigMapFacts {
    /// UID of the owner reference that controls it; empty when nobody does.
    ResourceUid controller;
    /// Text and binary data alike.
    std::map<std::string, std::string> data;
    /// Changes with every write, and when it is made anew.
    std::string version;
};

enum class GateState { Intact, Missing, Altered };

class Cluster {
  public:
    Cluster() = default;
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;
    virtual ~Cluster() = default;

    /// UID of the namespace kube-system: stable for the cluster's life.
    virtual std::string cluster_id() = 0;
    virtual std::optional<DjangoDatabase> find_database(const ObjectKey&) = 0;
    virtual std::optional<PostgresServer> find_server(const ObjectName&) = 0;
    virtual std::optional<std::map<std::string, std::string>>
    find_namespace_labels(const Namespace&) = 0;
    virtual std::vector<Workload> list_workloads(const ObjectKey& database) = 0;
    /// Of every kind that this version knows.
    virtual std::vector<JobRun> list_jobs(const ObjectKey& database) = 0;
    virtual GateState find_gate() = 0;
    /// In the operator's own namespace: administrators' logins and CAs, whose changes wake whoever
    /// used the old ones. Without own_keys: the cache drops managedFields.
    virtual std::optional<SecretFacts> find_operator_secret(const ObjectName&) = 0;
    /// Data of a ConfigMap in the operator's own namespace: a CA.
    virtual std::optional<std::map<std::string, std::string>>
    find_operator_config_map(const ObjectName&) = 0;

    /// As they are now: what can't be undone is not decided from a cache.
    virtual std::optional<DjangoDatabase> read_database(const ObjectKey&, const CallContext&) = 0;
    virtual std::optional<PostgresServer> read_server(const ObjectName&, const CallContext&) = 0;
    /// In the operator's own namespace. Stored passwords are read like this: were one missed that
    /// was just written, another would take its place.
    virtual std::optional<SecretFacts>
    read_operator_secret(const ObjectName&, const CallContext&) = 0;
    virtual std::optional<SecretFacts> read_secret(const ObjectKey&, const CallContext&) = 0;
    virtual std::optional<ConfigMapFacts> read_config_map(const ObjectKey&, const CallContext&) = 0;
    /// The version alone: nothing of the content travels.
    virtual std::optional<std::string>
    read_version(PublishedKind, const ObjectKey&, const CallContext&) = 0;

    /// Of all workloads there, as many of each as its controller keeps: spec.revisionHistoryLimit.
    virtual std::vector<RolledTemplate>
    read_rolled_templates(const Namespace&, const CallContext&) = 0;

    /// Those that this workload selects and one of its ReplicaSets made, ending ones left out.
    virtual std::vector<AppPod> read_app_pods(const Workload&, const CallContext&) = 0;

    /// The last Event about this object in that namespace, if it is a warning: a Pod's failed mount, a Job's refused
    /// Pod, in the words of Kubernetes.
    virtual std::optional<Explanation>
    read_warning(const Namespace&, const ResourceUid& about, const CallContext&) = 0;

    virtual void
    set_finalizers(const DjangoDatabase&, const std::vector<std::string>& finalizers, const CallContext&) = 0;
    /// Refused with Conflict when the Secret is not of this version any more: what somebody else
    /// stored meanwhile stays. Empty: when there is one.
    /// @return its version now
    virtual std::string
    write_operator_secret(const ObjectName&, const SecretData&, const std::string& version, const CallContext&) = 0;
    virtual void remove_operator_secret(const ObjectName&, const CallContext&) = 0;
    /// Creates or updates a Secret or ConfigMap in a tenant's namespace. For Secrets `data` is added
    /// here and nowhere else; a ConfigMap's values may be any bytes. Keys that we wrote before and that
    /// are not in it any more are removed; those of others stay. Throws Conflict SecretConflict when the
    /// object has another controller than the manifest, having changed nothing.
    virtual void
    publish(const nlohmann::json& manifest, const SecretData& data, const CallContext&) = 0;
    /// Deletes the Secret if this resource controls it, else leaves it.
    virtual void
    remove_secret(const ObjectKey&, const ResourceUid& controller, const CallContext&) = 0;
    /// Refused with Conflict while a migration Job of this resource is not over, whether the cache shows it or not.
    virtual void require_no_running_migration(const DjangoDatabase&, const CallContext&) = 0;
    /// AlreadyExists is success: names are deterministic, so it is the same Job. One that migrates is refused with
    /// Conflict while another of this resource is not over, whether the cache shows it or not.
    virtual void create_job(const nlohmann::json& manifest, const CallContext&) = 0;
    /// Lets the template through that was judged: refused with Conflict if the Deployment changed
    /// since.
    virtual void open_gate(const Workload&, const CallContext&) = 0;
    virtual void arm_job_ttl(const ObjectKey& job, const CallContext&) = 0;
    /// The Job controller no longer stops this very Job when its time is up. Already gone is success.
    virtual void
    lift_job_deadline(const ObjectKey& job, const ResourceUid&, const CallContext&) = 0;
    /// Deletes this very Job; it stays visible until its Pods are gone. Already gone is success.
    virtual void remove_job(const ObjectKey& job, const ResourceUid&, const CallContext&) = 0;
    /// The same of a Job that does nothing yet. Refused with Conflict when one of its Pods has
    /// started or is about to, whether the cache shows it or not.
    virtual void cancel_job(const ObjectKey& job, const ResourceUid&, const CallContext&) = 0;
    virtual void
    patch_status(const DjangoDatabase&, const DjangoDatabaseStatus&, const CallContext&) = 0;
    virtual void
    patch_server_status(const PostgresServer&, const PostgresServerStatus&, const CallContext&) = 0;
    /// Never throws: an Event is a courtesy.
    virtual void emit_event(const Event&, const CallContext&) noexcept = 0;
};

}  // namespace djdb
