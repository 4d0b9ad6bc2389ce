// Secrets and ConfigMaps: what is published keeps what is others', and a stored password is never
// overwritten.
#include "tests/model/conformance/cluster_conformance.hpp"

namespace djdb {
namespace {

TEST_F(ClusterConformance, PublishingKeepsWhatIsOthers) {
    const auto owner = api_->make_resource("shop");
    cluster().publish(secret("app", owner), data_, call_);
    auto found = cluster().read_secret(key("app"), call_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->controller, owner.meta.uid);
    EXPECT_EQ(found->data, data_);
    EXPECT_EQ(found->own_keys, (std::set<std::string>{"DB_USER", "DB_PASSWORD"}));
    EXPECT_EQ(cluster().read_version(PublishedKind::Secret, key("app"), call_), found->version);

    cluster().publish(secret("app", owner), data_, call_);
    EXPECT_EQ(cluster().read_secret(key("app"), call_)->version, found->version);

    api_->add_key("app", "MINE");
    cluster().publish(secret("app", owner), {{"DB_USER", Sensitive("shop_b")}}, call_);
    const auto before = found->version;
    found = cluster().read_secret(key("app"), call_);
    EXPECT_NE(found->version, before);
    EXPECT_EQ(found->find("DB_USER"), Sensitive("shop_b"));
    EXPECT_FALSE(found->find("DB_PASSWORD"));
    EXPECT_TRUE(found->find("MINE"));
    EXPECT_EQ(found->own_keys, std::set<std::string>{"DB_USER"});
}

TEST_F(ClusterConformance, ASecretOfSomebodyElseIsLeft) {
    const auto owner = api_->make_resource("shop");
    const auto other = api_->make_resource("other");
    EXPECT_FALSE(cluster().read_secret(key("app"), call_));
    EXPECT_FALSE(cluster().read_version(PublishedKind::Secret, key("app"), call_));
    api_->make_secret("app", "theirs");
    const auto failure = failure_of([&] { cluster().publish(secret("app", owner), data_, call_); });
    EXPECT_EQ(failure.reason, Reason::SecretConflict);
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_TRUE(cluster().read_secret(key("app"), call_)->find("theirs"));
    EXPECT_TRUE(cluster().read_secret(key("app"), call_)->own_keys.empty());
    cluster().remove_secret(key("app"), owner.meta.uid, call_);
    EXPECT_TRUE(api_->has_secret("app"));
    cluster().publish(secret("own", owner), data_, call_);
    EXPECT_EQ(
        failure_of([&] { cluster().publish(secret("own", other), data_, call_); }).reason,
        Reason::SecretConflict
    );
    cluster().remove_secret(key("own"), other.meta.uid, call_);
    EXPECT_TRUE(api_->has_secret("own"));
    cluster().remove_secret(key("own"), owner.meta.uid, call_);
    EXPECT_FALSE(api_->has_secret("own"));
    cluster().remove_secret(key("own"), owner.meta.uid, call_);
}

TEST_F(ClusterConformance, AConfigMapIsPublishedLikeASecret) {
    const auto owner = api_->make_resource("shop");
    cluster().publish(config_map("program", owner, "1"), {}, call_);
    EXPECT_EQ(api_->config("program", "migrate.py"), "1");
    cluster().publish(config_map("program", owner, "2"), {}, call_);
    EXPECT_EQ(api_->config("program", "migrate.py"), "2");
    api_->make_config_map(api_->ns(), "theirs", "key");
    EXPECT_EQ(
        failure_of([&] { cluster().publish(config_map("theirs", owner, "1"), {}, call_); }).reason,
        Reason::SecretConflict
    );
    EXPECT_EQ(api_->config("theirs", "migrate.py"), "");
}

TEST_F(ClusterConformance, AConfigMapHoldsAnyBytes) {
    const auto owner = api_->make_resource("shop");
    EXPECT_FALSE(cluster().read_config_map(key("ca"), call_));
    EXPECT_FALSE(cluster().read_version(PublishedKind::ConfigMap, key("ca"), call_));
    std::string version;
    for (const std::string value :
         {"text", "\xff\xfe", "text again", "\xc3\xa9", "\xe9 comment", ""}) {
        for (int i = 0; i < 2; ++i) {
            cluster().publish(config_map("ca", owner, value), {}, call_);
            const auto found = cluster().read_config_map(key("ca"), call_);
            ASSERT_TRUE(found);
            EXPECT_EQ(found->controller, owner.meta.uid);
            EXPECT_EQ(found->data, (std::map<std::string, std::string>{{"migrate.py", value}}));
            EXPECT_EQ(
                cluster().read_version(PublishedKind::ConfigMap, key("ca"), call_), found->version
            );
            EXPECT_EQ(found->version == version, i == 1) << "the second time nothing is written";
            version = found->version;
        }
    }
    api_->make_config_map(api_->ns(), "theirs", "key");
    EXPECT_EQ(cluster().read_config_map(key("theirs"), call_)->controller, ResourceUid());
}

TEST_F(ClusterConformance, StoredPasswordsAreNotOverwritten) {
    const auto name = own_name("stored");
    EXPECT_FALSE(cluster().read_operator_secret(name, call_));
    EXPECT_FALSE(cluster().find_operator_secret(name));
    const auto first = cluster().write_operator_secret(name, data_, "", call_);
    auto failure = failure_of([&] { cluster().write_operator_secret(name, {}, "", call_); });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(failure.code, "409 AlreadyExists");
    EXPECT_EQ(cluster().read_operator_secret(name, call_)->version, first);
    const auto second =
        cluster().write_operator_secret(name, {{"runtime", Sensitive("y")}}, first, call_);
    EXPECT_NE(second, first);
    failure = failure_of([&] { cluster().write_operator_secret(name, data_, first, call_); });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(failure.code, "409 Conflict");
    const auto found = cluster().read_operator_secret(name, call_);
    EXPECT_EQ(found->version, second);
    EXPECT_EQ(found->data, (SecretData{{"runtime", Sensitive("y")}}));
    EXPECT_TRUE(found->controller.empty());
    EXPECT_EQ(
        cluster().write_operator_secret(name, {{"runtime", Sensitive("y")}}, second, call_), second
    );
    EXPECT_TRUE(eventually([&] {
        const auto seen = cluster().find_operator_secret(name);
        return seen && seen->version == second && seen->data == found->data;
    }));

    cluster().remove_operator_secret(name, call_);
    EXPECT_FALSE(cluster().read_operator_secret(name, call_));
    cluster().remove_operator_secret(name, call_);
    EXPECT_TRUE(eventually([&] { return !cluster().find_operator_secret(name); }));
    failure = failure_of([&] { cluster().write_operator_secret(name, data_, second, call_); });
    EXPECT_EQ(failure.code, "409 Conflict");
    // Another one of the same name is another version.
    const auto third = cluster().write_operator_secret(name, data_, "", call_);
    EXPECT_NE(third, first);
    failure = failure_of([&] { cluster().write_operator_secret(name, {}, second, call_); });
    EXPECT_EQ(failure.code, "409 Conflict");
    EXPECT_EQ(cluster().read_operator_secret(name, call_)->data, data_);
    cluster().remove_operator_secret(name, call_);
}

}  // namespace
}  // namespace djdb
