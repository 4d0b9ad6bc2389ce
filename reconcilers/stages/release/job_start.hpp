// Whether the Pod of a Job that is underway starts, and when to look again: nothing wakes us if it never does. Pure.
#pragma once

#include "reconcilers/jobs/job.hpp"
#include "reconcilers/verdict.hpp"

#include <optional>
#include <string>

namespace djdb {

/// Why it does nothing; empty when its Pod runs, or may yet be made.
std::string why_not_started(const JobRun& job, TimePoint now);

/// None: it has started.
std::optional<TimePoint> next_look(const JobRun& job, TimePoint now);

/// What a stage says of a Job that it waits for, as ends of sentences.
struct UnderwayWords {
    Reason running;
    /// Behind its name: migrates for shop:v2.
    std::string does;
    Reason stuck;
    /// The same of one that can't start, between commas; empty: nothing.
    std::string which;
    /// What that means, and what to do.
    std::string then;
};

/// Of one that has not ended: it goes, waits, can't start, or is being removed.
/// @param has_begun its Pod is at work already, in an init container of ours
Wait tell_underway(
    const JobRun& job, TimePoint now, const UnderwayWords& words, bool has_begun = false
);

/// Of two times that may be none.
std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other);

}  // namespace djdb
