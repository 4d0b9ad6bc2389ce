// plan.cpp -- nothing migrates before what it will do is allowed by the spec, or approved by a person.
//   no workload                                  -> Satisfied(NoWorkload)
//   no template is to be proven                  -> Satisfied
//   a migration is underway, or what it said is
//     not recorded yet                           -> Satisfied, unknown: it was judged before it began
//   destructive and incompatible are Allow       -> Satisfied, with what was found
//   the probe has not judged the plan            -> Blocked(PlanUnknown)
//   of several environments another one's plan
//     would be refused                           -> Blocked(PlanRefused), before anything of them migrates
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
//
//   the database has migrations that the image does not know, being an earlier one (probe: ahead):
//
//   their plans said that the release before works behind them | approvedPlan | verdict
//   ------------------------------------------------------------|--------------|------------------------
//   all of them                                                 | any          | as above
//   not all, or nobody has judged one                           | this plan    | as above
//   not all, or nobody has judged one                           | another      | Blocked(RollbackUnsafe)
#include "reconcilers/stages/release/plan.hpp"

#include "crds/api.hpp"
#include "crds/text.hpp"
#include "reconcilers/app_template.hpp"
#include "reconcilers/ports/content_name.hpp"
#include "reconcilers/stages/release/fresh_backup.hpp"
#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>
#include <variant>
#include <vector>

