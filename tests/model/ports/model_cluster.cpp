#include "tests/model/ports/model_cluster.hpp"

#include "crds/api.hpp"
#include "tests/model/ports/facts.hpp"
#include "tests/model/ports/manifest_fields.hpp"
#include "tests/model/ports/translate.hpp"
#include "tests/model/world/mutants.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace djdb::model {
namespace {

using nlohmann::json;

std::string version_of(const ObjectMeta& meta) {
    return meta.uid.str() + "/" + meta.resource_version;
}

Refusal secret_conflict(const ObjectKey& key) {
    return {
        RefusalKind::Conflict,
        "SecretConflict",
        to_string(key) + " was not made for this resource"};
}

}  // namespace

void ModelCluster::read(const char* what) {
    translated(FailureOrigin::Kubernetes, [&] { world_.faults.read(caller_, what); });
}

std::optional<DjangoDatabase> ModelCluster::find_database(const ObjectKey& key) {
    const auto object = views_.databases.find(key);
    seen_ = {object, world_.timeline.now()};
    world_.rules.saw(caller_.name, seen_);
    return object ? std::optional(*object) : std::nullopt;
}

std::optional<PostgresServer> ModelCluster::find_server(const ObjectName& name) {
    const auto object = views_.servers.find({{}, name});
    return object ? std::optional(*object) : std::nullopt;
}

std::optional<std::map<std::string, std::string>> ModelCluster::find_namespace_labels(
    const Namespace& ns
) {
    if (!world_.api.namespaces.contains(ns)) {
        return std::nullopt;
    }
    return std::map<std::string, std::string>{{"kubernetes.io/metadata.name", ns.str()}};
}

std::vector<JobRun> ModelCluster::list_jobs(const ObjectKey& database) {
    std::vector<JobRun> jobs;
    for (const auto& [key, object] : views_.jobs.all()) {
        if (key.ns == database.ns && object->database == database.name.str()) {
            jobs.push_back(facts_of(*object, views_.pods.find(key).get()));
        }
    }
    return jobs;
}

/// In this world no quota and no volume keeps a Pod from starting.
std::optional<Explanation>
ModelCluster::read_warning(const Namespace&, const ResourceUid&, const CallContext&) {
    read("read the Events of a Job");
    return std::nullopt;
}

std::optional<SecretFacts> ModelCluster::find_operator_secret(const ObjectName& name) {
    const auto secret = views_.secrets.find({kOperatorNamespace, name});
    if (!secret) {
        return std::nullopt;
    }
    return SecretFacts{secret->controller, secret->data, {}, version_of(secret->meta)};
}

std::optional<std::map<std::string, std::string>> ModelCluster::find_operator_config_map(
    const ObjectName& name
) {
    const auto found = views_.config_maps.find({kOperatorNamespace, name});
    return found ? std::optional(texts_of(found->data)) : std::nullopt;
}

std::optional<SecretFacts> ModelCluster::read_at(const ObjectKey& key) const {
    const auto secret = world_.api.secrets.find(key);
    if (!secret) {
        return std::nullopt;
    }
    return SecretFacts{
        secret->controller, secret->data, secret->own_keys, version_of(secret->meta)};
}

std::optional<SecretFacts>
ModelCluster::read_operator_secret(const ObjectName& name, const CallContext&) {
    read("read the stored passwords");
    return read_at({kOperatorNamespace, name});
}

std::optional<SecretFacts> ModelCluster::read_secret(const ObjectKey& key, const CallContext&) {
    read("read a Secret");
    return read_at(key);
}

std::optional<ConfigMapFacts>
ModelCluster::read_config_map(const ObjectKey& key, const CallContext&) {
    read("read a ConfigMap");
    const auto found = world_.api.config_maps.find(key);
    if (!found) {
        return std::nullopt;
    }
    return ConfigMapFacts{found->controller, texts_of(found->data), version_of(found->meta)};
}

std::optional<std::string>
ModelCluster::read_version(PublishedKind kind, const ObjectKey& key, const CallContext&) {
    read("read a version");
    const auto& api = world_.api;
    const auto object = (kind == PublishedKind::Secret ? api.secrets : api.config_maps).find(key);
    return object ? std::optional(version_of(object->meta)) : std::nullopt;
}

