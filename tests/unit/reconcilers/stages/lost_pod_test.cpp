// A migration's Pod that is to end and whose node is silent.
#include "crds/text.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"
#include "tests/unit/reconcilers/reason_shown.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace djdb {
namespace {

/// Of a release that is held for it.
JobRun a_job_of(const Desired& desired, Observed& observed) {
    observed.tenant->passed_templates.clear();
    for (auto& workload : observed.release.workloads) {
        workload.hold = Hold::Paused;
    }
    auto job = a_job_run();
    job.revision = revision_of(desired, observed, *migration_source(desired, observed));
    job.created = observed.now;
    return job;
}

JobRun a_lost_job_of(const Desired& desired, Observed& observed) {
    auto job = a_job_of(desired, observed);
    job.pods.front().grace_ends = observed.now - kEndsWithin;
    return job;
}

TEST(Reasons, OfALostPod) {
    const std::vector<ReasonShown> rows{
        {"a person has to see to it",
         [](auto& d, auto& o) { o.jobs = {a_lost_job_of(d, o)}; },
         ConditionType::Stalled,
         ConditionStatus::True,
         Reason::MigrationPodLost},
        {"the same of a Job that is being removed",
         [](auto& d, auto& o) {
             o.jobs = {a_lost_job_of(d, o)};
             o.jobs.front().being_deleted = true;
         },
         ConditionType::MigrationsApplied,
         ConditionStatus::False,
         Reason::MigrationPodLost},
        {"and of a Job of an earlier template",
         [](auto& d, auto& o) {
             d.object.spec.preflight.when = PreflightWhen::Never;
             o.jobs = {a_lost_job_of(d, o)};
             o.jobs.front().revision = Revision("earlier");
         },
         ConditionType::MigrationsApplied,
         ConditionStatus::False,
         Reason::MigrationPodLost}};
    check(rows);
}

TEST(LostPod, IsToldOnceNobodySaidThatItEnded) {
    const auto desired = a_desired();
    auto observed = a_settled_world();
    auto job = a_job_of(desired, observed);
    auto& pod = job.pods.front();
    pod.name = "shop-migrate-1-x";
    pod.node = "node-7";
    pod.grace_ends = observed.now;
    observed.jobs = {job};
    const auto waits = assess_migration(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Wait>(waits)) << "its kubelet may yet say so";
    EXPECT_EQ(std::get<Wait>(waits).until, observed.now + kEndsWithin) << "no watch tells";

    observed.now += kEndsWithin;
    const auto lost = assess_migration(desired, observed);
    ASSERT_TRUE(std::holds_alternative<Blocked>(lost));
    const auto& message = std::get<Blocked>(lost).finding.message;
    for (const auto& part : std::vector<std::string>{
             "Pod \"shop-migrate-1-x\"",
             "node \"node-7\"",
             "by " + format_time(*pod.grace_ends),
             "kubectl delete node node-7",
             "kubectl delete job " + job.name}) {
        EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
    }

    observed.jobs.front().pods.front().end = ContainerEnd{137, "OOMKilled", "", observed.now};
    EXPECT_FALSE(std::holds_alternative<Blocked>(assess_migration(desired, observed)));
}

}  // namespace
}  // namespace djdb
