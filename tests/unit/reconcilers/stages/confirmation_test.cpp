// When the word of a Job that its image has no migrations is enough.
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <variant>

namespace djdb {
namespace {

/// A Job said that its image has no migrations, and that it was in this database as this role.
Verdict judge(
    const std::string& database,
    const std::string& user,
    const AppliedMigrations& applied = {},
    const std::string& recorded_in = ""
) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    observed.tenant->passed_templates.clear();
    auto job = a_job_run();
    job.revision = revision_of(desired, observed, *migration_source(desired, observed));
    auto answer = nlohmann::json::parse(an_answer(true, ""));
    answer["applied"] = nlohmann::json::array();
    answer["database"] = database;
    answer["user"] = user;
    answer["recorded_in"] = recorded_in;
    end_job(job, 0, answer.dump());
    observed.jobs = {job};
    observed.release.applied = applied;
    return assess_migration(desired, observed);
}

std::string own_database() {
    return a_desired().names.database.str();
}

std::string owner() {
    return a_desired().names.owner.str();
}

Finding blocked(const Verdict& verdict) {
    return std::get<Blocked>(verdict).finding;
}

TEST(NoMigrations, PassInTheirOwnDatabaseAsTheOwnerRole) {
    const auto verdict = judge(own_database(), owner());
    EXPECT_TRUE(std::holds_alternative<RecordPassed>(std::get<Act>(verdict).steps.front()));
}

TEST(NoMigrations, AreNotBelievedFromElsewhere) {
    EXPECT_EQ(blocked(judge("other", owner())).reason, Reason::WrongDatabaseOrUser);
    EXPECT_EQ(blocked(judge(own_database(), "other")).reason, Reason::WrongDatabaseOrUser);
    EXPECT_EQ(blocked(judge("", "")).reason, Reason::WrongDatabaseOrUser);
}

TEST(NoMigrations, AreNotBelievedWhereAReleaseBeforeHadSome) {
    const auto finding = blocked(judge(own_database(), owner(), {true, {"a.1"}}, "data"));
    EXPECT_EQ(finding.reason, Reason::UnappliedRemain);
    EXPECT_NE(finding.message.find("data.django_migrations has 1"), std::string::npos)
        << finding.message;
}

}  // namespace
}  // namespace djdb
