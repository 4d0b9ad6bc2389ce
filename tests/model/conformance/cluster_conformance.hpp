// What the cases about the API server share. The same calls go to the model and to a real one: what one
// takes or refuses, the other does.
#pragma once

#include "crds/api.hpp"
#include "tests/model/conformance/cluster_under_test.hpp"
#include "tests/support/failure_of.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace djdb {

class ClusterConformance : public testing::Test {
  protected:
    using json = nlohmann::json;

    // One server for all cases: a real one takes seconds to know the kinds and the gate.
    static void SetUpTestSuite() { of_suite() = make_cluster_under_test(); }
    static void TearDownTestSuite() { of_suite().reset(); }
    void SetUp() override { api_->begin_case(); }

    json metadata(const std::string& name, const DjangoDatabase& owner) {
        const json reference{
            {"apiVersion", std::string(api::kGroupVersion)},
            {"kind", "DjangoDatabase"},
            {"name", owner.meta.key.name.str()},
            {"uid", owner.meta.uid.str()},
            {"controller", true}};
        return {
            {"name", name},
            {"namespace", api_->ns().str()},
            {"labels",
             {{std::string(api::kManagedByLabel), std::string(api::kOperator)},
              {std::string(api::kOwnedByLabel), owner.meta.key.name.str()}}},
            {"ownerReferences", json::array({reference})}};
    }
    json secret(const std::string& name, const DjangoDatabase& owner) {
        return {
            {"apiVersion", "v1"},
            {"kind", "Secret"},
            {"type", "Opaque"},
            {"metadata", metadata(name, owner)}};
    }
    json config_map(
        const std::string& name, const DjangoDatabase& owner, const std::string& value
    ) {
        return {
            {"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", metadata(name, owner)},
            {"data", {{"migrate.py", value}}}};
    }
    json job(
        const std::string& name, const DjangoDatabase& owner, JobKind kind = JobKind::Migrate
    ) {
        auto its = metadata(name, owner);
        const auto labels = its["labels"];
        its["labels"][std::string(api::kRevisionLabel)] = "revision-1";
        its["labels"][std::string(api::kJobKindLabel)] = std::string(to_string(kind));
        its["annotations"] = {
            {std::string(api::kImageAnnotation), "shop:1"},
            {std::string(api::kAttemptAnnotation), "2"},
            {std::string(api::kProvesAnnotation), "0123456789a"}};
        const json container{{"name", "app"}, {"image", "shop:1"}};
        const json pod{{"restartPolicy", "Never"}, {"containers", json::array({container})}};
        return {
            {"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata", its},
            {"spec",
             {{"backoffLimit", 0},
              {"activeDeadlineSeconds", 3600},
              {"template", {{"metadata", {{"labels", labels}}}, {"spec", pod}}}}}};
    }
    ObjectKey key(const std::string& name) { return {api_->ns(), ObjectName(name)}; }
    Cluster& cluster() { return api_->cluster(); }
    /// In the operator's own namespace, which the cases share.
    ObjectName own_name(const std::string& name) {
        return ObjectName(api_->ns().str() + "-" + name);
    }
    /// False when it does not come about in time.
    template <class Condition>
    bool eventually(const Condition& condition) {
        for (int i = 0; i < 3000; ++i) {
            if (condition()) {
                return true;
            }
            api_->wait();
        }
        return false;
    }

    ClusterUnderTest* const api_ = of_suite().get();
    CallContext call_{{}, Deadline::in(std::chrono::seconds{120}), "conformance"};
    const SecretData data_{{"DB_USER", Sensitive("shop_a")}, {"DB_PASSWORD", Sensitive("x")}};

  private:
    static std::unique_ptr<ClusterUnderTest>& of_suite() {
        static std::unique_ptr<ClusterUnderTest> api;
        return api;
    }
};

}  // namespace djdb
