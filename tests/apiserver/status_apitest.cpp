// What the operator says of a resource reaches that resource alone, whatever happened meanwhile.
#include "controller/kube/kube_cluster.hpp"
#include "crds/codec.hpp"
#include "tests/apiserver/live_api.hpp"

namespace djdb::kube {
namespace {

using nlohmann::json;

class Status : public LiveApi {
  protected:
    void SetUp() override {
        for (const auto* plural : {"postgresservers", "djangodatabases"}) {
            apply_crd(plural, current_schema(plural));
        }
        ASSERT_TRUE(eventually([this] {
            return is_served(resources::kDjangoDatabases) && is_served(resources::kPostgresServers);
        }));
    }
    void TearDown() override { remove_crds(); }

    DjangoDatabase make_database() {
        const json object{
            {"apiVersion", "djangodb.io/v1alpha1"},
            {"kind", "DjangoDatabase"},
            {"metadata", {{"name", "shop"}, {"namespace", space_}}},
            {"spec", {{"serverRef", {{"name", "main"}}}, {"database", {{"name", "shop"}}}}}};
        return decode_django_database(
            admin_->create(resources::kDjangoDatabases, object, {}, call())
        );
    }
    DjangoDatabaseStatus read_status() {
        const auto object = admin_->read(resources::kDjangoDatabases, key("shop"), call());
        return decode_django_database(object.value()).status;
    }

    runtime::Store empty_;
    KubeCluster cluster_{
        *admin_,
        {empty_, empty_, empty_, empty_, empty_, empty_, empty_, empty_, empty_, empty_, empty_},
        {Namespace(space_), "operator", "here"}};
};

TEST_F(Status, OfADeletedResourceIsNotSaidOfItsSuccessor) {
    const auto first = make_database();
    DjangoDatabaseStatus found;
    found.observed_generation = 1;
    found.database_oid = "16384";
    cluster_.patch_status(first, found, call());
    EXPECT_EQ(read_status(), found);

    admin_->remove(resources::kDjangoDatabases, key("shop"), {}, call());
    const auto second = make_database();
    const auto failure = failure_of([&] { cluster_.patch_status(first, found, call()); });
    EXPECT_EQ(failure.code, "409 Replaced") << failure.message;
    EXPECT_EQ(read_status(), DjangoDatabaseStatus{});

    cluster_.patch_status(second, found, call());
    EXPECT_EQ(read_status(), found);
}

}  // namespace
}  // namespace djdb::kube
