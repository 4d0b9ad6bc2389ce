// drift.cpp -- the server is as asked for; what differs is told, and repaired by the stages before.
//   nothing differs -> Satisfied      something does -> Satisfied, but doubted: the rest goes on
#include "reconcilers/workflow.hpp"

namespace djdb {

Verdict assess_drift(const Desired& desired, const Observed& observed) {
    const auto& drift = known(observed.tenant).drift;
    if (drift.empty()) {
        return Satisfied{
            {Reason::Succeeded,
             "Roles, grants and settings of database \"" + desired.names.database.str() +
                 "\" are as asked for."}};
    }
    return Satisfied{
        {Reason::Drifted,
         drift.front().sentence + (drift.size() == 1 ? ""
                                                     : " And " + std::to_string(drift.size() - 1) +
                                                           " more: see "
                                                           "status.drift.")},
        true};
}

}  // namespace djdb
