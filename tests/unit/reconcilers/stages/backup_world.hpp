// A template that waits for its migration, and backup Jobs of every kind before it.
#pragma once

#include "reconcilers/stages/release/fresh_backup.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

namespace djdb::backup_world {

inline constexpr std::array kAllWhen{
    BackupWhen::Never, BackupWhen::BeforeMigrate, BackupWhen::Always};

enum class Pending { Unknown, Nothing, Something };
inline constexpr std::array kAllPending{Pending::Unknown, Pending::Nothing, Pending::Something};

/// Of the migration Job of the template that is to be proven.
enum class Migration { None, Running, SaidOk, FailedForGood, ToBeTriedAgain };
inline constexpr std::array kAllMigrations{
    Migration::None,
    Migration::Running,
    Migration::SaidOk,
    Migration::FailedForGood,
    Migration::ToBeTriedAgain};

/// Of the last backup Job.
enum class Kept {
    None,
    Underway,
    AtWork,
    Stuck,
    Removed,
    PodLost,
    Fresh,
    OfAnEarlierPass,
    TooOld,
    OldButMigratedBehind,
    NamesNoDump,
    JustFailed,
    FailedAWhileAgo,
    FailedOften,
    PastItsDeadline,
};
inline constexpr std::array kAllKept{
    Kept::None,
    Kept::Underway,
    Kept::AtWork,
    Kept::Stuck,
    Kept::Removed,
    Kept::PodLost,
    Kept::Fresh,
    Kept::OfAnEarlierPass,
    Kept::TooOld,
    Kept::OldButMigratedBehind,
    Kept::NamesNoDump,
    Kept::JustFailed,
    Kept::FailedAWhileAgo,
    Kept::FailedOften,
    Kept::PastItsDeadline};

inline std::string kept_answer() {
    return nlohmann::json{
        {"v", 1},
        {"ok", true},
        {"message", "m"},
        {"file", "shop_1.dump"},
        {"bytes", 4096},
        {"sha256", std::string(64, 'a')}}
        .dump();
}

/// Web is held, its probe has answered, and the clock says an hour and a half past the backup's end.
struct World {
    Desired desired;
    Observed observed = a_provisioned_world();

    explicit World(BackupWhen when = BackupWhen::BeforeMigrate) {
        auto object = a_desired().object;
        object.spec.backup.when = when;
        object.spec.backup.claim_name = "shop-backups";
        desired = derive_desired(object, "cluster");
        observed.now = TimePoint{} + std::chrono::hours{100};
        observed.server.version = "15.18";
        observed.release.workloads = {a_workload("web", "shop:v2")};
        web().hold = Hold::Paused;
        web().is_marked = true;
        observed.jobs.push_back(a_passed_probe(desired, observed, web()));
        observed.jobs.reserve(8);
    }
    Workload& web() { return observed.release.workloads.front(); }
    void find(Pending pending) {
        auto answer = nlohmann::json::parse(an_answer(true, "", {"orders.0003_x"}));
        if (pending != Pending::Unknown) {
            const bool is_any = pending == Pending::Something;
            answer["plan_digest"] = is_any ? "4fde2fb8321362f4" : "";
            answer["planned"] = is_any ? "0000000000000001" : "";
            for (const auto* kind : {"destructive", "incompatible"}) {
                answer[kind] = nlohmann::json::array();
                answer[std::string(kind) + "_count"] = 0;
            }
        }
        end_job(observed.jobs.front(), 0, answer.dump());
    }
    void add(Migration migration) {
        if (migration == Migration::None) {
            return;
        }
        auto& job = observed.jobs.emplace_back(a_job_run());
        job.revision = revision_of(desired, observed, web());
        // Before any backup of these tests, unless a test says otherwise.
        job.created = TimePoint{} + std::chrono::hours{1};
        const auto ended = observed.now - std::chrono::minutes{30};
        if (migration == Migration::SaidOk) {
            end_job(job, 0, an_answer(true, "", {"orders.0003_x"}), ended);
        } else if (migration == Migration::FailedForGood) {
            end_job(job, 88, an_answer(false, "MigrationFailed"), ended);
        } else if (migration == Migration::ToBeTriedAgain) {
            end_job(job, 85, an_answer(false, "LockTimeout"), ended);
        }
    }
    JobRun& add_backup() {
        auto& job = observed.jobs.emplace_back(a_job_run());
        job.kind = JobKind::Backup;
        job.name = "shop-backup-1";
        job.proves = backup_name(desired, observed);
        job.revision = Revision(job.proves);
        job.created = observed.now - std::chrono::seconds{5};
        job.pods.front().has_started = false;
        return job;
    }
    void add(Kept kept) {
        if (kept == Kept::None) {
            return;
        }
        auto& job = add_backup();
        const auto just_now = observed.now - std::chrono::seconds{1};
        const auto long_ago = observed.now - std::chrono::minutes{90};
        auto& pod = job.pods.front();
        switch (kept) {
            case Kept::None:
            case Kept::Underway:
                break;
            case Kept::AtWork:
                job.created = long_ago;
                pod.waiting = {kInitContainerRunning, "init container \"djangodb-dump\""};
                break;
            case Kept::Stuck:
                job.created = long_ago;
                pod.waiting = {"ErrImagePull", "init container \"djangodb-dump\": no such image"};
                break;
            case Kept::Removed:
                job.being_deleted = true;
                break;
            case Kept::PodLost:
                pod.grace_ends = long_ago;
                break;
            case Kept::OfAnEarlierPass:
                job.proves = "00000000000";
                job.revision = Revision(job.proves);
                end_job(job, 0, kept_answer(), just_now);
                break;
            case Kept::Fresh:
                end_job(job, 0, kept_answer(), just_now);
                break;
            case Kept::TooOld:
            case Kept::OldButMigratedBehind:
                job.created = long_ago - std::chrono::seconds{9};
                end_job(job, 0, kept_answer(), long_ago);
                break;
            case Kept::NamesNoDump:
                end_job(job, 0, an_answer(true, ""), just_now);
                break;
            case Kept::FailedOften:
                job.attempt = 4;
                end_job(job, 92, an_answer(false, "BackupFailed"), just_now);
                break;
            case Kept::JustFailed:
                end_job(job, 92, an_answer(false, "BackupFailed"), just_now);
                break;
            case Kept::FailedAWhileAgo:
                end_job(job, 92, an_answer(false, "BackupFailed"), long_ago);
                break;
            case Kept::PastItsDeadline:
                end_job(job, 137, "", just_now);
                job.failure_reason = "DeadlineExceeded";
                break;
        }
        if (kept == Kept::OldButMigratedBehind) {
            for (auto& other : observed.jobs) {
                if (other.kind == JobKind::Migrate) {
                    other.created = long_ago + std::chrono::seconds{1};
                }
            }
        }
    }
    [[nodiscard]] Verdict verdict() const { return assess_backup(desired, observed); }
    [[nodiscard]] Finding finding() const {
        return std::visit([](const auto& found) { return found.finding; }, verdict());
    }
    [[nodiscard]] const StartBackup* started() const { return found_in<StartBackup>(last_); }
    template <class Kind>
    static const Kind* found_in(const std::vector<Step>& steps) {
        const auto found = std::ranges::find_if(steps, [](const Step& step) {
            return std::holds_alternative<Kind>(step);
        });
        return found == steps.end() ? nullptr : &std::get<Kind>(*found);
    }
    void assess_all() { last_ = assess(desired, observed).steps(); }
    std::vector<Step> last_;
};

}  // namespace djdb::backup_world
