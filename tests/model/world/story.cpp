#include "tests/model/world/story.hpp"

#include "crds/api.hpp"
#include "reconcilers/manifests/ca_bundle.hpp"
#include "tests/model/world/plans.hpp"

#include <algorithm>

namespace djdb::model {
namespace {

/// A user, before a plan is approved.
constexpr Millis kThinks = 1'500;
constexpr std::chrono::seconds kSoak{10};
/// Longer than all else that a release takes.
constexpr std::chrono::seconds kLongSoak{150};

/// Keys sorted, as the API server's JSON is read.
std::string template_of(const std::string& image, const std::string& note) {
    return R"({"metadata":{"annotations":{"note":")" + note +
           R"("}},"spec":{"containers":[{"image":")" + image + R"(","name":"app"}]}})";
}

DjangoDatabase a_resource() {
    DjangoDatabase object;
    object.meta.key = kShop;
    object.spec.server_ref.name = "main";
    object.spec.database.name = "shop";
    return object;
}

}  // namespace

Stage::Stage(World& world, const Script& script) : world_(world), script_(script) {
    set_the_scene(world, script.origin);
    world.backups = script.backups;
    world.verifications.insert(script.verifications.begin(), script.verifications.end());
    for (const auto& [image, attempts] : script.attempts) {
        world.attempts[image] = attempts;
        auto& leaves = world.leaves[image];
        leaves = {"orders.000" + image.substr(image.size() - 1)};
    }
    world.api.databases.listen([this](const auto& change) {
        if (const auto digest = change.now ? asked_digest(change.now->status) : "";
            !digest.empty()) {
            world_.timeline.after(kThinks, [this, digest] { approve_if_asked(digest); });
        }
    });
    for (const auto& scene : script.scenes) {
        world.timeline.at(scene.at, [this, &scene] {
            if (scene.before == nullptr) {
                begin(scene);
            } else {
                world_.faults.lie_in_wait(scene.before, [this, &scene] { begin(scene); });
            }
        });
    }
}

void Stage::begin(const Scene& scene) {
    world_.history.note("user", [&] { return std::string(describe(scene.deed)); });
    done_.push_back(scene.deed);
    play(scene);
}

void Stage::deploy(const ObjectKey& key, const std::string& image, const std::string& note) {
    world_.api.apply_deployment(key, [&](Deployment& deployment) {
        deployment.database = kShop.name.str();
        deployment.image = image;
        deployment.pod_template = template_of(image, note);
    });
}

void Stage::do_and_undo(
    const Scene& scene, const std::function<void()>& act, const std::function<void()>& undo
) {
    act();
    const auto until = scene.before == nullptr ? scene.until : world_.timeline.now() + scene.until;
    world_.timeline.at(until, [this, &scene, undo] {
        world_.history.note("user", [&] {
            return std::string("no more: ") + describe(scene.deed);
        });
        undo();
    });
}

