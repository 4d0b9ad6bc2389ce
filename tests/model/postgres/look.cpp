// What a look at a tenant shows: the same cases as the query of reconcilers/sql/inspect.
#include "tests/model/postgres/server.hpp"

#include <algorithm>
#include <ranges>

namespace djdb::model {
namespace {

std::uint64_t mix(std::uint64_t hash, const std::string& text) {
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return (hash ^ 0xFFU) * 1099511628211ULL;
}

SeenRoles judge_roles(bool some, bool foreign, bool differ) {
    if (foreign) {
        return SeenRoles::Foreign;
    }
    if (!some) {
        return SeenRoles::Absent;
    }
    return differ ? SeenRoles::Incomplete : SeenRoles::Complete;
}

}  // namespace

SeenDatabase PgServer::judge_database(
    const Shape& shape, const LedgerClaim* claim, const PgDatabase* named, const PgDatabase* noted
) const {
    const bool is_same_key = claim != nullptr && claim->holder.has_key_of(shape.holder);
    const bool has_oid = is_same_key && claim->oid;
    if (has_oid && (named == nullptr || *claim->oid != named->oid)) {
        if (noted != nullptr) {
            return SeenDatabase::Renamed;
        }
        return named == nullptr ? SeenDatabase::Lost : SeenDatabase::Replaced;
    }
    if (has_oid && named->is_half_dropped) {
        return SeenDatabase::HalfDropped;
    }
    if (named == nullptr) {
        return SeenDatabase::Absent;
    }
    const auto adoption = state.adoptions.find(shape.database);
    if (is_same_key && adoption != state.adoptions.end() && !adoption->second) {
        return SeenDatabase::Adopting;
    }
    if (has_oid && named->owner != kAdministrator && named->owner != shape.owner) {
        return SeenDatabase::Reowned;
    }
    if (is_same_key && is_claimed(*claim, *named)) {
        return named->is_open ? SeenDatabase::Open : SeenDatabase::Closed;
    }
    return SeenDatabase::Foreign;
}

void PgServer::compare(const Shape& shape, const PgDatabase* database, Sight& sight) const {
    const auto tell = [&](Differs what, std::string subject, std::vector<std::string> details = {}
                      ) {
        sight.differences.push_back({what, std::move(subject), std::move(details)});
    };
    for (const auto& name : shape.names) {
        const auto found = state.names.find(name);
        if (found == state.names.end() || found->second != shape.database) {
            tell(Differs::NameNotKept, name);
        }
    }
    const auto mark = shape.mark();
    for (const auto& wanted : shape.roles) {
        const auto found = state.roles.find(wanted.name);
        if (found == state.roles.end()) {
            tell(Differs::RoleMissing, wanted.name);
            continue;
        }
        if (found->second.mark != mark) {
            tell(Differs::MarkMissing, wanted.name);
        }
        if (found->second.has_extra_right) {
            tell(Differs::ExtraRight, wanted.name, {"CREATEDB"});
        }
        if (found->second.login != wanted.logs_in) {
            tell(wanted.logs_in ? Differs::CannotLogIn : Differs::MayLogIn, wanted.name);
        }
    }
    if (database == nullptr) {
        return;
    }
    const std::string owner = shape.owns_database ? shape.owner : kAdministrator;
    if (database->owner != owner) {
        tell(Differs::Owner, shape.database, {database->owner, owner});
    }
    if (!database->is_open) {
        tell(Differs::Closed, shape.database);
    }
    if (database->limit != shape.limit) {
        tell(
            Differs::Limit,
            shape.database,
            {std::to_string(database->limit), std::to_string(shape.limit)}
        );
    }
    for (const auto& wanted : shape.roles) {
        if (!database->configured.contains(wanted.name)) {
            tell(Differs::PrivilegeMissing, wanted.name, {"CONNECT", shape.database});
        }
    }
    if (database->lets_public_in) {
        tell(Differs::PublicIn, shape.database, {"CONNECT"});
    }
}

bool PgServer::is_known(const std::string& name) const {
    return std::ranges::any_of(state.names, [&](const auto& row) { return row.second == name; });
}

std::string PgServer::fingerprint(const std::string& name) const {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const auto& [role, database] : state.names) {
        if (database != name) {
            continue;
        }
        hash = mix(hash, role);
        if (const auto found = state.roles.find(role); found != state.roles.end()) {
            hash = mix(hash, found->second.mark);
            hash = mix(hash, found->second.login ? "l" : "n");
            hash = mix(hash, found->second.has_extra_right ? "x" : "-");
        }
    }
    if (const auto claim = state.claims.find(name); claim != state.claims.end()) {
        hash = mix(hash, claim->second.holder.uid + claim->second.holder.key);
        hash = mix(hash, claim->second.is_active ? "a" : "r");
        hash = mix(hash, claim->second.oid ? std::to_string(*claim->second.oid) : "");
        hash = mix(hash, claim->second.is_configured ? "c" : "-");
        hash = mix(hash, std::to_string(claim->second.written));
        if (claim->second.oid) {
            const auto noted = state.databases.find(*claim->second.oid);
            hash = mix(hash, noted == state.databases.end() ? "" : noted->second.name);
        }
    }
    if (const auto* database = find(name)) {
        hash = mix(hash, std::to_string(database->oid) + database->owner);
        hash = mix(hash, database->is_open ? "o" : "c");
        hash = mix(hash, database->is_half_dropped ? "h" : "-");
        hash = mix(hash, database->lets_public_in ? "p" : "-");
        hash = mix(hash, std::to_string(database->limit));
        for (const auto& role : database->configured) {
            hash = mix(hash, role);
        }
    }
    return std::to_string(hash);
}

