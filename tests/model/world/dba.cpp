// What the DBA does, and what becomes of the server.
#include "crds/api.hpp"
#include "tests/model/world/story.hpp"

#include <utility>

namespace djdb::model {
namespace {

/// How long a run that began before goes on, and Pods may still roll that were let through.
constexpr Millis kAftermath = 60'000;
/// A role of their own, to which a DBA gives databases.
constexpr auto kDbasRole = "dba_report";

/// The operator knows that it is its own.
bool is_operators(const PgServer& server, const PgDatabase& database) {
    const auto claim = server.state.claims.find("shop");
    return claim != server.state.claims.end() && claim->second.oid == database.oid;
}

}  // namespace

void Stage::by_dba(const Scene& scene) {
    auto& server = world_.postgres;
    const auto to_login = [&](const std::function<void(Role&)>& change) {
        if (const auto role = server.state.roles.find("shop_a"); role != server.state.roles.end()) {
            change(role->second);
        }
    };
    auto* database = server.find("shop");
    world_.rules.is_disturbed = true;
    const auto deed = scene.deed;
    if (deed == Deed::ServerDown || deed == Deed::Standby) {
        be_away(scene);
    } else if (deed == Deed::ChangePassword) {
        to_login([](Role& role) { role.password = "changed"; });
    } else if (deed == Deed::GiveExtraRight) {
        to_login([](Role& role) { role.has_extra_right = true; });
    } else if (deed == Deed::DropLogin) {
        server.drop_role_by_hand("shop_a");
    } else if (deed == Deed::Restore || deed == Deed::OldPrimary) {
        restore(scene);
    } else if (deed == Deed::ReplaceDatabase) {
        replace(scene);
    } else if (database == nullptr) {
        return;
    } else if (deed == Deed::CloseDatabase) {
        if (is_operators(server, *database)) {
            database->is_open = false;  // the operator opens what is its
        }
    } else if (deed == Deed::LetPublicIn) {
        database->lets_public_in = true;
    } else if (deed == Deed::RenameDatabase) {
        rename(scene);
    } else if (deed == Deed::LoseDatabase) {
        lose(scene);
    } else if (database->owner == kAdministrator) {
        const auto oid = database->oid;
        const auto give = [&server, oid](const char* owner) {
            if (const auto at = server.state.databases.find(oid);
                at != server.state.databases.end()) {
                at->second.owner = owner;
            }
        };
        do_and_undo(
            scene, [&] { give(kDbasRole); }, [give] { give(kAdministrator); }
        );
    }
}

void Stage::be_away(const Scene& scene) {
    auto& server = world_.postgres;
    do_and_undo(
        scene,
        [&] {
            server.standing = scene.deed == Deed::Standby ? PgServer::Standing::Standby
                                                          : PgServer::Standing::Down;
            world_.rules.unreachable_at = world_.timeline.now() + kAftermath;
        },
        [&server] { server.standing = PgServer::Standing::Up; }
    );
}

void Stage::rename(const Scene& scene) {
    auto& server = world_.postgres;
    if (const auto* shop = server.find("shop"); !shop->is_open || !is_operators(server, *shop)) {
        return;  // nobody renames what is just being made, or stands in another's place
    }
    do_and_undo(
        scene,
        [this, &server] {
            server.find("shop")->name = "shop_moved";
            // A gate that was opened before may let Pods roll yet.
            world_.rules.doubtful_until = world_.timeline.now() + kAftermath;
        },
        [&server] {
            if (auto* moved = server.find("shop_moved");
                moved != nullptr && server.find("shop") == nullptr) {
                moved->name = "shop";
            }
        }
    );
}

/// The undoing is what the message of DatabaseLost says: it is restored under its name, and the ledger
/// is told its new OID.
void Stage::lose(const Scene& scene) {
    auto& server = world_.postgres;
    const auto lost = *server.find("shop");
    if (!is_operators(server, lost)) {
        return;  // nobody has anything to lose yet
    }
    do_and_undo(
        scene,
        [this, &server] {
            server.drop_by_hand("shop");
            // A gate that was opened before may let Pods roll yet.
            world_.rules.doubtful_until = world_.timeline.now() + kAftermath;
        },
        [&server, lost] {
            const auto still = server.state.claims.find("shop");
            if (still == server.state.claims.end() || still->second.oid != lost.oid ||
                server.find("shop") != nullptr) {
                return;
            }
            auto& restored = server.make_database("shop", lost.owner);
            const auto oid = std::exchange(restored, lost).oid;
            restored.oid = oid;
            // Given away before it was dropped: who gave it takes back that one.
            restored.owner = lost.owner == kDbasRole ? kAdministrator : lost.owner;
            restored.made_for = still->second.holder.key;  // it may have been transferred meanwhile
            still->second.oid = oid;
        }
    );
}

/// The undoing is what the message of DatabaseLost says: drop it, and begin with an empty one.
void Stage::replace(const Scene& scene) {
    auto& server = world_.postgres;
    do_and_undo(
        scene,
        [&server] {
            server.drop_by_hand("shop");
            server.make_database("shop", kDbasRole);
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

/// Only of what is whole, so that what comes back is.
void Stage::back_up() {
    const auto& server = std::as_const(world_.postgres);
    const auto* database = server.find("shop");
    const auto claim = server.state.claims.find("shop");
    if (server.standing == PgServer::Standing::Up && database != nullptr && database->is_open &&
        database->owner == kAdministrator && claim != server.state.claims.end() &&
        claim->second.is_configured && claim->second.oid == database->oid) {
        backup_ = server.state;
        backed_up_at_ = world_.timeline.now();
    }
}

/// Everything on disk is of the past; or another server is, which answers for a while.
void Stage::restore(const Scene& scene) {
    if (!backup_) {
        return;
    }
    auto& server = world_.postgres;
    auto& rules = world_.rules;
    const auto present = server.state;
    const bool is_for_a_while = scene.deed == Deed::OldPrimary;
    do_and_undo(
        scene,
        [&] {
            server.state = *backup_;
            server.timeline += is_for_a_while ? -1 : 1;
            rules.is_past = true;
            if (!is_for_a_while) {
                rules.forget_passes(backed_up_at_);
            }
            rules.unreachable_at = rules.doubtful_until = scene.until + kAftermath;
        },
        [this, &server, &rules, present, is_for_a_while] {
            rules.is_past = false;
            rules.doubtful_until = world_.timeline.now() + kAftermath;
            if (is_for_a_while) {
                server.state = present;
                server.timeline += 1;
            } else {
                accept();
            }
        }
    );
}

/// What the condition SameServer advises.
void Stage::accept() {
    const auto& server = world_.postgres;
    const auto value = server.system_identifier + ":" + std::to_string(server.state.revision);
    world_.api.edit_server(kMain.name, [&](PostgresServer& object) {
        object.meta.annotations[std::string(api::kAcceptServerAnnotation)] = value;
    });
}

}  // namespace djdb::model
