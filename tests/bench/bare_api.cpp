#include "tests/bench/bare_api.hpp"

#include "controller/kube/client/resources.hpp"
#include "controller/kube/config/base64.hpp"
#include "controller/kube/config/config.hpp"
#include "controller/kube/transport/beast_transport.hpp"
#include "crds/codec.hpp"
#include "reconcilers/ports/failure.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace djdb::bench {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto kNamespace = "bench";
constexpr auto kOperatorNamespace = "djangodb-system";
constexpr auto kWaitsAtMost = 120s;

CallContext call() {
    return {{}, Deadline::in(60s), "bench"};
}

json metadata(const std::string& name, const std::string& owner, const std::string& uid) {
    return {
        {"name", name},
        {"namespace", kNamespace},
        {"labels", {{"app.kubernetes.io/managed-by", "bench"}, {"djangodb.io/owned-by", owner}}},
        {"ownerReferences",
         json::array(
             {{{"apiVersion", "djangodb.io/v1alpha1"},
               {"kind", "DjangoDatabase"},
               {"name", owner},
               {"uid", uid},
               {"controller", true},
               {"blockOwnerDeletion", true}}}
         )}};
}

json encoded(const std::vector<std::pair<std::string, std::string>>& values) {
    json data;
    for (const auto& [key, value] : values) {
        data[key] = kube::encode_base64(value);
    }
    return data;
}

/// As long as the operator's.
DjangoDatabaseStatus ready_status() {
    using enum ConditionType;
    DjangoDatabaseStatus status;
    status.observed_generation = 1;
    status.phase = "Ready";
    status.secret_name = "tenant-database";
    status.database_oid = "16384";
    for (const auto type :
         {Ready,
          Accepted,
          ServerReachable,
          DeletionGuarded,
          Claimed,
          CredentialsStored,
          RolesReady,
          DatabaseReady,
          GrantsReady,
          CredentialsSynced,
          InSync,
          Gated,
          MigrationsApplied,
          RolledOut}) {
        status.conditions.push_back(
            {type,
             ConditionStatus::True,
             type == Ready ? Reason::Ready : Reason::Succeeded,
             "A sentence of some sixty characters, as a condition of ours has.",
             1,
             std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())}
        );
    }
    return status;
}

}  // namespace

BareApi::BareApi(const std::string& kubeconfig) {
    const auto config = kube::find_config(kubeconfig);
    client_ = std::make_unique<kube::Client>(
        kube::make_beast_transport(config), kube::make_watch_transport(config), "bare_provision"
    );
}

std::string BareApi::add_finalizer(const std::string& name) {
    const json patch{{"metadata", {{"finalizers", {"djangodb.io/bench"}}}}};
    const auto until = std::chrono::steady_clock::now() + kWaitsAtMost;
    for (;;) {
        try {
            const auto object = client_->merge_patch(
                kube::resources::kDjangoDatabases,
                {Namespace(kNamespace), ObjectName(name)},
                patch,
                {},
                call()
            );
            return object.at("metadata").at("uid").get<std::string>();
        } catch (const Error& error) {
            if (error.failure().code != "404 NotFound" ||
                std::chrono::steady_clock::now() > until) {
                throw;
            }
            std::this_thread::sleep_for(5ms);
        }
    }
}

void BareApi::store_passwords(
    const std::string& uid, const std::string& runtime, const std::string& migrate
) {
    client_->create(
        kube::resources::kSecrets,
        {{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"metadata", {{"name", "djangodb-" + uid}, {"namespace", kOperatorNamespace}}},
         {"data",
          encoded({{"a", runtime}, {"b", runtime}, {"migrate", migrate}, {"migrate-attempt", "0"}}
          )}},
        {},
        call()
    );
}

void BareApi::publish(
    const std::string& name,
    const std::string& uid,
    const std::string& password,
    const std::string& ca_pem
) {
    const auto url =
        "postgresql://tenant_a:" + password + "@localhost:5432/tenant?sslmode=verify-full";
    client_->create(
        kube::resources::kSecrets,
        {{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"metadata", metadata(name + "-database", name, uid)},
         {"data",
          encoded(
              {{"DB_ENGINE", "django.db.backends.postgresql"},
               {"DB_HOST", "localhost"},
               {"DB_PORT", "5432"},
               {"DB_NAME", name},
               {"DB_USER", name + "_a"},
               {"DB_PASSWORD", password},
               {"DB_SSLMODE", "verify-full"},
               {"DATABASE_URL", url},
               {"ca.crt", ca_pem}}
          )}},
        {},
        call()
    );
    client_->create(
        kube::resources::kConfigMaps,
        {{"apiVersion", "v1"},
         {"kind", "ConfigMap"},
         {"metadata", metadata(name + "-database-ca", name, uid)},
         {"data", {{"ca.crt", ca_pem}}}},
        {},
        call()
    );
}

void BareApi::report(const std::string& name, const std::string& uid) {
    ObjectMeta meta;
    meta.key = {Namespace(kNamespace), ObjectName(name)};
    meta.uid = ResourceUid(uid);
    client_->write_status(
        kube::resources::kDjangoDatabases, meta, encode_status(ready_status()), {"bench"}, call()
    );
    client_->create(
        kube::resources::kEvents,
        {{"apiVersion", "events.k8s.io/v1"},
         {"kind", "Event"},
         {"metadata", {{"name", name + ".bench"}, {"namespace", kNamespace}}},
         {"eventTime", "2026-01-01T00:00:00.000000Z"},
         {"reportingController", "djangodb.io/bench"},
         {"reportingInstance", "bench"},
         {"type", "Normal"},
         {"reason", "Ready"},
         {"action", "Reconcile"},
         {"regarding",
          {{"apiVersion", "djangodb.io/v1alpha1"},
           {"kind", "DjangoDatabase"},
           {"name", name},
           {"namespace", kNamespace},
           {"uid", uid}}},
         {"note", "The database is ready; its Secret is published."}},
        {},
        call()
    );
}

}  // namespace djdb::bench
