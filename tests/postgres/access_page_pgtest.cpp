// What docs/access.md tells a DBA to run once is enough for an administrator who has nothing else.
#include "reconcilers/server/rights.hpp"
#include "tests/postgres/live_server.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace djdb::postgres {
namespace {

class AccessPage : public LiveServer {
  protected:
    ~AccessPage() override {
        // Other tests enter these databases as tenants.
        as_superuser("GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC");
    }
    /// The block behind the mark, for this role and password.
    static std::string grants(const std::string& role, const Sensitive& password) {
        std::ifstream page(DJDB_ACCESS_PAGE, std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(page), {}};
        text.erase(0, text.find("<!-- run by tests/postgres -->"));
        const std::string begin = "```sql\n";
        const auto from = text.find(begin) + begin.size();
        text = text.substr(from, text.find("```", from) - from);
        for (std::size_t at = 0; (at = text.find("djangodb", at)) != std::string::npos;
             at += role.size()) {
            text.replace(at, 8, role);
        }
        const std::string choose = "choose one";
        return text.replace(text.find(choose), choose.size(), password.reveal());
    }
};

TEST_F(AccessPage, GrantsAreAllThatAnAdministratorNeeds) {
    const auto names = fresh_tenant();
    access_.administrator.user = names.database.str() + "_dba";
    access_.administrator.password = fresh_password();
    access_.maintenance_database = names.database.str() + "_ledger";
    as_superuser(
        "SET log_statement = 'none'; SET log_min_error_statement = 'panic'; " +
        grants(access_.administrator.user, access_.administrator.password)
    );
    const auto before = database_.inspect_server(access_, call_for());
    EXPECT_EQ(before.administrator.user, access_.administrator.user);
    EXPECT_FALSE(before.administrator.is_superuser);
    const auto judged = judge_administrator(before.administrator, access_.maintenance_database);
    EXPECT_TRUE(judged.missing.empty()) << explain_missing(judged);
    EXPECT_EQ(
        std::ranges::count(before.public_connect, "postgres") +
            std::ranges::count(before.public_connect, "template1"),
        0
    );

    provision(names, claimant_of(names));
    database_of(names)->prove_login(
        LoginId::migrate(), passwords_.at(LoginId::migrate()), call_for()
    );
    database_.of(access_, {names, {}, claimant_of(names)})
        ->prove_login(LoginId::a(), passwords_.at(LoginId::a()), call_for());
    EXPECT_EQ(database_.inspect_server(access_, call_for()).claims, 1);
}

}  // namespace
}  // namespace djdb::postgres
