#include "tests/model/world/rules.hpp"

#include "crds/api.hpp"
#include "reconcilers/manifests/ca_bundle.hpp"
#include "tests/model/world/world.hpp"

#include <algorithm>

namespace djdb::model {
namespace {

bool has_finalizer(const DjangoDatabase& object) {
    return std::ranges::find(object.meta.finalizers, api::kFinalizer) !=
           object.meta.finalizers.end();
}

std::shared_ptr<const DjangoDatabase> find_by_uid(const ApiServer& api, const std::string& uid) {
    for (const auto& [key, object] : api.databases.all()) {
        if (object->meta.uid.str() == uid) {
            return object;
        }
    }
    return nullptr;
}

std::string text_of(const Secret& secret, const char* key) {
    const auto found = secret.data.find(key);
    return found == secret.data.end() ? "" : found->second.reveal();
}

}  // namespace

void Rules::violated(const std::string& what) {
    if (!violation_) {
        violation_ = what;
        history_.note("RULE", [&] { return "violated: " + what; });
    }
}

std::string Rules::database_of(const ObjectKey& resource) const {
    const auto object = api_.databases.find(resource);
    return object ? object->spec.database.name : "";
}

bool Rules::is_migrated(const std::string& name, const std::string& image) const {
    const auto* database = postgres_.find(name);
    const auto leaves = leaves_.find(image);
    return database != nullptr && leaves != leaves_.end() &&
           std::ranges::all_of(leaves->second, [&](const auto& leaf) {
               return database->migrations.contains(leaf);
           });
}

void Rules::after_making(const Shape& shape) {
    // A second operator may end what it began, and make nothing of it. What was orphaned without a server
    // leaves no word in its ledger.
    const auto claim = postgres_.state.claims.find(shape.database);
    const bool has_claim = claim != postgres_.state.claims.end() && claim->second.is_active &&
                           claim->second.holder == shape.holder;
    if (has_rivals && (unreachable_at > 0 || !has_claim)) {
        return;
    }
    const auto object = find_by_uid(api_, shape.holder.uid);
    if (!object || !has_finalizer(*object)) {
        violated("S16: something is made on the server for a resource without finalizer");
    }
}

void Rules::before_effect(bool knows_better) {
    if (is_past && knows_better) {
        violated("S12: a server of the past is changed before its owner accepted it");
    }
}

void Rules::lose(const Secret& stored) {
    for (const auto& [name, value] : stored.data) {
        lost_passwords_.insert(value.reveal());
    }
}

void Rules::after_passwords(
    const Shape& shape, const std::map<std::string, std::string>& passwords
) {
    auto stored = lost_passwords_;
    if (const auto secret = api_.secrets.find(stored_passwords_of(ResourceUid(shape.holder.uid)))) {
        for (const auto& [name, value] : secret->data) {
            stored.insert(value.reveal());
        }
    }
    for (const auto& [role, password] : passwords) {
        // Of two operators one may not have seen yet that a reader goes, and the other forgets its password.
        const bool is_passing = has_rivals && role.find("_ro_") != std::string::npos;
        if (!stored.contains(password) && !is_passing) {
            violated("F85: the password of " + role + " is set and is not stored");
        }
    }
    // S5, while nobody else had a hand in it and the tenant stays. A migration's is published behind the password, for
    // the next attempt.
    const auto object = find_by_uid(api_, shape.holder.uid);
    if (is_disturbed || !object || object->meta.being_deleted) {
        return;
    }
    for (const auto& [key, secret] : api_.secrets.all()) {
        const auto role = postgres_.state.roles.find(text_of(*secret, "DB_USER"));
        // Of two operators one may not have seen yet that a reader goes, or comes.
        const bool is_passing = key.name.str().ends_with("-migrate") ||
                                (has_rivals && key.name.str() != "shop-database");
        const bool is_its = secret->controller.str() == shape.holder.uid && !is_passing;
        if (is_its && role != postgres_.state.roles.end() &&
            role->second.password != text_of(*secret, "DB_PASSWORD")) {
            violated("S5: Secret " + key.name.str() + " does not authenticate any more");
        }
    }
}

void Rules::after_create_database(const Shape& shape) {
    if (had_database_.contains(shape.database)) {
        violated("S12: an empty database is made in the place of one that was lost");
    }
}

void Rules::after_configure(const Shape& shape) {
    const auto* database = postgres_.find(shape.database);
    if (database->made_for != shape.holder.key) {
        violated("S3: a database is opened to a tenant that it was not made for");
    }
    had_database_.insert(shape.database);
}

void Rules::before_take(const Shape& shape, bool by_transfer) {
    const auto claim = postgres_.state.claims.find(shape.database);
    const bool is_others = by_transfer ? claim != postgres_.state.claims.end() &&
                                             !claim->second.holder.has_key_of(shape.holder)
                                       : postgres_.find(shape.database) != nullptr;
    const auto object = find_by_uid(api_, shape.holder.uid);
    const auto server =
        object ? api_.servers.find({{}, ObjectName(object->spec.server_ref.name)}) : nullptr;
    const auto names = [&](const auto& grant) {
        return grant.database == shape.database && grant.ns + "/" + grant.name == shape.holder.key;
    };
    const bool is_given =
        server && (by_transfer ? std::ranges::any_of(server->spec.grants.transfer, names)
                               : std::ranges::any_of(server->spec.grants.adopt, names));
    if (is_others && !is_given) {
        violated("S3: a database is taken over that nobody gave");
    }
}

void Rules::before_drop_database(const Shape& shape, bool by_name) {
    const auto* database = postgres_.find(shape.database);
    if (database == nullptr) {
        return;
    }
    const auto object = find_by_uid(api_, shape.holder.uid);
    const auto claim = postgres_.state.claims.find(shape.database);
    const bool is_claimed = claim != postgres_.state.claims.end() &&
                            claim->second.holder == shape.holder && claim->second.is_active &&
                            claim->second.oid == database->oid;
    if (!is_claimed && !by_name) {
        return;  // the statement finds nothing to drop
    }
    const auto server =
        object ? api_.servers.find({{}, ObjectName(object->spec.server_ref.name)}) : nullptr;
    const bool is_asked = object && object->meta.being_deleted &&
                          object->spec.deletion.policy == DeletionPolicy::Delete &&
                          !object->spec.deletion.is_protected;
    if (!is_asked || !server || !server->spec.deletion.allow_drop) {
        violated("S4: a database is dropped that nobody asked to be dropped");
    }
    if (!is_claimed || database->made_for != shape.holder.key) {
        violated("S4: a database is dropped that is not the claimed one");
    }
}

void Rules::after_record(const Shape& shape, const std::string& image) {
    const auto* database = postgres_.find(shape.database);
    if (database == nullptr) {
        return;
    }
    for (const auto& [place, recorded] : postgres_.state.images) {
        if (recorded == image && place == std::pair{shape.database, database->oid} &&
            !is_migrated(shape.database, image)) {
            violated(
                "S2: image " + image + " is noted as passed on a database without its migrations"
            );
        }
    }
}

void Rules::before_publish(const Secret* current, const Secret& next) {
    const auto name = next.meta.key.name.str();
    const bool is_apps = !name.ends_with("-migrate");
    if (!fits_into_secret(text_of(next, kCaKey))) {
        violated("S18: no container starts with Secret " + name + " in its environment");
    }
    if (has_rivals || !is_apps) {
        return;
    }
    if (current != nullptr && !text_of(*current, kCaKey).empty() && text_of(next, kCaKey).empty()) {
        violated("S18: no Pod starts that mounts ca.crt of Secret " + name);
    }
    if (is_disturbed) {
        return;
    }
    try {
        const auto database = text_of(next, "DB_NAME");
        postgres_.log_in(text_of(next, "DB_USER"), text_of(next, "DB_PASSWORD"), database);
    } catch (const Refusal& refusal) {
        violated(
            "S5: Secret " + name + " is published and does not authenticate: " + refusal.what()
        );
    }
}

void Rules::before_change_of(const Secret* current, const ResourceUid& controller) {
    if (current != nullptr && current->controller != controller) {
        violated("S10: Secret " + current->meta.key.name.str() + " of somebody else is changed");
    }
}

void Rules::before_open_gate(const ObjectKey& key, Millis now) {
    const auto deployment = api_.deployments.find(key);
    if (deployment && deployment->paused) {
        const auto database = database_of({key.ns, ObjectName(deployment->database)});
        // What carries the mark is held: who pauses it as well, while the gate is off, is not told from it.
        if (!deployment->paused_by.empty() && !deployment->is_marked) {
            violated("a user's pause of " + key.name.str() + " is ended");
        }
        // Between the pass and the opening another operator may drop what its user deletes.
        const auto object = api_.databases.find({key.ns, ObjectName(deployment->database)});
        const bool is_going = has_rivals && (!object || object->meta.being_deleted);
        if (!is_migrated(database, deployment->image) && now > doubtful_until && !is_going) {
            violated("S2: the gate opens for " + deployment->image + ", which has not passed");
        }
    }
}

void Rules::before_roll(const Deployment& deployment, Millis now) {
    if (deployment.database.empty() || deployment.is_ungated || now <= doubtful_until) {
        return;
    }
    const auto object =
        api_.databases.find({deployment.meta.key.ns, ObjectName(deployment.database)});
    if (object && !object->meta.being_deleted &&
        !is_migrated(object->spec.database.name, deployment.image)) {
        violated(
            "S2: " + deployment.meta.key.name.str() + " rolls out " + deployment.image +
            ", which has not passed"
        );
    }
}

void Rules::before_remove_finalizer(const DjangoDatabase& object, Millis now, Millis failed_at) {
    const auto claim = postgres_.state.claims.find(object.spec.database.name);
    const bool is_held = claim != postgres_.state.claims.end() && claim->second.is_active &&
                         claim->second.holder.uid == object.meta.uid.str();
    const auto orphan = object.meta.annotations.find(std::string(api::kOrphanAnnotation));
    const bool may_leave = orphan != object.meta.annotations.end() ||
                           now - unreachable_at < 60'000 || now - failed_at < 1'000 ||
                           !api_.servers.find({{}, ObjectName(object.spec.server_ref.name)});
    if (is_held && !may_leave && object.meta.being_deleted) {
        violated("S16: the finalizer goes while the claim is active");
    }
    if (!object.meta.being_deleted) {
        violated("S16: the finalizer goes from a resource that is not deleted");
    }
}

void Rules::before_finalizers(const ObjectKey& key, const std::vector<std::string>& finalizers) {
    const auto object = api_.databases.find(key);
    for (const auto& one : object ? object->meta.finalizers : std::vector<std::string>{}) {
        if (one != api::kFinalizer && std::ranges::find(finalizers, one) == finalizers.end()) {
            violated("S10: finalizer " + one + " of somebody else is removed");
        }
    }
}

void Rules::before_status(const ObjectMeta& judged, const DjangoDatabaseStatus& status) {
    const auto object = api_.databases.find(judged.key);
    if (!object || object->meta.uid != judged.uid) {
        return;
    }
    if (status.observed_generation > object->meta.generation) {
        violated("S13: observedGeneration exceeds the generation");
    }
    auto& last = generations_[judged.uid];
    if (status.observed_generation < last && !has_rivals) {
        violated("S13: observedGeneration goes backwards");
    }
    last = std::max(last, status.observed_generation);
    // Who has not seen its last write yet may write it once more: the API server changes nothing then.
    const bool is_fresh = judged.resource_version == object->meta.resource_version;
    if (status == object->status && is_fresh && !has_rivals) {
        violated("S14: a status is written that is there already");
    }
}

void Rules::before_status(const ObjectMeta& judged, const PostgresServerStatus& status) {
    const auto object = api_.servers.find(judged.key);
    if (object && is_past && status.ledger_revision < object->status.ledger_revision) {
        violated("S13: a server of the past is taken for the one before");
    }
}

std::string Rules::others() const {
    std::string all;
    for (const auto& [name, role] : postgres_.state.roles) {
        if (name.starts_with("other") || name.starts_with("dba")) {
            all += name + role.mark + role.password + (role.login ? "l" : "n") + ";";
        }
    }
    for (const auto& [oid, database] : postgres_.state.databases) {
        if (database.name.starts_with("other") || database.name.starts_with("dba")) {
            all += database.name + std::to_string(oid) + database.owner +
                   (database.is_open ? "o" : "c") + ";";
        }
    }
    for (const auto& [name, claim] : postgres_.state.claims) {
        if (name.starts_with("other")) {
            all += name + claim.holder.uid + (claim.is_active ? "a" : "r") + ";";
        }
    }
    return all;
}

void Rules::remember_others() {
    others_ = others();
}

void Rules::check_others() {
    if (others() != others_) {
        violated("S10: what belongs to others on the server has changed");
    }
}

}  // namespace djdb::model
