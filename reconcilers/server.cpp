// The server's own reconciler: looks, and says what it found.
#include "reconcilers/reconcile.hpp"
#include "reconcilers/server_lookup.hpp"
#include "reconcilers/status.hpp"

namespace djdb {

Requeue PostgresServerReconciler::operator()(const ObjectName& name, const CallContext& call) {
    const auto server = cluster_.find_server(name);
    if (!server || server->meta.being_deleted) {
        return AwaitChange{};
    }
    PostgresServerStatus status;
    status.observed_generation = server->meta.generation;
    status.version = server->status.version;
    auto ready = Condition{
        ConditionType::Ready,
        ConditionStatus::True,
        Reason::Ready,
        "The administrator can log in.",
        server->meta.generation,
        {}};
    const auto refuse = [&ready](Reason reason, std::string message) {
        ready.status = ConditionStatus::False;
        ready.reason = reason;
        ready.message = std::move(message);
    };
    const auto lookup = look_up_server(server, std::nullopt, cluster_);
    if (!lookup.access) {
        const auto reason = lookup.reference == ServerReference::CaMissing ? Reason::CaSecretMissing
                            : lookup.reference == ServerReference::AdminSecretInvalid
                                ? Reason::AdminSecretInvalid
                                : Reason::AdminSecretMissing;
        refuse(
            reason,
            lookup.detail +
                " was not found or lacks a key in the operator's namespace. Nothing was "
                "changed; create it."
        );
    } else {
        try {
            const auto facts = database_.inspect_server(*lookup.access, call);
            sweep_(name.str(), *lookup.access, call);
            status.version = facts.version;
            if (!facts.is_superuser && !(facts.can_create_database && facts.can_create_role)) {
                refuse(
                    Reason::AdminRightsMissing,
                    "The administrator needs CREATEDB and CREATEROLE: ALTER ROLE " +
                        lookup.access->admin_user + " CREATEDB CREATEROLE."
                );
            }
        } catch (const Error& error) {
            refuse(reason_of(error.failure()), error.failure().message);
        }
    }
    const bool good = ready.status == ConditionStatus::True;
    status.conditions = merge(server->status.conditions, {std::move(ready)}, clock_.now());
    if (status != server->status) {
        cluster_.patch_server_status(*server, status, call);
    }
    // One query of one server tells all its databases: a change of this status wakes them (L2).
    return RetryAfter{good ? std::chrono::seconds{30} : std::chrono::seconds{10}};
}

}  // namespace djdb
