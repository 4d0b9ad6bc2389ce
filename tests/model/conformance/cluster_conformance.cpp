// The same writes to the model API server and to a real one: what one takes or refuses, the other
// does. Linked into both test programs.
#include "crds/api.hpp"
#include "tests/model/conformance/cluster_under_test.hpp"
#include "tests/support/failure_of.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace djdb {
namespace {

using nlohmann::json;

class ClusterConformance : public testing::Test {
  protected:
    json metadata(const std::string& name, const ResourceUid& owner) {
        return {
            {"name", name},
            {"namespace", api_->ns().str()},
            {"labels",
             {{std::string(api::kManagedByLabel), std::string(api::kOperator)},
              {std::string(api::kOwnedByLabel), "shop"}}},
            {"ownerReferences",
             {{{"apiVersion", std::string(api::kGroupVersion)},
               {"kind", "DjangoDatabase"},
               {"name", "shop"},
               {"uid", owner.str()},
               {"controller", true}}}}};
    }
    json secret(const std::string& name, const ResourceUid& owner) {
        return {
            {"apiVersion", "v1"},
            {"kind", "Secret"},
            {"type", "Opaque"},
            {"metadata", metadata(name, owner)}};
    }
    json job(const std::string& name, const ResourceUid& owner) {
        auto its = metadata(name, owner);
        its["labels"][std::string(api::kRevisionLabel)] = name;
        its["annotations"] = {
            {std::string(api::kImageAnnotation), "shop:1"},
            {std::string(api::kAttemptAnnotation), "1"}};
        const json container{{"name", "app"}, {"image", "shop:1"}};
        return {
            {"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata", its},
            {"spec",
             {{"backoffLimit", 0},
              {"template",
               {{"spec", {{"restartPolicy", "Never"}, {"containers", {container}}}}}}}}};
    }
    ObjectKey key(const std::string& name) { return {api_->ns(), ObjectName(name)}; }
    Cluster& cluster() { return api_->cluster(); }