void ModelCluster::
    set_finalizers(const DjangoDatabase& object, const std::vector<std::string>& finalizers, const CallContext&) {
    const bool removes = finalizers.size() < object.meta.finalizers.size();
    effect(removes ? "remove the finalizer" : "add the finalizer", [&] {
        const auto current = world_.api.databases.find(object.meta.key);
        const bool is_judged =
            current && current->meta.resource_version == object.meta.resource_version;
        if (removes && is_judged) {
            world_.rules.before_remove_finalizer(
                *current, world_.timeline.now(), world_.faults.failed_at()
            );
        }
        const bool is_forced = !is_judged && acts(Mutant::FinalizerWithoutVersion);
        if (is_judged || is_forced) {
            world_.rules.before_finalizers(object.meta.key, finalizers);
        }
        world_.api.set_finalizers(object.meta, finalizers, !is_forced);
    });
}

std::string ModelCluster::
    write_operator_secret(const ObjectName& name, const SecretData& data, const std::string& version, const CallContext&) {
    const ObjectKey key{kOperatorNamespace, name};
    if (!has_put_off_ && acts(Mutant::StoreAfterRoles)) {
        has_put_off_ = true;
        return version;  // until the next time
    }
    effect("store the passwords", [&] {
        Secret secret;
        secret.meta.key = key;
        const auto current = world_.api.secrets.find(key);
        const bool is_known = current ? version == version_of(current->meta) : version.empty();
        const bool is_forced = !is_known && acts(Mutant::ForcedStoredPassword);
        // To create what is there is refused by the server itself.
        if (!is_known && !is_forced && !version.empty()) {
            throw Refusal(
                RefusalKind::Conflict, "409 Conflict", "the stored passwords have changed"
            );
        }
        if (current) {
            secret.meta = current->meta;
        }
        secret.data = data;
        if (current && (is_forced || !version.empty())) {
            world_.api.update(
                world_.api.secrets, std::move(secret), current->meta.resource_version
            );
        } else {
            world_.api.create(world_.api.secrets, std::move(secret));
        }
    });
    const auto stored = world_.api.secrets.find(key);
    return stored ? version_of(stored->meta) : "";
}

void ModelCluster::remove_operator_secret(const ObjectName& name, const CallContext&) {
    effect("remove the stored passwords", [&] {
        world_.api.remove_secret({kOperatorNamespace, name}, {});
    });
}

void ModelCluster::publish(const json& manifest, const SecretData& data, const CallContext&) {
    const auto key = key_in(manifest);
    const bool is_secret = manifest.at("kind") == "Secret";
    auto& table = is_secret ? world_.api.secrets : world_.api.config_maps;
    // A read and a write, between which somebody else may come.
    read("read what is to be published");
    const auto current = table.find(key);
    const auto owner = owner_in(manifest);
    if (current && current->controller != owner) {
        translated(FailureOrigin::Kubernetes, [&] { throw secret_conflict(key); });
    }
    Secret secret;
    secret.meta.key = key;
    secret.controller = owner;
    if (current) {
        secret = *current;
        std::erase_if(secret.data, [&](const auto& entry) {
            return secret.own_keys.contains(entry.first);
        });
    }
    secret.own_keys.clear();
    for (const auto& [name, value] : is_secret ? data : data_in(manifest)) {
        secret.data.insert_or_assign(name, value);
        secret.own_keys.insert(name);
    }
    if (current && secret.data == current->data && secret.own_keys == current->own_keys) {
        return;
    }
    const auto what = is_secret ? "publish Secret" : "publish ConfigMap";
    effect({what, key.name.str()}, [&] {
        world_.rules.before_change_of(table.find(key).get(), owner);
        if (is_secret) {
            world_.rules.before_publish(current.get(), secret);
        }
        if (current) {
            world_.api.update(table, std::move(secret), current->meta.resource_version);
        } else {
            world_.api.create(table, std::move(secret));
        }
    });
}

void ModelCluster::
    remove_secret(const ObjectKey& key, const ResourceUid& controller, const CallContext&) {
    read("read a Secret to remove");
    const auto current = world_.api.secrets.find(key);
    if (current && current->controller == controller) {
        effect("remove a Secret", [&] { world_.api.remove_secret(key, current->meta.uid); });
    }
}

