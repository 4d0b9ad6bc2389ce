#include "reconcilers/sql/inspect/tenant.hpp"

#include "reconcilers/sql/inspect/catalog.hpp"
#include "reconcilers/sql/inspect/server_drift.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/ledger/passed.hpp"
#include "reconcilers/sql/provision/role_model.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace djdb::sql {
namespace {

/// The ledger's part stands first, the catalog's two behind it.
enum Column : std::size_t {
    kClaim,
    kHolder,
    kDatabase,
    kOid,
    kConfigured,
    kSharedPublic,
    kTemplates,
    kImages,
    kLostByTransfer,
    kWasDeleted,
    kName,
    kOwner,
    kAttempts,
    kFacts,
    kFingerprint
};

/// The ledger's view, and what has the tenant's name.
const std::string& ledger_query() {
    static const std::string kText = R"sql(
WITH c AS (
    SELECT *, cluster_id = $2 AND namespace = $4 AND name = $5 AS same_key,
           cluster_id = $2 AND namespace = $4 AND name = $5 AND resource_uid = $3 AND state = 'active' AS mine
    FROM djangodb.claim WHERE database = $1
), d AS (
    SELECT *, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1
), noted AS (
    SELECT o.datname, pg_get_userbyid(o.datdba) AS owner FROM c JOIN pg_database o
    ON o.oid = CASE WHEN c.database_oid BETWEEN 0 AND 4294967295 THEN c.database_oid::oid END
)
SELECT
    CASE WHEN c.database IS NULL THEN 'unclaimed' WHEN c.mine THEN 'mine'
         WHEN c.same_key THEN 'retained' ELSE 'other' END,
    CASE WHEN NOT c.same_key THEN c.namespace || '/' || c.name || ' of cluster ' || c.cluster_id END,
    CASE WHEN c.same_key AND c.database_oid <> coalesce(d.oid::bigint, 0) THEN
              CASE WHEN noted.datname IS NOT NULL THEN 'renamed' WHEN d.oid IS NULL THEN 'lost'
                   ELSE 'replaced' END
         WHEN c.same_key AND c.database_oid IS NOT NULL AND d.datconnlimit = -2 THEN 'half-dropped'
         WHEN d.oid IS NULL THEN 'absent'
         WHEN c.same_key AND EXISTS (SELECT FROM djangodb.adoption a WHERE a.database = $1 AND a.adopted_at IS NULL)
         THEN 'adopting'
         WHEN c.same_key AND c.database_oid IS NOT NULL AND d.owner NOT IN (current_user, $6) THEN 'reowned'
         WHEN c.same_key AND )sql" + std::string(kIsClaimedDatabase) +
                                     R"sql(
         THEN CASE WHEN d.datallowconn THEN 'open' ELSE 'closed' END
         ELSE 'foreign' END,
    coalesce(c.database_oid, d.oid::bigint)::text,
    CASE WHEN coalesce(d.datallowconn AND d.oid::bigint = c.database_oid AND c.configured_at IS NOT NULL, false)
         THEN 't' ELSE 'f' END,
    CASE WHEN current_setting('server_version_num')::int < 150000 AND NOT EXISTS (
              SELECT FROM pg_shdepend s JOIN pg_roles owner ON owner.oid = s.refobjid AND owner.rolname = $6
              WHERE s.dbid = d.oid AND s.classid = 'pg_namespace'::regclass AND s.objid = 2200
              AND s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o')
         THEN 't' ELSE 'f' END,
)sql" + passed_templates() +
                                     R"sql(,
    (SELECT string_agg(p.image, chr(10) ORDER BY p.passed_at) FROM (
         SELECT * FROM djangodb.passed_image p
         WHERE p.database = $1 AND p.database_oid = d.oid::bigint AND c.same_key
         ORDER BY p.passed_at DESC LIMIT )sql" +
                                     std::to_string(kMostPassed) +
                                     R"sql() p),
    CASE WHEN EXISTS (SELECT FROM djangodb.former_claim f WHERE f.database = $1 AND f.cluster_id = $2
                      AND f.resource_uid = $3) THEN 't' ELSE 'f' END,
    CASE WHEN EXISTS (SELECT FROM djangodb.deleted_resource r WHERE r.database = $1 AND r.cluster_id = $2
                      AND r.resource_uid = $3) THEN 't' ELSE 'f' END,
    coalesce(noted.datname, d.datname), coalesce(noted.owner, d.owner),
    coalesce((SELECT number FROM djangodb.attempt a WHERE a.database = $1), 0)
FROM (SELECT) one LEFT JOIN c ON true LEFT JOIN d ON true LEFT JOIN noted ON true
)sql";
    return kText;
}

const std::string& text_at(const Row& row, std::size_t column) {
    static const std::string kNone;
    const auto& value = row.at(column);
    return value ? *value : kNone;
}

template <class Value, std::size_t Size>
Value value_of(
    const std::array<std::pair<const char*, Value>, Size>& table, const std::string& word
) {
    const auto found =
        std::ranges::find_if(table, [&](const auto& entry) { return entry.first == word; });
    if (found == table.end()) {
        throw std::logic_error("inspect_tenant: unknown word " + word);
    }
    return found->second;
}

