// What matters of a world in the end.
#include "tests/model/world/app_templates.hpp"
#include "tests/model/world/comparison.hpp"
#include "tests/model/world/story.hpp"

#include <algorithm>

namespace djdb::model {
namespace {

std::string words(std::initializer_list<std::string> parts) {
    std::string all;
    for (const auto& part : parts) {
        all += (all.empty() || part.empty() ? "" : ", ") + part;
    }
    return all;
}

std::string if_so(bool is_so, const char* then, const char* otherwise = "") {
    return is_so ? then : otherwise;
}

template <class Names>
std::string list(const Names& names) {
    std::string all;
    for (const auto& name : names) {
        all += (all.empty() ? "" : " ") + name;
    }
    return all;
}

bool is_of_others(const std::string& name) {
    return name.starts_with("other") || name.starts_with("dba");
}

/// Readers' group, once there is no reader any more: whether there was time to make it is chance.
bool is_left_over(const World& world, const std::string& role) {
    const auto object = world.api.databases.find(kShop);
    return role == "shop_ro" && object && object->spec.access.readers.empty() &&
           object->spec.backup.when == BackupWhen::Never;
}

/// What was proven is told in words that depend on what could be seen at that moment.
void add_conditions(
    const std::string& whose,
    const std::vector<Condition>& conditions,
    std::int64_t generation,
    Facts& facts
) {
    for (const auto& one : conditions) {
        facts[whose + " " + std::string(to_string(one.type))] = words(
            {std::string(to_string(one.status)),
             std::string(to_string(one.reason)),
             if_so(one.observed_generation != generation, "of an earlier generation"),
             one.type == ConditionType::Verified ? "" : one.message}
        );
    }
}

void add_resource(const World& world, const DjangoDatabase& object, Facts& facts) {
    const auto& [meta, spec, status, undecodable] = object;
    facts["resource"] = words(
        {if_so(meta.being_deleted, "being deleted", "there"),
         "finalizers " + list(meta.finalizers),
         if_so(status.observed_generation == meta.generation, "", "observed an earlier generation")}
    );
    facts["resource phase"] = status.phase;
    facts["resource secretName"] = status.secret_name;
    facts["resource drift"] = list(status.drift);
    const auto* database = world.postgres.find(spec.database.name);
    const bool is_its = database != nullptr && status.database_oid == std::to_string(database->oid);
    facts["resource databaseOid"] = if_so(is_its, "of the database", "of another database");
    facts["resource release"] =
        words({"current " + status.release.current, "target " + status.release.target});
    for (const auto& workload : status.workloads) {
        facts["resource workload " + workload.name] = words({workload.image, workload.state});
    }
    add_conditions("resource", status.conditions, meta.generation, facts);
}

void add_server(const World& world, const PostgresServer& server, Facts& facts) {
    const auto& status = server.status;
    facts["server"] = words(
        {status.connection,
         status.version,
         if_so(status.system_identifier == world.postgres.system_identifier, "itself", "another"),
         if_so(
             status.ledger_revision == world.postgres.state.revision,
             "its revision",
             "an earlier revision"
         ),
         if_so(
             status.claims == std::ssize(world.postgres.state.claims), "all claims", "other claims"
         )}
    );
    add_conditions("server", status.conditions, server.meta.generation, facts);
}

void add_secrets(const World& world, Facts& facts) {
    const auto object = world.api.databases.find(kShop);
    for (const auto& [key, secret] : world.api.secrets.all()) {
        if (key.name.str() == "main-admin" || key == kMainCa) {
            continue;
        }
        if (key.ns == kOperatorNamespace) {
            std::vector<std::string> names;
            for (const auto& [name, value] : secret->data) {
                if (name != "migrate-attempt") {  // how many there were is chance
                    names.push_back(name);
                }
            }
            const bool is_its = object && key == stored_passwords_of(object->meta.uid);
            facts
                ["passwords stored for " +
                 if_so(is_its, "the resource", "a resource of the past")] = list(names);
            continue;
        }
        const bool is_its = object && secret->controller == object->meta.uid;
        const auto value = [&](const char* name) {
            const auto found = secret->data.find(name);
            return found == secret->data.end() ? "" : found->second.reveal();
        };
        std::string login = "authenticates";
        try {
            world.postgres.log_in(value("DB_USER"), value("DB_PASSWORD"), value("DB_NAME"));
        } catch (const Refusal& refusal) {
            login = refusal.code();
        }
        // There may have been no migration, or a later attempt was locking it out when the image was taken back.
        const bool is_an_attempts = key.name.str().ends_with("-migrate") && is_its;
        if (!is_an_attempts) {
            facts["Secret " + key.name.str()] =
                words({list(secret->own_keys), if_so(is_its, "", "of another owner"), login});
        }
    }
}

/// Those of images that were asked for in between may have been made or not.
void add_jobs(const World& world, Facts& facts) {
    for (const auto& [key, job] : world.api.jobs.all()) {
        if (job->end == JobEnding::None || job->meta.being_deleted) {
            facts["Job " + key.name.str()] = "is not over";
        } else if (!job->expires) {
            facts["Job " + key.name.str()] = "does not expire";
        }
    }
}

/// Whether there was time to record what was asked for in between is chance.
void add_record(const World& world, Facts& facts) {
    const Record* newest = nullptr;
    std::size_t most = 0;
    for (const auto& [key, record] : world.api.records.all()) {
        // shop-9, shop-10
        if (record->database == kShop.name.str() && key.name.str().size() >= most) {
            most = key.name.str().size();
            newest = record.get();
        }
    }
    if (newest != nullptr && newest->status.outcome == ReleaseOutcome::Succeeded) {
        facts["the newest DjangoRelease"] = "Succeeded, " + newest->spec.image;
    }
}

/// Whether somebody still asked for it when a template passed is chance, if they changed their mind.
void add_proof(const World& world, Facts& facts) {
    const auto* database = world.postgres.find("shop");
    for (const auto& [key, deployment] : world.api.deployments.all()) {
        if (world.was_not_verified || database == nullptr) {
            continue;
        }
        const auto name = app_template_of(deployment->pod_template);
        for (const auto& [place, row] : world.postgres.state.templates) {
            if (place == std::pair{database->name, database->oid} && row.app_template == name) {
                facts["Deployment " + key.name.str() + ", of its app"] =
                    row.verified ? if_so(row.verified->empty(), "to be verified", "verified")
                                 : "nothing is to be verified";
            }
        }
    }
}

void add_release(const World& world, Facts& facts) {
    const auto web = world.api.deployments.find(kWeb);
    for (const auto& [key, deployment] : world.api.deployments.all()) {
        facts["Deployment " + key.name.str()] = words(
            {deployment->image,
             if_so(deployment->paused, "paused"),
             if_so(
                 deployment->rolled_template == deployment->pod_template,
                 "rolled out",
                 "not rolled out"
             )}
        );
    }
    if (!web) {
        return;
    }
    const auto* database = world.postgres.find("shop");
    const auto leaves = world.leaves.find(web->image);
    const bool is_applied = database != nullptr && leaves != world.leaves.end() &&
                            std::ranges::all_of(leaves->second, [&](const auto& leaf) {
                                return database->migrations.contains(leaf);
                            });
    facts["migrations of the image"] = if_so(is_applied, "applied", "not applied");
    facts["records that the image passed"] =
        std::to_string(std::ranges::count_if(world.postgres.state.images, [&](const auto& row) {
            return database != nullptr && row.first == std::pair{database->name, database->oid} &&
                   row.second == web->image;
        }));
    add_proof(world, facts);
    add_jobs(world, facts);
    add_record(world, facts);
}

void add_roles(const World& world, Facts& facts) {
    for (const auto& [name, role] : world.postgres.state.roles) {
        if (!is_of_others(name) && !is_left_over(world, name)) {
            facts["role " + name] = words(
                {role.mark,
                 if_so(role.login, "login", "no login"),
                 if_so(role.password.empty(), "no password", "password"),
                 if_so(role.has_extra_right, "CREATEDB")}
            );
        }
    }
}

void add_databases(const World& world, Facts& facts) {
    for (const auto& [oid, database] : world.postgres.state.databases) {
        if (!is_of_others(database.name) && !is_of_others(database.owner)) {
            auto configured = database.configured;
            std::erase_if(configured, [&](const auto& name) { return is_left_over(world, name); });
            facts["database " + database.name] = words(
                {"of " + database.owner,
                 "made for " + database.made_for,
                 if_so(database.is_open, "open", "closed"),
                 if_so(database.lets_public_in, "PUBLIC may connect"),
                 if_so(database.contents_arranged, "", "contents not arranged"),
                 "limit " + std::to_string(database.limit),
                 "configured " + list(configured)}
            );
        }
    }
}

void add_ledger(const World& world, Facts& facts) {
    const auto& state = world.postgres.state;
    const auto object = world.api.databases.find(kShop);
    for (const auto& [name, claim] : state.claims) {
        if (is_of_others(name)) {
            continue;
        }
        const auto* database = world.postgres.find(name);
        const bool is_its = object && claim.holder.uid == object->meta.uid.str();
        facts["claim " + name] = words(
            {claim.holder.cluster + " " + claim.holder.key,
             if_so(is_its, "the resource's", "a former resource's"),
             if_so(claim.is_active, "active", "retained"),
             if_so(claim.is_configured, "configured"),
             if_so(
                 database != nullptr && claim.oid == database->oid, "of its OID", "of another OID"
             )}
        );
    }
    for (const auto& [role, database] : state.names) {
        if (!is_of_others(role)) {
            facts["name kept " + role] = database;
        }
    }
    for (const auto& [database, is_done] : state.adoptions) {
        facts["adoption " + database] = if_so(is_done, "done", "not done");
    }
}

/// Whether there was time to make anything is chance, and so is what is retained: but nobody logs in.
void add_what_a_deleted_one_left(const World& world, Facts& facts) {
    if (world.rules.unreachable_at > 0) {
        return;  // it may have been orphaned
    }
    const auto claim = world.postgres.state.claims.find("shop");
    if (claim != world.postgres.state.claims.end() && claim->second.is_active) {
        facts["claim shop"] = "active";
    }
    for (const auto& [name, role] : world.postgres.state.roles) {
        if (!is_of_others(name) && (role.login || !role.password.empty())) {
            facts["role " + name] = "login or password";
        }
    }
}

}  // namespace

Facts facts_of(const World& world) {
    Facts facts;
    add_server(world, *world.api.servers.find({{}, ObjectName("main")}), facts);
    add_secrets(world, facts);
    const auto object = world.api.databases.find(kShop);
    if (!object) {
        facts["resource"] = "gone";
        add_what_a_deleted_one_left(world, facts);
        return facts;
    }
    add_resource(world, *object, facts);
    add_release(world, facts);
    add_roles(world, facts);
    add_databases(world, facts);
    add_ledger(world, facts);
    return facts;
}

}  // namespace djdb::model
