#include "tests/model/world/ending.hpp"

#include "reconcilers/manifests/ca_bundle.hpp"
#include "tests/model/world/app_templates.hpp"

#include <algorithm>
#include <set>

namespace djdb::model {
namespace {

bool is_ready(const std::vector<Condition>& conditions) {
    const auto ready = std::ranges::find(conditions, ConditionType::Ready, &Condition::type);
    return ready != conditions.end() && ready->status == ConditionStatus::True;
}

std::string find_unrest_of_deleted(const World& world, const Script& script) {
    if (world.api.databases.find(kShop)) {
        return "the resource is still there";
    }
    const auto& state = world.postgres.state;
    const auto claim = state.claims.find("shop");
    if (claim == state.claims.end()) {
        const auto* database = world.postgres.find("shop");
        return script.ends_dropped && database != nullptr && database->made_for == to_string(kShop)
                   ? "the database is still there and nobody's"
                   : "";
    }
    if (claim->second.holder.key != to_string(kShop)) {
        return {};  // it was never taken over
    }
    if (world.rules.unreachable_at > 0 && !script.ends_dropped) {
        return {};  // it may have been let go while the server was down
    }
    if (claim->second.is_active) {
        return "the claim is still active";
    }
    for (const auto* login : {"shop_a", "shop_b", "shop_migrate"}) {
        if (state.roles.contains(login)) {
            return std::string(login) + " is still there";
        }
    }
    return {};
}

/// The app's as it is published, the migration's as it is stored: each attempt publishes its own.
std::string find_unrest_of_logins(const World& world, const DjangoDatabase& object) {
    const auto app = world.api.secrets.find({kShop.ns, ObjectName("shop-database")});
    const auto stored = world.api.secrets.find(stored_passwords_of(object.meta.uid));
    if (!app || !stored) {
        return "the app's Secret or the stored copy is not there";
    }
    const auto value = [](const Secret& secret, const char* key) {
        return secret.data.at(key).reveal();
    };
    try {
        world.postgres.log_in(value(*app, "DB_USER"), value(*app, "DB_PASSWORD"), "shop");
        world.postgres.log_in("shop_migrate", value(*stored, "migrate"), "shop");
    } catch (const Refusal& refusal) {
        return std::string("a login does not authenticate: ") + refusal.what();
    }
    return {};
}

/// The ConfigMap has it, and as long as it fits the Secret has it as well.
std::string find_unrest_of_ca(const World& world) {
    const auto ca = world.api.secrets.find(kMainCa)->data.at("ca.crt");
    const auto holds = [&](const Table<Secret>& table, const char* name) {
        const auto object = table.find({kShop.ns, ObjectName(name)});
        return object && object->data.contains("ca.crt") && object->data.at("ca.crt") == ca;
    };
    if (!holds(world.api.config_maps, "shop-database-ca")) {
        return "the ConfigMap has not the server's CA";
    }
    if (fits_into_secret(ca.reveal()) != holds(world.api.secrets, "shop-database")) {
        return "the Secret has not the CA that belongs there";
    }
    return {};
}

/// Of what somebody else may have changed.
std::string find_unrest_on_server(const World& world, const DjangoDatabase& object) {
    const auto* database = world.postgres.find("shop");
    if (database == nullptr || !database->is_open || database->lets_public_in ||
        database->owner != kAdministrator) {
        return "the database is not as asked for";
    }
    if (database->limit != object.spec.database.connection_limit) {
        return "the connection limit is not as asked for";
    }
    for (const auto* name : {"shop_owner", "shop_a", "shop_b", "shop_migrate"}) {
        const auto role = world.postgres.state.roles.find(name);
        if (role == world.postgres.state.roles.end() || role->second.has_extra_right ||
            !database->configured.contains(name)) {
            return std::string(name) + " is not as asked for";
        }
    }
    const auto& roles = world.postgres.state.roles;
    if (roles.contains("shop_ro_reports") == object.spec.access.readers.empty()) {
        return "the reader is not as asked for";
    }
    const bool backs_up = object.spec.backup.when != BackupWhen::Never;
    if (roles.contains("shop_ro_backup") != backs_up) {
        return "the login that dumps is not as asked for";
    }
    return {};
}

/// A pass that waits to be proven.
bool is_due(const World& world, const Deployment& deployment) {
    const auto* database = world.postgres.find("shop");
    return std::ranges::any_of(world.postgres.state.templates, [&](const auto& entry) {
        const auto& [place, row] = entry;
        return place == std::pair{database->name, database->oid} && row.verified == "" &&
               row.app_template == app_template_of(deployment.pod_template);
    });
}

bool is_migrated(const World& world, const std::string& image) {
    const auto* database = world.postgres.find("shop");
    return std::ranges::all_of(world.leaves.at(image), [&](const auto& leaf) {
        return database->migrations.contains(leaf);
    });
}

std::string find_unrest_of_release(const World& world, const DjangoDatabase& object) {
    std::set<std::pair<JobKind, std::string>> revisions;
    for (const auto& [key, job] : world.api.jobs.all()) {
        if (job->end == JobEnding::None) {
            return "Job " + key.name.str() + " is not over";
        }
        if (!job->expires && !revisions.insert({job->kind, job->revision}).second) {
            return "Jobs of revision " + job->revision + " pile up";
        }
    }
    for (const auto& key : {kWeb, kWorker}) {
        const auto deployment = world.api.deployments.find(key);
        if (!deployment) {
            continue;
        }
        if (deployment->paused || deployment->pods != Pods::Complete ||
            deployment->rolled_template != deployment->pod_template) {
            return "Deployment " + key.name.str() + " has not rolled out " + deployment->image;
        }
        if (!is_migrated(world, deployment->image)) {
            return "the database lacks migrations of " + deployment->image;
        }
        if (object.status.release.current != deployment->image) {
            return "status.release.current is " + object.status.release.current;
        }
        if (object.spec.verify.when != VerifyWhen::Never && is_due(world, *deployment)) {
            return "nothing proved what Deployment " + key.name.str() + " rolled out";
        }
    }
    return {};
}

}  // namespace

std::string find_what_a_proof_holds(const World& world) {
    bool is_unproven = false;
    for (const auto& [key, job] : world.api.jobs.all()) {
        if (job->end == JobEnding::Succeeded || job->expires) {
            continue;
        }
        if (job->kind != JobKind::Verify) {
            return {};  // it is held for that
        }
        is_unproven = true;
    }
    const auto object = world.api.databases.find(kShop);
    if (!is_unproven || !object || object->meta.being_deleted) {
        return {};
    }
    for (const auto reason :
         {Reason::CredentialsLost, Reason::AdoptionRefused, Reason::UnappliedRemain}) {
        if (says(*object, reason)) {
            return {};
        }
    }
    for (const auto& [key, deployment] : world.api.deployments.all()) {
        if (deployment->paused && deployment->is_marked) {
            return "Deployment " + key.name.str();
        }
    }
    return {};
}

std::string find_unrest(const World& world, const Script& script) {
    const auto server = world.api.servers.find({{}, ObjectName("main")});
    if (server->status.ledger_revision != world.postgres.state.revision) {
        return "the server's status is of an earlier revision of the ledger";
    }
    if (!is_ready(server->status.conditions)) {
        return "the server is not Ready";
    }
    if (script.ends_deleted) {
        return find_unrest_of_deleted(world, script);
    }
    const auto object = world.api.databases.find(kShop);
    if (!object) {
        return "the resource is not there";
    }
    const auto& conditions = object->status.conditions;
    const auto ready = std::ranges::find(conditions, ConditionType::Ready, &Condition::type);
    if (ready == conditions.end() || ready->status != ConditionStatus::True) {
        return "Ready is not True: " +
               (ready == conditions.end()
                    ? ""
                    : std::string(to_string(ready->reason)) + ": " + ready->message);
    }
    if (object->status.observed_generation != object->meta.generation) {
        return "the status is of an earlier generation";
    }
    if (!object->status.drift.empty()) {
        return "drift: " + object->status.drift.front();
    }
    if (auto unrest = find_unrest_on_server(world, *object); !unrest.empty()) {
        return unrest;
    }
    if (auto unrest = find_unrest_of_release(world, *object); !unrest.empty()) {
        return unrest;
    }
    if (auto unrest = find_unrest_of_ca(world); !unrest.empty()) {
        return unrest;
    }
    return find_unrest_of_logins(world, *object);
}

}  // namespace djdb::model
