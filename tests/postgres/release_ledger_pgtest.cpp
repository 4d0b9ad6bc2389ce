// What the ledger keeps of releases: what was proven of them, and what their plans said of each migration.
#include "controller/postgres/session/connection.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/support/a_pass.hpp"

#include <string>
#include <vector>

namespace djdb::postgres {
namespace {

class ReleaseLedger : public LiveServer {
  protected:
    ReleaseLedger() { provision(names_, claimant_); }

    void record(const PassedTemplate& passed) {
        database_of(names_, claimant_)->record_passed({passed}, call_for());
    }
    void prove(const PassedTemplate& passed, const std::string& said) {
        database_of(names_, claimant_)->record_verified({passed}, said, call_for());
    }
    [[nodiscard]] std::optional<std::string> verified() {
        return database_of(names_, claimant_)->inspect(call_for()).passed_templates.back().verified;
    }
    [[nodiscard]] std::vector<JudgedMigration> judged() {
        return database_of(names_, claimant_)->read_judgements(call_for());
    }

    TenantNames names_ = fresh_tenant();
    Claimant claimant_ = claimant_of(names_);
};

TEST_F(ReleaseLedger, WhatIsToBeProvenStaysSoUntilItIs) {
    auto pass = a_pass("shop:1");
    record(pass);
    EXPECT_EQ(verified(), std::nullopt) << "nobody asked for it";
    pass.job = ResourceUid("job 2");
    pass.verified = "";
    record(pass);
    EXPECT_EQ(verified(), "");
    prove(pass, "it's \\ proven");
    EXPECT_EQ(verified(), "it's \\ proven");
    record(pass);
    EXPECT_EQ(verified(), "it's \\ proven") << "the same pass, told again behind a crash";
}

TEST_F(ReleaseLedger, AnotherPassIsToBeProvenAnew) {
    auto pass = a_pass("shop:1");
    pass.verified = "";
    record(pass);
    auto next = pass;
    next.job = ResourceUid("job 2");
    record(next);
    prove(pass, "the former pass works");
    EXPECT_EQ(verified(), "") << "a late word on another pass";
    prove(next, "it works");
    EXPECT_EQ(verified(), "it works");
    next.verified.reset();
    next.job = ResourceUid("job 3");
    record(next);
    EXPECT_EQ(verified(), std::nullopt) << "as a version records it that proves nothing";
}

TEST_F(ReleaseLedger, KeepsWhatAPlanSaidOfWhatWasAppliedByIt) {
    const auto tenant = database_of(names_, claimant_);
    const std::vector<JudgedMigration> plan{
        {"shop.0002_x", true, "a", ""}, {"shop.0003_y", false, "a", "a dump"}};
    tenant->record_judgements(plan, {"shop.0001_initial"}, call_for());
    EXPECT_EQ(judged(), plan);
    // The first one was applied; another image plans anew, and sees it as pending from before.
    const JudgedMigration anew{"shop.0003_z", false, "b", "another dump"};
    tenant->record_judgements(
        {{"shop.0002_x", false, "b", "another dump"}, anew},
        {"shop.0001_initial", "shop.0002_x"},
        call_for()
    );
    EXPECT_EQ(judged(), (std::vector{anew, plan.front()})) << "what never came is forgotten";
    tenant->record_judgements({}, {"shop.0001_initial"}, call_for());
    EXPECT_TRUE(judged().empty()) << "nobody judged what is about to be applied";
}

TEST_F(ReleaseLedger, KeepsNothingForAnotherDatabaseOfThatName) {
    const auto& name = names_.database.str();
    const std::vector<JudgedMigration> some{{"shop.0002_x", true, "a", ""}};
    const auto tenant = database_of(names_, claimant_);
    tenant->record_judgements(some, {}, call_for());
    EXPECT_EQ(judged(), some);
    as_superuser("ALTER DATABASE " + name + " RENAME TO " + name + "_aside");
    as_superuser("CREATE DATABASE " + name);
    EXPECT_TRUE(judged().empty());
    as_superuser("DROP DATABASE " + name);
    as_superuser("ALTER DATABASE " + name + "_aside RENAME TO " + name);
    EXPECT_EQ(judged(), some);
}

TEST_F(ReleaseLedger, SeesTheSessionsOfTheAppsLoginAlone) {
    const auto sessions = [&] {
        return database_of(names_, claimant_)->read_sessions(LoginId::a(), call_for());
    };
    EXPECT_TRUE(sessions().empty());
    const auto app = Connection::open(
        tenant_endpoint(names_, names_.login_a, passwords_.at(LoginId::a())), call_for()
    );
    EXPECT_TRUE(sessions().empty()) << "the operator's own, which proves the login";
    app->run({"SET application_name = 'gunicorn'"}, call_for());
    ASSERT_EQ(sessions().size(), 1U);
    EXPECT_EQ(sessions().front().address.empty(), !sessions().front().began)
        << "the administrator sees both, or neither";
}

}  // namespace
}  // namespace djdb::postgres
