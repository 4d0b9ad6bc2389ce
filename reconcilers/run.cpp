#include "reconcilers/run.hpp"

#include <algorithm>

namespace djdb {

std::string_view to_string(WakeReason why) {
    switch (why) {
        case WakeReason::ResourceChanged:
            return "ResourceChanged";
        case WakeReason::ServerChanged:
            return "ServerChanged";
        case WakeReason::NamespaceChanged:
            return "NamespaceChanged";
        case WakeReason::WorkloadChanged:
            return "WorkloadChanged";
        case WakeReason::JobChanged:
            return "JobChanged";
        case WakeReason::PodChanged:
            return "PodChanged";
        case WakeReason::GateChanged:
            return "GateChanged";
        case WakeReason::OperatorSecretChanged:
            return "OperatorSecretChanged";
        case WakeReason::OperatorConfigMapChanged:
            return "OperatorConfigMapChanged";
        case WakeReason::PublishedChanged:
            return "PublishedChanged";
        case WakeReason::CatalogChanged:
            return "CatalogChanged";
        case WakeReason::Requeued:
            return "Requeued";
        case WakeReason::Failed:
            break;
    }
    return "Failed";
}

std::string_view to_string(LaneId lane) {
    switch (lane) {
        case LaneId::Foundation:
            return "Foundation";
        case LaneId::Drift:
            return "Drift";
        case LaneId::Release:
            return "Release";
        case LaneId::Deletion:
            break;
    }
    return "Deletion";
}

const StepOutcome* failure_in(const Outcomes& outcomes, LaneId lane) {
    const auto found = std::ranges::find_if(outcomes, [&](const StepOutcome& outcome) {
        return outcome.lane == lane && outcome.failure;
    });
    return found == outcomes.end() ? nullptr : &*found;
}

}  // namespace djdb
