#include "reconcilers/sql/inspect.hpp"

#include "reconcilers/sql/claim.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace djdb::sql {
namespace {

enum Column : std::size_t {
    kClaim,
    kHolder,
    kRoles,
    kDatabase,
    kOid,
    kConfigured,
    kSharedPublic,
    kImages
};

const std::string& tenant_query() {
    static const std::string kText = R"sql(
WITH c AS (
    SELECT *, cluster_id = $2 AND namespace = $4 AND name = $5 AS same_key,
           cluster_id = $2 AND namespace = $4 AND name = $5 AND resource_uid = $3 AND state = 'active' AS mine
    FROM djangodb.claim WHERE database = $1
), d AS (
    SELECT * FROM pg_database WHERE datname = $1
), r AS (
    SELECT oid, rolname, rolcanlogin, shobj_description(oid, 'pg_authid') AS mark,
           rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls OR NOT rolinherit
           OR (rolname = $6 AND rolcanlogin) AS deviates
    FROM pg_roles WHERE rolname IN ($6, $7, $8, $9)
), members AS (
    SELECT count(DISTINCT m.member) AS n FROM pg_auth_members m
    JOIN r owner ON owner.oid = m.roleid AND owner.rolname = $6
    JOIN r login ON login.oid = m.member AND login.rolname <> $6
), settings AS (
    SELECT count(*) AS n FROM pg_db_role_setting s JOIN d ON d.oid = s.setdatabase JOIN r ON r.oid = s.setrole
    WHERE r.rolname <> $6 AND ('role=' || $6) = ANY (s.setconfig)
), granted AS (
    SELECT bool_or(a.grantee = 0) AS to_public,
           count(*) FILTER (WHERE a.grantee = owner.oid
                            AND a.privilege_type IN ('CONNECT', 'TEMPORARY', 'CREATE')) AS to_owner
    FROM d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    LEFT JOIN r owner ON owner.rolname = $6
)
SELECT
    CASE WHEN c.database IS NULL THEN 'unclaimed' WHEN c.mine THEN 'mine'
         WHEN c.same_key THEN 'retained' ELSE 'other' END,
    CASE WHEN NOT c.same_key THEN c.namespace || '/' || c.name || ' of cluster ' || c.cluster_id END,
    CASE WHEN NOT EXISTS (SELECT FROM r) THEN 'absent'
         WHEN EXISTS (SELECT FROM r WHERE mark IS DISTINCT FROM $10) THEN 'foreign'
         WHEN (SELECT count(*) FROM r) = 4 AND (SELECT n FROM members) = 3
              AND (SELECT bool_and(rolcanlogin) FROM r WHERE rolname IN ($7, $9))
              AND NOT (SELECT bool_or(deviates) FROM r) THEN 'complete'
         ELSE 'incomplete' END,
    CASE WHEN c.same_key AND c.database_oid IS NOT NULL
              AND (c.database_oid IS DISTINCT FROM d.oid::bigint OR d.datconnlimit = -2) THEN 'lost'
         WHEN d.oid IS NULL THEN 'absent'
         WHEN c.same_key AND )sql" + std::string(kIsClaimedDatabase) +
                                     R"sql(
         THEN CASE WHEN d.datallowconn THEN 'open' ELSE 'closed' END
         ELSE 'foreign' END,
    coalesce(c.database_oid, d.oid::bigint)::text,
    CASE WHEN coalesce(d.datallowconn AND d.oid::bigint = c.database_oid AND c.configured_at IS NOT NULL
                       AND NOT granted.to_public AND granted.to_owner = 3 AND settings.n = 3, false)
         THEN 't' ELSE 'f' END,
    CASE WHEN current_setting('server_version_num')::int < 150000 AND NOT EXISTS (
              SELECT FROM pg_shdepend s JOIN r owner ON owner.oid = s.refobjid AND owner.rolname = $6
              WHERE s.dbid = d.oid AND s.classid = 'pg_namespace'::regclass AND s.objid = 2200
              AND s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o')
         THEN 't' ELSE 'f' END,
    (SELECT string_agg(p.image, chr(10) ORDER BY p.passed_at) FROM djangodb.passed_image p
     WHERE p.database = $1 AND p.database_oid = d.oid::bigint AND c.same_key)
FROM (SELECT) one LEFT JOIN c ON true LEFT JOIN d ON true CROSS JOIN settings CROSS JOIN granted
)sql";
    return kText;
}

const std::string& text_at(Row row, std::size_t column) {
    static const std::string kNone;
    const auto& value = row[column];
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

}  // namespace

Statement inspect_tenant(const TenantNames& names, const TenantSetup&, const Claimant& claimant) {
    return {
        tenant_query(),
        {names.database.str(),
         claimant.cluster_id,
         claimant.uid.str(),
         claimant.key.space.str(),
         claimant.key.name.str(),
         names.owner.str(),
         names.login_a.str(),
         names.login_b.str(),
         names.migrate.str(),
         mark(names, claimant)}};
}

TenantFacts tenant_facts(Row row) {
    static constexpr std::array<std::pair<const char*, ClaimState>, 4> kClaims{
        {{"unclaimed", ClaimState::Unclaimed},
         {"mine", ClaimState::Mine},
         {"retained", ClaimState::RetainedForMe},
         {"other", ClaimState::OfAnother}}};
    static constexpr std::array<std::pair<const char*, RolesState>, 4> kRoleWords{
        {{"absent", RolesState::Absent},
         {"incomplete", RolesState::Incomplete},
         {"complete", RolesState::Complete},
         {"foreign", RolesState::Foreign}}};
    static constexpr std::array<std::pair<const char*, DatabaseState>, 5> kDatabases{
        {{"absent", DatabaseState::Absent},
         {"closed", DatabaseState::Closed},
         {"open", DatabaseState::Open},
         {"lost", DatabaseState::Lost},
         {"foreign", DatabaseState::Foreign}}};
    TenantFacts facts;
    facts.claim = value_of(kClaims, text_at(row, kClaim));
    facts.claim_holder = text_at(row, kHolder);
    facts.roles = value_of(kRoleWords, text_at(row, kRoles));
    facts.database = value_of(kDatabases, text_at(row, kDatabase));
    facts.database_oid = text_at(row, kOid);
    facts.database_is_configured = text_at(row, kConfigured) == "t";
    facts.shares_public_schema = text_at(row, kSharedPublic) == "t";
    facts.passed_images = lines_of(text_at(row, kImages));
    return facts;
}

}  // namespace djdb::sql
