#include "tests/model/postgres/server.hpp"

#include <algorithm>

namespace djdb::model {
namespace {

Refusal conflict(const char* code, const std::string& message) {
    return {RefusalKind::Conflict, code, message};
}

Refusal lost(const std::string& database) {
    return {RefusalKind::Terminal, "DatabaseLost", "database " + database + " is gone or renamed"};
}

}  // namespace

PgDatabase* PgServer::find(const std::string& name) {
    return const_cast<PgDatabase*>(std::as_const(*this).find(name));
}

const PgDatabase* PgServer::find(const std::string& name) const {
    for (const auto& [oid, database] : state.databases) {
        if (database.name == name) {
            return &database;
        }
    }
    return nullptr;
}

/// As kIsClaimedDatabase of reconcilers/sql.
bool PgServer::is_claimed(const LedgerClaim& claim, const PgDatabase& database) const {
    return claim.oid ? *claim.oid == database.oid
                     : !database.is_open && database.owner == kAdministrator;
}

bool PgServer::is_mine(const Shape& shape) const {
    const auto found = state.claims.find(shape.database);
    return found != state.claims.end() && found->second.holder == shape.holder &&
           found->second.is_active;
}

LedgerClaim& PgServer::require_claim(const Shape& shape) {
    if (!is_mine(shape)) {
        throw conflict("ClaimLost", "the ledger holds no active claim of this resource");
    }
    return state.claims.at(shape.database);
}

PgDatabase& PgServer::require_claimed_database(const Shape& shape) {
    auto* database = find(shape.database);
    if (database == nullptr || !is_claimed(state.claims.at(shape.database), *database)) {
        throw conflict("AdoptionNotGranted", "the database was not made by this operator");
    }
    return *database;
}

void PgServer::refuse_foreign_roles(const Shape& shape) const {
    const auto claim = state.claims.find(shape.database);
    if (claim != state.claims.end() && !claim->second.holder.has_key_of(shape.holder)) {
        throw conflict("OwnershipConflict", "it is claimed by " + claim->second.holder.key);
    }
    const auto mark = shape.mark();
    for (const auto& wanted : shape.roles) {
        const auto role = state.roles.find(wanted.name);
        if (role != state.roles.end() && role->second.mark != mark) {
            throw conflict(
                "RoleConflict", "role " + wanted.name + " was not made for this resource"
            );
        }
    }
}

bool PgServer::is_deleted(const Shape& shape) const {
    return state.deleted.contains({shape.holder.cluster, shape.holder.uid});
}

void PgServer::refuse_deleted(const Shape& shape) const {
    if (is_deleted(shape)) {
        throw conflict("ClaimLost", "this resource was deleted");
    }
}

void PgServer::take_names(const Shape& shape) {
    for (const auto& name : shape.names) {
        const auto taken = state.names.find(name);
        if (taken != state.names.end() && taken->second != shape.database) {
            throw conflict("RoleConflict", "role name " + name + " belongs to " + taken->second);
        }
    }
    for (const auto& name : shape.names) {
        state.names.try_emplace(name, shape.database);
    }
}

void PgServer::write_claim(const Shape& shape) {
    auto& claim = state.claims[shape.database];
    claim.holder = shape.holder;
    claim.is_active = true;
    ++claim.written;
}

void PgServer::create_roles(
    const Shape& shape,
    const std::map<std::string, std::string>& passwords,
    const AttemptCount& attempts
) {
    refuse_deleted(shape);
    refuse_foreign_roles(shape);
    if (find(shape.database) != nullptr && !state.claims.contains(shape.database)) {
        throw conflict("AdoptionNotGranted", "the database was not made by this operator");
    }
    require_seen(shape, attempts);
    take_names(shape);
    write_claim(shape);
    state.attempts[shape.database] = attempts.next;
    count();
    const auto mark = shape.mark();
    for (const auto& wanted : shape.roles) {
        auto& role = state.roles[wanted.name];
        role.mark = mark;
        role.login = wanted.logs_in;
        role.has_extra_right = false;
        if (const auto password = passwords.find(wanted.name); password != passwords.end()) {
            role.password = password->second;
        }
    }
}

void PgServer::create_database(const Shape& shape) {
    require_claim(shape);
    const auto claim = state.claims.find(shape.database);
    const auto* named = find(shape.database);
    if (claim != state.claims.end() && claim->second.oid &&
        (named == nullptr || !state.databases.contains(*claim->second.oid) ||
         state.databases.at(*claim->second.oid).name != shape.database)) {
        throw lost(shape.database);
    }
    if (named == nullptr) {
        auto& database = make_database(shape.database, kAdministrator);
        database.is_open = false;
        database.made_for = shape.holder.key;
    }
}

void PgServer::configure(const Shape& shape) {
    auto& claim = require_claim(shape);
    auto& database = require_claimed_database(shape);
    for (const auto& wanted : shape.roles) {
        if (!state.roles.contains(wanted.name)) {
            throw Refusal(RefusalKind::Invalid, "42704", "role " + wanted.name + " does not exist");
        }
    }
    claim.is_configured = claim.is_configured && claim.oid == database.oid;
    claim.oid = database.oid;
    database.lets_public_in = false;
    database.owner = shape.owns_database ? shape.owner : kAdministrator;
    database.is_open = true;
    database.limit = shape.limit;
    for (const auto& wanted : shape.roles) {
        database.configured.insert(wanted.name);
    }
}

/// A session in it begins.
PgDatabase& PgServer::require_open(const std::string& name) {
    auto* database = find(name);
    if (database == nullptr) {
        throw Refusal(RefusalKind::Transient, "DatabaseMissing", name + " does not exist");
    }
    if (!database->is_open) {
        throw Refusal(RefusalKind::Transient, "55000", name + " accepts no connections");
    }
    return *database;
}

void PgServer::arrange(const Shape& shape) {
    auto& database = require_open(shape.database);
    const auto claim = state.claims.find(shape.database);
    if (claim == state.claims.end() || claim->second.oid != database.oid) {
        throw conflict("AdoptionNotGranted", "another database has the name now");
    }
    database.contents_arranged = true;
    database.object_owners.insert(shape.owner);
}

void PgServer::note_configured(const Shape& shape) {
    if (is_mine(shape)) {
        state.claims.at(shape.database).is_configured = true;
    }
}

void PgServer::claim_existing(const Shape& shape, const std::set<std::string>& owners) {
    const auto* database = find(shape.database);
    const auto refuse = [&](const std::string& why) {
        throw Refusal(RefusalKind::Terminal, "AdoptionRefused", why);
    };
    if (database == nullptr || !database->is_open) {
        refuse("it does not exist any more, or is closed");
    }
    for (const auto& owner : database->object_owners) {
        if (owner != database->owner && owner != shape.owner && !owners.contains(owner)) {
            refuse("a table of " + owner);
        }
    }
    refuse_deleted(shape);
    refuse_foreign_roles(shape);
    for (const auto& [name, claim] : state.claims) {
        if (claim.oid == database->oid && name != shape.database) {
            throw conflict("OwnershipConflict", "it is " + name + " under another name");
        }
    }
    write_claim(shape);
    auto& claim = state.claims.at(shape.database);
    claim.oid = database->oid;
    claim.is_configured = false;
    state.adoptions[shape.database] = false;
    count();
}

bool PgServer::adopt(const Shape& shape) {
    const auto adoption = state.adoptions.find(shape.database);
    if (!is_mine(shape) || adoption == state.adoptions.end() || adoption->second) {
        return false;
    }
    if (const auto* found = find(shape.database); found != nullptr && !found->is_open) {
        throw Refusal(
            RefusalKind::Terminal, "AdoptionRefused", shape.database + " accepts no connections"
        );
    }
    auto& database = require_open(shape.database);
    if (database.oid != state.claims.at(shape.database).oid) {
        throw conflict("AdoptionNotGranted", "another database has the name now");
    }
    database.owner = kAdministrator;
    database.object_owners = {shape.owner};
    return true;
}

void PgServer::note_adopted(const Shape& shape) {
    require_claim(shape);
    state.adoptions[shape.database] = true;
}

void PgServer::transfer(const Shape& shape) {
    refuse_deleted(shape);
    const auto found = state.claims.find(shape.database);
    if (found == state.claims.end() || found->second.holder.has_key_of(shape.holder)) {
        count();
        return;
    }
    if (state.former.contains({shape.database, shape.holder.uid})) {
        throw conflict("OwnershipConflict", "this resource lost the claim by a transfer");
    }
    auto& claim = found->second;
    state.former.insert({shape.database, claim.holder.uid});
    const auto former = claim.holder.cluster + " " + claim.holder.key + " " + shape.database;
    write_claim(shape);
    claim.is_active = false;
    for (auto& [name, role] : state.roles) {
        const auto of = state.names.find(name);
        if (role.mark == former && of != state.names.end() && of->second == shape.database) {
            role.mark = shape.mark();
            role.password = role.login ? "" : role.password;
            role.login = false;
        }
    }
    count();
}

bool PgServer::is_own_role(const Shape& shape, const std::string& name) const {
    const auto of = state.names.find(name);
    const auto role = state.roles.find(name);
    return of != state.names.end() && of->second == shape.database && role != state.roles.end() &&
           role->second.mark == shape.mark();
}

void PgServer::log_in(
    const std::string& role, const std::string& password, const std::string& database
) const {
    const auto found = state.roles.find(role);
    if (found == state.roles.end() || found->second.password.empty() ||
        found->second.password != password) {
        throw Refusal(
            RefusalKind::Forbidden, "AuthRejected", "password authentication failed for " + role
        );
    }
    if (!found->second.login) {
        throw Refusal(RefusalKind::Forbidden, "AccessRuleRejected", role + " may not log in");
    }
    const auto* at = find(database);
    if (at == nullptr) {
        throw Refusal(RefusalKind::Transient, "DatabaseMissing", database + " does not exist");
    }
    if (!at->is_open) {
        throw Refusal(RefusalKind::Transient, "55000", database + " accepts no connections");
    }
    if (!may_connect(*at, role)) {
        throw Refusal(RefusalKind::Forbidden, "42501", "permission denied for " + database);
    }
}

/// As PUBLIC, by itself, or by a group of its tenant.
bool PgServer::may_connect(const PgDatabase& database, const std::string& role) const {
    const auto& mark = state.roles.at(role).mark;
    return database.lets_public_in ||
           std::ranges::any_of(database.configured, [&](const auto& one) {
               const auto found = state.roles.find(one);
               return one == role || (found != state.roles.end() && found->second.mark == mark);
           });
}

PgDatabase& PgServer::make_database(const std::string& name, const std::string& owner) {
    PgDatabase database;
    database.oid = state.next_oid++;
    database.name = name;
    database.owner = owner;
    database.is_open = true;
    return state.databases.emplace(database.oid, std::move(database)).first->second;
}

void PgServer::drop_by_hand(const std::string& name) {
    if (const auto* database = find(name)) {
        state.databases.erase(database->oid);
    }
}

void PgServer::drop_role_by_hand(const std::string& role) {
    drop_role(role);
}

}  // namespace djdb::model
