// How a tenant ends, or comes back: as the statements of reconcilers/sql/remove and adopt.
#include "tests/model/postgres/server.hpp"

#include <algorithm>

namespace djdb::model {

void PgServer::shut_logins(const Shape& shape) {
    for (auto& [name, role] : state.roles) {
        if (is_own_role(shape, name) && !shape.groups.contains(name)) {
            role.login = false;
            role.password.clear();
        }
    }
}

void PgServer::reattach(const Shape& shape) {
    const auto found = state.claims.find(shape.database);
    if (found != state.claims.end() && found->second.holder.has_key_of(shape.holder) &&
        !is_mine(shape) && !is_deleted(shape)) {
        found->second.holder = shape.holder;
        found->second.is_active = false;
        shut_logins(shape);
    }
    count();
}

void PgServer::note_deleted(const Shape& shape) {
    state.deleted.insert({shape.holder.cluster, shape.holder.uid});
}

void PgServer::retire(const Shape& shape) {
    const auto found = state.claims.find(shape.database);
    if (found != state.claims.end() && found->second.holder == shape.holder) {
        found->second.is_active = false;
        shut_logins(shape);
    }
    count();
}

void PgServer::drop_role(const std::string& name) {
    state.roles.erase(name);
    std::erase_if(sessions, [&](const Session& session) { return session.role == name; });
    for (auto& [oid, database] : state.databases) {
        database.configured.erase(name);
    }
}

void PgServer::drop_logins(const Shape& shape) {
    const auto found = state.claims.find(shape.database);
    if (found == state.claims.end() || !(found->second.holder == shape.holder) ||
        found->second.is_active) {
        return;
    }
    std::vector<std::string> doomed;
    for (const auto& [name, role] : state.roles) {
        if (is_own_role(shape, name) && !shape.groups.contains(name) && !role.login &&
            !role.is_needed_elsewhere) {
            doomed.push_back(name);
        }
    }
    std::ranges::for_each(doomed, [&](const auto& name) { drop_role(name); });
}

std::vector<std::string> PgServer::kept_logins(const Shape& shape) const {
    const auto found = state.claims.find(shape.database);
    std::vector<std::string> kept;
    if (found != state.claims.end() && found->second.holder == shape.holder &&
        !found->second.is_active) {
        for (const auto& [name, role] : state.roles) {
            if (is_own_role(shape, name) && !shape.groups.contains(name)) {
                kept.push_back("role " + name + " could not be dropped");
            }
        }
    }
    return kept;
}

/// What keeps the roles from being dropped once the database is.
void PgServer::refuse_obstacles(const Shape& shape, const PgDatabase* claimed) const {
    const auto refuse = [&](const std::string& role) {
        throw Refusal(
            RefusalKind::Terminal, "DropObstructed", "role " + role + " has rights elsewhere"
        );
    };
    for (const auto& [name, role] : state.roles) {
        if (!is_own_role(shape, name)) {
            continue;
        }
        if (role.is_needed_elsewhere) {
            refuse(name);
        }
        for (const auto& [oid, database] : state.databases) {
            if (&database != claimed &&
                (database.owner == name || database.configured.contains(name))) {
                refuse(name);
            }
        }
    }
}

void PgServer::shut(const Shape& shape) {
    auto& claim = require_claim(shape);
    const auto* database = find(shape.database);
    if (database != nullptr && is_claimed(claim, *database)) {
        claim.oid = database->oid;
    }
    for (auto& [name, role] : state.roles) {
        if (is_own_role(shape, name) && role.login) {
            role.login = false;
            role.password.clear();
        }
    }
    count();
}

void PgServer::close(const Shape& shape) {
    const auto& claim = require_claim(shape);
    auto* database = find(shape.database);
    if (database != nullptr && !is_claimed(claim, *database)) {
        database = nullptr;
    }
    refuse_obstacles(shape, database);
    if (database != nullptr) {
        database->is_open = false;
    }
}

void PgServer::drop_database(const Shape& shape, bool by_name) {
    const auto* database = find(shape.database);
    if (database == nullptr ||
        (!by_name && (!is_mine(shape) || !is_claimed(state.claims.at(shape.database), *database))
        )) {
        return;
    }
    state.databases.erase(database->oid);
}

void PgServer::drop_roles_and_claim(const Shape& shape) {
    const auto& claim = require_claim(shape);
    const auto* database = find(shape.database);
    if ((claim.oid && state.databases.contains(*claim.oid)) ||
        (database != nullptr && is_claimed(claim, *database))) {
        throw Refusal(RefusalKind::Transient, "55006", "the database is still there");
    }
    std::vector<std::string> doomed;
    for (const auto& [name, role] : state.roles) {
        if (is_own_role(shape, name)) {
            doomed.push_back(name);
        }
    }
    std::ranges::for_each(doomed, [&](const auto& name) { drop_role(name); });
    const auto is_of_it = [&](const auto& row) { return row.first.first == shape.database; };
    std::erase_if(state.images, is_of_it);
    std::erase_if(state.templates, is_of_it);
    std::erase_if(state.names, [&](const auto& row) { return row.second == shape.database; });
    std::erase_if(state.former, [&](const auto& row) { return row.first == shape.database; });
    state.adoptions.erase(shape.database);
    state.attempts.erase(shape.database);
    state.claims.erase(shape.database);
    count();
}

void PgServer::shut_reader(const Shape& shape, const std::string& reader) {
    require_claim(shape);
    if (is_own_role(shape, reader)) {
        state.roles.at(reader).login = false;
        state.roles.at(reader).password.clear();
    }
}

void PgServer::drop_reader(const Shape& shape, const std::string& reader) {
    require_claim(shape);
    const auto role = state.roles.find(reader);
    if (role != state.roles.end() && role->second.mark == shape.mark()) {
        drop_role(reader);
    }
    const auto name = state.names.find(reader);
    if (name != state.names.end() && name->second == shape.database) {
        state.names.erase(name);
    }
}

}  // namespace djdb::model
