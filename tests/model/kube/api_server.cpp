#include "tests/model/kube/api_server.hpp"

#include "crds/api.hpp"
#include "tests/model/kube/refusals.hpp"

#include <algorithm>

namespace djdb::model {
TimePoint ApiServer::wall_clock() const {
    // Some day in 2026, so that no time is before the beginning.
    return TimePoint{std::chrono::seconds{1'790'000'000 + timeline_.now() / 1000}};
}

void ApiServer::stamp(ObjectMeta& meta, bool is_new) {
    meta.resource_version = std::to_string(++version_);
    if (is_new) {
        meta.uid = ResourceUid("uid-" + std::to_string(++uids_));
        meta.generation = 1;
    }
}

void ApiServer::create(DjangoDatabase object) {
    if (databases.find(object.meta.key)) {
        return;
    }
    stamp(object.meta, true);
    databases.put(std::move(object));
}

void ApiServer::create(PostgresServer object) {
    stamp(object.meta, true);
    servers.put(std::move(object));
}

void ApiServer::edit_spec(
    const ObjectKey& key, const std::function<void(DjangoDatabaseSpec&)>& edit
) {
    if (const auto found = databases.find(key)) {
        auto object = *found;
        edit(object.spec);
        if (object.spec != found->spec) {
            ++object.meta.generation;
            stamp(object.meta, false);
            databases.put(std::move(object));
        }
    }
}

void ApiServer::annotate(const ObjectKey& key, const std::string& name, const std::string& value) {
    if (const auto found = databases.find(key)) {
        auto object = *found;
        object.meta.annotations[name] = value;
        stamp(object.meta, false);
        databases.put(std::move(object));
    }
}

void ApiServer::edit_finalizers(
    const ObjectKey& key, const std::function<void(std::vector<std::string>&)>& edit
) {
    const auto found = databases.find(key);
    if (!found) {
        return;
    }
    auto object = *found;
    edit(object.meta.finalizers);
    if (object.meta.being_deleted &&
        object.meta.finalizers.size() > found->meta.finalizers.size()) {
        return;  // refused
    }
    stamp(object.meta, false);
    if (object.meta.being_deleted && object.meta.finalizers.empty()) {
        databases.remove(key);
        collect_garbage(object.meta.uid);
        return;
    }
    databases.put(std::move(object));
}

void ApiServer::edit_server(
    const ObjectName& name, const std::function<void(PostgresServer&)>& edit
) {
    if (const auto found = servers.find({{}, name})) {
        auto object = *found;
        edit(object);
        object.meta.generation += object.spec == found->spec ? 0 : 1;
        stamp(object.meta, false);
        servers.put(std::move(object));
    }
}

void ApiServer::remove_database(const ObjectKey& key) {
    const auto found = databases.find(key);
    if (!found || found->meta.being_deleted) {
        return;
    }
    if (found->meta.finalizers.empty()) {
        databases.remove(key);
        collect_garbage(found->meta.uid);
        return;
    }
    auto object = *found;
    object.meta.being_deleted = true;
    object.meta.deleted_at = wall_clock();
    ++object.meta.generation;
    stamp(object.meta, false);
    databases.put(std::move(object));
}

/// As the table in crds/gate.hpp has it, for writes by anyone but the operator to a Deployment with the label.
void ApiServer::admit(const Deployment* before, Deployment& after) const {
    const bool has_label =
        !after.database.empty() || (before != nullptr && !before->database.empty());
    if (gate() != GatePolicy::Intact || !has_label) {
        after.is_ungated = after.is_ungated || !after.paused;
        return;
    }
    const bool is_to_be_held =
        before == nullptr
            ? !after.paused || after.is_marked
            : before->is_marked ||
                  (!after.paused && (before->paused || before->pod_template != after.pod_template));
    if (is_to_be_held) {
        after.paused = true;
        after.paused_by.clear();
        after.is_marked = true;
    }
    after.is_ungated = after.is_ungated && !after.paused;
}

void ApiServer::apply_deployment(
    const ObjectKey& key, const std::function<void(Deployment&)>& edit
) {
    const auto found = deployments.find(key);
    auto object = found ? *found : Deployment{};
    object.meta.key = key;
    edit(object);
    admit(found.get(), object);
    stamp(object.meta, !found);
    // Annotations count, and the gate's mark is one.
    const bool is_same = found && found->pod_template == object.pod_template &&
                         found->paused == object.paused && found->is_marked == object.is_marked &&
                         found->meta.annotations == object.meta.annotations;
    object.meta.generation += !found || is_same ? 0 : 1;
    deployments.put(std::move(object));
}

void ApiServer::remove_deployment(const ObjectKey& key) {
    deployments.remove(key);
}

void ApiServer::set_gate(GatePolicy policy) {
    Gate gate{{.key = kGateKey}, policy};
    stamp(gate.meta, !gates.find(kGateKey));
    gates.put(std::move(gate));
}

void ApiServer::put_secret(Secret secret) {
    stamp(secret.meta, !secrets.find(secret.meta.key));
    secrets.put(std::move(secret));
}

void ApiServer::put_config_map(ConfigMap config_map) {
    stamp(config_map.meta, !config_maps.find(config_map.meta.key));
    config_maps.put(std::move(config_map));
}

void ApiServer::put_status(Deployment object) {
    stamp(object.meta, false);
    deployments.put(std::move(object));
}

void ApiServer::put_status(Job object) {
    stamp(object.meta, false);
    jobs.put(std::move(object));
}

void ApiServer::put_pod(Pod pod) {
    stamp(pod.meta, !pods.find(pod.meta.key));
    pods.put(std::move(pod));
}

void ApiServer::set_finalizers(
    const ObjectMeta& judged, std::vector<std::string> finalizers, bool checks_version
) {
    auto object = require(databases.find(judged.key), judged.key);
    if (checks_version && object.meta.resource_version != judged.resource_version) {
        throw conflict(judged.key);
    }
    const bool adds = std::ranges::any_of(finalizers, [&](const auto& one) {
        return std::ranges::find(object.meta.finalizers, one) == object.meta.finalizers.end();
    });
    if (adds && object.meta.being_deleted) {
        throw Refusal(
            RefusalKind::Invalid,
            "422 Invalid",
            "no new finalizers can be added if the object is being deleted"
        );
    }
    if (object.meta.finalizers == finalizers) {
        return;  // what changes nothing makes no new version
    }
    ++writes_;
    object.meta.finalizers = std::move(finalizers);
    stamp(object.meta, false);
    if (object.meta.being_deleted && object.meta.finalizers.empty()) {
        databases.remove(judged.key);
        collect_garbage(object.meta.uid);
        return;
    }
    databases.put(std::move(object));
}

template <class Object, class Status>
void ApiServer::write_status(Table<Object>& table, const ObjectMeta& judged, const Status& status) {
    auto object = require(table.find(judged.key), judged.key);
    if (object.meta.uid != judged.uid) {
        throw replaced(judged.key);
    }
    if (object.status == status) {
        return;  // what changes nothing makes no new version
    }
    ++writes_;
    object.status = status;
    stamp(object.meta, false);
    table.put(std::move(object));
}

void ApiServer::patch_status(const ObjectMeta& judged, const DjangoDatabaseStatus& status) {
    write_status(databases, judged, status);
}

void ApiServer::patch_status(const ObjectMeta& judged, const DjangoReleaseStatus& status) {
    if (require(records.find(judged.key), judged.key).meta.resource_version !=
        judged.resource_version) {
        throw Refusal(RefusalKind::Conflict, "409 Conflict", "it has changed meanwhile");
    }
    write_status(records, judged, status);
}

void ApiServer::create(Record record) {
    if (records.find(record.meta.key)) {
        throw Refusal(
            RefusalKind::Conflict, "409 AlreadyExists", "the DjangoRelease already exists"
        );
    }
    ++writes_;
    stamp(record.meta, true);
    records.put(std::move(record));
}

void ApiServer::remove_record(const ObjectKey& key, const ResourceUid& uid) {
    const auto found = records.find(key);
    if (found && found->meta.uid == uid) {
        ++writes_;
        records.remove(key);
    }
}

void ApiServer::patch_status(const ObjectMeta& judged, const PostgresServerStatus& status) {
    write_status(servers, judged, status);
}

void ApiServer::create(Table<Secret>& table, Secret secret) {
    if (table.find(secret.meta.key)) {
        throw Refusal(
            RefusalKind::Conflict,
            "409 AlreadyExists",
            to_string(secret.meta.key) + " already exists"
        );
    }
    ++writes_;
    stamp(secret.meta, true);
    table.put(std::move(secret));
}

void ApiServer::update(Table<Secret>& table, Secret secret, const std::string& version) {
    const auto current = table.find(secret.meta.key);
    if (require(current, secret.meta.key).meta.resource_version != version) {
        throw conflict(secret.meta.key);
    }
    if (secret.data == current->data && secret.own_keys == current->own_keys) {
        return;  // what changes nothing makes no new version
    }
    ++writes_;
    stamp(secret.meta, false);
    table.put(std::move(secret));
}

void ApiServer::remove_secret(const ObjectKey& key, const ResourceUid& uid) {
    const auto found = secrets.find(key);
    if (!found) {
        return;
    }
    if (!uid.empty() && found->meta.uid != uid) {
        throw conflict(key);
    }
    ++writes_;
    secrets.remove(key);
}

void ApiServer::open_gate(const ObjectMeta& judged, bool checks_version) {
    auto object = require(deployments.find(judged.key), judged.key);
    if (checks_version && object.meta.resource_version != judged.resource_version) {
        throw conflict(judged.key);
    }
    if (!object.paused && !object.is_marked) {
        return;  // what changes nothing makes no new version
    }
    ++writes_;
    object.meta.generation += object.paused ? 1 : 0;
    object.paused = false;
    object.paused_by.clear();
    object.is_marked = false;
    stamp(object.meta, false);
    deployments.put(std::move(object));
}

void ApiServer::collect_garbage(const ResourceUid& owner) {
    timeline_.after(300, [this, owner] {
        std::vector<ObjectKey> doomed;
        for (auto* table : {&secrets, &config_maps}) {
            doomed.clear();
            for (const auto& [key, object] : table->all()) {
                if (object->controller == owner) {
                    doomed.push_back(key);
                }
            }
            for (const auto& key : doomed) {
                table->remove(key);
            }
        }
        doomed.clear();
        for (const auto& [key, record] : records.all()) {
            if (record->controller == owner) {
                doomed.push_back(key);
            }
        }
        for (const auto& key : doomed) {
            records.remove(key);
        }
        doomed.clear();
        for (const auto& [key, job] : jobs.all()) {
            if (job->controller == owner) {
                doomed.push_back(key);
            }
        }
        for (const auto& key : doomed) {
            remove_job(key);
        }
    });
}

}  // namespace djdb::model
