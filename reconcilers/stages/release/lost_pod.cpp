#include "reconcilers/stages/release/lost_pod.hpp"

#include "crds/text.hpp"

namespace djdb {

std::optional<Blocked> judge_lost_pod(const JobRun& job, TimePoint now) {
    const auto* pod = find_lost_pod(job, now);
    if (pod == nullptr || !pod->grace_ends) {
        return std::nullopt;
    }
    return Blocked{
        {Reason::MigrationPodLost,
         "Pod \"" + pod->name + "\" of Job \"" + job.name + "\" was to end by " +
             format_time(*pod->grace_ends) + ", and node \"" + pod->node +
             "\" has not said that it did: the migration may run on there, and no other is started "
             "beside it. New Pods are held and the old ones serve. If the node does not come back, "
             "shut it down and run kubectl delete node " +
             pod->node + "; to give up this Pod alone, run kubectl delete job " + job.name +
             ". The next attempt ends what is left of this one in the database before it begins."}};
}

std::optional<TimePoint> when_lost(const JobRun& job, TimePoint now) {
    std::optional<TimePoint> first;
    for (const auto& pod : job.pods) {
        if (!pod.grace_ends) {
            continue;
        }
        const auto when = *pod.grace_ends + kEndsWithin;
        if (when > now && (!first || when < *first)) {
            first = when;
        }
    }
    return first;
}

}  // namespace djdb
