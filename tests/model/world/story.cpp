#include "tests/model/world/story.hpp"

#include "crds/api.hpp"

#include <array>

namespace djdb::model {
namespace {

std::string image_name(int number) {
    return "shop:v" + std::to_string(number);
}

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

void make_others(World& world) {
    auto& state = world.postgres.state;
    state.roles["dba_report"] = {"", true, "secret", false};
    state.roles["other_owner"] = {"cluster-1 other/other other", false, "", false};
    state.roles["other_a"] = {"cluster-1 other/other other", true, "secret", false};
    auto& other = world.postgres.make_database("other", kAdministrator);
    other.made_for = "other/other";
    other.lets_public_in = false;
    state.claims["other"] = {{"cluster-1", "uid-other", "other/other"}, true, other.oid, true};
    state.names["other_owner"] = "other";
    state.names["other_a"] = "other";
    world.postgres.make_database("dba_stats", "dba_report");
    state.revision = 3;
    world.rules.remember_others();
}

void make_server(World& world) {
    PostgresServer server;
    server.meta.key = {{}, ObjectName("main")};
    server.spec.host = "/run/postgresql";
    server.spec.admin_secret_ref.name = "main-admin";
    server.spec.allowed_namespaces.names = {"shop"};
    server.spec.deletion.allow_drop = true;
    world.api.create(std::move(server));
    Secret admin;
    admin.meta.key = {kOperatorNamespace, ObjectName("main-admin")};
    admin.data.emplace("username", Sensitive(kAdministrator));
    admin.data.emplace("password", Sensitive("admin"));
    world.api.put_secret(std::move(admin));
}

}  // namespace

Stage::Stage(World& world, const Script& script) : world_(world), script_(script) {
    make_others(world);
    make_server(world);
    for (const auto& [image, attempts] : script.attempts) {
        world.attempts[image] = attempts;
        auto& leaves = world.leaves[image];
        leaves = {"orders.000" + image.substr(image.size() - 1)};
    }
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
            api.create(a_resource());
            return;
        case Deed::Deploy:
        case Deed::RollBack:
        case Deed::Restart: {
            image_ += scene.deed == Deed::Deploy                   ? 1
                      : scene.deed == Deed::RollBack && image_ > 1 ? -1
                                                                   : 0;
            const auto image = image_name(std::max(image_, 1));
            const auto note = std::to_string(scene.deed == Deed::Restart ? ++restarts_ : restarts_);
            deploy(kWeb, image, note);
            world_.timeline.after(300, [this, image, note] { deploy(kWorker, image, note); });
            return;
        }
        case Deed::AddReader:
            api.edit_spec(kShop, [](auto& spec) { spec.access.readers = {{"reports", ""}}; });
            return;
        case Deed::RemoveReader:
            api.edit_spec(kShop, [](auto& spec) { spec.access.readers.clear(); });
            return;
        case Deed::LimitConnections:
            api.edit_spec(kShop, [](auto& spec) { spec.database.connection_limit = 20; });
            return;
        case Deed::ResumeByHand:
            if (api.deployments.find(kWeb)) {
                api.apply_deployment(kWeb, [](Deployment& one) { one.paused = false; });
            }
            return;
        case Deed::BreakGate:
            api.gate = GatePolicy::Missing;
            return;
        case Deed::RepairGate:
            api.gate = GatePolicy::Intact;
            return;
        case Deed::EditSecret:
        case Deed::RemoveSecret: {
            const ObjectKey key{kShop.ns, ObjectName("shop-database")};
            world_.rules.is_disturbed = true;
            if (const auto secret = api.secrets.find(key);
                secret && scene.deed == Deed::EditSecret) {
                auto edited = *secret;
                edited.data.insert_or_assign("DB_PASSWORD", Sensitive("wrong"));
                edited.data.insert_or_assign("MINE", Sensitive("kept"));
                edited.own_keys.erase("DB_PASSWORD");
                api.put_secret(std::move(edited));
            } else {
                api.secrets.remove(key);
            }
            return;
        }
        case Deed::RetryJob:
            if (!api.jobs.all().empty()) {
                const auto key = api.jobs.all().begin()->first;
                ++jobs_removed_;
                world_.rules.forget_job(key);
                api.remove_job(key);
            }
            return;
        case Deed::QuotaOnJobs:
            do_and_undo(
                scene, [&] { api.refuses_jobs = true; }, [&] { api.refuses_jobs = false; }
            );
            return;
        case Deed::Delete:
            api.remove_database(kShop);
            return;
        case Deed::DeleteAndDrop:
            api.edit_spec(kShop, [](auto& spec) { spec.deletion.policy = DeletionPolicy::Delete; });
            api.remove_database(kShop);
            return;
        case Deed::ServerDown:
        case Deed::Standby:
        case Deed::ChangePassword:
        case Deed::GiveExtraRight:
        case Deed::DropLogin:
        case Deed::CloseDatabase:
        case Deed::LetPublicIn:
        case Deed::RenameDatabase:
        case Deed::ReownDatabase:
        case Deed::ReplaceDatabase:
            by_dba(scene);
            return;
        case Deed::AddFinalizer:
            do_and_undo(
                scene,
                [&api] {
                    api.edit_finalizers(kShop, [](auto& list) {
                        list.emplace_back("example.com/keep");
                    });
                },
                [&api] {
                    api.edit_finalizers(kShop, [](auto& list) {
                        std::erase(list, "example.com/keep");
                    });
                }
            );
            return;
    }
}

