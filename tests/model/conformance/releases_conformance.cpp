// What a release meets: the gate that holds a changed template, and one Job at a time.
#include "tests/model/conformance/cluster_conformance.hpp"

namespace djdb {
namespace {

class ReleaseConformance : public ClusterConformance {
  protected:
    std::optional<Workload> seen(const std::string& name) {
        for (const auto& workload : cluster().list_workloads(key("shop"))) {
            if (workload.meta.key.name.str() == name) {
                return workload;
            }
        }
        return std::nullopt;
    }
    /// As soon as the newest version is seen: controllers write to it too.
    bool opens(const std::string& name) {
        return eventually([&] {
            const auto workload = seen(name);
            if (!workload) {
                return false;
            }
            try {
                cluster().open_gate(*workload, call_);
                return true;
            } catch (const Error& error) {
                EXPECT_EQ(error.failure().code, "409 Conflict");
                return false;
            }
        });
    }
    std::optional<JobRun> run(const std::string& name) {
        for (const auto& one : cluster().list_jobs(key("shop"))) {
            if (one.name == name) {
                return one;
            }
        }
        return std::nullopt;
    }
};

TEST_F(ReleaseConformance, TheGateOpensForWhatWasJudged) {
    const auto judged = api_->make_deployment("web", "shop");
    EXPECT_TRUE(api_->is_held("web"));
    api_->edit_template("web");
    const auto failure = failure_of([&] { cluster().open_gate(judged, call_); });
    EXPECT_EQ(failure.code, "409 Conflict");
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_TRUE(api_->is_held("web"));
    EXPECT_TRUE(opens("web"));
    EXPECT_FALSE(api_->is_held("web"));
    EXPECT_TRUE(eventually([&] { return seen("web") && !seen("web")->hold; }));
    EXPECT_NE(seen("web")->pod_template.text(), judged.pod_template.text());
    api_->remove_deployment("web");
    EXPECT_TRUE(eventually([&] { return !seen("web"); }));
    EXPECT_EQ(failure_of([&] { cluster().open_gate(judged, call_); }).code, "404 NotFound");
}

TEST_F(ReleaseConformance, TheGateHoldsChangedTemplates) {
    api_->make_deployment("web", "shop");
    EXPECT_TRUE(eventually([&] { return seen("web").has_value(); }));
    EXPECT_EQ(seen("web")->hold, Hold::Paused);
    EXPECT_EQ(seen("web")->held_by, "");
    EXPECT_TRUE(eventually([&] { return seen("web")->pods == PodsState::Progressing; }));
    const auto generation = [&] { return api_->read_deployment("web").generation; };
    api_->resume("web");
    EXPECT_TRUE(api_->is_held("web"));
    EXPECT_EQ(generation(), 1);
    api_->annotate_deployment("web");
    EXPECT_TRUE(api_->is_held("web"));
    EXPECT_EQ(generation(), 2) << "annotations count";
    EXPECT_TRUE(opens("web"));
    api_->annotate_deployment("web");
    EXPECT_FALSE(api_->is_held("web"));
    EXPECT_EQ(generation(), 4);
    api_->edit_template("web");
    EXPECT_TRUE(api_->is_held("web"));
    EXPECT_EQ(generation(), 5);
    EXPECT_TRUE(opens("web"));
    EXPECT_EQ(generation(), 6);

    api_->pause("web");
    EXPECT_TRUE(api_->is_held("web"));
    api_->edit_template("web");
    EXPECT_EQ(generation(), 8);
    EXPECT_TRUE(eventually([&] {
        return seen("web")->held_by == "somebody" && seen("web")->meta.generation == 8;
    }));
    api_->resume("web");
    EXPECT_TRUE(api_->is_held("web")) << "what came in his pause was not let through";
    EXPECT_TRUE(eventually([&] { return seen("web")->held_by.empty(); }));
    EXPECT_TRUE(opens("web"));
    EXPECT_FALSE(api_->is_held("web"));
}

TEST_F(ReleaseConformance, WorkloadsAreOfOneDatabase) {
    api_->make_deployment("b", "shop");
    api_->make_deployment("a", "shop");
    api_->make_deployment("c", "other");
    EXPECT_TRUE(eventually([&] { return seen("a") && seen("b"); }));
    const auto all = cluster().list_workloads(key("shop"));
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all.front().meta.key.name.str(), "a");
    EXPECT_TRUE(cluster().list_workloads(key("nothing")).empty());
}

TEST_F(ReleaseConformance, TheGateItself) {
    EXPECT_TRUE(eventually([&] { return cluster().find_gate() == GateState::Intact; }));
    api_->alter_gate();
    EXPECT_TRUE(eventually([&] { return cluster().find_gate() == GateState::Altered; }));
    api_->remove_gate();
    EXPECT_TRUE(eventually([&] { return cluster().find_gate() == GateState::Missing; }));
    api_->restore_gate();
    EXPECT_TRUE(eventually([&] { return cluster().find_gate() == GateState::Intact; }));
}

TEST_F(ReleaseConformance, OneMigrationAtATime) {
    const auto owner = api_->make_resource("shop");
    const auto other = api_->make_resource("other");
    cluster().require_no_running_migration(owner, call_);
    cluster().create_job(job("first", owner), call_);
    const auto uid = api_->job("first");
    cluster().create_job(job("first", owner), call_);
    EXPECT_EQ(api_->job("first"), uid);
    EXPECT_EQ(
        failure_of([&] { cluster().require_no_running_migration(owner, call_); }).code,
        "409 JobRuns"
    );
    cluster().require_no_running_migration(other, call_);
    auto failure = failure_of([&] { cluster().create_job(job("first", other), call_); });
    EXPECT_EQ(failure.reason, Reason::SecretConflict);
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    failure = failure_of([&] { cluster().create_job(job("second", owner), call_); });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(failure.code, "409 JobRuns");
    EXPECT_TRUE(api_->job("second").empty());
    // Another resource's Job is none beside it.
    cluster().create_job(job("others", other), call_);
    // Nor is a probe, or a backup.
    cluster().create_job(job("probe", owner, JobKind::Probe), call_);
    cluster().create_job(job("backup", owner, JobKind::Backup), call_);
    EXPECT_TRUE(eventually([&] { return run("probe") && run("backup"); }));
    EXPECT_EQ(run("probe")->kind, JobKind::Probe);
    EXPECT_EQ(run("backup")->kind, JobKind::Backup);

    api_->complete_job("first");
    cluster().require_no_running_migration(owner, call_);
    cluster().create_job(job("second", owner), call_);
    EXPECT_FALSE(api_->job("second").empty());
}

TEST_F(ReleaseConformance, AJobAsTheCacheShowsIt) {
    const auto owner = api_->make_resource("shop");
    cluster().create_job(job("first", owner), call_);
    EXPECT_TRUE(eventually([&] { return run("first").has_value(); }));
    auto found = run("first");
    EXPECT_EQ(found->kind, JobKind::Migrate);
    EXPECT_EQ(found->uid, api_->job("first"));
    EXPECT_EQ(found->revision, Revision("revision-1"));
    EXPECT_EQ(found->image, ImageRef("shop:1"));
    EXPECT_EQ(found->attempt, 2);
    EXPECT_EQ(found->proves, "0123456789a");
    EXPECT_EQ(found->state, JobState::Running);
    EXPECT_NE(found->created, TimePoint{});
    EXPECT_FALSE(found->being_deleted);
    EXPECT_TRUE(found->has_deadline);
    EXPECT_FALSE(found->expires);
    EXPECT_TRUE(cluster().list_jobs(key("other")).empty());
    EXPECT_FALSE(cluster().read_warning(api_->ns(), ResourceUid("nothing"), call_));

    api_->complete_job("first");
    EXPECT_TRUE(eventually([&] {
        found = run("first");
        return found->state == JobState::Complete && found->pods.size() == 1 &&
               found->pods.front().end;
    }));
    EXPECT_TRUE(found->pods.front().is_over);
    EXPECT_EQ(found->pods.front().end->exit_code, 0);
    EXPECT_EQ(found->pods.front().end->reason, "Completed");
    EXPECT_EQ(found->pods.front().end->answer_text, "well");
    EXPECT_NE(found->finished, TimePoint{});
    EXPECT_EQ(found->failure_reason, "");
}

TEST_F(ReleaseConformance, TheLimitsOfAJob) {
    const auto owner = api_->make_resource("shop");
    cluster().create_job(job("first", owner), call_);
    const auto uid = api_->job("first");
    auto failure =
        failure_of([&] { cluster().lift_job_deadline(key("first"), owner.meta.uid, call_); });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(failure.code, "409 Replaced");
    for (int twice = 0; twice < 2; ++twice) {
        cluster().lift_job_deadline(key("first"), uid, call_);
        cluster().arm_job_ttl(key("first"), call_);
        EXPECT_TRUE(eventually([&] {
            const auto found = run("first");
            return found && !found->has_deadline && found->expires;
        }));
    }
    cluster().arm_job_ttl(key("nothing"), call_);
    cluster().lift_job_deadline(key("nothing"), uid, call_);

    failure = failure_of([&] { cluster().remove_job(key("first"), owner.meta.uid, call_); });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(failure.code, "409 Conflict");
    EXPECT_EQ(api_->job("first"), uid);
    cluster().remove_job(key("nothing"), uid, call_);
    for (int twice = 0; twice < 2; ++twice) {
        cluster().remove_job(key("first"), uid, call_);
    }
    EXPECT_TRUE(eventually([&] { return api_->job("first").empty() && !run("first"); }));
    cluster().create_job(job("first", owner), call_);
    EXPECT_NE(api_->job("first"), uid);
}

TEST_F(ReleaseConformance, AQuotaRefusesTheJob) {
    const auto owner = api_->make_resource("shop");
    api_->forbid_jobs();
    const auto failure = failure_of([&] { cluster().create_job(job("first", owner), call_); });
    EXPECT_EQ(failure.code, "403 Forbidden");
    EXPECT_EQ(failure.kind, FailureClass::Invalid);
    EXPECT_TRUE(api_->job("first").empty());
}

}  // namespace
}  // namespace djdb