namespace djdb {
namespace {

constexpr std::size_t kMostNames = 8;

/// An attempt that failed may have applied some.
std::string held(const Desired& desired, const Observed& observed, const Workload& source) {
    const auto revision = revision_of(desired, observed, source);
    const bool is_begun = latest_attempt(observed.jobs, JobKind::Migrate, revision) != nullptr;
    return std::string(is_begun ? " Nothing more" : " Nothing") +
           " is migrated for it; new Pods are held and the old ones serve.";
}

/// Sixteen hexadecimal digits.
std::uint64_t number_in(const std::string& digits) {
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return number;
}

std::string as_digits(std::uint64_t number) {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016" PRIx64, number);
    return digits.data();
}

/// What passed last: an approval is of one time.
std::string last_pass(const Observed& observed) {
    if (!observed.tenant || observed.tenant->passed_templates.empty()) {
        return {};
    }
    const auto& last = observed.tenant->passed_templates.back();
    return last.app_template + "\n" + last.applied + "\n" + last.job.str();
}

/// The digest, changed by what passed last: as hard to meet on purpose as the digest itself.
std::string name_at_this_time(const std::string& digest, const Observed& observed) {
    const auto last = last_pass(observed);
    return digest.empty() || last.empty()
               ? digest
               : as_digits(number_in(digest) ^ number_in(name_by_content(last)));
}

/// Other migrations that an earlier image would run behind give it another one.
std::string name_of_going_back(const FoundPlan& plan, const Observed& observed) {
    auto text =
        last_pass(observed) + "\n" + plan.ahead_digest + " " + std::to_string(plan.ahead_count);
    for (const auto& name : plan.ahead) {
        text += "\n" + name;
    }
    return as_digits(
        number_in(plan.name) ^
        number_in(name_by_content(text).substr(0, 8) + name_by_content("of " + text).substr(0, 8))
    );
}

/// By the plan that it was applied with. That judged all its migrations together against the release that ran: an image
/// that knows a part of them is another one.
bool is_judged_compatible(
    const Observed& observed, const std::string& migration, const std::vector<std::string>& unknown
) {
    const auto& all = observed.release.judged;
    const auto found = std::ranges::find(all, migration, &JudgedMigration::name);
    return found != all.end() && found->is_compatible &&
           std::ranges::all_of(all, [&](const JudgedMigration& other) {
               return other.since != found->since ||
                      std::ranges::find(unknown, other.name) != unknown.end();
           });
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

Verdict judge_unknown(const Desired& desired, const std::string& held) {
    const auto why =
        desired.object.spec.preflight.when == PreflightWhen::Never
            ? "spec.preflight.when is Never, so that nobody looks at the plan. Remove that field, "
              "or "
            : "the probe Job could not judge the plan; its warnings stand in the DjangoRelease. "
              "Set an image whose probe can, or ";
    return Blocked{
        {Reason::PlanUnknown,
         std::string("spec.migrations restricts what a migration may do, and ") + why +
             "set destructive and incompatible to Allow." + held}};
}

Verdict refuse(const MigrationsSpec& spec, const FoundPlan& plan, const std::string& held) {
    return Blocked{
        {Reason::PlanRefused,
         "Plan " + plan.name + " is refused, since " + which_is_blocked(spec, plan) +
             " is Block: " + what_is_found(plan) + "." + held +
             " Set an image without them, or change that policy."}};
}

/// The dump that was made before the first of them, if any was.
std::string backup_before(const Observed& observed, const FoundPlan& plan) {
    std::string first;
    for (const auto& judged : observed.release.judged) {
        if (!judged.backup.empty() &&
            std::ranges::find(plan.ahead, judged.name) != plan.ahead.end()) {
            first = judged.backup;
        }
    }
    return first.empty() ? ""
                         : " Before them the database was dumped: " + first +
                               "; to restore it (docs/backups.md) loses what was written since.";
}

Verdict refuse_to_go_back(
    const Desired& desired, const Observed& observed, const Workload& source, const FoundPlan& plan
) {
    const auto image = app_image(source, desired.object.spec.app).value_or(ImageRef(""));
    return Blocked{
        {Reason::RollbackUnsafe,
         image.str() +
             " is older than the database, or misses migration files: nobody has judged that it "
             "works behind " +
             names_of(plan.ahead, plan.ahead_count) + ", which it does not know." +
             (source.hold ? held(desired, observed, source)
                          : " It is not held: its code runs behind them now. Nothing is migrated "
                            "for it.") +
             backup_before(observed, plan) +
             " Set an image that knows them; or let it roll all the same by "
             "spec.migrations.approvedPlan: \"" +
             plan.name + "\"."}};
}

Verdict judge(
    const Desired& desired, const Observed& observed, const Workload& source, const FoundPlan& plan
) {
    const auto held = djdb::held(desired, observed, source);
    const auto& spec = desired.object.spec.migrations;
    const auto found = what_is_found(plan);
    switch (decide(spec, plan)) {
        case PlanDecision::Unknown:
            return judge_unknown(desired, held);
        case PlanDecision::Refused:
            return refuse(spec, plan, held);
        case PlanDecision::ApprovalRequired:
            if (plan.ahead_count != 0) {
                return refuse_to_go_back(desired, observed, source, plan);
            }
            return Blocked{
                {Reason::ApprovalRequired,
                 "Plan " + plan.name + " has to be approved: " + found + "." + held +
                     " kubectl get djrel has the plan. Approve it by spec.migrations.approvedPlan: "
                     "\"" +
                     plan.name + "\", or set another image."}};
        case PlanDecision::Approved:
            return Satisfied{
                {Reason::Succeeded,
                 "Plan " + plan.name + " is approved" + by(approver_of(desired.object)) +
                     (found.empty() ? "" : ": " + found) +
                     (plan.ahead_count == 0
                          ? ""
                          : ": the image is older than " + names_of(plan.ahead, plan.ahead_count)) +
                     "."}};
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
         "Plan " + plan.name + " is allowed" + (found.empty() ? "" : ": " + found) + "."}};
}

}  // namespace

FoundPlan find_plan(const Desired& desired, const Observed& observed, const Workload& source) {
    const auto* probe = find_passed_probe(desired, observed, source);
    if (probe == nullptr || is_of_the_past(*probe)) {
        return {};
    }
    const auto end = read_end(*probe);
    auto plan = std::get<Answered>(end).plan;
    plan.name = name_at_this_time(plan.digest, observed);
    const auto unnamed = plan.ahead_count - plan.ahead.size();
    const auto unknown = plan.ahead;
    std::erase_if(plan.ahead, [&](const std::string& name) {
        return is_judged_compatible(observed, name, unknown);
    });
    plan.ahead_count = plan.ahead.size() + unnamed;
    if (plan.ahead_count != 0) {
        plan.name = name_of_going_back(plan, observed);
    }
    return plan;
}

bool has_nothing_pending(const FoundPlan& plan) {
    return plan.is_known && plan.digest.empty();
}

bool restricts(const MigrationsSpec& spec) {
    return spec.destructive != PlanPolicy::Allow || spec.incompatible != PlanPolicy::Allow;
}

PlanDecision decide(const MigrationsSpec& spec, const FoundPlan& plan) {
    const bool goes_back = plan.ahead_count != 0;
    const auto asked =
        spec.approved_plan == plan.name ? PlanDecision::Approved : PlanDecision::ApprovalRequired;
    if (!restricts(spec)) {
        return goes_back ? asked : PlanDecision::Allowed;
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
    if (!has_found(PlanPolicy::Approve) && !goes_back) {
        return PlanDecision::Allowed;
    }
    return asked;
}

bool has_met_another_plan(const JobRun& migration) {
    return explain(read_end(migration)).reason == to_string(Reason::PlanChanged);
}

bool is_outdated_by(const JobRun& probe, const JobRun& migration) {
    const auto end = read_end(migration);
    const auto* answered = std::get_if<Answered>(&end);
    return answered != nullptr && has_met_another_plan(migration) &&
           probe.created < answered->finished;
}

std::string approver_of(const DjangoDatabase& object) {
    const auto found = object.meta.annotations.find(std::string(api::kApprovedByAnnotation));
    return found == object.meta.annotations.end() ? std::string{} : found->second;
}

std::optional<std::string> approved_migrations(
    const Desired& desired, const Observed& observed, const Workload& source
) {
    const auto plan = find_plan(desired, observed, source);
    // Nothing was backed up for a release that changes nothing.
    const bool is_without_backup =
        desired.object.spec.backup.when == BackupWhen::BeforeMigrate && has_nothing_pending(plan);
    if (!restricts(desired.object.spec.migrations) && !is_without_backup) {
        return std::nullopt;
    }
    if (plan.digest.empty()) {
        return "";
    }
    return std::string(plan.is_new ? "new:" : "") +
           (plan.migrations ? *plan.migrations : "plan:" + plan.digest);
}

std::vector<JudgedMigration> judged_migrations(
    const Desired& desired, const Observed& observed, const Workload& source
) {
    const auto plan = find_plan(desired, observed, source);
    if (!plan.is_known || plan.is_new || !plan.pending ||
        plan.incompatible_count != plan.incompatible.size()) {
        return {};
    }
    const auto& passed = known(observed.tenant).passed_templates;
    const auto since = passed.empty() ? "" : passed.back().applied;
    std::string dump;
    if (const auto backup = find_backup(desired, observed)) {
        dump = backup->dump.file + " on claim " + desired.object.spec.backup.claim_name +
               ", begun at " + format_time(backup->job->created);
    }
    std::vector<JudgedMigration> judged;
    judged.reserve(plan.squashed.size() + plan.pending->size());
    for (const auto& name : plan.squashed) {
        judged.push_back({name, true, since, dump});
    }
    for (const auto& name : *plan.pending) {
        const bool breaks = std::ranges::find(plan.incompatible, name) != plan.incompatible.end();
        judged.push_back({name, !breaks, since, dump});
    }
    return judged;
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
    const auto& spec = desired.object.spec.migrations;
    for (const auto* one : environments_to_prove(desired, observed)) {
        const auto plan = find_plan(desired, observed, *one);
        const auto decision = decide(spec, plan);
        if (decision == PlanDecision::Refused) {
            return refuse(spec, plan, held(desired, observed, *one));
        }
        if (decision == PlanDecision::ApprovalRequired && plan.ahead_count != 0) {
            return refuse_to_go_back(desired, observed, *one, plan);
        }
    }
    return judge(desired, observed, *source, find_plan(desired, observed, *source));
}

}  // namespace djdb
