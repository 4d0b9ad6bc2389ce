// The client's verbs and refusals against a real API server, over both transports.
#include "tests/apiserver/live_api.hpp"

#include <gmock/gmock.h>

#include <set>
#include <vector>

namespace djdb::kube {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const Resource kSecrets{"", "v1", "secrets", "Secret", true};

class ClientVerbs : public LiveApi, public testing::WithParamInterface<Library> {
  protected:
    std::unique_ptr<Client> client_ = connect(admin_config(), GetParam());
};

TEST_P(ClientVerbs, CreatesReadsAppliesPatchesAndRemoves) {
    const auto made = client_->create(kConfigMaps, config_map("a", {{"k", "1"}}), {}, call());
    EXPECT_FALSE(made.at("metadata").at("uid").get<std::string>().empty());
    const auto applied = config_map("a", {{"own", "caf\xc3\xa9"}});
    client_->apply(kConfigMaps, applied, {.field_manager = "one"}, call());
    client_->merge_patch(kConfigMaps, key("a"), {{"data", {{"k", nullptr}}}}, {}, call());
    const auto read = client_->read(kConfigMaps, key("a"), call());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->at("data"), (json{{"own", "caf\xc3\xa9"}}));
    EXPECT_TRUE(client_->remove(kConfigMaps, key("a"), {}, call()));
    EXPECT_EQ(client_->read(kConfigMaps, key("a"), call()), std::nullopt);
    EXPECT_FALSE(client_->remove(kConfigMaps, key("a"), {}, call()));
}

TEST_P(ClientVerbs, AnotherManagersFieldIsTakenOnlyByForce) {
    client_->apply(
        kConfigMaps, config_map("a", {{"k", "theirs"}}), {.field_manager = "they"}, call()
    );
    const auto ours = config_map("a", {{"k", "ours"}});
    const auto failure = failure_of([&] {
        client_->apply(kConfigMaps, ours, {.field_manager = "we", .force = false}, call());
    });
    EXPECT_EQ(failure.kind, FailureClass::Conflict);
    EXPECT_EQ(failure.code, "409 Conflict");
    EXPECT_THAT(failure.message, HasSubstr("they"));
    EXPECT_EQ(client_->read(kConfigMaps, key("a"), call())->at("data").at("k"), "theirs");
    client_->apply(kConfigMaps, ours, {.field_manager = "we"}, call());
    EXPECT_EQ(client_->read(kConfigMaps, key("a"), call())->at("data").at("k"), "ours");
}

TEST_P(ClientVerbs, WhatHasChangedSinceIsNotOverwritten) {
    const auto made = client_->create(kConfigMaps, config_map("a"), {}, call());
    const auto old_version = made.at("metadata").at("resourceVersion");
    client_->merge_patch(kConfigMaps, key("a"), {{"data", {{"k", "1"}}}}, {}, call());
    const json patch{{"metadata", {{"resourceVersion", old_version}}}, {"data", {{"k", "2"}}}};
    EXPECT_EQ(
        failure_of([&] { client_->merge_patch(kConfigMaps, key("a"), patch, {}, call()); }).kind,
        FailureClass::Conflict
    );
    EXPECT_EQ(
        failure_of([&] { client_->remove(kConfigMaps, key("a"), {.uid = "another"}, call()); }
        ).kind,
        FailureClass::Conflict
    );
    EXPECT_EQ(
        failure_of([&] {
            client_->remove(
                kConfigMaps, key("a"), {.resource_version = old_version.get<std::string>()}, call()
            );
        }).kind,
        FailureClass::Conflict
    );
    EXPECT_EQ(client_->read(kConfigMaps, key("a"), call())->at("data").at("k"), "1");
}

