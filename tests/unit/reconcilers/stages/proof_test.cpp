// How far a template is proven: every combination of what the ledger has and what is there now.
#include "reconcilers/stages/release/proof.hpp"

#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/support/a_pass.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <variant>

namespace djdb {
namespace {

const Published kSettings{PublishedKind::ConfigMap, ObjectName("settings")};

Workload a_configured_workload() {
    auto workload = a_workload("web", "shop:v2");
    workload.pod_template = PodTemplate(nlohmann::json::parse(R"({"spec": {"containers": [
        {"name": "app", "image": "shop:v2", "envFrom": [{"configMapRef": {"name": "settings"}}]}]}})"
    ));
    workload.pods = PodsState::Complete;
    return workload;
}

/// Passed with version 1 of its ConfigMap, while the database held one migration.
struct World {
    Desired desired = a_desired();
    Observed observed = a_provisioned_world();

    World() {
        desired.object.spec.preflight.when = PreflightWhen::Never;
        observed.release.workloads = {a_configured_workload()};
        observed.release.configs[kSettings] = "1";
        observed.inspection.applied = name_of({true, {"orders.0001_initial"}});
        observed.tenant->passed_templates = {
            {app_template_hash(web(), desired.object.spec.app),
             config_versions(desired, observed, web()),
             ImageRef("shop:v2"),
             *observed.inspection.applied,
             "public",
             ResourceUid("job")}};
    }
    Workload& web() { return observed.release.workloads.front(); }
    Proof proof() { return proof_of(desired, observed, web()); }
    bool is_to_be_proven() { return djdb::is_to_be_proven(desired, observed, web()); }
    void hold() {
        web().hold = Hold::Paused;
        web().is_marked = true;
    }
    template <class S>
    bool plans() {
        return std::ranges::any_of(assess(desired, observed).steps(), [](const Step& step) {
            return std::holds_alternative<S>(step);
        });
    }
};

TEST(Proof, InEveryCombination) {
    for (const bool is_noted : {true, false}) {
        for (const bool has_same_config : {true, false}) {
            for (const auto* applied : {"same", "another", "not known"}) {
                for (const bool is_held : {true, false}) {
                    World world;
                    if (!is_noted) {
                        world.observed.tenant->passed_templates.front().app_template = "another";
                    }
                    if (!has_same_config) {
                        world.observed.release.configs[kSettings] = "2";
                    }
                    if (applied != std::string("same")) {
                        world.observed.inspection.applied.reset();
                    }
                    if (applied == std::string("another")) {
                        world.observed.inspection.applied = "another";
                    }
                    if (is_held) {
                        world.hold();
                    }
                    auto wanted = has_same_config ? Proof::Passed : Proof::ConfigChanged;
                    if (applied == std::string("another")) {
                        wanted = Proof::DatabaseChanged;
                    }
                    if (!is_noted) {
                        wanted = Proof::None;
                    }
                    EXPECT_EQ(world.proof(), wanted);
                    const bool may_rest =
                        wanted == Proof::Passed || (wanted == Proof::ConfigChanged && !is_held);
                    EXPECT_EQ(world.is_to_be_proven(), !may_rest);
                    EXPECT_EQ(world.plans<StartMigration>(), !may_rest);
                    EXPECT_EQ(world.plans<OpenGate>(), wanted == Proof::Passed && is_held);
                }
            }
        }
    }
}

TEST(Proof, IsByWhatIsReadInThisRun) {
    World world;
    world.observed.release.applied = AppliedMigrations{true, {}};
    EXPECT_EQ(world.proof(), Proof::DatabaseChanged);
    world.observed.inspection.applied = "another";
    world.observed.release.applied->names = {"orders.0001_initial"};
    EXPECT_EQ(world.proof(), Proof::Passed);
}

TEST(Proof, AConfigMapThatChangedAloneIsNamed) {
    World world;
    world.observed.release.configs[kSettings] = "2";
    const auto verdict = assess_gate(world.desired, world.observed);
    ASSERT_TRUE(std::holds_alternative<Satisfied>(verdict));
    const auto& finding = std::get<Satisfied>(verdict).finding;
    EXPECT_EQ(finding.reason, Reason::ConfigChanged);
    EXPECT_TRUE(finding.message.starts_with("ConfigMap \"settings\" changed since"))
        << finding.message;
}

