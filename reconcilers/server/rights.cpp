#include "reconcilers/server/rights.hpp"

#include "reconcilers/sql/text/quote.hpp"

namespace djdb {

AdministratorStatus judge_administrator(
    const AdministratorFacts& facts, const std::string& maintenance_database
) {
    const auto role = sql::quote_identifier(facts.user);
    const auto database = sql::quote_identifier(maintenance_database);
    AdministratorStatus status;
    status.user = facts.user;
    const auto judge = [&](bool has, const std::string& name, const std::string& statement) {
        if (has) {
            status.rights.push_back(name);
        } else {
            status.missing.push_back({name, statement});
        }
    };
    const bool is_all = facts.is_superuser;
    if (is_all) {
        status.rights.emplace_back("SUPERUSER");
    }
    judge(is_all || facts.can_create_database, "CREATEDB", "ALTER ROLE " + role + " CREATEDB;");
    judge(is_all || facts.can_create_role, "CREATEROLE", "ALTER ROLE " + role + " CREATEROLE;");
    judge(
        facts.may_connect,
        "CONNECT ON DATABASE " + maintenance_database,
        "GRANT CONNECT ON DATABASE " + database + " TO " + role + ";"
    );
    judge(
        facts.may_create,
        "CREATE ON DATABASE " + maintenance_database,
        "GRANT CREATE ON DATABASE " + database + " TO " + role + ";"
    );
    if (!facts.ledger_owner.empty()) {
        judge(
            false,
            "owner of the schema djangodb",
            "GRANT " + sql::quote_identifier(facts.ledger_owner) + " TO " + role + ";"
        );
    }
    if (facts.may_signal) {
        status.rights.emplace_back("pg_signal_backend");
    }
    return status;
}

std::string explain_missing(const AdministratorStatus& status) {
    std::string names;
    std::string statements;
    for (const auto& right : status.missing) {
        names += (names.empty() ? "" : ", ") + right.name;
        statements += " " + right.statement;
    }
    return "The administrator \"" + status.user + "\" lacks: " + names +
           ". Nothing was changed; a DBA has to run:" + statements;
}

}  // namespace djdb
