#include "reconcilers/status/summary.hpp"

namespace djdb {

std::vector<Condition> summary_conditions(
    const Desired& desired, const Assessment& assessment, const std::vector<LaneStop>& stops
) {
    if (only_observes(assessment)) {
        const auto finding = stops.empty() ? observe_only(assessment) : stops.front().finding;
        return {make_condition(desired, ConditionType::Ready, ConditionStatus::False, finding)};
    }
    if (stops.empty()) {
        return {make_condition(
            desired,
            ConditionType::Ready,
            ConditionStatus::True,
            {Reason::Ready,
             "Database \"" + desired.names.database.str() + "\" is ready; Secret \"" +
                 desired.secret_name.str() + "\" is published."}
        )};
    }
    return conditions_of_stop(stops.front(), desired.object.meta.generation);
}

std::string phase_of(const Assessment& assessment, const std::vector<LaneStop>& stops) {
    if (only_observes(assessment)) {
        return "Observing";
    }
    return stops.empty() ? "Ready" : std::string(stops.front().at->phase);
}

}  // namespace djdb
