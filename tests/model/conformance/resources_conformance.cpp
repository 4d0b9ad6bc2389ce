// The two kinds of ours: what the caches show, finalizers of the version that was judged, and a status
// that is of one resource alone.
#include "tests/model/conformance/cluster_conformance.hpp"

namespace djdb {
namespace {

TEST_F(ClusterConformance, ResourcesComeAndGo) {
    EXPECT_FALSE(cluster().cluster_id().empty());
    EXPECT_FALSE(cluster().find_database(key("shop")));
    const auto made = api_->make_resource("shop");
    EXPECT_EQ(made.meta.generation, 1);
    EXPECT_TRUE(made.meta.finalizers.empty());
    EXPECT_EQ(made.status, DjangoDatabaseStatus{});
    EXPECT_TRUE(eventually([&] { return cluster().find_database(key("shop")) == made; }));
    EXPECT_FALSE(cluster().find_database(key("other")));
    api_->edit_spec("shop");
    EXPECT_TRUE(eventually([&] {
        const auto seen = cluster().find_database(key("shop"));
        return seen && seen->meta.generation == 2 && seen->spec != made.spec &&
               seen->meta.uid == made.meta.uid;
    }));
    api_->remove_resource("shop");
    EXPECT_TRUE(eventually([&] { return !cluster().find_database(key("shop")); }));
    const auto second = api_->make_resource("shop");
    EXPECT_NE(second.meta.uid, made.meta.uid);
}

TEST_F(ClusterConformance, ServersAndWhatTheirOwnersGive) {
    const auto name = own_name("server");
    EXPECT_FALSE(cluster().find_server(name));
    const auto made = api_->make_server(name.str());
    EXPECT_TRUE(eventually([&] { return cluster().find_server(name) == made; }));
    api_->remove_server(name.str());
    EXPECT_TRUE(eventually([&] { return !cluster().find_server(name); }));

    EXPECT_TRUE(eventually([&] {
        const auto labels = cluster().find_namespace_labels(api_->ns());
        return labels && labels->at("kubernetes.io/metadata.name") == api_->ns().str();
    }));
    EXPECT_FALSE(cluster().find_namespace_labels(Namespace("nothing")));

    const auto ca = own_name("ca");
    EXPECT_FALSE(cluster().find_operator_config_map(ca));
    api_->make_config_map({}, ca.str(), "ca.crt");
    EXPECT_TRUE(eventually([&] {
        const auto seen = cluster().find_operator_config_map(ca);
        return seen && seen->contains("ca.crt");
    }));
}

TEST_F(ClusterConformance, FinalizersOfTheVersionThatWasJudged) {
    const auto judged = api_->make_resource("shop");
    api_->annotate("shop");
    const std::vector<std::string> ours{std::string(api::kFinalizer)};
    auto failure = failure_of([&] { cluster().set_finalizers(judged, ours, call_); });
    EXPECT_EQ(failure.code, "409 Conflict");
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_TRUE(api_->read_resource("shop").meta.finalizers.empty());
    cluster().set_finalizers(api_->read_resource("shop"), ours, call_);
    const auto with_ours = api_->read_resource("shop");
    EXPECT_EQ(with_ours.meta.finalizers, ours);
    EXPECT_EQ(with_ours.meta.generation, 1);
    cluster().set_finalizers(with_ours, ours, call_);
    EXPECT_EQ(api_->read_resource("shop").meta.resource_version, with_ours.meta.resource_version);

    api_->remove_resource("shop");
    const auto leaving = api_->read_resource("shop");
    EXPECT_TRUE(leaving.meta.being_deleted);
    EXPECT_TRUE(leaving.meta.deleted_at);
    EXPECT_EQ(leaving.meta.generation, 2);
    EXPECT_TRUE(eventually([&] {
        const auto seen = cluster().find_database(key("shop"));
        return seen && seen->meta.being_deleted;
    }));
    api_->remove_resource("shop");
    EXPECT_EQ(api_->read_resource("shop").meta.resource_version, leaving.meta.resource_version);
    failure = failure_of([&] {
        cluster().set_finalizers(leaving, {ours.front(), "example.com/new"}, call_);
    });
    EXPECT_EQ(failure.kind, FailureClass::Invalid);
    EXPECT_EQ(failure.code, "422 Invalid");
    failure = failure_of([&] { cluster().set_finalizers(with_ours, {}, call_); });
    EXPECT_EQ(failure.code, "409 Conflict");
    cluster().set_finalizers(leaving, {}, call_);
    failure = failure_of([&] { cluster().set_finalizers(leaving, {}, call_); });
    EXPECT_EQ(failure.code, "404 NotFound");
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    api_->make_resource("shop");
    failure = failure_of([&] { cluster().set_finalizers(leaving, ours, call_); });
    EXPECT_EQ(failure.code, "409 Conflict");
    EXPECT_TRUE(api_->read_resource("shop").meta.finalizers.empty());
}

TEST_F(ClusterConformance, FinalizersOfOthersHoldIt) {
    const std::vector<std::string> both{std::string(api::kFinalizer), "example.com/theirs"};
    cluster().set_finalizers(api_->make_resource("shop"), both, call_);
    api_->remove_resource("shop");
    cluster().set_finalizers(api_->read_resource("shop"), {both.back()}, call_);
    const auto left = api_->read_resource("shop");
    EXPECT_EQ(left.meta.finalizers, std::vector<std::string>{both.back()});
    EXPECT_TRUE(left.meta.being_deleted);
    cluster().set_finalizers(left, {}, call_);
    EXPECT_TRUE(eventually([&] { return !cluster().find_database(key("shop")); }));
}

TEST_F(ClusterConformance, AStatusIsOfOneResourceAlone) {
    const auto first = api_->make_resource("shop");
    DjangoDatabaseStatus status;
    status.observed_generation = 1;
    status.database_oid = "16384";
    cluster().patch_status(first, status, call_);
    const auto written = api_->read_resource("shop");
    EXPECT_EQ(written.status, status);
    EXPECT_EQ(written.meta.generation, 1);
    cluster().patch_status(first, status, call_);
    EXPECT_EQ(api_->read_resource("shop").meta.resource_version, written.meta.resource_version);

    // It is of whoever judged an earlier generation, and says so.
    api_->edit_spec("shop");
    status.database_oid = "";
    cluster().patch_status(first, status, call_);
    EXPECT_EQ(api_->read_resource("shop").status, status);
    EXPECT_EQ(api_->read_resource("shop").meta.generation, 2);

    api_->remove_resource("shop");
    auto failure = failure_of([&] { cluster().patch_status(first, status, call_); });
    EXPECT_EQ(failure.code, "404 NotFound");
    EXPECT_EQ(failure.kind, FailureClass::Terminal);
    api_->make_resource("shop");
    failure = failure_of([&] { cluster().patch_status(first, status, call_); });
    EXPECT_EQ(failure.code, "409 Replaced");
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(api_->read_resource("shop").status, DjangoDatabaseStatus{});
}

TEST_F(ClusterConformance, TheStatusOfAServer) {
    const auto name = own_name("server").str();
    const auto first = api_->make_server(name);
    PostgresServerStatus status;
    status.observed_generation = 1;
    status.version = "15.18";
    status.claims = 2;
    cluster().patch_server_status(first, status, call_);
    const auto written = api_->read_server(name);
    EXPECT_EQ(written.status, status);
    cluster().patch_server_status(first, status, call_);
    EXPECT_EQ(api_->read_server(name).meta.resource_version, written.meta.resource_version);
    api_->remove_server(name);
    EXPECT_EQ(
        failure_of([&] { cluster().patch_server_status(first, status, call_); }).code,
        "404 NotFound"
    );
    api_->make_server(name);
    EXPECT_EQ(
        failure_of([&] { cluster().patch_server_status(first, status, call_); }).code,
        "409 Replaced"
    );
    api_->remove_server(name);
}

TEST_F(ClusterConformance, EventsNeverThrow) {
    const auto made = api_->make_resource("shop");
    for (int twice = 0; twice < 2; ++twice) {
        cluster().emit_event(normal_event(made, "Ready", "all is well"), call_);
    }
    api_->remove_resource("shop");
    cluster().emit_event(warning_event(made, "Deleted", "it is gone"), call_);
}

}  // namespace
}  // namespace djdb