void Stage::play(const Scene& scene) {
    auto& api = world_.api;
    switch (scene.deed) {
        case Deed::CreateResource:
        case Deed::CreateAgain:
            create();
            break;
        case Deed::Deploy:
        case Deed::RollBack:
        case Deed::Restart:
            release(scene);
            break;
        case Deed::AddReader:
            api.edit_spec(kShop, [](auto& spec) { spec.access.readers = {{"reports", ""}}; });
            break;
        case Deed::RemoveReader:
            api.edit_spec(kShop, [](auto& spec) { spec.access.readers.clear(); });
            break;
        case Deed::LimitConnections:
            api.edit_spec(kShop, [](auto& spec) { spec.database.connection_limit = 20; });
            break;
        case Deed::AskForApproval:
            api.edit_spec(kShop, [](auto& spec) {
                spec.migrations.destructive = PlanPolicy::Approve;
            });
            world_.rules.ask_for_approval(api.wall_clock());
            break;
        case Deed::AskForBackups:
            ask_for_backups(BackupWhen::BeforeMigrate, "dumps");
            break;
        case Deed::BackUpAlways:
            ask_for_backups(BackupWhen::Always, "archive");
            break;
        case Deed::StopBackups:
            api.edit_spec(kShop, [](auto& spec) { spec.backup.when = BackupWhen::Never; });
            break;
        case Deed::StopVerifying:
            ask_for_proof(VerifyWhen::Never, kSoak);
            break;
        case Deed::VerifyAtOnce:
            ask_for_proof(VerifyWhen::AfterRollout, std::chrono::seconds{0});
            break;
        case Deed::VerifyAtLength:
            ask_for_proof(VerifyWhen::AfterRollout, kLongSoak);
            break;
        case Deed::ResumeByHand:
            if (api.deployments.find(kWeb)) {
                api.apply_deployment(kWeb, [](Deployment& one) { one.paused = false; });
            }
            break;
        case Deed::EditSecret:
        case Deed::RemoveSecret:
            edit_secret(scene);
            break;
        case Deed::LoseStored:
            lose_stored();
            break;
        case Deed::ChangeCa:
            change_ca();
            break;
        case Deed::RetryJob:
            if (!api.jobs.all().empty()) {
                const auto key = api.jobs.all().begin()->first;
                ++jobs_removed_;
                world_.rules.forget_job(key);
                api.remove_job(key);
            }
            break;
        case Deed::RestartPod:
            restart_pod();
            break;
        case Deed::Grant:
            grant();
            break;
        case Deed::Delete:
            api.remove_database(kShop);
            break;
        case Deed::DeleteAndDrop:
            api.edit_spec(kShop, [](auto& spec) { spec.deletion.policy = DeletionPolicy::Delete; });
            api.remove_database(kShop);
            break;
        case Deed::BackUp:
            back_up();
            break;
        case Deed::RivalsTurn:
            world_.rivals_turn();
            break;
        case Deed::DeleteBehindIt:
            api.edit_spec(kShop, [](auto& spec) { spec.deletion.policy = DeletionPolicy::Delete; });
            api.remove_database(kShop);
            world_.rivals_turn();
            break;
        case Deed::HoldByHand:
        case Deed::AddFinalizer:
        case Deed::BreakGate:
        case Deed::QuotaOnJobs:
            for_a_while(scene);
            break;
        case Deed::ServerDown:
        case Deed::Standby:
        case Deed::ChangePassword:
        case Deed::GiveExtraRight:
        case Deed::DropLogin:
        case Deed::CloseDatabase:
        case Deed::LetPublicIn:
        case Deed::RenameDatabase:
        case Deed::ReownDatabase:
        case Deed::LoseDatabase:
        case Deed::ReplaceDatabase:
        case Deed::Restore:
        case Deed::OldPrimary:
            by_dba(scene);
            break;
    }
}

