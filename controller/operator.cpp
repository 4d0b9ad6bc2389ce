#include "controller/operator.hpp"

#include "controller/http/endpoints.hpp"
#include "controller/http/health_server.hpp"
#include "controller/kube/client/client.hpp"
#include "controller/kube/config/config.hpp"
#include "controller/kube/kube_cluster.hpp"
#include "controller/kube/kube_release_records.hpp"
#include "controller/kube/transport/beast_transport.hpp"
#include "controller/kube/transport/cpprest_transport.hpp"
#include "controller/postgres/postgres_database.hpp"
#include "controller/reconcile_worker.hpp"
#include "controller/runtime/backoff.hpp"
#include "controller/runtime/stoppable_wait.hpp"
#include "controller/runtime/worker_pool.hpp"
#include "controller/system.hpp"
#include "controller/telemetry/log.hpp"
#include "controller/watches.hpp"
#include "reconcilers/reconcile.hpp"
#include "reconcilers/records/own_writes.hpp"
#include "reconcilers/resync/published_poller.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

namespace djdb {
namespace {

using telemetry::Level;
using telemetry::log;
using namespace std::chrono_literals;

constexpr auto kGlanceDeadline = 5s;

std::unique_ptr<kube::Client> make_client(const Options& options) {
    const auto config = kube::find_config(options.kubeconfig);
    auto transport = options.transport == "beast" ? kube::make_beast_transport(config)
                                                  : kube::make_cpprest_transport(config);
    return std::make_unique<kube::Client>(
        std::move(transport), kube::make_watch_transport(config), "djangodb-operator/" DJDB_VERSION
    );
}

/// UID of kube-system; waits for the API server as long as it takes.
std::string find_cluster_id(kube::Client& client, const std::stop_token& stop) {
    runtime::Backoff<int> backoff({800ms, 30s});
    while (!stop.stop_requested()) {
        try {
            const CallContext call{stop, Deadline::in(15s), "start"};
            const auto found =
                client.read(kube::resources::kNamespaces, {{}, ObjectName("kube-system")}, call);
            if (found) {
                return found->at("metadata").at("uid").get<std::string>();
            }
        } catch (const Error& error) {
            log(Level::Warn,
                "start",
                "the API server can't be reached yet: " + error.failure().message);
        }
        runtime::wait_for(backoff.next(0), stop);
    }
    return {};
}

/// Until stopped. Comes back within a second to an interval that tenants who came have shortened.
void poll_published(PublishedPoller& poller, const std::stop_token& stop) {
    auto looked = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
        const auto interval = poller.interval();
        if (std::chrono::steady_clock::now() - looked >= interval) {
            looked = std::chrono::steady_clock::now();
            poller.poll_next({stop, Deadline::in(kGlanceDeadline), "published"});
        }
        runtime::wait_for(std::min<std::chrono::milliseconds>(interval, 1s), stop);
    }
}

std::pair<std::string, std::uint16_t> split_address(const std::string& address) {
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) {
        throw std::runtime_error(
            "--health-probe-bind-address needs the form ADDRESS:PORT, for example :8081"
        );
    }
    const auto host = address.substr(0, colon);
    return {
        host.empty() ? "0.0.0.0" : host,
        static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1)))};
}

}  // namespace

int run_operator(const Options& options, std::stop_token stop) {
    std::atomic<bool> ready = false;
    const auto [host, port] = split_address(options.health_address);
    const http::HealthServer probes(host, port, http::endpoints(ready));
    postgres::PostgresDatabase database;
    const auto client = make_client(options);
    const auto cluster_id = find_cluster_id(*client, stop);
    Queue queue({.workers = options.concurrency});
    TenantCache cache;
    const Watches watches(*client, queue, cache, Namespace(options.ns));
    if (!watches.wait_until_synced(stop)) {
        log(Level::Error,
            "start",
            "the caches could not be filled in time; check the operator's rights");
        return stop.stop_requested() ? 0 : 1;
    }
    kube::KubeCluster cluster(
        *client, watches.caches(), {Namespace(options.ns), options.service_account, cluster_id}
    );
    kube::KubeReleaseRecords kept(*client, watches.caches());
    OwnWrites records(kept);
    KernelPasswordSource passwords;
    const auto wake = [&queue](WakeReason why) {
        return [&queue, why](const ObjectKey& key) { queue.add({Root::Database, key}, why); };
    };
    const CatalogResync resync(database, cache, wake(WakeReason::CatalogChanged));
    ReconcileWorker worker(
        {cluster, records, database, client->clock(), passwords, cache},
        {cluster, database, client->clock(), resync},
        queue
    );
    runtime::WorkerPool<WorkKey, WakeReason> workers(
        queue,
        options.concurrency,
        [&worker](const WorkKey& key, WakeReason why, std::stop_token s) { worker(key, why, s); }
    );
    PublishedPoller poller(cluster, cache, wake(WakeReason::PublishedChanged));
    const std::jthread walker([&poller](const std::stop_token& s) { poll_published(poller, s); });
    ready = true;
    log(Level::Info, "start", "caches are filled, workers run", {{"cluster", cluster_id}});
    runtime::wait_for(std::chrono::hours{24 * 365 * 100}, stop);
    ready = false;
    workers.stop();
    return 0;
}

}  // namespace djdb
