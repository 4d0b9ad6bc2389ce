// A template that waits for its plan, and what its probe has found.
#pragma once

#include "reconcilers/stages/release/plan.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <string>
#include <variant>

namespace djdb::plan_world {

using nlohmann::json;

inline constexpr auto kDigest = "4fde2fb8321362f4";
inline constexpr auto kMigrations = "00000000000000010000000000000002";
inline constexpr std::array kAllPolicies{PlanPolicy::Allow, PlanPolicy::Approve, PlanPolicy::Block};

struct Found {
    bool is_judged = true;
    bool is_destructive = false;
    bool is_incompatible = false;
};

inline json answer_with(const Found& found) {
    auto answer = json::parse(an_answer(true, "", {"orders.0003_x"}));
    if (found.is_judged) {
        answer["plan_digest"] = kDigest;
        answer["planned"] = kMigrations;
        answer["destructive"] = found.is_destructive ? json{"orders.0002_drop"} : json::array();
        answer["destructive_count"] = found.is_destructive ? 1 : 0;
        answer["incompatible"] = found.is_incompatible ? json{"orders.0003_x"} : json::array();
        answer["incompatible_count"] = found.is_incompatible ? 1 : 0;
    }
    return answer;
}

/// Web is held, and its probe has answered.
struct World {
    Desired desired = a_desired();
    Observed observed = a_provisioned_world();

    explicit World(const Found& found = {}) {
        observed.release.workloads = {a_workload("web", "shop:v2")};
        web().hold = Hold::Paused;
        web().is_marked = true;
        observed.jobs.push_back(a_passed_probe(desired, observed, web()));
        end_job(probe(), 0, answer_with(found).dump());
    }
    Workload& web() { return observed.release.workloads.front(); }
    JobRun& probe() { return observed.jobs.front(); }
    MigrationsSpec& spec() { return desired.object.spec.migrations; }
    JobRun& add_migration() {
        auto& job = observed.jobs.emplace_back(a_job_run());
        job.revision = revision_of(desired, observed, web());
        return job;
    }
    [[nodiscard]] Verdict verdict() const { return assess_plan(desired, observed); }
    [[nodiscard]] Finding finding() const {
        return std::visit([](const auto& found) { return found.finding; }, verdict());
    }
};

}  // namespace djdb::plan_world