std::vector<ImageRef> lines_of(const std::string& text) {
    std::vector<ImageRef> images;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        images.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return images;
}

RolesState state_of_roles(
    const TenantNames& names,
    const TenantSetup& setup,
    const std::string& comment,
    const nlohmann::json& roles,
    const std::vector<Drift>& drift
) {
    bool is_absent = true;
    for (const auto& role : tenant_roles(names, setup)) {
        const auto found = roles.find(role.name.str());
        if (found != roles.end() && found->at("mark") != nlohmann::json(comment)) {
            return RolesState::Foreign;
        }
        is_absent = is_absent && found == roles.end();
    }
    if (is_absent) {
        return RolesState::Absent;
    }
    return is_to_be_repaired(drift, Repair::Roles) ? RolesState::Incomplete : RolesState::Complete;
}

/// Roles of readers that the spec no longer names.
std::vector<RoleName> removed_readers(const TenantNames& names, const nlohmann::json& claimed) {
    std::vector<RoleName> removed;
    const auto wanted = all_names(names);
    for (const auto& name : claimed) {
        const RoleName role(name.get<std::string>());
        if (std::ranges::find(wanted, role) == wanted.end()) {
            removed.push_back(role);
        }
    }
    return removed;
}

void judge_catalog(
    const TenantNames& names,
    const TenantSetup& setup,
    const std::string& comment,
    const nlohmann::json& catalog,
    TenantFacts& facts
) {
    const auto list_at = [&](const char* key, const nlohmann::json& none) {
        return catalog.at(key).is_null() ? none : catalog.at(key);
    };
    facts.drift = find_drift(names, setup, comment, catalog);
    facts.roles = state_of_roles(
        names, setup, comment, list_at("roles", nlohmann::json::object()), facts.drift
    );
    if (facts.claim == ClaimState::Mine) {
        facts.removed_readers = removed_readers(names, list_at("names", nlohmann::json::array()));
    }
    facts.database_is_configured =
        facts.database_is_configured && !is_to_be_repaired(facts.drift, Repair::Database);
    const auto& claim = catalog.at("claim");
    facts.was_configured = facts.database == DatabaseState::Open && !claim.is_null() &&
                           !claim.at("configured_at").is_null();
}

}  // namespace

Statement inspect_tenant(
    const TenantNames& names, const TenantSetup& setup, const Claimant& claimant
) {
    std::vector<std::string> roles;
    for (const auto& role : tenant_roles(names, setup)) {
        roles.push_back(role.name.str());
    }
    return Statement(
               "SELECT ledger.*, catalog.* FROM (" + ledger_query() + ") ledger CROSS JOIN (" +
                   facts_of_tenant("$1", "$7") + ") catalog",
               {names.database.str(),
                claimant.cluster_id,
                claimant.uid.str(),
                claimant.key.ns.str(),
                claimant.key.name.str(),
                names.owner.str(),
                array_parameter(roles)}
    )
        .kept();
}

TenantFacts tenant_facts(
    const Row& row, const TenantNames& names, const TenantSetup& setup, const Claimant& claimant
) {
    static constexpr std::array<std::pair<const char*, ClaimState>, 4> kClaims{
        {{"unclaimed", ClaimState::Unclaimed},
         {"mine", ClaimState::Mine},
         {"retained", ClaimState::RetainedForMe},
         {"other", ClaimState::OfAnother}}};
    static constexpr std::array<std::pair<const char*, DatabaseState>, 10> kDatabases{
        {{"absent", DatabaseState::Absent},
         {"closed", DatabaseState::Closed},
         {"open", DatabaseState::Open},
         {"adopting", DatabaseState::Adopting},
         {"lost", DatabaseState::Lost},
         {"replaced", DatabaseState::Replaced},
         {"half-dropped", DatabaseState::HalfDropped},
         {"renamed", DatabaseState::Renamed},
         {"reowned", DatabaseState::Reowned},
         {"foreign", DatabaseState::Foreign}}};
    TenantFacts facts;
    facts.claim = value_of(kClaims, text_at(row, kClaim));
    facts.claim_holder = text_at(row, kHolder);
    facts.database = value_of(kDatabases, text_at(row, kDatabase));
    facts.database_oid = text_at(row, kOid);
    facts.database_is_configured = text_at(row, kConfigured) == "t";
    facts.shares_public_schema = text_at(row, kSharedPublic) == "t";
    facts.passed_templates = passed_templates_in(text_at(row, kTemplates));
    facts.passed_images = lines_of(text_at(row, kImages));
    facts.lost_by_transfer = text_at(row, kLostByTransfer) == "t";
    facts.was_deleted = text_at(row, kWasDeleted) == "t";
    facts.database_name = text_at(row, kName);
    facts.database_owner = text_at(row, kOwner);
    facts.attempts = std::stoll(text_at(row, kAttempts));
    facts.fingerprint = text_at(row, kFingerprint);
    judge_catalog(
        names,
        setup,
        role_comment(names, claimant),
        nlohmann::json::parse(text_at(row, kFacts)),
        facts
    );
    return facts;
}

}  // namespace djdb::sql
