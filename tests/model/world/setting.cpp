// What is there before a story begins.
#include "tests/model/world/story.hpp"

#include <set>

namespace djdb::model {
namespace {

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
    server.meta.key = kMain;
    server.spec.host = "postgres.test";
    server.spec.tls.ca_secret_ref.name = "main-ca";
    server.spec.admin_secret_ref.name = "main-admin";
    server.spec.allowed_namespaces.names = {"shop"};
    server.spec.deletion.allow_drop = true;
    world.api.create(std::move(server));
    Secret admin;
    admin.meta.key = {kOperatorNamespace, ObjectName("main-admin")};
    admin.data.emplace("username", Sensitive(kAdministrator));
    admin.data.emplace("password", Sensitive("admin"));
    world.api.put_secret(std::move(admin));
    Secret ca;
    ca.meta.key = kMainCa;
    ca.data.emplace("ca.crt", Sensitive("CA"));
    world.api.put_secret(std::move(ca));
    // It was failed over to once, so that an older one can come back.
    world.postgres.timeline = 2;
}

/// An app that nobody operates yet has it.
void make_database_of_dba(World& world) {
    world.postgres.state.roles["dba_app"] = {"", true, "secret", false};
    auto& database = world.postgres.make_database("shop", "dba_app");
    database.object_owners = {"dba_app"};
}

/// A resource of another cluster has it, whose operator is not in this story.
void make_database_of_another_cluster(World& world) {
    auto& state = world.postgres.state;
    auto& database = world.postgres.make_database("shop", kAdministrator);
    database.made_for = "old/shop";
    database.lets_public_in = false;
    database.contents_arranged = true;
    for (const auto* role : {"shop_owner", "shop_rw", "shop_a", "shop_b", "shop_migrate"}) {
        const bool logs_in = std::set<std::string>{"shop_a", "shop_migrate"}.contains(role);
        state.roles[role] = {"cluster-0 old/shop shop", logs_in, logs_in ? "old" : "", false};
        state.names[role] = "shop";
        database.configured.insert(role);
    }
    state.claims["shop"] = {{"cluster-0", "uid-old", "old/shop"}, true, database.oid, true};
}

}  // namespace

void set_the_scene(World& world, Origin origin) {
    switch (origin) {
        case Origin::Nothing:
            break;
        case Origin::OfDba:
            make_database_of_dba(world);
            break;
        case Origin::OfAnotherCluster:
            make_database_of_another_cluster(world);
            break;
    }
    make_others(world);
    make_server(world);
}

}  // namespace djdb::model
