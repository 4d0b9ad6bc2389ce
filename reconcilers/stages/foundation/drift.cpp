// drift.cpp -- the server is as asked for; what differs is told, and repaired by the stages before.
//   nothing to compare with yet -> Satisfied, unknown: the foundation makes it
//   nothing differs -> Satisfied      something does -> Satisfied, but doubted: the rest goes on
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_drift(const Desired& desired, const Observed& observed) {
    if (!is_comparable(observed)) {
        return Satisfied{
            {Reason::WaitingForEarlierStage, "Waits for an earlier condition."},
            Confidence::Unknown};
    }
    const auto drift = all_drift(observed);
    if (drift.empty()) {
        return Satisfied{
            {Reason::Succeeded,
             "Roles, grants and settings of database \"" + desired.names.database.str() +
                 "\" are as asked for."}};
    }
    return Satisfied{
        {Reason::Drifted,
         drift.front().sentence() + (drift.size() == 1
                                         ? ""
                                         : " And " + std::to_string(drift.size() - 1) +
                                               " more: see "
                                               "status.drift.")},
        Confidence::Doubted};
}

}  // namespace djdb