void Stage::by_dba(const Scene& scene) {
    auto& server = world_.postgres;
    const auto to_role = [&](const std::function<void(Role&)>& change) {
        if (const auto role = server.state.roles.find("shop_a"); role != server.state.roles.end()) {
            change(role->second);
        }
    };
    const auto to_database =
        [&server](const char* name, const std::function<void(PgDatabase&)>& change) {
            if (auto* database = server.find(name)) {
                change(*database);
            }
        };
    world_.rules.is_disturbed = true;
    const auto deed = scene.deed;
    if (deed == Deed::ServerDown || deed == Deed::Standby) {
        do_and_undo(
            scene,
            [&] {
                server.standing =
                    deed == Deed::Standby ? PgServer::Standing::Standby : PgServer::Standing::Down;
                world_.rules.unreachable_at = world_.timeline.now() + 60'000;
            },
            [&server] { server.standing = PgServer::Standing::Up; }
        );
    } else if (deed == Deed::ChangePassword) {
        to_role([](Role& role) { role.password = "changed"; });
    } else if (deed == Deed::GiveExtraRight) {
        to_role([](Role& role) { role.has_extra_right = true; });
    } else if (deed == Deed::DropLogin) {
        server.drop_role_by_hand("shop_a");
    } else if (deed == Deed::CloseDatabase) {
        to_database("shop", [](PgDatabase& one) { one.is_open = false; });
    } else if (deed == Deed::LetPublicIn) {
        to_database("shop", [](PgDatabase& one) { one.lets_public_in = true; });
    } else if (deed == Deed::RenameDatabase) {
        rename(scene);
    } else if (deed == Deed::ReplaceDatabase) {
        replace(scene);
    } else {
        do_and_undo(
            scene,
            [&] { to_database("shop", [](PgDatabase& one) { one.owner = "dba_report"; }); },
            [to_database] {
                to_database("shop", [](PgDatabase& one) { one.owner = kAdministrator; });
            }
        );
    }
}

/// The undoing is what the message of DatabaseLost says: drop it, and begin with an empty one.
void Stage::replace(const Scene& scene) {
    auto& server = world_.postgres;
    do_and_undo(
        scene,
        [&server] {
            server.drop_by_hand("shop");
            server.make_database("shop", "dba_report");
        },
        [this, &server] {
            const auto* database = server.find("shop");
            if (database == nullptr || !database->made_for.empty()) {
                return;
            }
            server.drop_by_hand("shop");
            world_.rules.forget_database("shop");
            if (const auto claim = server.state.claims.find("shop");
                claim != server.state.claims.end()) {
                claim->second.oid.reset();
                claim->second.is_configured = false;
            }
        }
    );
}

void Stage::follow_advice() {
    std::vector<ObjectKey> failed;
    for (const auto& [key, pod] : world_.api.pods.all()) {
        if (pod->has_ended) {
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
}

void Stage::rename(const Scene& scene) {
    auto& server = world_.postgres;
    if (server.find("shop") == nullptr || !server.find("shop")->is_open) {
        return;  // nobody renames what is just being made
    }
    do_and_undo(
        scene,
        [&server] { server.find("shop")->name = "shop_moved"; },
        [&server] {
            if (auto* moved = server.find("shop_moved");
                moved != nullptr && server.find("shop") == nullptr) {
                moved->name = "shop";
            }
        }
    );
}

}  // namespace djdb::model