void ModelCluster::
    require_no_running_migration(const DjangoDatabase& database, const CallContext&) {
    read("list the Jobs");
    if (!acts(Mutant::StartBesideRunningJob)) {
        translated(FailureOrigin::Kubernetes, [&] {
            world_.api.refuse_running_migration(database.meta.uid, {});
        });
    }
}

void ModelCluster::create_job(const json& manifest, const CallContext&) {
    auto job = job_in(manifest);
    const bool migrates = job.kind == JobKind::Migrate;
    const bool is_another = migrates && acts(Mutant::SecondJob);
    if (is_another) {
        job.meta.key.name =
            ObjectName(job.meta.key.name.str() + "-" + std::to_string(world_.timeline.now()));
    }
    const auto key = job.meta.key;
    const auto owner = job.controller;
    effect({"create Job", key.name.str()}, [&] {
        if (const auto current = world_.api.jobs.find(key)) {
            if (current->controller != owner) {
                throw secret_conflict(key);
            }
            return;
        }
        if (migrates && !is_another && !acts(Mutant::StartBesideRunningJob)) {
            world_.api.refuse_running_migration(owner, key);
        }
        world_.rules.before_job(job, seen_);
        world_.api.create_job(std::move(job));
        world_.rules.after_job(key, world_.timeline.now());
    });
}

void ModelCluster::arm_job_ttl(const ObjectKey& job, const CallContext&) {
    effect("let a Job expire", [&] {
        if (world_.api.jobs.find(job)) {
            world_.api.set_ttl(job);
        }
    });
}

void ModelCluster::
    lift_job_deadline(const ObjectKey& job, const ResourceUid& uid, const CallContext&) {
    effect("lift a Job's deadline", [&] { world_.api.lift_deadline(job, uid); });
}

void ModelCluster::remove_job(const ObjectKey& job, const ResourceUid& uid, const CallContext&) {
    effect({"remove Job", job.name.str()}, [&] { world_.api.remove_job(job, uid); });
}

void ModelCluster::
    patch_status(const DjangoDatabase& object, const DjangoDatabaseStatus& status, const CallContext&) {
    effect("write the status", [&] {
        const auto ready =
            std::ranges::find(status.conditions, ConditionType::Ready, &Condition::type);
        world_.history.note(caller_.name, [&] {
            return ready == status.conditions.end()
                       ? std::string("    without Ready")
                       : "    Ready " + std::string(to_string(ready->status)) + " " +
                             std::string(to_string(ready->reason)) + ": " + ready->message;
        });
        world_.rules.before_status(object.meta, status);
        world_.api.patch_status(object.meta, status);
    });
}

void ModelCluster::
    patch_server_status(const PostgresServer& server, const PostgresServerStatus& status, const CallContext&) {
    effect("write the server's status", [&] {
        world_.rules.before_status(server.meta, status);
        world_.api.patch_status(server.meta, status);
    });
}

void ModelCluster::emit_event(const Event& event, const CallContext&) noexcept {
    world_.history.note(caller_.name, [&] { return "    Event " + event.reason; });
}

std::optional<DjangoDatabase>
ModelCluster::read_database(const ObjectKey& key, const CallContext&) {
    read("read the resource");
    const auto object = world_.api.databases.find(key);
    return object ? std::optional(*object) : std::nullopt;
}

std::optional<PostgresServer>
ModelCluster::read_server(const ObjectName& name, const CallContext&) {
    read("read the server's object");
    const auto object = world_.api.servers.find({{}, name});
    return object ? std::optional(*object) : std::nullopt;
}

void ModelCluster::cancel_job(const ObjectKey& job, const ResourceUid& uid, const CallContext&) {
    effect(("cancel Job " + job.name.str()).c_str(), [&] {
        const auto pod = world_.api.pods.find(job);
        if (pod && pod->stuck.empty()) {
            throw Refusal(RefusalKind::Conflict, "JobStarted", "a Pod of it has started");
        }
        world_.rules.forget_job(job);
        world_.api.remove_job(job, uid);
    });
}

}  // namespace djdb::model
