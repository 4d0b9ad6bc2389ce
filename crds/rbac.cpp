#include "crds/rbac.hpp"

#include <array>

namespace djdb {
namespace {

using enum RbacScope;

constexpr std::array kRules{
    RbacRule{
        Cluster,
        "djangodb.io",
        "djangodatabases",
        "get list watch patch",
        "get: what it asks for now, before its database is dropped; patch: the finalizer"},
    RbacRule{Cluster, "djangodb.io", "djangodatabases/status", "patch", "conditions"},
    RbacRule{
        Cluster,
        "djangodb.io",
        "postgresservers",
        "get list watch",
        "where the databases are; get: what it allows now, before a database is dropped"},
    RbacRule{
        Cluster,
        "djangodb.io",
        "djangoreleases",
        "list watch create delete",
        "the record of each release; delete: those behind spec.releaseHistoryLimit"},
    RbacRule{Cluster, "djangodb.io", "djangoreleases/status", "patch", "how a release goes"},
    RbacRule{Cluster, "djangodb.io", "postgresservers/status", "patch", "conditions"},
    RbacRule{
        Cluster,
        "apps",
        "deployments",
        "list watch patch",
        "patch: only spec.paused, to open the gate"},
    RbacRule{
        Cluster,
        "apps",
        "replicasets",
        "list",
        "what ran before the first release: an empty database must not take another's place; and "
        "which one a release that fails can go back to"},
    RbacRule{
        Cluster,
        "batch",
        "jobs",
        "get list watch create patch delete",
        "probe and migration Jobs; get: whose one is that has the name; patch: their TTL; delete: "
        "one that nobody waits for any more"},
    RbacRule{
        Cluster,
        "",
        "pods",
        "list watch",
        "what a Job's Pod said; list: whether an app's new Pods restart"},
    RbacRule{
        Cluster,
        "",
        "pods/log",
        "get",
        "of its own Jobs' Pods: their last lines and whole answer, for the DjangoRelease; a "
        "termination message has room for 4 KiB"},
    RbacRule{Cluster, "", "namespaces", "get list watch", "labels, and the cluster's identity"},
    RbacRule{
        Cluster,
        "",
        "secrets",
        "get create patch delete",
        "by name, and never listed: the app's Secrets, and the versions of those that its Pods "
        "read; delete: a removed reader's"},
    RbacRule{
        Cluster,
        "",
        "configmaps",
        "get create patch",
        "by name, and never listed: the migration program, the CA that the app's Pods mount, and "
        "the versions of those that they read"},
    RbacRule{
        Cluster,
        "events.k8s.io",
        "events",
        "list create patch",
        "list: why a migration's Pod does not start; the rest: what people wait for"},
    RbacRule{
        Cluster,
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicies",
        "list watch",
        "is the gate there"},
    RbacRule{
        Cluster,
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings",
        "list watch",
        "is the gate there"},
    RbacRule{
        OperatorNamespace,
        "",
        "secrets",
        "get list watch create patch delete",
        "administrators' logins, and the stored copies of the tenants' passwords"},
    RbacRule{OperatorNamespace, "", "configmaps", "list watch", "CAs of servers"},
};

}  // namespace

std::span<const RbacRule> rbac_table() {
    return kRules;
}

}  // namespace djdb
