// Servers that were set up otherwise than PostgreSQL's own packages do it.
#include "reconcilers/sql/provision/database.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/spare_server.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>
#include <string>

namespace djdb::postgres {
namespace {

using testing::HasSubstr;

class UnusualServer : public LiveServer {};

TEST_F(UnusualServer, WithoutADatabasePostgres) {
    const SpareServer server("renamed");
    server.as_superuser("ALTER DATABASE postgres RENAME TO defaultdb", "template1");
    auto access = server.access();
    PostgresDatabase database;
    const auto failure = failure_of([&] { database.inspect_server(access, call_for()); });
    EXPECT_EQ(failure.reason, Reason::DatabaseMissing);
    EXPECT_THAT(failure.message, HasSubstr("spec.maintenanceDatabase"));
    EXPECT_THAT(failure.message, HasSubstr("defaultdb"));
    access.maintenance_database = "defaultdb";
    EXPECT_NO_THROW(database.inspect_administrator(access, call_for()));
    EXPECT_TRUE(database.inspect_server(access, call_for()).has_maintenance_database);
}

/// A locale of Latin-1 for all programs that this process starts.
class LatinLocale {
  public:
    LatinLocale() : folder_(output_of("mktemp -d /tmp/djdb-locale.XXXXXX")) {
        // It warns of the character set, and that is what its exit code says.
        output_of(
            "chmod 755 " + folder_ + "; localedef --no-archive -i de_DE -f ISO-8859-1 " + folder_ +
            "/de_DE; test -e " + folder_ + "/de_DE/LC_CTYPE"
        );
        ::setenv("LOCPATH", folder_.c_str(), 1);
    }
    LatinLocale(const LatinLocale&) = delete;
    LatinLocale& operator=(const LatinLocale&) = delete;
    ~LatinLocale() {
        ::unsetenv("LOCPATH");
        output_of("rm -r " + folder_);
    }

  private:
    std::string folder_;
};

TEST_F(UnusualServer, WhoseLocaleIsNotUtf8) {
    const LatinLocale latin;
    const SpareServer server("latin");
    server.as_superuser(
        "CREATE DATABASE template0_latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'de_DE'"
        " IS_TEMPLATE true ALLOW_CONNECTIONS false"
    );
    server.as_superuser("ALTER DATABASE template0 RENAME TO template0_first");
    server.as_superuser("ALTER DATABASE template0_latin RENAME TO template0");
    // As initdb leaves it; before 15 there is no such column.
    server.as_superuser(
        "DO $$ BEGIN UPDATE pg_database SET datcollversion = NULL WHERE datname = 'template0';"
        " EXCEPTION WHEN undefined_column THEN NULL; END $$"
    );
    PostgresDatabase database;
    const auto facts = database.inspect_server(server.access(), call_for());
    EXPECT_FALSE(facts.has_maintenance_database);
    EXPECT_EQ(facts.unfit_template, "de_DE, encoding LATIN1");
    const auto failure =
        failure_of([&] { database.inspect_administrator(server.access(), call_for()); });
    EXPECT_EQ(failure.reason, Reason::LocaleNotUTF8);
    EXPECT_THAT(failure.message, HasSubstr("DETAIL: "));
    EXPECT_THAT(failure.message, HasSubstr(sql::kMakeTemplateUtf8));

    std::istringstream advice{std::string(sql::kMakeTemplateUtf8)};
    for (std::string statement; std::getline(advice, statement, ';');) {
        server.as_superuser(statement);
    }
    EXPECT_NO_THROW(database.inspect_administrator(server.access(), call_for()));
    EXPECT_EQ(database.inspect_server(server.access(), call_for()).unfit_template, "");
}

}  // namespace
}  // namespace djdb::postgres