/// Tries again while the one before it is still there: "object is being deleted".
void Stage::create() {
    if (world_.api.databases.find(kShop)) {
        world_.timeline.after(2'000, [this] { create(); });
    } else {
        world_.rules.ask_for_approval(std::nullopt);
        world_.api.create(a_resource());
    }
}

/// Backups grow old, and hang, within what a history lasts.
void Stage::ask_for_backups(BackupWhen when, const char* claim) {
    world_.api.edit_spec(kShop, [&](auto& spec) {
        spec.backup.when = when;
        spec.backup.claim_name = claim;
        spec.backup.max_age = std::chrono::seconds{120};
        spec.backup.deadline = std::chrono::seconds{180};
    });
}

void Stage::ask_for_proof(VerifyWhen when, std::chrono::seconds soak) {
    world_.was_not_verified = world_.was_not_verified || when == VerifyWhen::Never;
    world_.api.edit_spec(kShop, [&](auto& spec) {
        spec.verify.when = when;
        spec.verify.soak = soak;
    });
}

void Stage::restart_pod() {
    if (const auto found = world_.api.deployments.find(kWeb)) {
        auto deployment = *found;
        ++deployment.restarts;
        deployment.restarted = world_.api.wall_clock();
        world_.api.put_status(std::move(deployment));
    }
}

void Stage::approve_if_asked(const std::string& digest) {
    const auto object = world_.api.databases.find(kShop);
    if (object && asked_digest(object->status) == digest &&
        object->spec.migrations.approved_plan != digest) {
        approve(world_, kShop, digest);
    }
}

void Stage::release(const Scene& scene) {
    if (scene.deed == Deed::Deploy) {
        ++image_;
    } else if (scene.deed == Deed::RollBack && image_ > 1) {
        --image_;
    }
    const auto image = image_name(std::max(image_, 1));
    const auto note = std::to_string(scene.deed == Deed::Restart ? ++restarts_ : restarts_);
    deploy(kWeb, image, note);
    world_.timeline.after(300, [this, image, note] { deploy(kWorker, image, note); });
}

/// And the ConfigMap with the CA.
void Stage::edit_secret(const Scene& scene) {
    const ObjectKey key{kShop.ns, ObjectName("shop-database")};
    const ObjectKey ca{kShop.ns, ObjectName("shop-database-ca")};
    world_.rules.is_disturbed = true;
    const auto config_map = world_.api.config_maps.find(ca);
    if (!config_map || scene.deed == Deed::RemoveSecret) {
        world_.api.config_maps.remove(ca);
    } else {
        auto edited = *config_map;
        edited.data.insert_or_assign("ca.crt", Sensitive("wrong"));
        edited.own_keys.erase("ca.crt");
        world_.api.put_config_map(std::move(edited));
    }
    const auto secret = world_.api.secrets.find(key);
    if (!secret || scene.deed == Deed::RemoveSecret) {
        world_.api.secrets.remove(key);
        return;
    }
    auto edited = *secret;
    edited.data.insert_or_assign("DB_PASSWORD", Sensitive("wrong"));
    edited.data.insert_or_assign("MINE", Sensitive("kept"));
    edited.own_keys.erase("DB_PASSWORD");
    world_.api.put_secret(std::move(edited));
}

/// The operator was installed in another namespace, or restored without its Secrets.
void Stage::lose_stored() {
    if (const auto object = world_.api.databases.find(kShop)) {
        const auto key = stored_passwords_of(object->meta.uid);
        if (const auto stored = world_.api.secrets.find(key)) {
            world_.rules.lose(*stored);
            world_.api.secrets.remove(key);
        }
    }
}

void Stage::change_ca() {
    auto ca = *world_.api.secrets.find(kMainCa);
    const auto held = ca.data.at("ca.crt").reveal();
    const auto next =
        fits_into_secret(held) ? std::string(kLongestCaInSecret + 1, 'L') : held.substr(0, 2);
    ca.data.insert_or_assign("ca.crt", Sensitive(next));
    world_.api.put_secret(std::move(ca));
}

void Stage::grant() {
    world_.api.edit_server(kMain.name, [](PostgresServer& server) {
        const auto ns = kShop.ns.str();
        const auto name = kShop.name.str();
        server.spec.grants.adopt = {{"shop", ns, name, {}}};
        server.spec.grants.transfer = {{"shop", ns, name}};
    });
}

void Stage::for_a_while(const Scene& scene) {
    auto& api = world_.api;
    const auto edit_finalizers = [&api](const std::function<void(std::vector<std::string>&)>& edit
                                 ) { api.edit_finalizers(kShop, edit); };
    const auto hold = [&api](bool holds) {
        if (api.deployments.find(kWeb)) {
            api.apply_deployment(kWeb, [holds](Deployment& one) {
                one.paused = holds;
                one.paused_by = holds ? "gitops" : "";
            });
        }
    };
    if (scene.deed == Deed::HoldByHand) {
        do_and_undo(
            scene, [&] { hold(true); }, [hold] { hold(false); }
        );
    } else if (scene.deed == Deed::QuotaOnJobs) {
        do_and_undo(
            scene, [&] { api.refuses_jobs = true; }, [&api] { api.refuses_jobs = false; }
        );
    } else if (scene.deed == Deed::BreakGate) {
        do_and_undo(
            scene,
            [&] { api.set_gate(GatePolicy::Missing); },
            [&api] { api.set_gate(GatePolicy::Intact); }
        );
    } else {
        do_and_undo(
            scene,
            [&] { edit_finalizers([](auto& list) { list.emplace_back("example.com/keep"); }); },
            [edit_finalizers] {
                edit_finalizers([](auto& list) { std::erase(list, "example.com/keep"); });
            }
        );
    }
}

void Stage::follow_advice() {
    std::vector<ObjectKey> failed;
    for (const auto& [key, pod] : world_.api.pods.all()) {
        if (pod->has_ended) {
            failed.push_back(key);
        }
    }
    for (const auto& [key, job] : world_.api.jobs.all()) {
        if (!job->failure_reason.empty() && !world_.api.pods.find(key)) {
            failed.push_back(key);
        }
    }
    for (const auto& key : failed) {
        world_.history.note("user", [&] {
            return "deletes Job " + key.name.str() + ", as advised";
        });
        ++jobs_removed_;
        world_.rules.forget_job(key);
        world_.api.remove_job(key);
    }
    const auto object = world_.api.databases.find(kShop);
    if (object && says(*object, Reason::AdoptionRefused)) {
        world_.history.note("DBA", [] { return "opens the database, as advised"; });
        world_.postgres.find("shop")->is_open = true;
    }
    if (object && says(*object, Reason::CredentialsLost)) {
        world_.history.note("user", [] { return "asks for new passwords, as advised"; });
        world_.rules.is_disturbed = true;
        Secret empty;
        empty.meta.key = stored_passwords_of(object->meta.uid);
        world_.api.put_secret(std::move(empty));
    }
}

}  // namespace djdb::model
