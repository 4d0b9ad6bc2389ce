// Reasons that are not of one stage.
#pragma once

#include "crds/conditions/reason_row.hpp"

#include <array>

namespace djdb::reasons {

constexpr std::array kCommon{
    ReasonRow{Succeeded, "Succeeded", C::Accepted, "what the condition promises holds", ""},
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
        "mode Observe: something would be changed, and is not",
        "set spec.mode Apply"},
    ReasonRow{
        ApiError,
        "ApiError",
        C::Reconciling,
        "the API server refused or could not be reached",
        "see the message"},
    ReasonRow{
        RightsMissing,
        "RightsMissing",
        C::Reconciling,
        "the operator lacks a right in the cluster, which the message names",
        "helm upgrade, or give the right back"},
    ReasonRow{
        WriteRefused,
        "WriteRefused",
        C::Reconciling,
        "a quota, Pod Security or a policy refuses what the operator has to write",
        "as the message says; it is tried again every 5 minutes"},
    ReasonRow{
        Undecodable,
        "Undecodable",
        C::Accepted,
        "the spec can't be read: it was stored under another schema",
        "kubectl edit the field that the message names"},
};

}  // namespace djdb::reasons
