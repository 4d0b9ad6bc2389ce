#include "reconcilers/sql/server.hpp"

#include <algorithm>
#include <array>

namespace djdb::sql {
namespace {

std::string text_of(const std::optional<std::string>& value) {
    return value.value_or("");
}

}  // namespace

Statement inspect_server() {
    return {
        "SELECT split_part(current_setting('server_version'), ' ', 1),"
        " current_setting('server_version_num'), rolcreatedb, rolcreaterole, rolsuper"
        " FROM pg_roles WHERE rolname = current_user"};
}

ServerFacts server_facts(Row row) {
    ServerFacts facts;
    facts.version = text_of(row[0]);
    facts.version_number = std::stoll(text_of(row[1]));
    facts.can_create_database = text_of(row[2]) == "t";
    facts.can_create_role = text_of(row[3]) == "t";
    facts.is_superuser = text_of(row[4]) == "t";
    return facts;
}

bool ignores_role_setting(std::int64_t version_number) {
    static constexpr std::array<std::int64_t, 6> kBroken{
        120021, 130017, 140014, 150009, 160005, 170001};
    return std::ranges::find(kBroken, version_number) != kBroken.end();
}

}  // namespace djdb::sql
