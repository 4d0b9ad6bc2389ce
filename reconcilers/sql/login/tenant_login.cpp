#include "reconcilers/sql/login/tenant_login.hpp"

#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {
namespace {

std::string record_in(const std::string& schema) {
    return (schema.empty() ? "" : quote_identifier(schema) + ".") + "django_migrations";
}

/// Fills it, so that rows may be written too.
std::string make_table(const std::string& name) {
    return "CREATE TABLE " + name + " (id pg_catalog.int4 PRIMARY KEY); INSERT INTO " + name +
           " VALUES (1); DROP TABLE " + name + "; ";
}

}  // namespace

Statement name_session(const std::string& name) {
    return {
        "SELECT pg_catalog.set_config('application_name', $1, false), pg_catalog.pg_backend_pid()",
        {name}};
}

Statement who_am_i() {
    return {"SELECT session_user, current_user, pg_catalog.current_database()"};
}

Statement probe_schema() {
    return block(
        "BEGIN IF pg_catalog.current_schema() IS NULL THEN CREATE SCHEMA djangodb_probe; " +
        make_table("djangodb_probe.djangodb_probe") + "DROP SCHEMA djangodb_probe; ELSE " +
        make_table("djangodb_probe") + "END IF; END"
    );
}

Statement is_read_only() {
    return {"SELECT pg_catalog.current_setting('transaction_read_only')"};
}

Statement has_migrations(const std::string& schema) {
    return {"SELECT pg_catalog.to_regclass($1) IS NOT NULL", {record_in(schema)}};
}

Statement read_migrations(const std::string& schema) {
    return {
        "SELECT app OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) name FROM " +
        record_in(schema) + " ORDER BY id"};
}

}  // namespace djdb::sql
