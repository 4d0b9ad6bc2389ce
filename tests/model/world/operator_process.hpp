// One operator process: the product's reconcilers over the model's ports, with caches that lag, a
// queue, and a memory that dies with it. It stands in for controller/operator.cpp and
// reconcile_worker.cpp.
#pragma once

#include "controller/runtime/backoff.hpp"
#include "reconcilers/reconcile.hpp"
#include "reconcilers/records/own_writes.hpp"
#include "reconcilers/resync/published_poller.hpp"
#include "tests/model/ports/model_cluster.hpp"
#include "tests/model/ports/model_database.hpp"
#include "tests/model/ports/model_release_records.hpp"
#include "tests/model/ports/views.hpp"
#include "tests/model/world/world.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace djdb::model {

/// Random words of a seed. Each is another one, so that a lost password is never made again.
class ModelPasswords final : public PasswordSource {
  public:
    explicit ModelPasswords(Random random) : random_(random) {}
    Sensitive make() override { return Sensitive("pw" + std::to_string(random_.next())); }

  private:
    Random random_;
};

class ModelClock final : public Clock {
  public:
    explicit ModelClock(const ApiServer& api) : api_(api) {}
    [[nodiscard]] TimePoint now() const override { return api_.wall_clock(); }

  private:
    const ApiServer& api_;
};

class OperatorProcess {
  public:
    OperatorProcess(World& world, std::string name);
    OperatorProcess(const OperatorProcess&) = delete;
    OperatorProcess& operator=(const OperatorProcess&) = delete;

    [[nodiscard]] bool is_alive() const { return caller_.is_alive; }
    [[nodiscard]] const std::string& name() const { return caller_.name; }
    /// SIGKILL. A call that is under way ends before it reaches the world.
    void kill();
    /// Goes through a whole run of each database now, with a cache that has every change.
    void take_turn();
    /// When its next run is due; nothing: none is.
    [[nodiscard]] std::uint64_t runs() const { return runs_; }

  private:
    enum class Kind { Databases, Servers, Deployments, Jobs, Pods, Records, Secrets, Gates };

    /// What the queue holds.
    struct Work {
        bool is_server = false;
        ObjectKey key;
        Millis due = kNever;
        bool is_running = false;
    };
    static constexpr Millis kNever = -1;

    void follow();
    template <class Object, class Wake>
    void follow(Kind kind, const Table<Object>& table, View<Object>& view, Wake wake);
    std::size_t find_work(bool is_server, const ObjectKey&);
    void wake(std::size_t work, Millis when);
    void wake_database(const ObjectKey& key);
    void wake_all_databases();
    void wake_server(const PostgresServer* before, const PostgresServer* now);
    void try_run(std::size_t index);
    void run(std::size_t index);
    void queue_again(std::size_t work, const Requeue&);
    void queue_after(std::size_t work, Millis span);
    void poll();

    World& world_;
    Caller caller_;
    Views views_;
    std::array<Millis, 8> last_delivery_{};
    TenantCache cache_;
    ModelCluster cluster_;
    ModelReleaseRecords model_records_;
    OwnWrites records_;
    ModelDatabase database_;
    ModelClock clock_;
    ModelPasswords passwords_;
    DjangoDatabaseReconciler databases_;
    PostgresServerReconciler servers_;
    PublishedPoller poller_;
    runtime::Backoff<std::size_t> backoff_;
    runtime::Backoff<std::size_t> immediate_;
    std::vector<Work> works_;
    std::uint64_t runs_ = 0;
};

}  // namespace djdb::model
