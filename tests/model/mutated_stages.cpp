// The planted bugs that stand in decisions. The linker gives each call of these functions to the one
// in here (--wrap), which calls the real one: the product is compiled as it is, and with no mutant in
// force nothing differs.
#include "reconcilers/jobs/answer.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/model/world/mutants.hpp"

#include <algorithm>
#include <array>

// NOLINTBEGIN(bugprone-macro-parentheses): names of symbols
#define DJDB_WRAPPED(function, symbol)                                                     \
    Verdict real_##function(const Desired&, const Observed&) __asm__("__real_" symbol);    \
    Verdict wrapped_##function(const Desired&, const Observed&) __asm__("__wrap_" symbol); \
    Verdict wrapped_##function(const Desired& desired, const Observed& observed)
// NOLINTEND(bugprone-macro-parentheses)

namespace djdb {

using model::is_mutant;
using model::Mutant;

DJDB_WRAPPED(assess_roles, "_ZN4djdb12assess_rolesERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_roles(desired, observed);
    auto* act = std::get_if<Act>(&verdict);
    if (is_mutant(Mutant::PublishBeforeRoles) && act != nullptr) {
        act->steps.insert(act->steps.begin(), PublishSecret{});
    }
    return verdict;
}

DJDB_WRAPPED(assess_finalizer, "_ZN4djdb16assess_finalizerERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_finalizer(desired, observed);
    auto* satisfied = std::get_if<Satisfied>(&verdict);
    if (is_mutant(Mutant::StatusEachTime) && satisfied != nullptr) {
        satisfied->finding.message +=
            " Seen at " + std::to_string(observed.now.time_since_epoch().count());
    }
    return verdict;
}

DJDB_WRAPPED(assess_deletion, "_ZN4djdb15assess_deletionERKNS_7DesiredERKNS_8ObservedE") {
    auto verdict = real_assess_deletion(desired, observed);
    auto* act = std::get_if<Act>(&verdict);
    if (is_mutant(Mutant::FinalizerBeforeRetire) && act != nullptr) {
        std::ranges::rotate(act->steps, act->steps.end() - 1);
    }
    return verdict;
}

DJDB_WRAPPED(assess_migration, "_ZN4djdb16assess_migrationERKNS_7DesiredERKNS_8ObservedE") {
    if (!is_mutant(Mutant::StartBesideRunningJob) && !is_mutant(Mutant::RetryWithoutEnd)) {
        return real_assess_migration(desired, observed);
    }
    const auto* source = migration_source(observed);
    if (source == nullptr || !common_image(desired, observed)) {
        return real_assess_migration(desired, observed);
    }
    const auto image = *common_image(desired, observed);
    const auto revision = revision_of(desired, *source, image);
    if (is_mutant(Mutant::StartBesideRunningJob)) {
        auto blind = observed;
        std::erase_if(blind.jobs, [&](const JobRun& job) { return job.revision != revision; });
        return real_assess_migration(desired, blind);
    }
    auto verdict = real_assess_migration(desired, observed);
    const auto* wait = std::get_if<Wait>(&verdict);
    if (is_mutant(Mutant::RetryWithoutEnd) && wait != nullptr &&
        wait->finding.reason == Reason::MigrationRetrying) {
        int last = 0;
        for (const auto& job : observed.jobs) {
            last = job.revision == revision ? std::max(last, job.attempt) : last;
        }
        return Act{
            wait->finding,
            {PublishMigration{}, StartMigration{*source, revision, image, last + 1}}};
    }
    return verdict;
}

}  // namespace djdb

namespace djdb::model {

const char* describe(Mutant mutant) {
    static constexpr std::array<const char*, kMutants> kNames{
        "none",
        "finalizers are written without the version that was judged",
        "the app's Secret is published before its login exists",
        "the database is dropped by its name",
        "a Job's name is another one with each try",
        "the gate opens for a template that nobody judged",
        "a stored password is overwritten",
        "the finalizer goes before the logins are disabled",
        "a passed image is recorded for whatever has the name",
        "passwords are stored after the roles have them",
        "a migration starts without a look at running Jobs",
        "a failed migration is tried again at once",
        "the status is written with each run",
        "whatever database has the name is taken for ours"};
    return kNames.at(static_cast<std::size_t>(mutant));
}

}  // namespace djdb::model
