// The server's own reconciler: looks, and says what it found.
#include "reconcilers/reconcile.hpp"

#include "reconcilers/server/lookup.hpp"
#include "reconcilers/server/status.hpp"

namespace djdb {

ServerObservation observe_server(
    const PostgresServer& server, Cluster& cluster, Database& database, const CallContext& call
) {
    ServerObservation observation{look_up_server(server, std::nullopt, cluster), {}, {}};
    if (observation.lookup.access) {
        try {
            observation.facts = database.inspect_server(*observation.lookup.access, call);
        } catch (const Error& error) {
            observation.failure = error.failure();
        }
    }
    return observation;
}

namespace {

/// Nothing of the ledger is missing, or the server would not have been taken for the same.
std::optional<Event> event_of_timeline(
    const PostgresServer& server, const ServerObservation& observation
) {
    const auto before = server.status.timeline;
    const auto now = observation.facts ? observation.facts->identity.timeline : 0;
    if (before == 0 || now <= before) {
        return std::nullopt;
    }
    return warning_event(
        server,
        "TimelineChanged",
        "The server went from timeline " + std::to_string(before) + " to " + std::to_string(now) +
            ": a standby was promoted, or it was restored to a moment of the past. No entry of the "
            "operator's ledger is missing, so that work goes on; whether rows of the apps are "
            "missing, its DBA knows."
    );
}

}  // namespace

Run PostgresServerReconciler::operator()(
    const ObjectName& name, WakeReason why, const CallContext& call
) {
    Run run{.id = call.reconcile_id, .why = why};
    const auto server = cluster_.find_server(name);
    if (!server || server->meta.being_deleted) {
        return run;
    }
    const auto observation = observe_server(*server, cluster_, database_, call);
    const auto status = derive_server_status(*server, observation, clock_.now());
    if (status != server->status) {
        cluster_.patch_server_status(*server, status, call);
        if (const auto event = event_of_timeline(*server, observation)) {
            cluster_.emit_event(*event, call);
        }
        run.wrote_status = true;
    }
    if (is_ready(status)) {
        resync_(name.str(), known(observation.lookup.access), call);
    }
    // One query of one server tells all its databases: a change of this status wakes them.
    run.next = RetryAfter{is_ready(status) ? std::chrono::seconds{30} : std::chrono::seconds{10}};
    return run;
}

}  // namespace djdb
