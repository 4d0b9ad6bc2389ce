// A password that somebody else changed: a settled tenant's next runs find it and set the stored one
// again. The look's clock is a value, so that minutes need not pass.
#include "reconcilers/observe/inspection.hpp"
#include "reconcilers/status/requeue.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/postgres/live_server.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <variant>

namespace djdb::postgres {
namespace {

using namespace std::chrono_literals;

class ForeignPassword : public LiveServer {
  protected:
    ForeignPassword() : names_(fresh_tenant()) {
        DjangoDatabase object;
        object.meta.key = {Namespace("shop"), ObjectName(names_.database.str())};
        object.meta.uid = ResourceUid("uid-1");
        object.meta.generation = 1;
        object.meta.finalizers = {"djangodb.io/database"};
        object.spec.server_ref.name = "main";
        object.spec.database.name = names_.database.str();
        desired_ = derive_desired(object, "cluster-1");
        provision(names_, claimant_of(names_));
    }

    /// A run's look at this time.
    Observed look(TenantCache& cache, TimePoint now) {
        Observed observed;
        observed.now = now;
        observed.server.reference = ServerReference::Found;
        observed.server.access = access_;
        observed.secrets.passwords = passwords_;
        const auto tenant = database_.of(access_, desired_.tenant());
        observed.tenant = tenant->inspect(call_for());
        observed.inspection = inspect_when_due(desired_, observed, *tenant, cache, call_for());
        return observed;
    }

    void change_password(const std::string& role) {
        as_superuser("ALTER ROLE \"" + role + "\" PASSWORD 'of somebody else'");
    }

    bool plans_to_set_it_again(const Observed& observed) {
        const auto steps = assess(desired_, observed).steps();
        return std::ranges::any_of(steps, [](const Step& step) {
            return std::holds_alternative<CreateRoles>(step);
        });
    }

    TenantNames names_;
    Desired desired_;
    const TimePoint start_{1'000'000s};
};

TEST_F(ForeignPassword, IsFoundByTheNextVisitAndSetAgain) {
    TenantCache cache;
    EXPECT_TRUE(look(cache, start_).inspection.rejected_logins.empty());
    change_password(names_.login_a.str());
    EXPECT_TRUE(look(cache, start_ + 4min).inspection.rejected_logins.empty())
        << "a crowd of runs does not try logins each time";
    const auto interval = start_ + settled_interval(desired_.object.meta.uid, 1);
    const auto found = look(cache, interval);
    EXPECT_EQ(found.inspection.rejected_logins, std::vector{names_.login_a});
    EXPECT_TRUE(plans_to_set_it_again(found));
    database_.of(access_, desired_.tenant())->claim_and_create_roles(passwords_, {}, call_for());
    note_steps(desired_, found, {{.step = id_of(CreateRoles{})}}, cache);
    EXPECT_TRUE(look(cache, interval + 1s).inspection.rejected_logins.empty());
    EXPECT_TRUE(database_of(desired_.names)
                    ->accepts_password(LoginId::a(), passwords_.at(LoginId::a()), call_for()));
}

TEST_F(ForeignPassword, IsFoundWithinTenMinutesOfARestart) {
    change_password(names_.migrate.str());
    auto& status = desired_.object.status;
    status.observed_generation = desired_.object.meta.generation;
    status.conditions = {
        {ConditionType::InSync, ConditionStatus::True, Reason::Succeeded, "", 1, {}}};
    for (const auto* uid : {"uid-1", "uid-2", "uid-3", "uid-4", "uid-5", "uid-6"}) {
        desired_.object.meta.uid = ResourceUid(uid);
        TenantCache cache;
        look(cache, start_);  // by a new process, which believes what the old one found
        const auto interval = settled_interval(desired_.object.meta.uid, 1);
        EXPECT_LT(interval, 10min);
        EXPECT_EQ(
            look(cache, start_ + interval).inspection.rejected_logins, std::vector{names_.migrate}
        );
    }
}

/// The server keeps another kind of verifier than its pg_hba.conf asks for: no password helps.
TEST_F(ForeignPassword, IsNotSetWithoutEndWhereItIsRefusedForAnotherReason) {
    access_.password_mode = PasswordMode::Plaintext;
    as_superuser("ALTER SYSTEM SET password_encryption = 'md5'");
    as_superuser("SELECT pg_reload_conf()");
    change_password(names_.login_a.str());
    TenantCache cache;
    int times = 0;
    Observed found;
    for (auto now = start_; now < start_ + 1h; now += 1min) {
        found = look(cache, now);
        if (plans_to_set_it_again(found)) {
            ++times;
            database_.of(access_, desired_.tenant())
                ->claim_and_create_roles(passwords_, {}, call_for());
            note_steps(desired_, found, {{.step = id_of(CreateRoles{})}}, cache);
        }
    }
    EXPECT_LE(times, 2) << "once for whom somebody locked out, once for who was locked out by that";
    EXPECT_THAT(found.inspection.refused_logins, testing::Contains(names_.login_a));
    const auto verdict = assess_secret(desired_, found);
    ASSERT_TRUE(std::holds_alternative<Blocked>(verdict));
    EXPECT_EQ(std::get<Blocked>(verdict).finding.reason, Reason::LoginRejected);

    as_superuser("ALTER SYSTEM RESET password_encryption");
    as_superuser("SELECT pg_reload_conf()");
    for (const auto& login : enabled_logins(names_, setup_)) {
        as_superuser(
            "ALTER ROLE \"" + names_.role(login).str() + "\" PASSWORD '" +
            passwords_.at(login).reveal() + "'"
        );
    }
    found = look(cache, start_ + 66min);
    EXPECT_TRUE(found.inspection.refused_logins.empty()) << "it heals by itself";
    EXPECT_FALSE(plans_to_set_it_again(found));
}

}  // namespace
}  // namespace djdb::postgres
