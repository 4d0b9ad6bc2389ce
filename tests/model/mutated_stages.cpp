// The planted bugs that stand in decisions. The linker gives each call of the stage that one is for to
// the function in here (--wrap), which calls the real one: the product is compiled as it is.
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/observe/recovery.hpp"
#include "reconcilers/stages/release/fresh_backup.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/verify_jobs.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/model/world/mutants.hpp"

#include <algorithm>

// NOLINTBEGIN(bugprone-macro-parentheses,misc-use-internal-linkage): names of symbols, which the linker has to see
#define DJDB_WRAPPED(function, symbol)                                                     \
    Verdict real_##function(const Desired&, const Observed&) __asm__("__real_" symbol);    \
    Verdict wrapped_##function(const Desired&, const Observed&) __asm__("__wrap_" symbol); \
    Verdict wrapped_##function(const Desired& desired, const Observed& observed)
// NOLINTEND(bugprone-macro-parentheses,misc-use-internal-linkage)

namespace djdb {

using model::acts;
using model::Mutant;

DJDB_WRAPPED(assess_roles, "_ZN4djdb12assess_rolesERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_roles(desired, observed);
    auto* act = std::get_if<Act>(&verdict);
    if (act != nullptr && acts(Mutant::PublishBeforeRoles)) {
        act->steps.insert(act->steps.begin(), PublishSecret{});
    }
    return verdict;
}

DJDB_WRAPPED(assess_credentials, "_ZN4djdb18assess_credentialsERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_credentials(desired, observed);
    const auto* blocked = std::get_if<Blocked>(&verdict);
    if (blocked != nullptr && acts(Mutant::NewPasswordsForLost)) {
        return act_and_continue(blocked->finding, {StoreCredentials{}});
    }
    return verdict;
}

#define DJDB_RECOVER                                                                              \
    "_ZN4djdb17recover_passwordsERKNS_7DesiredERKNS_8ObservedERNS_7ClusterERNS_14TenantDatabaseE" \
    "RKNS_11CallContextE"
// NOLINTBEGIN(misc-use-internal-linkage): as above
TenantPasswords
real_recover(const Desired&, const Observed&, Cluster&, TenantDatabase&, const CallContext&) __asm__(
    "__real_" DJDB_RECOVER
);
TenantPasswords
wrapped_recover(const Desired&, const Observed&, Cluster&, TenantDatabase&, const CallContext&) __asm__(
    "__wrap_" DJDB_RECOVER
);
TenantPasswords wrapped_recover(
    const Desired& desired,
    const Observed& observed,
    Cluster& cluster,
    TenantDatabase& tenant,
    const CallContext& call
) {
    return acts(Mutant::NewPasswordsForLost)
               ? TenantPasswords{}
               : real_recover(desired, observed, cluster, tenant, call);
}
// NOLINTEND(misc-use-internal-linkage)

DJDB_WRAPPED(assess_claim, "_ZN4djdb12assess_claimERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_claim(desired, observed);
    const auto* blocked = std::get_if<Blocked>(&verdict);
    const auto reason = blocked != nullptr ? blocked->finding.reason : Reason::Succeeded;
    if (reason == Reason::OwnershipConflict && acts(Mutant::TakeWithoutConsent)) {
        return Act{blocked->finding, {TransferClaim{}}};
    }
    if (reason == Reason::AdoptionNotGranted && acts(Mutant::TakeWithoutConsent)) {
        return Act{blocked->finding, {ClaimExisting{}}};
    }
    return verdict;
}

DJDB_WRAPPED(assess_finalizer, "_ZN4djdb16assess_finalizerERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_finalizer(desired, observed);
    auto* satisfied = std::get_if<Satisfied>(&verdict);
    if (satisfied != nullptr && acts(Mutant::StatusEachTime)) {
        satisfied->finding.message +=
            " Seen at " + std::to_string(observed.now.time_since_epoch().count());
    }
    return verdict;
}

DJDB_WRAPPED(assess_deletion, "_ZN4djdb15assess_deletionERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_deletion(desired, observed);
    auto* act = std::get_if<Act>(&verdict);
    if (act != nullptr && acts(Mutant::FinalizerBeforeRetire)) {
        std::ranges::rotate(act->steps, act->steps.end() - 1);
    }
    return verdict;
}

DJDB_WRAPPED(assess_preflight, "_ZN4djdb16assess_preflightERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_preflight(desired, observed);
    if (!std::holds_alternative<Satisfied>(verdict) && acts(Mutant::MigrateUntried)) {
        return Satisfied{{Reason::Succeeded, "Not tried out."}};
    }
    return verdict;
}

DJDB_WRAPPED(assess_plan, "_ZN4djdb11assess_planERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_plan(desired, observed);
    if (std::holds_alternative<Blocked>(verdict) && acts(Mutant::MigrateUnapproved)) {
        return Satisfied{{Reason::Succeeded, "Not approved."}};
    }
    return verdict;
}

DJDB_WRAPPED(assess_backup, "_ZN4djdb13assess_backupERKNS_7DesiredERKNS_8ObservedE") {
    auto trusting = observed;
    std::size_t others = 0;
    for (auto& job : trusting.jobs) {
        const auto wanted = backup_name(desired, observed);
        if (job.kind == JobKind::Backup && job.proves != wanted && said_ok(read_end(job))) {
            job.proves = wanted;
            ++others;
        }
    }
    if (others != 0 && acts(Mutant::TrustAnyBackup)) {
        return real_assess_backup(desired, trusting);
    }
    auto verdict = real_assess_backup(desired, observed);
    if (!std::holds_alternative<Satisfied>(verdict) && acts(Mutant::MigrateUnbacked)) {
        return Satisfied{{Reason::Succeeded, "Not backed up."}};
    }
    return verdict;
}

DJDB_WRAPPED(assess_migration, "_ZN4djdb16assess_migrationERKNS_7DesiredERKNS_8ObservedE") {
    const auto* source = migration_source(desired, observed);
    if (source == nullptr || !common_image(desired, observed)) {
        return real_assess_migration(desired, observed);
    }
    const auto image = *common_image(desired, observed);
    const auto revision = revision_of(desired, observed, *source);
    auto blind = observed;
    const auto hidden = std::erase_if(blind.jobs, [&](const JobRun& job) {
        return job.kind == JobKind::Migrate && job.revision != revision;
    });
    if (hidden != 0 && acts(Mutant::StartBesideRunningJob)) {
        return real_assess_migration(desired, blind);
    }
    auto verdict = real_assess_migration(desired, observed);
    const auto* wait = std::get_if<Wait>(&verdict);
    if (wait != nullptr && wait->finding.reason == Reason::MigrationRetrying &&
        acts(Mutant::RetryWithoutEnd)) {
        int last = 0;
        for (const auto& job : observed.jobs) {
            last = job.kind == JobKind::Migrate && job.revision == revision
                       ? std::max(last, job.attempt)
                       : last;
        }
        return Act{wait->finding, {StartMigration{{*source, revision, image, last + 1}}}};
    }
    return verdict;
}

DJDB_WRAPPED(assess_rollout, "_ZN4djdb14assess_rolloutERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_rollout(desired, observed);
    if (std::holds_alternative<Wait>(verdict) && acts(Mutant::VerifiesBeforeRollout)) {
        return Satisfied{{Reason::Succeeded, "Not waited for."}};
    }
    return verdict;
}

namespace {

/// What is to be recorded of all that is due.
RecordVerified record_of(const Desired& desired, const Observed& observed) {
    RecordVerified record;
    for (const auto* workload : to_be_verified(desired, observed)) {
        record.templates.push_back(*find_pass(desired, observed, *workload));
    }
    record.said = "of a mutant";
    return record;
}

}  // namespace

DJDB_WRAPPED(assess_verification, "_ZN4djdb19assess_verificationERKNS_7DesiredERKNS_8ObservedE") {
    auto believing = observed;
    const auto wanted = verify_name(desired, observed);
    std::size_t others = 0;
    for (auto& job : believing.jobs) {
        const bool is_anothers = job.kind == JobKind::Verify && job.proves != wanted;
        if (!wanted.empty() && is_anothers && said_ok(read_end(job))) {
            job.proves = wanted;
            job.revision = Revision(wanted);
            ++others;
        }
    }
    if (others != 0 && acts(Mutant::BelievesEarlierVerification)) {
        return real_assess_verification(desired, believing);
    }
    auto overlooking = observed;
    std::size_t restarts = 0;
    if (overlooking.release.new_pods) {
        restarts = std::erase_if(*overlooking.release.new_pods, [](const AppPod& pod) {
            return pod.last_restart.has_value();
        });
    }
    if (restarts != 0 && acts(Mutant::OverlooksRestarts)) {
        return real_assess_verification(desired, overlooking);
    }
    const auto* last = latest_verify_job(desired, observed);
    const bool has_failed =
        last != nullptr && is_over(read_end(*last)) && !said_ok(read_end(*last));
    if (has_failed && acts(Mutant::RecordsUnverified)) {
        return act_and_stop({Reason::Progressing, "Not proven."}, {record_of(desired, observed)});
    }
    return real_assess_verification(desired, observed);
}

}  // namespace djdb
