// What rolled out and is to be proven, and Jobs of every kind that were to prove it.
#pragma once

#include "reconcilers/stages/release/verify_jobs.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <variant>

namespace djdb::verification_world {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

enum class Due { Nothing, All, Proven };
inline constexpr std::array kAllDue{Due::Nothing, Due::All, Due::Proven};

enum class Last {
    None,
    Underway,
    Stuck,
    Removed,
    PodLost,
    SaidOk,
    SaidOkJustNow,
    OfAnEarlierPass,
    JustFailed,
    FailedForGood,
    ToBeTriedAgain,
    FailedOften,
    PastItsDeadline,
};
inline constexpr std::array kAllLast{
    Last::None,
    Last::Underway,
    Last::Stuck,
    Last::Removed,
    Last::PodLost,
    Last::SaidOk,
    Last::SaidOkJustNow,
    Last::OfAnEarlierPass,
    Last::JustFailed,
    Last::FailedForGood,
    Last::ToBeTriedAgain,
    Last::FailedOften,
    Last::PastItsDeadline};

enum class Pods { Unknown, Calm, RestartedLately, RestartedLongAgo };
inline constexpr std::array kAllPods{
    Pods::Unknown, Pods::Calm, Pods::RestartedLately, Pods::RestartedLongAgo};

struct World {
    Desired desired = a_desired();
    Observed observed = a_settled_world();

    World() {
        observed.now = TimePoint{} + hours{100};
        desired.object.spec.verify.soak = seconds{30};
        desired.object.spec.verify.http.service = "web";
    }
    PassedTemplate& pass() { return observed.tenant->passed_templates.back(); }
    void ask(Due due) {
        pass().verified = due == Due::All ? "" : "it was seen to work";
        if (due == Due::Nothing) {
            pass().verified.reset();
        }
    }
    JobRun& add_job() {
        auto& job = observed.jobs.emplace_back(a_job_run());
        job.kind = JobKind::Verify;
        job.name = "shop-verify-1";
        job.proves = verify_name(desired, observed);
        job.revision = Revision(job.proves);
        job.created = observed.now - hours{2};
        return job;
    }
    void add(Last last) {
        if (last == Last::None) {
            return;
        }
        auto& job = add_job();
        auto& pod = job.pods.front();
        const auto just_now = observed.now - seconds{1};
        const auto a_while_ago = observed.now - minutes{20};
        switch (last) {
            case Last::None:
            case Last::Underway:
                break;
            case Last::Stuck:
                pod.has_started = false;
                pod.waiting = {"ErrImagePull", "no such image"};
                break;
            case Last::Removed:
                job.being_deleted = true;
                break;
            case Last::PodLost:
                pod.grace_ends = a_while_ago;
                break;
            case Last::SaidOk:
                end_job(job, 0, an_answer(true, ""), a_while_ago);
                break;
            case Last::SaidOkJustNow:
                end_job(job, 0, an_answer(true, ""), just_now);
                break;
            case Last::OfAnEarlierPass:
                job.proves = "00000000000";
                job.revision = Revision(job.proves);
                end_job(job, 0, an_answer(true, ""), a_while_ago);
                break;
            case Last::JustFailed:
                end_job(job, 75, an_answer(false, "Unreachable"), just_now);
                break;
            case Last::FailedForGood:
                end_job(job, 93, an_answer(false, "VerifyFailed"), a_while_ago);
                break;
            case Last::ToBeTriedAgain:
                end_job(job, 75, an_answer(false, "Unreachable"), a_while_ago);
                break;
            case Last::FailedOften:
                job.attempt = 11;
                end_job(job, 75, an_answer(false, "Unreachable"), a_while_ago);
                break;
            case Last::PastItsDeadline:
                end_job(job, 137, "", a_while_ago);
                job.failure_reason = "DeadlineExceeded";
                break;
        }
    }
    void look_at(Pods pods) {
        if (pods == Pods::Unknown) {
            return;
        }
        AppPod pod{"web-1", "web", {"10.0.0.7"}, 0, std::nullopt};
        if (pods != Pods::Calm) {
            const auto ended =
                observed.now - (pods == Pods::RestartedLately ? minutes{2} : minutes{11});
            pod.restarts = 3;
            pod.last_restart = ContainerRestart{"app", "OOMKilled", 137, ended};
        }
        observed.release.new_pods = {pod};
    }
    [[nodiscard]] Verdict verdict() const { return assess_verification(desired, observed); }
    [[nodiscard]] Finding finding() const {
        return std::visit([](const auto& found) { return found.finding; }, verdict());
    }
    template <class Kind>
    [[nodiscard]] const Kind* step() const {
        static Verdict last;
        last = verdict();
        const auto steps = steps_of(last);
        const auto found = std::ranges::find_if(steps, [](const Step& step) {
            return std::holds_alternative<Kind>(step);
        });
        return found == steps.end() ? nullptr : &std::get<Kind>(*found);
    }
};

}  // namespace djdb::verification_world
