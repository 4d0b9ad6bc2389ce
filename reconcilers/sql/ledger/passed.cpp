#include "reconcilers/sql/ledger/passed.hpp"

#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace djdb::sql {
namespace {

using nlohmann::json;

std::string is_database(const TenantNames& names) {
    return "database = " + quote_literal(names.database.str());
}

std::string is_pass(const TenantNames& names, const PassedTemplate& passed) {
    return is_database(names) + " AND app_template = " + quote_literal(passed.app_template) +
           " AND job = " + quote_literal(passed.job.str());
}

/// @param values an expression for each of the columns
/// @param conflict the key, and what is set anew beside the time
Statement record(
    const TenantNames& names,
    const Claimant& claimant,
    const std::string& table,
    const std::string& columns,
    const std::string& values,
    const std::string& conflict
) {
    return block(
        "BEGIN INSERT INTO djangodb." + table + " (database, database_oid, " + columns +
        ") SELECT c.database, d.oid::bigint, " + values +
        " FROM djangodb.claim c JOIN pg_database d ON d.datname = c.database AND " +
        std::string(kIsClaimedDatabase) + " WHERE " + is_mine(names, claimant) + " ON CONFLICT " +
        conflict + "passed_at = clock_timestamp(); IF NOT FOUND THEN " +
        raise(kForeignDatabase, "'another database has the name now'") + " END IF; END"
    );
}

Statement forget(
    const TenantNames& names, const std::string& table, const std::string& key, std::size_t kept
) {
    return {
        "DELETE FROM djangodb." + table + " p USING (SELECT database_oid, " + key +
        " FROM djangodb." + table + " WHERE " + is_database(names) +
        " ORDER BY passed_at DESC OFFSET " + std::to_string(kept) + ") old WHERE p." +
        is_database(names) + " AND p.database_oid = old.database_oid AND p." + key + " = old." +
        key};
}

}  // namespace

Statement create_passed_template() {
    return {
        "CREATE TABLE IF NOT EXISTS djangodb.passed_template ("
        " database text NOT NULL REFERENCES djangodb.claim ON DELETE CASCADE,"
        " database_oid bigint NOT NULL,"
        " app_template text NOT NULL,"
        " configs text NOT NULL,"
        " image text NOT NULL,"
        " applied text NOT NULL,"
        " recorded_in text NOT NULL,"
        " job text NOT NULL,"
        " passed_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
        " PRIMARY KEY (database, database_oid, app_template))"};
}

Statement create_verification() {
    return {
        "CREATE TABLE IF NOT EXISTS djangodb.verification ("
        " database text NOT NULL,"
        " database_oid bigint NOT NULL,"
        " app_template text NOT NULL,"
        " job text NOT NULL,"
        " said text NOT NULL,"
        " changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
        " PRIMARY KEY (database, database_oid, app_template),"
        " FOREIGN KEY (database, database_oid, app_template) REFERENCES djangodb.passed_template"
        " ON DELETE CASCADE)"};
}

// One that is of an earlier pass says nothing of this one.
std::string passed_templates() {
    return "(SELECT json_agg(json_build_array(p.app_template, p.configs, p.image, p.applied,"
           " p.recorded_in, p.job, v.said) ORDER BY p.passed_at)::text"
           " FROM djangodb.passed_template p LEFT JOIN djangodb.verification v"
           " USING (database, database_oid, app_template, job)"
           " WHERE p.database = $1 AND p.database_oid = d.oid::bigint AND c.same_key)";
}

std::vector<PassedTemplate> passed_templates_in(const std::string& text) {
    std::vector<PassedTemplate> passed;
    if (text.empty()) {
        return passed;
    }
    for (const auto& row : json::parse(text)) {
        const auto at = [&](std::size_t column) { return row.at(column).get<std::string>(); };
        const auto& verified = row.at(6);
        passed.push_back(
            {at(0),
             at(1),
             ImageRef(at(2)),
             at(3),
             at(4),
             ResourceUid(at(5)),
             verified.is_null() ? std::nullopt : std::optional(verified.get<std::string>())}
        );
    }
    return passed;
}

Statement record_passed(
    const TenantNames& names, const Claimant& claimant, const PassedTemplate& passed
) {
    return record(
        names,
        claimant,
        "passed_template",
        "app_template, configs, image, applied, recorded_in, job",
        quote_literal(passed.app_template) + ", " + quote_literal(passed.configs) + ", " +
            quote_literal(passed.image.str()) + ", " + quote_literal(passed.applied) + ", " +
            quote_literal(passed.recorded_in) + ", " + quote_literal(passed.job.str()),
        "(database, database_oid, app_template) DO UPDATE SET configs = excluded.configs,"
        " image = excluded.image, applied = excluded.applied, recorded_in = excluded.recorded_in,"
        " job = excluded.job, "
    );
}

Statement record_passed_image(
    const TenantNames& names, const Claimant& claimant, const ImageRef& image
) {
    return record(
        names,
        claimant,
        "passed_image",
        "image",
        quote_literal(image.str()),
        "(database, database_oid, image) DO UPDATE SET "
    );
}

Batch ask_for_verification(const TenantNames& names, const PassedTemplate& passed) {
    if (!passed.verified) {
        return {};
    }
    return {
        {"INSERT INTO djangodb.verification (database, database_oid, app_template, job, said)"
         " SELECT database, database_oid, app_template, job, " +
         quote_literal(*passed.verified) + " FROM djangodb.passed_template WHERE " +
         is_pass(names, passed) +
         " ON CONFLICT (database, database_oid, app_template) DO UPDATE SET job = excluded.job,"
         " said = excluded.said, changed_at = clock_timestamp() WHERE verification.job <> "
         "excluded.job"}};
}

Statement record_verified(
    const TenantNames& names, const PassedTemplate& passed, const std::string& said
) {
    return {
        "UPDATE djangodb.verification v SET said = " + quote_literal(said) +
        ", changed_at = clock_timestamp() FROM djangodb.claim c WHERE c.database = v.database"
        " AND c.database_oid = v.database_oid AND v." +
        is_pass(names, passed)};
}

Batch forget_passed(const TenantNames& names, std::size_t recorded) {
    return {
        forget(names, "passed_template", "app_template", std::max(kMostPassed, 2 * recorded)),
        forget(names, "passed_image", "image", kMostPassed)};
}

}  // namespace djdb::sql
