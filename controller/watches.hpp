// The watches, and the one table of which resource each of them wakes. Callbacks only enqueue.
#pragma once

#include "controller/kube/kube_cluster.hpp"
#include "controller/kube/watch/reflector.hpp"
#include "controller/runtime/work_queue.hpp"
#include "crds/names.hpp"
#include "reconcilers/resync/tenant_cache.hpp"
#include "reconcilers/run.hpp"

#include <nlohmann/json_fwd.hpp>

#include <compare>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

namespace djdb {

/// The kinds that have a reconciler.
enum class Root { Database, Server };

/// What workers take: a resource of one of the two root kinds.
struct WorkKey {
    Root root = Root::Database;
    ObjectKey key;
    friend auto operator<=>(const WorkKey&, const WorkKey&) = default;
};

using Queue = runtime::WorkQueue<WorkKey, WakeReason>;

class Watches {
  public:
    /// @param ns the operator's own namespace, whose Secrets and ConfigMaps are watched
    /// @param cache knows which statuses were written here
    Watches(kube::Client& client, Queue& queue, TenantCache& cache, const Namespace& ns);

    [[nodiscard]] kube::Caches caches() const;
    /// @return false when a cache could not be filled within two minutes
    [[nodiscard]] bool wait_until_synced(const std::stop_token& stop) const;

  private:
    using OnChange = kube::Reflector::OnChange;

    /// By the server that the resource needs.
    [[nodiscard]] runtime::Place place_of(const WorkKey&) const;

    void wake_databases(
        WakeReason why, const std::function<bool(const nlohmann::json&)>& concerned
    );
    void wake_databases_of(const ObjectName& server);
    OnChange wake_database();
    OnChange wake_server();
    OnChange wake_namespace();
    OnChange wake_by_label(std::string_view name, WakeReason why);
    OnChange wake_all_of_gate();
    OnChange wake_for_secret();
    OnChange wake_for_config_map();

    /// What of a server its own reconciler, or its databases, were last woken for.
    struct Seen {
        std::string by_itself;
        std::string by_databases;
    };

    Queue& queue_;
    TenantCache& cache_;
    std::map<std::string, std::string> databases_seen_;  ///< of the databases' reflector alone
    std::map<std::string, Seen> servers_seen_;           ///< of the servers' reflector alone
    kube::Reflector databases_;
    kube::Reflector servers_;
    kube::Reflector namespaces_;
    kube::Reflector deployments_;
    kube::Reflector jobs_;
    kube::Reflector pods_;
    kube::Reflector releases_;
    kube::Reflector policies_;
    kube::Reflector bindings_;
    kube::Reflector secrets_;
    kube::Reflector config_maps_;
};

}  // namespace djdb
