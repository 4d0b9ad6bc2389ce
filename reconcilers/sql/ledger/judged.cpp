#include "reconcilers/sql/ledger/judged.hpp"

#include "reconcilers/sql/ledger/claim.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace djdb::sql {

Statement create_judged_migration() {
    return {
        "CREATE TABLE IF NOT EXISTS djangodb.judged_migration ("
        " database text NOT NULL REFERENCES djangodb.claim ON DELETE CASCADE,"
        " database_oid bigint NOT NULL,"
        " name text NOT NULL,"
        " is_compatible boolean NOT NULL,"
        " since text NOT NULL,"
        " backup text NOT NULL,"
        " judged_at timestamptz NOT NULL DEFAULT now(),"
        " PRIMARY KEY (database, database_oid, name))"};
}

// As one parameter each: they may be hundreds. Columns are not named as the tables have theirs.
Batch record_judgements(
    const TenantNames& names,
    const Claimant& claimant,
    const std::vector<JudgedMigration>& judged,
    const std::vector<std::string>& applied
) {
    auto rows = nlohmann::json::array();
    for (const auto& [name, is_compatible, since, backup] : judged) {
        rows.push_back(
            {{"migration", name}, {"works", is_compatible}, {"held", since}, {"dump", backup}}
        );
    }
    const auto known = nlohmann::json(applied).dump();
    return {
        require_claim(names, claimant),
        {"DELETE FROM djangodb.judged_migration j WHERE j.database = $1 AND NOT EXISTS (SELECT FROM"
         " json_array_elements_text($2) AS a (migration) WHERE a.migration = j.name)",
         {names.database.str(), known}},
        {"INSERT INTO djangodb.judged_migration (database, database_oid, name, is_compatible,"
         " since, backup) SELECT c.database, d.oid::bigint, v.* FROM json_to_recordset($1)"
         " AS v (migration text, works boolean, held text, dump text),"
         " djangodb.claim c JOIN pg_database d ON d.datname = c.database AND " +
             std::string(kIsClaimedDatabase) + " WHERE " + is_mine(names, claimant) +
             " AND NOT EXISTS (SELECT FROM json_array_elements_text($2) AS a (migration)"
             " WHERE a.migration = v.migration)"
             " ON CONFLICT (database, database_oid, name) DO UPDATE SET"
             " is_compatible = excluded.is_compatible, since = excluded.since,"
             " backup = excluded.backup, judged_at = now()",
         {rows.dump(), known}}};
}

Statement read_judgements(const TenantNames& names) {
    return {
        "SELECT j.name, j.is_compatible, j.since, j.backup FROM djangodb.judged_migration j"
        " JOIN pg_database d ON d.datname = j.database AND d.oid::bigint = j.database_oid"
        " WHERE j.database = $1 ORDER BY j.judged_at DESC, j.name LIMIT " +
            std::to_string(kMostJudgements),
        {names.database.str()}};
}

std::vector<JudgedMigration> judgements_in(const std::vector<Row>& rows) {
    std::vector<JudgedMigration> judged;
    judged.reserve(rows.size());
    for (const auto& row : rows) {
        judged.push_back(
            {row.at(0).value_or(""),
             row.at(1) == "t",
             row.at(2).value_or(""),
             row.at(3).value_or("")}
        );
    }
    return judged;
}

}  // namespace djdb::sql
