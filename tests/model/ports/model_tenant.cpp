#include "tests/model/ports/model_tenant.hpp"

#include "tests/model/ports/shape.hpp"
#include "tests/model/ports/translate.hpp"
#include "tests/model/world/mutants.hpp"

#include <set>
#include <utility>

namespace djdb::model {
namespace {

/// A login that was refused, as the adapter tells it of proofs.
[[noreturn]] void refuse_login(const Refusal& refusal) {
    const bool is_rejected =
        refusal.code() == "AuthRejected" || refusal.code() == "AccessRuleRejected";
    throw Refusal(refusal.kind(), is_rejected ? "LoginRejected" : refusal.code(), refusal.what());
}

}  // namespace

ModelTenant::ModelTenant(World& world, Caller& caller, ServerAccess access, Tenant tenant)
    : world_(world),
      caller_(caller),
      access_(std::move(access)),
      tenant_(std::move(tenant)),
      shape_(shape_of(tenant_)) {}

template <class Apply>
void ModelTenant::effect(const char* what, Makes makes, Apply&& apply) {
    translated(FailureOrigin::Postgres, [&] {
        world_.faults.effect(caller_, what, [&] {
            enter(world_.postgres, access_);
            world_.rules.before_effect(is_overtaken());
            apply(world_.postgres);
            if (makes == Makes::Something) {
                world_.rules.after_making(shape_);
            }
            world_.rules.check_others();
        });
    });
}

/// The server is of an earlier time than the one that the caller was told of.
bool ModelTenant::is_overtaken() const {
    const auto& expected = access_.address.identity.expected;
    return world_.postgres.state.revision < expected.ledger_revision ||
           world_.postgres.timeline < expected.timeline;
}

/// Whoever made it: with its owner's consent it is this resource's from now on.
void ModelTenant::take_over() {
    if (auto* database = world_.postgres.find(shape_.database)) {
        database->made_for = shape_.holder.key;
    }
}

TenantFacts ModelTenant::inspect(const CallContext&) {
    return look(world_, caller_, "look at the tenant", access_, [&](const PgServer& server) {
        return facts_of(server.look(shape_));
    });
}

std::vector<Drift> ModelTenant::inspect_contents(const TenantFacts&, const CallContext&) {
    return look(world_, caller_, "look into the database", access_, [&](const PgServer& server) {
        std::vector<Drift> drift;
        for (const auto& difference : server.look_inside(shape_)) {
            drift.push_back(drift_of(difference));
        }
        return drift;
    });
}

void ModelTenant::
    claim_and_create_roles(const TenantPasswords& passwords, const AttemptCount& attempts, const CallContext&) {
    effect("claim and create roles", Makes::Something, [&](PgServer& server) {
        const auto by_role = passwords_of(tenant_.names, passwords);
        if (!server.state.deleted.empty() && acts(Mutant::ClaimOfTheDeleted)) {
            server.state.deleted.clear();
        }
        const auto counted = server.state.attempts.find(shape_.database);
        if (counted != server.state.attempts.end() && counted->second != attempts.seen &&
            acts(Mutant::RolesOfEarlierAttempt)) {
            counted->second = attempts.seen;
        }
        server.create_roles(shape_, by_role, attempts);
        world_.rules.after_passwords(shape_, by_role);
    });
}

void ModelTenant::create(const CallContext&) {
    effect("create the database", Makes::Something, [&](PgServer& server) {
        const bool is_absent = server.find(shape_.database) == nullptr;
        server.create_database(shape_);
        if (is_absent) {
            world_.rules.after_create_database(shape_);
        }
    });
}

void ModelTenant::configure(const CallContext&) {
    effect("configure the database", Makes::Something, [&](PgServer& server) {
        const auto* found = server.find(shape_.database);
        const auto claim = server.state.claims.find(shape_.database);
        if (found != nullptr && claim != server.state.claims.end() && acts(Mutant::AdoptByName)) {
            claim->second.oid = found->oid;
        }
        server.configure(shape_);
        world_.rules.after_configure(shape_);
    });
    effect("arrange its contents", Makes::Something, [&](PgServer& server) {
        server.arrange(shape_);
    });
    effect("note it as configured", Makes::Something, [&](PgServer& server) {
        server.note_configured(shape_);
    });
}

void ModelTenant::log_in(const LoginId& login, const Sensitive& password) {
    look(world_, caller_, "log in as a tenant", access_, [&](const PgServer& server) {
        const auto& role = tenant_.names.role(login).str();
        try {
            server.log_in(role, password.reveal(), shape_.database);
        } catch (const Refusal& refusal) {
            refuse_login(refusal);
        }
        if (!server.find(shape_.database)->configured.contains(role)) {
            throw Refusal(RefusalKind::Conflict, "LoginRejected", "the login acts as itself");
        }
    });
}

void ModelTenant::prove_login(const LoginId& login, const Sensitive& password, const CallContext&) {
    log_in(login, password);
}

bool ModelTenant::
    accepts_password(const LoginId& login, const Sensitive& password, const CallContext&) {
    return look(world_, caller_, "try a password", access_, [&](const PgServer& server) {
        try {
            server.log_in(tenant_.names.role(login).str(), password.reveal(), shape_.database);
            return true;
        } catch (const Refusal& refusal) {
            const bool is_behind_password = refusal.code() == "55000" || refusal.code() == "42501";
            if (!is_behind_password && refusal.code() != "AuthRejected") {
                throw;
            }
            return is_behind_password;
        }
    });
}

void ModelTenant::remove_reader(const RoleName& reader, const CallContext&) {
    effect("disable a reader", Makes::Nothing, [&](PgServer& server) {
        server.shut_reader(shape_, reader.str());
    });
    effect("drop a reader", Makes::Nothing, [&](PgServer& server) {
        server.drop_reader(shape_, reader.str());
    });
}

AppliedMigrations ModelTenant::
    read_migrations(const std::string& /*schema*/, const Sensitive& password, const CallContext&) {
    log_in(LoginId::migrate(), password);
    return look(world_, caller_, "read the migrations", access_, [&](const PgServer& server) {
        AppliedMigrations applied;
        if (const auto* database = server.find(shape_.database)) {
            applied.table_exists = database->has_migrations_table;
            applied.names.assign(database->migrations.begin(), database->migrations.end());
        }
        return applied;
    });
}

void ModelTenant::count_attempt(const AttemptCount& attempts, const CallContext&) {
    effect("count an attempt", Makes::Nothing, [&](PgServer& server) {
        server.count_attempt(shape_, attempts);
    });
}

void ModelTenant::
    lock_out_earlier_attempts(std::int64_t attempt, const Sensitive& password, const CallContext&) {
    const auto& role = tenant_.names.migrate.str();
    effect("set an attempt's password", Makes::Nothing, [&](PgServer& server) {
        server.set_attempt_password(shape_, attempt, role, password.reveal());
        world_.rules.before_attempt_password(shape_);
        world_.rules.after_passwords(shape_, {{role, password.reveal()}});
    });
    effect("end earlier sessions", Makes::Nothing, [&](PgServer& server) {
        if (acts(Mutant::EarlierSessionsStay)) {
            return;
        }
        const auto before = server.sessions;
        server.end_sessions(shape_, attempt, role);
        world_.rules.after_end_sessions(before);
    });
}

/// Of the database of that name; one that takes its place has none.
std::vector<JudgedMigration> ModelTenant::read_judgements(const CallContext&) {
    return look(world_, caller_, "read what plans said", access_, [&](const PgServer& server) {
        std::vector<JudgedMigration> judged;
        if (const auto* database = server.find(shape_.database)) {
            for (const auto& [name, is_compatible, since, backup] : database->judged) {
                judged.push_back({name, is_compatible, since, backup});
            }
        }
        return judged;
    });
}

void ModelTenant::
    record_judgements(const std::vector<JudgedMigration>& judged, const std::vector<std::string>& applied, const CallContext&) {
    std::vector<JudgedRow> rows;
    for (const auto& [name, is_compatible, since, backup] : judged) {
        rows.push_back({name, is_compatible, since, backup});
    }
    effect("record what a plan said", Makes::Nothing, [&](PgServer& server) {
        server.record_judgements(shape_, rows, applied);
    });
}

/// An app's Pods open none here, and what their addresses come to is in words alone.
std::vector<AppSession> ModelTenant::read_sessions(const LoginId& login, const CallContext&) {
    const auto what = "list an app's sessions";
    return look(world_, caller_, what, access_, [&](const PgServer& server) {
        const auto* database = server.find(shape_.database);
        std::vector<AppSession> sessions;
        for (const auto& session : server.sessions) {
            if (database != nullptr && session.database == database->oid &&
                session.role == tenant_.names.role(login).str()) {
                sessions.push_back({"10.0.0.1", world_.api.wall_clock()});
            }
        }
        return sessions;
    });
}

void ModelTenant::
    record_verified(const std::vector<PassedTemplate>& verified, const std::string& said, const CallContext&) {
    effect("record what was proven", Makes::Something, [&](PgServer& server) {
        for (const auto& one : verified) {
            const auto& job = one.job.str();
            world_.rules.before_record_verified(
                shape_, one.app_template, job, caller_.name, world_.timeline.now()
            );
            server.record_verified(shape_, one.app_template, job, said);
        }
    });
}

void ModelTenant::record_passed(const std::vector<PassedTemplate>& passed, const CallContext&) {
    std::vector<PassedRow> rows;
    for (const auto& one : passed) {
        rows.push_back(
            {one.app_template,
             one.configs,
             one.image.str(),
             one.applied,
             one.recorded_in,
             one.job.str(),
             one.verified}
        );
    }
    effect("record what passed", Makes::Something, [&](PgServer& server) {
        const auto before = server.state.templates;
        server.record_passed(shape_, rows, !acts(Mutant::ImageOfAnotherDatabase));
        if (server.state.templates != before) {
            world_.rules.note_pass(shape_.database, world_.timeline.now());
        }
        for (const auto& row : rows) {
            world_.rules.after_record(shape_, row.image);
        }
    });
}

void ModelTenant::claim_existing(const std::vector<RoleName>& owners, const CallContext&) {
    std::set<std::string> named;
    for (const auto& owner : owners) {
        named.insert(owner.str());
    }
    effect("claim a database that exists", Makes::Something, [&](PgServer& server) {
        world_.rules.before_take(shape_, false);
        server.claim_existing(shape_, named);
        take_over();
    });
}

void ModelTenant::adopt(const CallContext&) {
    bool is_to_be_noted = false;
    effect("adopt its objects", Makes::Something, [&](PgServer& server) {
        is_to_be_noted = server.adopt(shape_);
    });
    if (!is_to_be_noted) {
        return;  // done before
    }
    effect("note it as adopted", Makes::Something, [&](PgServer& server) {
        server.note_adopted(shape_);
    });
}

void ModelTenant::transfer(const CallContext&) {
    effect("transfer the claim", Makes::Something, [&](PgServer& server) {
        world_.rules.before_take(shape_, true);
        server.transfer(shape_);
        take_over();
    });
}

void ModelTenant::reattach(const CallContext&) {
    effect("reattach", Makes::Something, [&](PgServer& server) { server.reattach(shape_); });
}

void ModelTenant::note_deleted() {
    effect("note the deletion", Makes::Nothing, [&](PgServer& server) {
        server.note_deleted(shape_);
    });
}

std::vector<std::string> ModelTenant::retire(const CallContext&) {
    note_deleted();
    effect("retire the tenant", Makes::Nothing, [&](PgServer& server) { server.retire(shape_); });
    std::vector<std::string> kept;
    effect("drop its logins", Makes::Nothing, [&](PgServer& server) {
        server.drop_logins(shape_);
        kept = server.kept_logins(shape_);
    });
    return kept;
}

void ModelTenant::drop(const CallContext&) {
    const bool by_name = acts(Mutant::DropByName);
    note_deleted();
    effect("disable its logins", Makes::Nothing, [&](PgServer& server) { server.shut(shape_); });
    effect("close the database", Makes::Nothing, [&](PgServer& server) { server.close(shape_); });
    effect("drop the database", Makes::Nothing, [&](PgServer& server) {
        world_.rules.before_drop_database(shape_, by_name);
        server.drop_database(shape_, by_name);
        world_.rules.forget_database(shape_.database);
    });
    effect("drop its roles and the claim", Makes::Nothing, [&](PgServer& server) {
        server.drop_roles_and_claim(shape_);
    });
}

}  // namespace djdb::model
