#include "reconcilers/execute/confirm_drop.hpp"

#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <variant>

namespace djdb {
namespace {

/// Another object of the same name says nothing of this database, nor does another server.
bool is_same_server(const PostgresServer& now, const ServerLookup& judged) {
    return now.meta.uid == judged.uid && judged.access &&
           now.spec.host == judged.access->address.host &&
           now.spec.port == judged.access->address.port;
}

bool is_still_asked_for(
    const Desired& judged, const Observed& observed, Cluster& cluster, const CallContext& call
) {
    const auto& meta = judged.object.meta;
    const auto object = cluster.read_database(meta.key, call);
    if (!object || object->meta.uid != meta.uid) {
        return false;
    }
    const auto desired = derive_desired(*object, judged.claimant.cluster_id);
    const auto server = cluster.read_server(ObjectName(desired.object.spec.server_ref.name), call);
    if (!server || !is_same_server(*server, observed.server)) {
        return false;
    }
    auto now = observed;
    now.server.policy = policy_of(*server);
    return std::ranges::any_of(assess(desired, now).steps(), [](const Step& step) {
        return std::holds_alternative<DropTenant>(step);
    });
}

}  // namespace

void confirm_drop(
    const Desired& judged, const Observed& observed, Cluster& cluster, const CallContext& call
) {
    if (!is_still_asked_for(judged, observed, cluster, call)) {
        throw Error(
            {.kind = FailureClass::Conflict,
             .message = "Database \"" + judged.names.database.str() +
                        "\" was not dropped: this resource or PostgresServer \"" +
                        judged.object.spec.server_ref.name +
                        "\" asks for something else by now. Nothing was touched; it is decided "
                        "anew.",
             .reason = Reason::Deleting}
        );
    }
}

}  // namespace djdb
