// plan.cpp -- nothing migrates before what it will do is allowed by the spec, or approved by a person.
//   no workload                                  -> Satisfied(NoWorkload)
//   no template is to be proven                  -> Satisfied
//   a migration is underway, or what it said is
//     not recorded yet                           -> Satisfied, unknown: it was judged before it began
//   destructive and incompatible are Allow       -> Satisfied, with what was found
//   the probe has not judged the plan            -> Blocked(PlanUnknown)
//
//   migrations that lose data, or behind which the release that runs may fail:
//
//   there are such | its policy | approvedPlan | verdict
//   ---------------|------------|--------------|--------------------------
//   no             | any        | any          | Satisfied
//   yes            | Allow      | any          | Satisfied
//   yes            | Approve    | this plan    | Satisfied
//   yes            | Approve    | another      | Blocked(ApprovalRequired)
//   yes            | Block      | any          | Blocked(PlanRefused)
//
//   of both kinds the stricter verdict counts
#include "reconcilers/stages/release/plan.hpp"

#include "crds/api.hpp"
#include "crds/text.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

namespace djdb {
namespace {

constexpr std::size_t kMostNames = 8;
constexpr auto kHeld = " Nothing was migrated for it; new Pods are held and the old ones serve.";

bool restricts(const MigrationsSpec& spec) {
    return spec.destructive != PlanPolicy::Allow || spec.incompatible != PlanPolicy::Allow;
}

std::string names_of(const std::vector<std::string>& names, std::size_t count) {
    const std::vector<std::string> shown(
        names.begin(),
        names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNames))
    );
    const auto left = std::max(count, names.size()) - shown.size();
    if (shown.empty()) {
        return std::to_string(left) + " migrations";
    }
    return join(shown, ", ") + (left == 0 ? "" : " and " + std::to_string(left) + " more");
}

/// Empty: nothing of either kind.
std::string what_is_found(const FoundPlan& plan) {
    std::string found;
    if (plan.destructive_count != 0) {
        found = "data is lost by " + names_of(plan.destructive, plan.destructive_count);
    }
    if (plan.incompatible_count != 0) {
        found += (found.empty() ? "" : "; ") +
                 std::string("the release that runs may fail behind ") +
                 names_of(plan.incompatible, plan.incompatible_count);
    }
    return found;
}

std::string which_is_blocked(const MigrationsSpec& spec, const FoundPlan& plan) {
    const bool is_destructive =
        spec.destructive == PlanPolicy::Block && plan.destructive_count != 0;
    return is_destructive ? "spec.migrations.destructive" : "spec.migrations.incompatible";
}

std::string by(const std::string& approver) {
    return approver.empty() ? "" : " by " + approver;
}

Verdict judge_unknown(const Desired& desired) {
    const auto why =
        desired.object.spec.preflight.when == PreflightWhen::Never
            ? "spec.preflight.when is Never, so that nobody looks at the plan. Remove that field, "
              "or "
            : "the answer of the probe Job does not tell the whole plan: it is too long, or the "
              "migrations can't be judged. Read the probe's warnings in the DjangoRelease; "
              "delete the probe Job and the migration Job to have it judged anew, or ";
    return Blocked{
        {Reason::PlanUnknown,
         std::string("spec.migrations restricts what a migration may do, and ") + why +
             "set destructive and incompatible to Allow." + kHeld}};
}

Verdict judge(const Desired& desired, const FoundPlan& plan) {
    const auto& spec = desired.object.spec.migrations;
    const auto found = what_is_found(plan);
    switch (decide(spec, plan)) {
        case PlanDecision::Unknown:
            return judge_unknown(desired);
        case PlanDecision::Refused:
            return Blocked{
                {Reason::PlanRefused,
                 "Plan " + plan.digest + " is refused, since " + which_is_blocked(spec, plan) +
                     " is Block: " + found + "." + kHeld +
                     " Set an image without them, or change that policy."}};
        case PlanDecision::Undecided:
            return Blocked{
                {Reason::ApprovalRequired,
                 "Plan " + plan.digest + " has to be approved: " + found + "." + kHeld +
                     " kubectl get djrel has the plan. Approve it by spec.migrations.approvedPlan: "
                     "\"" +
                     plan.digest + "\", or set another image."}};
        case PlanDecision::Approved:
            return Satisfied{
                {Reason::Succeeded,
                 "Plan " + plan.digest + " is approved" + by(approver_of(desired.object)) + ": " +
                     found + "."}};
        case PlanDecision::Allowed:
            break;
    }
    if (!plan.is_known) {
        return Satisfied{{Reason::Succeeded, "The spec allows every migration."}};
    }
    if (plan.digest.empty()) {
        return Satisfied{{Reason::Succeeded, "No migration is pending."}};
    }
    return Satisfied{
        {Reason::Succeeded,
         "Plan " + plan.digest + " is allowed" + (found.empty() ? "" : ": " + found) + "."}};
}

}  // namespace

FoundPlan find_plan(const Desired& desired, const Observed& observed, const Workload& source) {
    const auto* probe = find_passed_probe(desired, observed, source);
    if (probe == nullptr || is_of_the_past(*probe)) {
        return {};
    }
    const auto end = read_end(*probe);
    return std::get<Answered>(end).plan;
}

PlanDecision decide(const MigrationsSpec& spec, const FoundPlan& plan) {
    if (!restricts(spec)) {
        return PlanDecision::Allowed;
    }
    if (!plan.is_known) {
        return PlanDecision::Unknown;
    }
    const auto has_found = [&](PlanPolicy policy) {
        return (spec.destructive == policy && plan.destructive_count != 0) ||
               (spec.incompatible == policy && plan.incompatible_count != 0);
    };
    if (has_found(PlanPolicy::Block)) {
        return PlanDecision::Refused;
    }
    if (!has_found(PlanPolicy::Approve)) {
        return PlanDecision::Allowed;
    }
    return spec.approved_plan == plan.digest ? PlanDecision::Approved : PlanDecision::Undecided;
}

std::string approver_of(const DjangoDatabase& object) {
    const auto found = object.meta.annotations.find(std::string(api::kApprovedByAnnotation));
    return found == object.meta.annotations.end() ? std::string{} : found->second;
}

std::optional<std::string> approved_migrations(
    const Desired& desired, const Observed& observed, const Workload& source
) {
    if (!restricts(desired.object.spec.migrations)) {
        return std::nullopt;
    }
    const auto plan = find_plan(desired, observed, source);
    return plan.migrations ? *plan.migrations : "plan:" + plan.digest;
}

Verdict assess_plan(const Desired& desired, const Observed& observed) {
    const auto* source = migration_source(desired, observed);
    if (source == nullptr) {
        return not_applicable(
            {Reason::NoWorkload, "There is no labelled Deployment to migrate for."}
        );
    }
    if (!is_to_be_proven(desired, observed, *source)) {
        return Satisfied{{Reason::Succeeded, "No migration waits for an approval."}};
    }
    if (is_migrating(desired, observed)) {
        return not_applicable(
            {Reason::WaitingForEarlierStage,
             "A migration is underway; its plan was judged before it began."}
        );
    }
    return judge(desired, find_plan(desired, observed, *source));
}

}  // namespace djdb
