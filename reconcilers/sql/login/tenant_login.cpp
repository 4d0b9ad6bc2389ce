#include "reconcilers/sql/login/tenant_login.hpp"

namespace djdb::sql {

Statement name_session(const std::string& name) {
    return {"SELECT set_config('application_name', $1, false)", {name}};
}

Statement who_am_i() {
    return {"SELECT session_user, current_user, current_database()"};
}

Batch probe_schema() {
    return {
        {"CREATE TABLE djangodb_probe (id integer PRIMARY KEY)"},
        {"INSERT INTO djangodb_probe VALUES (1)"},
        {"DROP TABLE djangodb_probe"}};
}

Statement is_read_only() {
    return {"SELECT current_setting('transaction_read_only')"};
}

Statement has_migrations() {
    return {"SELECT to_regclass('django_migrations') IS NOT NULL"};
}

Statement read_migrations() {
    return {"SELECT app || '.' || name FROM django_migrations ORDER BY id"};
}

}  // namespace djdb::sql
