// The kinds of API objects that the operator speaks of.
#pragma once

#include "controller/kube/client/client.hpp"

namespace djdb::kube::resources {

extern const Resource kDjangoDatabases;
extern const Resource kPostgresServers;
extern const Resource kDjangoReleases;
extern const Resource kDeployments;
extern const Resource kReplicaSets;
extern const Resource kJobs;
extern const Resource kPods;
extern const Resource kNamespaces;
extern const Resource kSecrets;
extern const Resource kConfigMaps;
extern const Resource kEvents;
extern const Resource kPolicies;
extern const Resource kPolicyBindings;

}  // namespace djdb::kube::resources
