// The backup before a migration: every combination of what is asked for, of what is pending, and of Jobs that are there.
#include "tests/unit/reconcilers/stages/backup_world.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>

namespace djdb {
namespace {

using namespace backup_world;
using std::chrono::minutes;

template <class Check>
void for_each_world(Check&& check) {
    for (const auto when : kAllWhen) {
        for (const auto pending : kAllPending) {
            for (const auto migration : kAllMigrations) {
                for (const auto kept : kAllKept) {
                    World world(when);
                    world.find(pending);
                    world.add(migration);
                    world.add(kept);
                    check(world, when, pending, migration, kept);
                }
            }
        }
    }
}

bool is_due(Migration migration) {
    return migration == Migration::None || migration == Migration::ToBeTriedAgain;
}

/// The truth table of backup.cpp, behind what makes a backup due.
enum class Expected { Fresh, Start, Wait, Blocked };
Expected expected(Kept kept, Migration migration) {
    switch (kept) {
        case Kept::Fresh:
            return Expected::Fresh;
        case Kept::OldButMigratedBehind:
            return migration == Migration::None ? Expected::Start : Expected::Fresh;
        case Kept::None:
        case Kept::PodLost:
        case Kept::OfAnEarlierPass:
        case Kept::TooOld:
        case Kept::FailedAWhileAgo:
            return Expected::Start;
        case Kept::Underway:
        case Kept::AtWork:
        case Kept::Stuck:
        case Kept::Removed:
        case Kept::JustFailed:
        case Kept::NamesNoDump:
            return Expected::Wait;
        case Kept::FailedOften:
        case Kept::PastItsDeadline:
            break;
    }
    return Expected::Blocked;
}

TEST(Backup, IsMadeBeforeAMigrationBeginsInEveryCombination) {
    for_each_world([](World& world, auto when, auto pending, auto migration, auto kept) {
        SCOPED_TRACE(
            std::to_string(static_cast<int>(when)) + " " +
            std::to_string(static_cast<int>(pending)) + " " +
            std::to_string(static_cast<int>(migration)) + " " +
            std::to_string(static_cast<int>(kept))
        );
        const auto verdict = world.verdict();
        const bool is_wanted = when != BackupWhen::Never && is_due(migration) &&
                               (when == BackupWhen::Always || pending != Pending::Nothing);
        // What nobody waits for goes first, and the stages behind it go on.
        const bool is_left =
            (kept == Kept::OfAnEarlierPass && when != BackupWhen::Never) ||
            (kept != Kept::None && kept != Kept::Removed && when == BackupWhen::Never);
        if (is_left) {
            const auto* act = std::get_if<Act>(&verdict);
            ASSERT_NE(act, nullptr);
            EXPECT_EQ(act->after == AfterSteps::Stop, is_wanted);
            return;
        }
        if (!is_wanted) {
            EXPECT_TRUE(std::holds_alternative<Satisfied>(verdict)) << world.finding().message;
            return;
        }
        switch (expected(kept, migration)) {
            case Expected::Fresh:
                EXPECT_TRUE(std::holds_alternative<Satisfied>(verdict));
                EXPECT_NE(world.finding().message.find("shop_1.dump"), std::string::npos);
                break;
            case Expected::Start:
                ASSERT_FALSE(steps_of(verdict).empty()) << world.finding().message;
                EXPECT_TRUE(std::holds_alternative<StartBackup>(steps_of(verdict).back()));
                break;
            case Expected::Wait:
                EXPECT_TRUE(std::holds_alternative<Wait>(verdict)) << world.finding().message;
                break;
            case Expected::Blocked:
                EXPECT_TRUE(std::holds_alternative<Blocked>(verdict)) << world.finding().message;
                EXPECT_EQ(world.finding().reason, Reason::BackupFailed);
                EXPECT_NE(
                    world.finding().message.find("kubectl delete job shop-backup-1"),
                    std::string::npos
                );
                break;
        }
    });
}

TEST(Backup, NoMigrationStartsWithoutOneUnlessItMayChangeNothing) {
    int started = 0;
    for_each_world([&](World& world, auto when, auto pending, auto migration, auto kept) {
        world.assess_all();
        const auto* start = World::found_in<StartMigration>(world.last_);
        if (start == nullptr) {
            return;
        }
        ++started;
        EXPECT_EQ(world.started(), nullptr) << "not in the run that begins the backup";
        const bool is_backed_up = expected(kept, migration) == Expected::Fresh;
        const bool may_change_nothing =
            when == BackupWhen::BeforeMigrate && pending == Pending::Nothing;
        EXPECT_TRUE(when == BackupWhen::Never || is_backed_up || may_change_nothing);
        EXPECT_EQ(
            start->approved, may_change_nothing ? std::optional<std::string>("") : std::nullopt
        ) << "what is pending all the same is not migrated";
    });
    EXPECT_GT(started, 50);
}

TEST(Backup, IsMadeByThePodsOfTheTemplateAndTheServersOwnTools) {
    World world;
    world.find(Pending::Something);
    world.assess_all();
    const auto* start = world.started();
    ASSERT_NE(start, nullptr);
    EXPECT_EQ(start->image, ImageRef("shop:v2"));
    EXPECT_EQ(start->client, ImageRef("postgres:15"));
    EXPECT_EQ(start->attempt, 1);
    EXPECT_EQ(start->proves, start->revision.str());
    world.desired.object.spec.backup.image = "registry/tools:17";
    world.assess_all();
    EXPECT_EQ(world.started()->client, ImageRef("registry/tools:17"));
}

TEST(Backup, WaitsForTheServersVersion) {
    World world;
    world.find(Pending::Something);
    world.observed.server.version.clear();
    EXPECT_TRUE(std::holds_alternative<Wait>(world.verdict()));
    EXPECT_NE(world.finding().message.find("has not told its version yet"), std::string::npos);
}

/// It is of a time: what a release has written since is not in it.
TEST(Backup, OfBeforeTheLastPassSpeaksForNothing) {
    World world;
    world.find(Pending::Something);
    world.add(Kept::Fresh);
    ASSERT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
    let_pass(world.desired, world.observed, "shop:v1");
    const auto verdict = world.verdict();
    ASSERT_EQ(steps_of(verdict).size(), 1U);
    EXPECT_EQ(std::get<ExpireJobs>(steps_of(verdict).front()).jobs.front(), "shop-backup-1");
    world.observed.jobs.back().expires = true;
    EXPECT_TRUE(std::holds_alternative<StartBackup>(steps_of(world.verdict()).back()));
}

TEST(Backup, OfAnotherDatabaseServerOrClaimSpeaksForNothing) {
    const World world;
    const auto name = backup_name(world.desired, world.observed);
    auto other = world;
    other.observed.tenant->database_oid = "99999";
    EXPECT_NE(backup_name(other.desired, other.observed), name);
    other = world;
    other.observed.server.access->address.identity.expected.system_identifier = "7";
    EXPECT_NE(backup_name(other.desired, other.observed), name);
    other = world;
    other.observed.server.access->address.identity.expected.timeline = 7;
    EXPECT_NE(backup_name(other.desired, other.observed), name) << "it may have been restored";
    other = world;
    other.desired.object.spec.backup.claim_name = "elsewhere";
    EXPECT_NE(backup_name(other.desired, other.observed), name);
    other = world;
    other.desired.object.spec.backup.keep = 2;
    other.desired.object.spec.backup.max_age = minutes{5};
    EXPECT_EQ(backup_name(other.desired, other.observed), name) << "it is as good as before";
}

TEST(Backup, IsTooOldBehindAnAttemptThatChangedNothing) {
    World world;
    world.find(Pending::Something);
    world.add(Migration::ToBeTriedAgain);
    world.add(Kept::OldButMigratedBehind);
    auto& migration = *std::ranges::find(world.observed.jobs, JobKind::Migrate, &JobRun::kind);
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
    end_job(migration, 75, an_answer(false, "Unreachable"), TimePoint{} + std::chrono::hours{99});
    EXPECT_TRUE(std::holds_alternative<StartBackup>(steps_of(world.verdict()).back()));
    migration.pods.front().end->reason = kInitContainerFailed;
    EXPECT_TRUE(std::holds_alternative<StartBackup>(steps_of(world.verdict()).back()))
        << "its program never ran";
}

TEST(Backup, IsAsOldAsTheClusterSaysWhereItsNodesClockIsBehind) {
    World world;
    world.find(Pending::Something);
    world.add(Kept::TooOld);
    auto& job = world.observed.jobs.back();
    job.finished = world.observed.now - std::chrono::seconds{2};
    EXPECT_TRUE(std::holds_alternative<Act>(world.verdict())) << "a container beside ours ran on";
    job.created = world.observed.now - std::chrono::seconds{9};
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
}

/// The Job controller says Complete a moment after the container has ended, and the migration may begin between.
TEST(Backup, IsBehindAnAttemptThatBeganBeforeItsJobWasComplete) {
    World world;
    world.find(Pending::Something);
    world.add(Migration::ToBeTriedAgain);
    world.add(Kept::OldButMigratedBehind);
    world.observed.jobs.back().finished += std::chrono::seconds{5};
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
}

TEST(Backup, ThatIsStoppedAtItsDeadlineIsNotTriedAgain) {
    World world;
    world.find(Pending::Something);
    world.add(Kept::JustFailed);
    auto& job = world.observed.jobs.back();
    job.pods.front().end =
        ContainerEnd{1, kInitContainerFailed, "pg_dump: error: terminated by user", job.finished};
    EXPECT_EQ(world.finding().reason, Reason::BackupRetrying);
    job.failure_reason = "DeadlineExceeded";
    EXPECT_EQ(world.finding().reason, Reason::BackupFailed);
    EXPECT_NE(world.finding().message.find("A longer spec.backup.deadline"), std::string::npos);
}

TEST(Backup, ThatCantStartIsMadeAnewForAnotherImage) {
    World world;
    world.find(Pending::Something);
    world.add(Kept::Stuck);
    EXPECT_EQ(world.finding().reason, Reason::BackupJobStuck);
    EXPECT_NE(world.finding().message.find("no such image"), std::string::npos);
    world.observed.jobs.back().image = ImageRef("shop:v1");
    const auto verdict = world.verdict();
    ASSERT_EQ(steps_of(verdict).size(), 1U);
    EXPECT_EQ(std::get<RemoveJob>(steps_of(verdict).front()).job, "shop-backup-1");
    world.observed.jobs.back().being_deleted = true;
    EXPECT_EQ(world.finding().reason, Reason::BackupRunning) << "not beside it";
    world.observed.jobs.pop_back();
    EXPECT_TRUE(std::holds_alternative<StartBackup>(steps_of(world.verdict()).back()));
}

TEST(Backup, ThatIsAtWorkIsNotStartedAnewForAnotherImage) {
    World world;
    world.find(Pending::Something);
    world.add(Kept::AtWork);
    world.observed.jobs.back().image = ImageRef("shop:v1");
    EXPECT_EQ(world.finding().reason, Reason::BackupRunning);
}

TEST(Backup, KeepsTheWordOfOneWhoseJobGoesOn) {
    World world;
    world.find(Pending::Something);
    world.add(Kept::Fresh);
    let_others_run(world.observed.jobs.back());
    const auto verdict = world.verdict();
    ASSERT_EQ(steps_of(verdict).size(), 1U);
    EXPECT_TRUE(std::holds_alternative<LiftJobDeadline>(steps_of(verdict).front()));
    world.observed.jobs.back().has_deadline = false;
    EXPECT_TRUE(std::holds_alternative<Satisfied>(world.verdict()));
    let_pass(world.desired, world.observed, "shop:v1");
    EXPECT_TRUE(std::holds_alternative<RemoveJob>(steps_of(world.verdict()).front()));
}

TEST(Backup, ShowsWhatPgDumpSaid) {
    World world;
    world.find(Pending::Something);
    world.add(Kept::FailedOften);
    auto& end = *world.observed.jobs.back().pods.front().end;
    end.reason = kInitContainerFailed;
    end.answer_text =
        "init container \"djangodb-dump\" ended with exit code 1: pg_dump: error: "
        "query failed: ERROR:  permission denied for table secret";
    EXPECT_EQ(world.finding().reason, Reason::BackupFailed);
    EXPECT_NE(
        world.finding().message.find("permission denied for table secret"), std::string::npos
    );
}

TEST(Backup, HasALoginOfItsOwnWhileItIsAskedFor) {
    const World on;
    ASSERT_EQ(on.desired.names.readers.size(), 1U);
    EXPECT_EQ(on.desired.names.readers.front().role.str(), "shop_ro_backup");
    EXPECT_EQ(on.desired.reader_secrets.front().str(), "shop-backup");
    EXPECT_TRUE(World(BackupWhen::Never).desired.names.readers.empty());
    auto object = on.desired.object;
    object.spec.access.readers.push_back({"backup", ""});
    const auto error = derive_desired(object, "cluster").name_error;
    ASSERT_TRUE(error.has_value());
    EXPECT_NE(error->find("the login of spec.backup"), std::string::npos);
}

TEST(Backup, ItsLoginsSecretOfSomebodyElseIsLeftAlone) {
    World world;
    world.observed.secrets.readers = {PublishedState::Foreign};
    const auto verdict = assess_secret(world.desired, world.observed);
    const auto* blocked = std::get_if<Blocked>(&verdict);
    ASSERT_NE(blocked, nullptr);
    EXPECT_EQ(blocked->finding.reason, Reason::SecretConflict);
    EXPECT_NE(blocked->finding.message.find("\"shop-backup\""), std::string::npos);
    EXPECT_NE(blocked->finding.message.find("spec.backup.when"), std::string::npos);
}

TEST(Backup, IsOffByDefaultAndSaysSo) {
    World world(BackupWhen::Never);
    EXPECT_EQ(world.finding().reason, Reason::BackupsOff);
    EXPECT_EQ(std::get<Satisfied>(world.verdict()).confidence, Confidence::Unknown);
    world.observed.release.workloads.clear();
    EXPECT_EQ(world.finding().reason, Reason::NoWorkload);
}

}  // namespace
}  // namespace djdb
