// Which labels the Pod of a Job has: each policy, with selectors of one and of two Deployments.
#include "reconcilers/stages/release/pod_labels.hpp"

#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace djdb {
namespace {

using Labels = std::map<std::string, std::string>;

struct World {
    Desired desired = a_desired();
    Observed observed = a_settled_world();

    World() {
        for (auto& workload : observed.release.workloads) {
            auto changed = nlohmann::json::parse(workload.pod_template.text());
            changed["metadata"]["labels"] =
                Labels{{"app", "shop"}, {"tier", workload.meta.key.name.str()}, {"team", "shop"}};
            workload.pod_template = PodTemplate(changed);
        }
        web().selector_keys = {"app"};
        observed.release.workloads.back().selector_keys = {"tier"};
    }
    Workload& web() { return observed.release.workloads.front(); }
    [[nodiscard]] Labels labels(PodLabelsPolicy policy, const Labels& add = {}) {
        desired.object.spec.app.pod_labels = {policy, add};
        return pod_labels(desired, observed, web());
    }
};

TEST(PodLabels, ByPolicy) {
    World world;
    EXPECT_EQ(world.labels(PodLabelsPolicy::Identity), (Labels{{"team", "shop"}}))
        << "the worker's selector counts as well";
    EXPECT_EQ(
        world.labels(PodLabelsPolicy::Keep),
        (Labels{{"app", "shop"}, {"tier", "web"}, {"team", "shop"}})
    );
    EXPECT_EQ(world.labels(PodLabelsPolicy::None), Labels{});
    EXPECT_EQ(
        world.labels(PodLabelsPolicy::Identity, {{"app", "job"}, {"team", "dba"}}),
        (Labels{{"app", "job"}, {"team", "dba"}})
    ) << "what the user adds wins";
}

/// Another name would have what runs or has passed tried out and migrated once more after an upgrade of the operator.
TEST(JobShape, NamesAreThoseOfTheVersionBefore) {
    const auto desired = a_desired();
    const auto observed = a_provisioned_world();
    const auto web = a_workload("web", "shop:v2");
    EXPECT_EQ(revision_of(desired, observed, web).str(), "887d81100a7");
    EXPECT_EQ(proof_name(desired, observed, web), "567d454c56c");
    EXPECT_EQ(probe_name(desired, observed, web), "dc744e1b2e0");
    EXPECT_EQ(probe_revision(desired, observed, web).str(), "ab706e9d6db");
}

TEST(JobShape, WhatTheSpecSaysOfJobsTakesAnotherJob) {
    World world;
    EXPECT_EQ(job_shape(world.desired), "") << "the version before gave Jobs the same names";
    const auto before = revision_of(world.desired, world.observed, world.web());
    auto& spec = world.desired.object.spec;
    const std::vector<std::function<void()>> changes{
        [&] { spec.app.entrypoint = {"/entrypoint"}; },
        [&] { spec.app.keep_containers = {"settings"}; },
        [&] { spec.app.pod_labels.policy = PodLabelsPolicy::Keep; },
        [&] {
            spec.app.pod_labels.add = {{"a", "b"}};
        },
        [&] {
            spec.migrations.resources.requests = {{"cpu", "1"}};
        },
        [&] {
            spec.migrations.resources.limits = {{"cpu", "1"}};
        },
        [&] {
            spec.migrations.volumes = {{"tmp", "/tmp", "", ""}};
        }};
    for (const auto& change : changes) {
        spec = a_desired().object.spec;
        change();
        EXPECT_NE(revision_of(world.desired, world.observed, world.web()), before)
            << job_shape(world.desired);
    }
}

}  // namespace
}  // namespace djdb
