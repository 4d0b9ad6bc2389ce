#include "controller/kube/client/resources.hpp"

namespace djdb::kube::resources {

const Resource kDjangoDatabases{
    "djangodb.io", "v1alpha1", "djangodatabases", "DjangoDatabase", true};
const Resource kPostgresServers{
    "djangodb.io", "v1alpha1", "postgresservers", "PostgresServer", false};
const Resource kDjangoReleases{"djangodb.io", "v1alpha1", "djangoreleases", "DjangoRelease", true};
const Resource kDeployments{"apps", "v1", "deployments", "Deployment", true};
const Resource kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet", true};
const Resource kJobs{"batch", "v1", "jobs", "Job", true};
const Resource kPods{"", "v1", "pods", "Pod", true};
const Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
const Resource kSecrets{"", "v1", "secrets", "Secret", true};
const Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};
const Resource kEvents{"events.k8s.io", "v1", "events", "Event", true};
const Resource kPolicies{
    "admissionregistration.k8s.io",
    "v1",
    "mutatingadmissionpolicies",
    "MutatingAdmissionPolicy",
    false};
const Resource kPolicyBindings{
    "admissionregistration.k8s.io",
    "v1",
    "mutatingadmissionpolicybindings",
    "MutatingAdmissionPolicyBinding",
    false};

}  // namespace djdb::kube::resources
