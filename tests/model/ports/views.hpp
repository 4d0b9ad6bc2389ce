// What one operator process has seen of the API server: one view for each kind, each with a lag of
// its own, so that kinds arrive in another order than they changed.
#pragma once

#include "tests/model/kube/api_server.hpp"

namespace djdb::model {

struct Views {
    explicit Views(const ApiServer& api)
        : databases(api.databases),
          servers(api.servers),
          deployments(api.deployments),
          jobs(api.jobs),
          pods(api.pods),
          records(api.records),
          secrets(api.secrets),
          config_maps(api.config_maps),
          gates(api.gates) {}

    View<DjangoDatabase> databases;
    View<PostgresServer> servers;
    View<Deployment> deployments;
    View<Job> jobs;
    View<Pod> pods;
    View<Record> records;
    View<Secret> secrets;
    View<ConfigMap> config_maps;
    View<Gate> gates;
};

}  // namespace djdb::model