JobRun a_good_job(World& world) {
    auto job = a_job_run();
    job.revision = revision_of(world.desired, world.observed, world.web());
    job.proves = proof_name(world.desired, world.observed, world.web());
    end_job(job, 0, an_answer(true, "", {"orders.0001_initial"}));
    return job;
}

TEST(Proof, OfAJobIsSpentWhenTheDatabaseChangedSince) {
    World world;
    world.observed.jobs = {a_good_job(world)};
    world.observed.jobs.front().uid = ResourceUid("job");
    world.observed.release.applied = AppliedMigrations{true, {}};
    const auto verdict = assess_migration(world.desired, world.observed);
    ASSERT_TRUE(std::holds_alternative<Act>(verdict));
    EXPECT_EQ(std::get<StartMigration>(std::get<Act>(verdict).steps.back()).attempt, 2);
}

TEST(Proof, OfAJobIsOfAllThatRunWithTheSame) {
    for (const bool has_same : {true, false}) {
        World world;
        world.observed.tenant->passed_templates.clear();
        world.observed.release.applied = AppliedMigrations{true, {"orders.0001_initial"}};
        world.observed.jobs = {a_good_job(world)};
        auto worker = a_workload("worker", "shop:v2");
        if (has_same) {
            auto started = nlohmann::json::parse(world.web().pod_template.text());
            started["spec"]["containers"][0]["command"] = {"celery", "worker"};
            worker.pod_template = PodTemplate(started);
        }
        worker.hold = Hold::Paused;
        worker.is_marked = true;
        world.observed.release.workloads.push_back(worker);
        world.hold();
        const auto verdict = assess_migration(world.desired, world.observed);
        ASSERT_TRUE(std::holds_alternative<Act>(verdict));
        const auto& act = std::get<Act>(verdict);
        const auto& passed = std::get<RecordPassed>(act.steps.front()).templates;
        ASSERT_EQ(passed.size(), has_same ? 2U : 1U) << "it came after the Job was made";
        EXPECT_EQ(passed.front().app_template, app_template_hash(world.web(), {}));
        EXPECT_EQ(passed.front().configs, "ConfigMap \"settings\" 1;");
        EXPECT_EQ(
            passed.back().app_template,
            app_template_hash(world.observed.release.workloads[has_same ? 1 : 0], {})
        );
        EXPECT_EQ(act.after == AfterSteps::Stop, !has_same) << "else its gate stays closed";
    }
}

struct TakeoverCase {
    PodsState pods;
    bool is_held;
    bool image_passed;
    /// An image that has a template in the ledger; "": none has.
    std::string noted;
    [[nodiscard]] bool is_taken_over() const {
        return image_passed && !is_held && pods == PodsState::Complete && noted != "shop:v2";
    }
};

void check(const TakeoverCase& one) {
    World world;
    world.observed.tenant->passed_templates.clear();
    if (!one.noted.empty()) {
        world.observed.tenant->passed_templates = {a_pass(one.noted)};
    }
    world.observed.release.applied = AppliedMigrations{true, {"orders.0001_initial"}};
    world.web().pods = one.pods;
    if (one.image_passed) {
        world.observed.tenant->passed_images = {ImageRef("shop:v2")};
    }
    if (one.is_held) {
        world.hold();
    }
    EXPECT_EQ(world.plans<RecordPassed>(), one.is_taken_over());
    EXPECT_EQ(world.plans<StartMigration>(), !one.is_taken_over());
}

/// It came once, or came back and let another image pass meanwhile.
TEST(Proof, OfTheVersionBeforeIsTakenOverWhereItRolledOut) {
    for (const auto pods : {PodsState::Complete, PodsState::Progressing}) {
        for (const bool is_held : {true, false}) {
            for (const bool image_passed : {true, false}) {
                for (const auto* noted : {"", "shop:v1", "shop:v2"}) {
                    check({pods, is_held, image_passed, noted});
                }
            }
        }
    }
}

}  // namespace
}  // namespace djdb