TEST_P(ClientVerbs, EachRefusalHasItsClass) {
    client_->create(kConfigMaps, config_map("a"), {}, call());
    const auto refusal = [](const Failure& failure) {
        return std::pair{failure.kind, failure.code};
    };
    EXPECT_EQ(
        refusal(failure_of([&] { client_->create(kConfigMaps, config_map("a"), {}, call()); })),
        std::pair(FailureClass::Conflict, std::string("409 AlreadyExists"))
    );
    EXPECT_EQ(
        refusal(failure_of([&] {
            client_->merge_patch(kConfigMaps, key("absent"), {{"data", {{"k", "1"}}}}, {}, call());
        })),
        std::pair(FailureClass::Terminal, std::string("404 NotFound"))
    );
    EXPECT_EQ(
        refusal(failure_of([&] {
            client_->create(kConfigMaps, config_map("Not A Name"), {}, call());
        })),
        std::pair(FailureClass::Invalid, std::string("422 Invalid"))
    );
    // A kind that is not served says nothing about objects.
    const Resource unknown{"nobody.example", "v1", "widgets", "Widget", true};
    EXPECT_EQ(
        failure_of([&] { client_->read(unknown, key("a"), call()); }).kind, FailureClass::Transient
    );
    EXPECT_EQ(
        failure_of([&] { client_->list(unknown, {}, call()); }).kind, FailureClass::Transient
    );
}

TEST_P(ClientVerbs, MissingRightsAreNamed) {
    client_->create(
        kAccounts,
        {{"apiVersion", "v1"},
         {"kind", "ServiceAccount"},
         {"metadata", {{"name", "poor"}, {"namespace", space_}}}},
        {},
        call()
    );
    auto config = token_config();
    config.token = Sensitive(issue_token("poor"));
    const auto failure =
        failure_of([&] { connect(config, GetParam())->read(kSecrets, key("a"), call()); });
    EXPECT_EQ(failure.kind, FailureClass::Forbidden);
    EXPECT_EQ(failure.code, "403 Forbidden");
    EXPECT_THAT(failure.message, HasSubstr("cannot get resource \"secrets\""));
    config.token = Sensitive("nonsense");
    const auto unknown =
        failure_of([&] { connect(config, GetParam())->read(kConfigMaps, key("a"), call()); });
    EXPECT_EQ(unknown.code, "401 Unauthorized");
}

TEST_P(ClientVerbs, AListComesInPagesAndTheWatchBehindItMissesNothing) {
    constexpr int kObjects = 600;
    std::set<std::string> wanted;
    for (int i = 0; i < kObjects; ++i) {
        const auto name = "m" + std::to_string(i);
        client_->create(kConfigMaps, config_map(name), {}, call());
        wanted.insert(name);
    }
    const auto agent = "pages-" + space_;
    const auto reader = connect(admin_config(), GetParam(), agent);
    const Selection selection{space_, "", "metadata.name!=kube-root-ca.crt"};
    const auto listed = reader->list(kConfigMaps, selection, call());
    std::set<std::string> found;
    for (const auto& item : listed.items) {
        EXPECT_EQ(item.at("kind"), "ConfigMap");
        found.insert(item.at("metadata").at("name").get<std::string>());
    }
    EXPECT_EQ(found, wanted);
    EXPECT_TRUE(eventually([&] { return audited(agent, "list", "configmaps") == 2; }));

    client_->create(kConfigMaps, config_map("later"), {}, call());
    const auto opened = reader->watch(
        kConfigMaps, selection, {.resource_version = listed.resource_version}, call()
    );
    ASSERT_TRUE(opened.lines);
    const auto event = json::parse(opened.lines->next(std::chrono::seconds{60}, {}).value());
    EXPECT_EQ(event.at("type"), "ADDED");
    EXPECT_EQ(event.at("object").at("metadata").at("name"), "later");
}

INSTANTIATE_TEST_SUITE_P(
    Both,
    ClientVerbs,
    ::testing::Values(Library::Cpprest, Library::Beast),
    [](const auto& row) { return row.param == Library::Beast ? "Beast" : "Cpprest"; }
);

}  // namespace
}  // namespace djdb::kube
