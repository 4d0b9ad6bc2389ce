#include "reconcilers/sql/login/tenant_login.hpp"

namespace djdb::sql {

Statement name_session(const std::string& name) {
    return {
        "SELECT pg_catalog.set_config('application_name', $1, false), pg_catalog.pg_backend_pid()",
        {name}};
}

Statement who_am_i() {
    return {"SELECT session_user, current_user, pg_catalog.current_database()"};
}

Batch probe_schema() {
    return {
        {"CREATE TABLE djangodb_probe (id integer PRIMARY KEY)"},
        {"INSERT INTO djangodb_probe VALUES (1)"},
        {"DROP TABLE djangodb_probe"}};
}

Statement is_read_only() {
    return {"SELECT pg_catalog.current_setting('transaction_read_only')"};
}

Statement has_migrations() {
    return {"SELECT pg_catalog.to_regclass('django_migrations') IS NOT NULL"};
}

Statement read_migrations() {
    return {
        "SELECT app OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) name FROM "
        "django_migrations ORDER BY id"};
}

}  // namespace djdb::sql