    std::unique_ptr<ClusterUnderTest> api_ = make_cluster_under_test();
    CallContext call_{{}, Deadline::in(std::chrono::seconds{60}), "conformance"};
    const SecretData data_{{"DB_USER", Sensitive("shop_a")}, {"DB_PASSWORD", Sensitive("x")}};
};

TEST_F(ClusterConformance, PublishingKeepsWhatIsOthers) {
    const auto owner = api_->make_resource("shop").meta.uid;
    cluster().publish(secret("app", owner), data_, call_);
    auto found = cluster().read_secret(key("app"), call_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->controller, owner);
    EXPECT_EQ(found->data, data_);
    EXPECT_EQ(found->own_keys, (std::set<std::string>{"DB_USER", "DB_PASSWORD"}));
    EXPECT_EQ(cluster().read_secret_version(key("app"), call_), found->version);

    cluster().publish(secret("app", owner), data_, call_);
    EXPECT_EQ(cluster().read_secret(key("app"), call_)->version, found->version);

    api_->add_key("app", "MINE");
    cluster().publish(secret("app", owner), {{"DB_USER", Sensitive("shop_b")}}, call_);
    found = cluster().read_secret(key("app"), call_);
    EXPECT_EQ(found->find("DB_USER"), Sensitive("shop_b"));
    EXPECT_FALSE(found->find("DB_PASSWORD"));
    EXPECT_TRUE(found->find("MINE"));
    EXPECT_EQ(found->own_keys, std::set<std::string>{"DB_USER"});
}

TEST_F(ClusterConformance, ASecretOfSomebodyElseIsLeft) {
    const auto owner = api_->make_resource("shop").meta.uid;
    api_->make_secret("app", "theirs");
    const auto failure = failure_of([&] { cluster().publish(secret("app", owner), data_, call_); });
    EXPECT_EQ(failure.reason, Reason::SecretConflict);
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_TRUE(cluster().read_secret(key("app"), call_)->find("theirs"));
    cluster().remove_secret(key("app"), owner, call_);
    EXPECT_TRUE(api_->has_secret("app"));
    cluster().publish(secret("own", owner), data_, call_);
    cluster().remove_secret(key("own"), owner, call_);
    EXPECT_FALSE(api_->has_secret("own"));
    cluster().remove_secret(key("own"), owner, call_);
}

TEST_F(ClusterConformance, StoredPasswordsAreNotOverwritten) {
    const ObjectName name("stored");
    const auto first = cluster().write_operator_secret(name, data_, "", call_);
    auto failure = failure_of([&] { cluster().write_operator_secret(name, {}, "", call_); });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_TRUE(failure.code.starts_with("409")) << failure.code;
    EXPECT_EQ(cluster().read_operator_secret(name, call_)->version, first);
    const auto second =
        cluster().write_operator_secret(name, {{"runtime", Sensitive("y")}}, first, call_);
    EXPECT_NE(second, first);
    failure = failure_of([&] { cluster().write_operator_secret(name, data_, first, call_); });
    EXPECT_TRUE(failure.code.starts_with("409")) << failure.code;
    const auto found = cluster().read_operator_secret(name, call_);
    EXPECT_EQ(found->version, second);
    EXPECT_EQ(found->data, (SecretData{{"runtime", Sensitive("y")}}));
    cluster().remove_operator_secret(name, call_);
    EXPECT_FALSE(cluster().read_operator_secret(name, call_));
    cluster().remove_operator_secret(name, call_);
}

TEST_F(ClusterConformance, OneJobAtATime) {
    const auto owner = api_->make_resource("shop").meta.uid;
    const auto other = api_->make_resource("other").meta.uid;
    cluster().create_job(job("first", owner), call_);
    const auto uid = api_->job("first");
    cluster().create_job(job("first", owner), call_);
    EXPECT_EQ(api_->job("first"), uid);
    auto failure = failure_of([&] { cluster().create_job(job("first", other), call_); });
    EXPECT_EQ(failure.reason, Reason::SecretConflict);
    failure = failure_of([&] { cluster().create_job(job("second", owner), call_); });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_TRUE(failure.code.starts_with("409")) << failure.code;
    EXPECT_TRUE(api_->job("second").empty());

    api_->complete_job("first");
    cluster().create_job(job("second", owner), call_);
    EXPECT_FALSE(api_->job("second").empty());
    EXPECT_FALSE(api_->expires("first"));
    cluster().arm_job_ttl(key("first"), call_);
    EXPECT_TRUE(api_->expires("first"));
    cluster().arm_job_ttl(key("nothing"), call_);

    failure = failure_of([&] { cluster().remove_job(key("first"), owner, call_); });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(api_->job("first"), uid);
    cluster().remove_job(key("nothing"), uid, call_);
}

TEST_F(ClusterConformance, TheGateOpensForWhatWasJudged) {
    const auto judged = api_->make_deployment("web");
    api_->edit_deployment("web");
    const auto failure = failure_of([&] { cluster().open_gate(judged, call_); });
    EXPECT_EQ(failure.code, "409 Conflict");
    EXPECT_TRUE(api_->is_held("web"));
    const auto again = api_->make_deployment("worker");
    cluster().open_gate(again, call_);
    EXPECT_FALSE(api_->is_held("worker"));
}

TEST_F(ClusterConformance, FinalizersOfTheVersionThatWasJudged) {
    const auto judged = api_->make_resource("shop");
    api_->annotate("shop");
    const std::vector<std::string> ours{std::string(api::kFinalizer)};
    auto failure = failure_of([&] { cluster().set_finalizers(judged, ours, call_); });
    EXPECT_EQ(failure.code, "409 Conflict");
    EXPECT_TRUE(api_->read_resource("shop").meta.finalizers.empty());
    cluster().set_finalizers(api_->read_resource("shop"), ours, call_);
    EXPECT_EQ(api_->read_resource("shop").meta.finalizers, ours);

    api_->remove_resource("shop");
    const auto leaving = api_->read_resource("shop");
    EXPECT_TRUE(leaving.meta.being_deleted);
    failure = failure_of([&] {
        cluster().set_finalizers(leaving, {ours.front(), "example.com/new"}, call_);
    });
    EXPECT_EQ(failure.kind, FailureClass::Invalid);
    cluster().set_finalizers(leaving, {}, call_);
    failure = failure_of([&] { cluster().set_finalizers(leaving, {}, call_); });
    EXPECT_EQ(failure.code, "404 NotFound");
}

TEST_F(ClusterConformance, AStatusIsOfOneResourceAlone) {
    const auto first = api_->make_resource("shop");
    DjangoDatabaseStatus status;
    status.observed_generation = 1;
    status.database_oid = "16384";
    cluster().patch_status(first, status, call_);
    EXPECT_EQ(api_->read_resource("shop").status, status);
    const auto version = api_->read_resource("shop").meta.resource_version;
    cluster().patch_status(first, status, call_);
    EXPECT_EQ(api_->read_resource("shop").meta.resource_version, version);

    api_->remove_resource("shop");
    auto failure = failure_of([&] { cluster().patch_status(first, status, call_); });
    EXPECT_EQ(failure.code, "404 NotFound");
    api_->make_resource("shop");
    failure = failure_of([&] { cluster().patch_status(first, status, call_); });
    EXPECT_EQ(failure.code, "409 Replaced");
    EXPECT_EQ(api_->read_resource("shop").status, DjangoDatabaseStatus{});
}

}  // namespace
}  // namespace djdb
