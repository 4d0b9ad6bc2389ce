// What a worker thread does with a key: calls the reconciler of its kind, logs the run, and queues the
// key again as the run says. Any worker thread; never twice together for one key.
#pragma once

#include "controller/runtime/backoff.hpp"
#include "controller/watches.hpp"
#include "reconcilers/reconcile.hpp"

#include <stop_token>

namespace djdb {

class ReconcileWorker {
  public:
    ReconcileWorker(
        DjangoDatabaseReconciler databases, PostgresServerReconciler servers, Queue& queue
    )
        : databases_(databases), servers_(std::move(servers)), queue_(queue) {}

    /// Throws nothing: what fails is logged, and queued again with backoff.
    void operator()(const WorkKey& work, WakeReason why, const std::stop_token& stop);

  private:
    Run reconcile(const WorkKey& work, WakeReason why, const CallContext& call);
    void queue_again(const WorkKey& work, const Requeue& next);
    void queue_after(const WorkKey& work, std::chrono::milliseconds span);

    DjangoDatabaseReconciler databases_;
    PostgresServerReconciler servers_;
    Queue& queue_;
    runtime::Backoff<WorkKey> backoff_;
    /// Runs that act and act again without arriving slow down, so that a fight over one field with
    /// somebody else is a nuisance and not a storm.
    runtime::Backoff<WorkKey> immediate_{
        {std::chrono::milliseconds{1}, std::chrono::milliseconds{60'000}}};
};

}  // namespace djdb
