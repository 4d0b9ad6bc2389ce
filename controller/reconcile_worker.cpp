#include "controller/reconcile_worker.hpp"

#include "controller/system.hpp"
#include "controller/telemetry/log.hpp"
#include "crds/text.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

namespace djdb {
namespace {

using telemetry::Level;
using namespace std::chrono_literals;

constexpr auto kRunDeadline = 90s;

std::string object_of(const WorkKey& work) {
    switch (work.root) {
        case Root::Database:
            return "DjangoDatabase " + to_string(work.key);
        case Root::Server:
            break;
    }
    return "PostgresServer " + work.key.name.str();
}

std::string steps_of(const Run& run) {
    std::vector<std::string> steps;
    for (const auto& outcome : run.steps) {
        steps.push_back(std::string(outcome.step.kind) + (outcome.failure ? " failed" : ""));
    }
    return join(steps, ", ");
}

std::string stops_of(const Run& run) {
    std::vector<std::string> stops;
    stops.reserve(run.stops.size());
    for (const auto& stop : run.stops) {
        stops.push_back(
            std::string(to_string(stop.stage)) + " " + std::string(to_string(stop.reason))
        );
    }
    return join(stops, ", ");
}

/// One line for each run; a run that changed nothing is for those who look closer.
void log_run(const WorkKey& work, const Run& run) {
    const bool changed = !run.steps.empty() || run.wrote_status;
    telemetry::log(
        changed ? Level::Info : Level::Debug,
        "reconcile",
        run.stops.empty() ? "nothing is left to be done" : run.stops.front().message,
        {{"object", object_of(work)},
         {"why", std::string(to_string(run.why))},
         {"steps", steps_of(run)},
         {"stoppedAt", stops_of(run)},
         {"milliseconds",
          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(run.took).count())},
         {"reconcileID", run.id}}
    );
}

}  // namespace

void ReconcileWorker::operator()(const WorkKey& work, WakeReason why, const std::stop_token& stop) {
    const CallContext call{stop, Deadline::in(kRunDeadline), make_reconcile_id()};
    try {
        const auto start = Queue::Clock::now();
        auto run = reconcile(work, why, call);
        run.took = Queue::Clock::now() - start;
        log_run(work, run);
        queue_again(work, run.next);
    } catch (const std::exception& error) {
        telemetry::log(
            Level::Error,
            "reconcile",
            error.what(),
            {{"object", object_of(work)},
             {"why", std::string(to_string(why))},
             {"reconcileID", call.reconcile_id}}
        );
        queue_again(work, RetryWithBackoff{});
    }
}

Run ReconcileWorker::reconcile(const WorkKey& work, WakeReason why, const CallContext& call) {
    switch (work.root) {
        case Root::Database:
            return databases_(work.key, why, call);
        case Root::Server:
            break;
    }
    return servers_(work.key.name, why, call);
}

void ReconcileWorker::queue_again(const WorkKey& work, const Requeue& next) {
    if (const auto* failed = std::get_if<RetryWithBackoff>(&next)) {
        const auto pause = backoff_.next(work);
        queue_.add(work, WakeReason::Failed, Queue::Clock::now() + pause);
        if (failed->at_most && *failed->at_most < pause) {
            queue_after(work, *failed->at_most);
        }
        return;
    }
    backoff_.reset(work);
    if (const auto* retry = std::get_if<RetryAfter>(&next)) {
        queue_after(work, retry->span);
    } else {
        immediate_.reset(work);
    }
}

void ReconcileWorker::queue_after(const WorkKey& work, std::chrono::milliseconds span) {
    const bool goes_on = span == 0ms;
    if (goes_on) {
        span = runtime::kWatchDelay + immediate_.next(work);
    } else {
        immediate_.reset(work);
    }
    queue_.add(
        work,
        WakeReason::Requeued,
        Queue::Clock::now() + span,
        goes_on ? runtime::Entry::GoesOn : runtime::Entry::Begins
    );
}

}  // namespace djdb
