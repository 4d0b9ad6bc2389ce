// The API's fixed words: group, labels, annotations, finalizer. Written once, used by every layer.
#pragma once

#include <string_view>

namespace djdb::api {

inline constexpr std::string_view kGroup = "djangodb.io";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kGroupVersion = "djangodb.io/v1alpha1";

/// Users put it on their Deployments: its value names the DjangoDatabase of the same namespace.
inline constexpr std::string_view kDatabaseLabel = "djangodb.io/database";
/// Optional on a Deployment: its place among the labelled ones; the first one's Pod template
/// migrates.
inline constexpr std::string_view kOrderLabel = "djangodb.io/order";
/// On everything that the operator makes: the DjangoDatabase that it was made for.
inline constexpr std::string_view kOwnedByLabel = "djangodb.io/owned-by";
/// On every Job that the operator makes: what it does. One without it is of a version that made
/// migration Jobs alone.
inline constexpr std::string_view kJobKindLabel = "djangodb.io/job-kind";
/// On migration Jobs: hash of resource, image and Pod template.
inline constexpr std::string_view kRevisionLabel = "djangodb.io/revision";
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";

/// Value "true" on a DjangoDatabase that is being deleted: let it go although its server cannot be
/// reached.
inline constexpr std::string_view kOrphanAnnotation = "djangodb.io/orphan";
/// On a PostgresServer: "<system identifier>:<ledger revision>" of the very server that may take the
/// place of the one that answered before.
inline constexpr std::string_view kAcceptServerAnnotation = "djangodb.io/accept-server";
/// The release gate puts it on a Deployment that it holds, and the operator takes it away when it opens it: it tells
/// the gate's pause from a user's.
inline constexpr std::string_view kHeldAnnotation = "djangodb.io/held";
/// On a DjangoDatabase: who wrote spec.migrations.approvedPlan. The chart's admission policy djangodb-plan-approval writes
/// it, and nobody else can.
inline constexpr std::string_view kApprovedByAnnotation = "djangodb.io/approved-by";
/// Optional on a Deployment: which of its containers runs the app, where that is another one than
/// spec.app.container says.
inline constexpr std::string_view kContainerAnnotation = "djangodb.io/container";
/// On a migration Job: the image that it migrates for.
inline constexpr std::string_view kImageAnnotation = "djangodb.io/image";
/// On a migration Job: which try of its revision it is, from 1.
inline constexpr std::string_view kAttemptAnnotation = "djangodb.io/attempt";
/// On a migration Job: a hash of what its app runs with. What runs with the same passes when it ends well.
inline constexpr std::string_view kProvesAnnotation = "djangodb.io/proves";

inline constexpr std::string_view kFinalizer = "djangodb.io/database";
inline constexpr std::string_view kOperator = "djangodb-operator";
inline constexpr std::string_view kGate = "djangodb-release-gate";

}  // namespace djdb::api
