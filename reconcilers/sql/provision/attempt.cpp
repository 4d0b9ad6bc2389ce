#include "reconcilers/sql/provision/attempt.hpp"

#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

#include <iterator>
#include <ranges>
#include <string>

namespace djdb::sql {
namespace {

std::string refuse_overtaken() {
    return raise(
        kAttemptOvertaken,
        "'another operator prepares an attempt at a migration of this database, or has begun one'"
    );
}

Statement require_last(const TenantNames& names, std::int64_t attempt) {
    return block(
        "BEGIN IF NOT EXISTS (SELECT FROM djangodb.attempt WHERE database = " +
        quote_literal(names.database.str()) + " AND number = " + std::to_string(attempt) +
        ") THEN " + refuse_overtaken() + " END IF; END"
    );
}

/// Of pg_stat_activity. A namesake without our comment is somebody else's.
std::string are_migrations(const TenantNames& names, const Claimant& claimant) {
    return " FROM pg_stat_activity WHERE usesysid = (SELECT oid FROM pg_roles r WHERE rolname = " +
           quote_literal(names.migrate.str()) + " AND " + has_comment("r.oid", names, claimant) +
           ")";
}

}  // namespace

Statement count_attempts(const TenantNames& names, const AttemptCount& attempts) {
    return block(
        "BEGIN INSERT INTO djangodb.attempt AS known (database, number) VALUES (" +
        quote_literal(names.database.str()) + ", " + std::to_string(attempts.next) +
        ") ON CONFLICT (database) DO UPDATE SET number = excluded.number WHERE known.number = " +
        std::to_string(attempts.seen) + "; IF NOT FOUND THEN " + refuse_overtaken() + " END IF; END"
    );
}

Batch count_attempt(
    const TenantNames& names, const Claimant& claimant, const AttemptCount& attempts
) {
    return {lock_tenant(names), require_claim(names, claimant), count_attempts(names, attempts)};
}

Batch set_attempt_password(
    const TenantNames& names,
    const TenantSetup& setup,
    const Claimant& claimant,
    const Verifiers& verifiers,
    std::int64_t attempt
) {
    Batch batch{
        lock_tenant(names),
        require_claim(names, claimant),
        refuse_foreign_roles(names, setup, claimant),
        require_last(names, attempt)};
    std::ranges::move(
        set_passwords(names, {LoginId::migrate()}, verifiers), std::back_inserter(batch)
    );
    return batch;
}

Batch end_migration_sessions(
    const TenantNames& names, const Claimant& claimant, std::int64_t attempt
) {
    return {
        lock_tenant(names),
        require_claim(names, claimant),
        require_last(names, attempt),
        {"SELECT pg_terminate_backend(pid)" + are_migrations(names, claimant)}};
}

Statement count_migration_sessions(const TenantNames& names, const Claimant& claimant) {
    return {"SELECT count(*)" + are_migrations(names, claimant)};
}

}  // namespace djdb::sql
