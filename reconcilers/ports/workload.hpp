// What runs an app's Pods: today a Deployment with the database label.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "reconcilers/ports/pod_template.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace djdb {

/// What a Deployment's controller says of its Pods.
enum class PodsState {
    Unseen,       ///< nothing yet: it speaks of an earlier generation
    Mixed,        ///< some run that were made from an earlier template
    Progressing,  ///< all are of this template; some are not there or not available
    Terminating,  ///< all are available; others end, as far as this Kubernetes tells
    Complete,     ///< all are available, and no other is left
};

/// What keeps a workload's new Pods from being made.
enum class Hold {
    Paused,  ///< a Deployment's spec.paused
};

/// A Pod template that a workload has or had, and that has rolled or begun to.
struct RolledTemplate {
    /// The workload that it is of.
    ResourceUid owner;
    /// The ReplicaSet that keeps it.
    std::string name;
    /// That it is to have now: none, once another template has taken its place.
    std::int64_t replicas = 0;
    PodTemplate pod_template;
    /// As kubectl rollout undo --to-revision takes it; empty: not known.
    std::string revision = {};
};

/// How a container ended that was started again.
struct ContainerRestart {
    std::string container;
    /// The runtime's: Error, OOMKilled, Completed.
    std::string reason;
    int exit_code = 0;
    TimePoint finished{};
};

/// A Pod that a workload's controller made.
struct AppPod {
    std::string name;
    /// The ReplicaSet that made it.
    std::string replica_set;
    std::vector<std::string> addresses;
    /// Of all its containers; init containers do not count.
    std::int64_t restarts = 0;
    /// The last one, if any.
    std::optional<ContainerRestart> last_restart;
};

/// A Deployment that carries the database label.
struct Workload {
    ObjectMeta meta;
    std::string order;
    /// The labels by which it selects its Pods.
    std::set<std::string> selector_keys;
    /// The same, as the API server takes it.
    std::string selector;
    /// Of the annotation djangodb.io/container; empty: none.
    std::string app_container;
    PodTemplate pod_template;
    std::optional<Hold> hold;
    /// The field manager that holds it; empty when the admission policy does, since nobody owns that.
    std::string held_by;
    /// It carries the admission policy's mark. Without a hold the mark is a remainder: the version before opens a gate
    /// and leaves it.
    bool is_marked = false;
    /// All its old Pods end before the first new one begins: strategy Recreate.
    bool is_recreated = false;
    /// No ReplicaSet of an earlier template stays: revisionHistoryLimit 0.
    bool keeps_no_history = false;
    PodsState pods = PodsState::Unseen;
    bool progress_deadline_exceeded = false;
};

}  // namespace djdb