Sight PgServer::look(const Shape& shape) const {
    Sight sight;
    const auto found = state.claims.find(shape.database);
    const auto* claim = found == state.claims.end() ? nullptr : &found->second;
    const auto* named = find(shape.database);
    const PgDatabase* noted = nullptr;
    if (claim != nullptr && claim->oid) {
        const auto at = state.databases.find(*claim->oid);
        noted = at == state.databases.end() ? nullptr : &at->second;
    }
    const bool is_same_key = claim != nullptr && claim->holder.has_key_of(shape.holder);
    if (claim != nullptr) {
        const auto of_others = is_same_key ? SeenClaim::Retained : SeenClaim::Other;
        sight.claim = is_mine(shape) ? SeenClaim::Mine : of_others;
        sight.holder =
            is_same_key ? "" : claim->holder.key + " of cluster " + claim->holder.cluster;
    }
    sight.database = judge_database(shape, claim, named, noted);
    if (claim != nullptr && claim->oid) {
        sight.oid = std::to_string(*claim->oid);
    } else if (named != nullptr) {
        sight.oid = std::to_string(named->oid);
    }
    const auto* shown = noted != nullptr ? noted : named;
    sight.name = shown != nullptr ? shown->name : "";
    sight.owner = shown != nullptr ? shown->owner : "";
    sight.attempts = attempts_of(shape);
    sight.lost_by_transfer = state.former.contains({shape.database, shape.holder.uid});
    sight.was_deleted = is_deleted(shape);
    const auto is_of_it = [&](const auto& row) {
        return is_same_key && row.first.first == shape.database && named != nullptr &&
               row.first.second == named->oid;
    };
    for (const auto& row : state.images | std::views::filter(is_of_it)) {
        sight.images.push_back(row.second);
    }
    for (const auto& row : state.templates | std::views::filter(is_of_it)) {
        sight.templates.push_back(row.second);
    }
    compare(shape, named, sight);
    const auto concerns_roles = [](const Difference& one) { return one.what < Differs::Owner; };
    const bool roles_differ = std::ranges::any_of(sight.differences, concerns_roles);
    const bool database_differs = !std::ranges::all_of(sight.differences, concerns_roles);
    sight.is_configured = named != nullptr && named->is_open && claim != nullptr &&
                          claim->oid == named->oid && claim->is_configured && !database_differs;
    sight.was_configured =
        sight.database == SeenDatabase::Open && claim != nullptr && claim->is_configured;
    bool some = false;
    bool foreign = false;
    for (const auto& wanted : shape.roles) {
        const auto role = state.roles.find(wanted.name);
        some = some || role != state.roles.end();
        foreign = foreign || (role != state.roles.end() && role->second.mark != shape.mark());
    }
    sight.roles = judge_roles(some, foreign, roles_differ);
    if (sight.claim == SeenClaim::Mine) {
        for (const auto& [role, database] : state.names) {
            if (database == shape.database &&
                std::ranges::find(shape.names, role) == shape.names.end()) {
                sight.removed.push_back(role);
            }
        }
    }
    sight.fingerprint = fingerprint(shape.database);
    return sight;
}

std::vector<Difference> PgServer::look_inside(const Shape& shape) const {
    const auto* database = find(shape.database);
    if (database == nullptr || !database->is_open) {
        throw Refusal(
            RefusalKind::Transient,
            database == nullptr ? "DatabaseMissing" : "55000",
            shape.database + " can't be entered"
        );
    }
    if (!database->contents_arranged) {
        return {{Differs::Inside, "public", {"the model", shape.owner}}};
    }
    return {};
}

}  // namespace djdb::model
