#include "controller/operator.hpp"

#include "controller/http/health_server.hpp"
#include "controller/kube/client/client.hpp"
#include "controller/kube/config/config.hpp"
#include "controller/kube/kube_cluster.hpp"
#include "controller/kube/transport/beast_transport.hpp"
#include "controller/kube/transport/cpprest_transport.hpp"
#include "controller/postgres/postgres_database.hpp"
#include "controller/runtime/backoff.hpp"
#include "controller/runtime/stoppable_wait.hpp"
#include "controller/runtime/worker_pool.hpp"
#include "controller/system.hpp"
#include "controller/telemetry/log.hpp"
#include "controller/watches.hpp"
#include "reconcilers/reconcile.hpp"
#include "reconcilers/resync/secret_poller.hpp"

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

constexpr auto kRunDeadline = 90s;
constexpr auto kGlanceDeadline = 5s;
/// Lets the watch bring our own writes before the next look.
constexpr auto kAtOnce = 20ms;

/// One run: call the reconciler, then queue the key again as it says.
class ReconcileWorker {
  public:
    ReconcileWorker(
        DjangoDatabaseReconciler databases, PostgresServerReconciler servers, Queue& queue
    )
        : databases_(databases), servers_(std::move(servers)), queue_(queue) {}

    void operator()(const WorkKey& work, const std::stop_token& stop) {
        const CallContext call{stop, Deadline::in(kRunDeadline), make_reconcile_id()};
        try {
            const auto requeue = work.root == Root::Database ? databases_(work.key, call)
                                                             : servers_(work.key.name, call);
            queue_again(work, requeue);
        } catch (const std::exception& error) {
            fail(work, error, call);
        }
    }

  private:
    void fail(const WorkKey& work, const std::exception& error, const CallContext& call) {
        log(Level::Error,
            "reconcile",
            error.what(),
            {{"object", to_string(work.key)}, {"reconcileID", call.reconcile_id}});
        queue_again(work, RetryWithBackoff{});
    }
    void queue_again(const WorkKey& work, const Requeue& requeue) {
        const auto now = Queue::Clock::now();
        if (std::holds_alternative<RetryWithBackoff>(requeue)) {
            queue_.add(work, now + backoff_.next(work));
            return;
        }
        backoff_.reset(work);
        const auto* retry = std::get_if<RetryAfter>(&requeue);
        if (retry == nullptr) {
            at_once_.reset(work);
        } else if (retry->span > 0ms) {
            at_once_.reset(work);
            queue_.add(work, now + retry->span);
        } else {
            queue_.add(work, now + kAtOnce + at_once_.next(work));
        }
    }

    DjangoDatabaseReconciler databases_;
    PostgresServerReconciler servers_;
    Queue& queue_;
    runtime::Backoff<WorkKey> backoff_;
    /// Visits that act and act again without arriving slow down, so that a fight over one field with
    /// somebody else is a nuisance and not a storm (F84).
    runtime::Backoff<WorkKey> at_once_{{1ms, 60'000ms}};
};

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
void poll_secrets(SecretPoller& poller, const std::stop_token& stop) {
    auto looked = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
        const auto interval = poller.interval();
        if (std::chrono::steady_clock::now() - looked >= interval) {
            looked = std::chrono::steady_clock::now();
            poller.poll_next({stop, Deadline::in(kGlanceDeadline), "secrets"});
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
    const http::HealthServer probes(
        host,
        port,
        {{"/livez", [] { return true; }}, {"/readyz", [&ready] { return ready.load(); }}}
    );
    postgres::PostgresDatabase database;
    const auto client = make_client(options);
    const auto cluster_id = find_cluster_id(*client, stop);
    Queue queue;
    const Watches watches(*client, queue, Namespace(options.ns));
    if (!watches.wait_until_synced(stop)) {
        log(Level::Error,
            "start",
            "the caches could not be filled in time; check the operator's rights");
        return stop.stop_requested() ? 0 : 1;
    }
    kube::KubeCluster cluster(
        *client, watches.caches(), {Namespace(options.ns), options.service_account, cluster_id}
    );
    SystemClock clock;
    KernelPasswordSource passwords;
    TenantCache cache;
    const auto wake = [&queue](const ObjectKey& key) { queue.add({Root::Database, key}); };
    const CatalogResync resync(database, cache, wake);
    ReconcileWorker worker(
        {cluster, database, clock, passwords, cache}, {cluster, database, clock, resync}, queue
    );
    runtime::WorkerPool<WorkKey> workers(
        queue,
        options.concurrency,
        [&worker](const WorkKey& key, std::stop_token s) { worker(key, s); }
    );
    SecretPoller poller(cluster, cache, wake);
    const std::jthread walker([&poller](const std::stop_token& s) { poll_secrets(poller, s); });
    ready = true;
    log(Level::Info, "start", "caches are filled, workers run", {{"cluster", cluster_id}});
    runtime::wait_for(std::chrono::hours{24 * 365 * 100}, stop);
    ready = false;
    workers.stop();
    return 0;
}

}  // namespace djdb
