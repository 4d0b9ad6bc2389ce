// A Job that proves what rolled out: it logs in as the app does, writes and reads, and says what came
// of it.
#include "tests/model/kube/answers.hpp"
#include "tests/model/kube/controllers.hpp"

#include <string>
#include <utility>

namespace djdb::model {

void Controllers::begin_verification(const Job& job, Pod pod) {
    auto attempt = VerifyAttempt::Succeeds;
    if (auto& left = world_.verifications[job.image]; !left.empty()) {
        attempt = left.front();
        left.pop_front();
    }
    stop_at_deadline(job);
    if (attempt == VerifyAttempt::NeverStarts) {
        pod.stuck = "no such image any more";
        world_.api.put_pod(std::move(pod));
        return;
    }
    world_.api.put_pod(std::move(pod));
    world_.timeline.after(
        random_.between(50, 1'500),
        [this, key = job.meta.key, uid = job.meta.uid, attempt] { verify(key, uid, attempt); }
    );
}

void Controllers::verify(const ObjectKey& key, const ResourceUid& uid, VerifyAttempt attempt) {
    auto found = find_at_work(key, uid);
    if (!found) {
        return;
    }
    auto& [job, pod] = *found;
    world_.history.note("job", [&] { return key.name.str() + " verifies " + job.image; });
    world_.rules.verification_begins(job);
    if (attempt == VerifyAttempt::LosesNode) {
        lose(job, std::move(pod));
        return;
    }
    world_.timeline.after(random_.between(50, 4'000), [this, key, uid, attempt] {
        end_verification(key, uid, attempt);
    });
}

/// It sees a login or a database that went away at the last.
void Controllers::end_verification(
    const ObjectKey& key, const ResourceUid& uid, VerifyAttempt attempt
) {
    auto found = find_at_work(key, uid);
    if (!found) {
        return;
    }
    auto& [job, pod] = *found;
    pod.has_ended = true;
    if (attempt == VerifyAttempt::IsKilled) {
        pod.exit_code = 137;
        pod.reason = "OOMKilled";
        end(std::move(pod), key, uid);
        return;
    }
    auto why = log_in(job);
    if (why.empty() && attempt == VerifyAttempt::Fails) {
        why = "VerifyFailed";
    } else if (why.empty() && attempt == VerifyAttempt::IsCutOff) {
        why = "Unreachable";
    }
    pod.exit_code = why.empty() ? 0 : exit_code_of(why);
    pod.reason = why.empty() ? "Completed" : "Error";
    pod.answer = answer_of(JobKind::Verify, why, {});
    pod.meta.being_deleted = attempt == VerifyAttempt::LosesAnswer;
    pod.others_run = attempt == VerifyAttempt::HasSidecar;
    if (why.empty() && attempt != VerifyAttempt::LosesAnswer) {
        world_.rules.verification_passes(job, world_.timeline.now());
    }
    end(std::move(pod), key, uid);
}

}  // namespace djdb::model
