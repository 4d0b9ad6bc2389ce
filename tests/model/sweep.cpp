#include "tests/model/sweep.hpp"

#include "tests/model/simulation.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <vector>

namespace djdb::model {
namespace {

/// Create, release, upgrade behind a backup, delete; once the database goes and once it is kept and taken back.
const std::array<std::vector<Deed>, 2> kPlans{
    {{Deed::CreateResource,
      Deed::Deploy,
      Deed::AddReader,
      Deed::AskForBackups,
      Deed::Deploy,
      Deed::StopBackups,
      Deed::RemoveReader,
      Deed::DeleteAndDrop},
     {Deed::CreateResource,
      Deed::Deploy,
      Deed::Delete,
      Deed::CreateAgain,
      Deed::AskForApproval,
      Deed::BackUpAlways,
      Deed::Deploy}}};
constexpr std::array kMishaps{
    Mishap::DiesBefore, Mishap::DiesAfter, Mishap::Fails, Mishap::LosesReply};
constexpr Millis kBetweenDeeds = 60'000;

Course course_of(const std::vector<Deed>& plan, std::uint64_t marked, Mishap mishap) {
    Course course;
    course.script = script_of(plan, kBetweenDeeds);
    course.faults.marked = marked;
    course.faults.mishap = mishap;
    return course;
}

/// @return 1 when it broke a rule
int play_and_tell(const Course& course) {
    if (!judge(play(course, false)).violation) {
        return 0;
    }
    const auto outcome = judge(play(course, true));
    for (const auto& line : outcome.history) {
        std::printf("%s\n", line.c_str());
    }
    std::printf(
        "effect %llu: %s\n",
        static_cast<unsigned long long>(course.faults.marked),
        outcome.violation->c_str()
    );
    return 1;
}

}  // namespace

int sweep(bool is_sample) {
    int all_broken = 0;
    for (const auto& plan : kPlans) {
        const auto effects = play(course_of(plan, 0, Mishap::None), false).effects;
        int broken = effects == 0 ? 1 : 0;  // what did nothing shows nothing
        for (std::uint64_t marked = 1; marked <= effects; ++marked) {
            for (std::size_t i = 0; i < kMishaps.size(); ++i) {
                if (!is_sample || i == marked % kMishaps.size()) {
                    broken += play_and_tell(course_of(plan, marked, kMishaps.at(i)));
                }
            }
        }
        std::printf(
            "sweep: %zu deeds, %llu effects; at each the operator died before or after it, it "
            "failed or lost "
            "its reply, %s: %d broke a rule\n",
            plan.size(),
            static_cast<unsigned long long>(effects),
            is_sample ? "one of the four in turn" : "all four",
            broken
        );
        all_broken += broken;
    }
    return all_broken;
}

}  // namespace djdb::model
