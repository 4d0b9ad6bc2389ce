// Reasons that are not of one stage.
#pragma once

#include "crds/reasons/row.hpp"

#include <array>

namespace djdb::reasons {

constexpr std::array kCommon{
    ReasonRow{Succeeded, "Succeeded", C::Accepted, "the stage's promise holds", ""},
    ReasonRow{Reason::Ready, "Ready", C::Ready, "everything holds", ""},
    ReasonRow{
        NoWorkload,
        "NoWorkload",
        C::RolledOut,
        "no Deployment carries the label yet",
        "label Deployments with djangodb.io/database"},
    ReasonRow{Progressing, "Progressing", C::Reconciling, "the operator is at work", "wait"},
    ReasonRow{
        WaitingForEarlierStage,
        "WaitingForEarlierStage",
        C::RolledOut,
        "an earlier condition does not hold yet",
        "look at the first condition that is False"},
    ReasonRow{
        ObserveOnly,
        "ObserveOnly",
        C::Reconciling,
        "mode Observe: something is to be done and is not done",
        "set spec.mode Apply"},
    ReasonRow{
        ApiError,
        "ApiError",
        C::Reconciling,
        "the API server refused or could not be reached",
        "see the message"},
};

}  // namespace djdb::reasons
