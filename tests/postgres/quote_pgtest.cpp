// Our quoting is libpq's, and the server gives back what was quoted.
#include "reconcilers/sql/text/quote.hpp"
#include "tests/postgres/live_server.hpp"

#include <libpq-fe.h>

#include <array>
#include <memory>

namespace djdb::postgres {
namespace {

using RawConnection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

RawConnection superuser_session() {
    const auto socket = require_variable("DJDB_PG_SOCKET");
    const auto port = require_variable("DJDB_PG_PORT");
    const std::array<const char*, 6> names{
        "host", "port", "user", "dbname", "client_encoding", nullptr};
    const std::array<const char*, 6> values{
        socket.c_str(), port.c_str(), "postgres", "postgres", "UTF8", nullptr};
    return {PQconnectdbParams(names.data(), values.data(), 0), &PQfinish};
}

std::string taken(char* text) {
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(text, &PQfreemem);
    return text == nullptr ? "" : text;
}

const std::array<std::string, 12> kCorpus{
    "shop",
    "Shop",
    "sh\"op",
    "sh'op",
    "\\",
    "a\\'b",
    "$$",
    "'; DROP DATABASE x; --",
    "sélect",
    "名前",
    "\"",
    "%s %I",
};

TEST(Quote, EqualsLibpqAndComesBack) {
    const auto raw = superuser_session();
    ASSERT_EQ(PQstatus(raw.get()), CONNECTION_OK);
    for (const auto& text : kCorpus) {
        EXPECT_EQ(
            sql::quote_identifier(text),
            taken(PQescapeIdentifier(raw.get(), text.data(), text.size()))
        );
        EXPECT_EQ(
            sql::quote_literal(text), taken(PQescapeLiteral(raw.get(), text.data(), text.size()))
        );
        const auto query =
            "SELECT " + sql::quote_literal(text) + " AS " + sql::quote_identifier(text);
        const std::unique_ptr<PGresult, decltype(&PQclear)> result(
            PQexec(raw.get(), query.c_str()), &PQclear
        );
        ASSERT_EQ(PQresultStatus(result.get()), PGRES_TUPLES_OK) << query;
        EXPECT_EQ(PQgetvalue(result.get(), 0, 0), text);
        EXPECT_EQ(PQfname(result.get(), 0), text);
    }
}

class QuotedTenant : public LiveServer {};

TEST_F(QuotedTenant, HostileNamesStayNames) {
    const auto suffix = fresh_tenant().database.str();
    const auto names = tenant_names(DatabaseName("x'\"; $$ \\" + suffix));
    const auto claimant = claimant_of(names);
    provision(names, claimant);
    database_of(names)->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
    EXPECT_TRUE(database_of(names, claimant)->inspect(call_for()).database_is_configured);
}

}  // namespace
}  // namespace djdb::postgres
