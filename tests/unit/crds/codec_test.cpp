// What users write becomes values, and what we say becomes JSON, by the field tables.
#include "crds/codec.hpp"

#include "crds/rbac.hpp"
#include "crds/schema.hpp"
#include "crds/text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace djdb {
namespace {

using nlohmann::json;

json a_database() {
    return json::parse(R"({
        "metadata": {"name": "shop", "namespace": "apps", "uid": "u1", "generation": 3, "resourceVersion": "7",
                     "finalizers": ["djangodb.io/database"], "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"serverRef": {"name": "main"}, "database": {"name": "shop"},
                 "credentials": {"keys": {"APP_HOST": "{host}"}},
                 "migrations": {"lockTimeout": "1m30s"}}})");
}

TEST(Codec, ReadsAResourceAndFillsDefaults) {
    const auto database = decode_django_database(a_database());
    EXPECT_EQ(to_string(database.meta.key), "apps/shop");
    EXPECT_TRUE(database.meta.being_deleted);
    EXPECT_EQ(database.spec.server_ref.name, "main");
    EXPECT_EQ(database.spec.credentials.ca_path, "/etc/djangodb/ca.crt");
    EXPECT_EQ(database.spec.credentials.keys.at("APP_HOST"), "{host}");
    EXPECT_EQ(database.spec.migrations.lock_timeout, std::chrono::seconds{90});
    EXPECT_EQ(database.spec.migrations.deadline, std::chrono::hours{1});
    EXPECT_EQ(database.status.observed_generation, -1);
}

TEST(Codec, NamesThePathOfWhatItCannotRead) {
    auto object = a_database();
    object["spec"]["database"]["name"] = 7;
    const auto unread = decode_django_database(object);
    EXPECT_EQ(unread.undecodable, "spec.database.name: expected a string");
    EXPECT_EQ(unread.spec, DjangoDatabaseSpec{}) << "nothing half-read is believed";
    EXPECT_EQ(unread.meta, decode_meta(object));
    object["spec"].erase("database");
    EXPECT_EQ(decode_django_database(object).undecodable, "spec.database: expected a value");
    object["spec"] = "none";
    EXPECT_EQ(decode_django_database(object).undecodable, "spec: expected an object");
    EXPECT_EQ(decode_django_database(a_database()).undecodable, "");
    object["metadata"]["generation"] = "three";
    EXPECT_THROW(static_cast<void>(decode_django_database(object)), DecodeError);
}

TEST(Codec, ReadsEveryFieldOfAServer) {
    const auto server = decode_postgres_server(json::parse(R"({
        "metadata": {"name": "main", "uid": "u2", "annotations": {"a": "b"}, "deletionTimestamp": null},
        "spec": {"host": "pg.test", "port": 6432, "maintenanceDatabase": "ledger",
                 "tls": {"mode": "VerifyFull", "caSecretRef": {"name": "ca", "key": "root.pem"}},
                 "adminSecretRef": {"name": "admin"},
                 "allowedNamespaces": {"names": ["shop"], "matchLabels": {"team": "web"}}},
        "status": {"observedGeneration": 2, "version": "15.18"}})"));
    EXPECT_EQ(to_string(server.meta.key), "main");
    EXPECT_FALSE(server.meta.being_deleted);
    EXPECT_EQ(server.meta.annotations.at("a"), "b");
    EXPECT_EQ(server.spec.host, "pg.test");
    EXPECT_EQ(server.spec.port, 6432);
    EXPECT_EQ(server.spec.maintenance_database, "ledger");
    EXPECT_EQ(server.spec.tls.ca_secret_ref, (KeyRef{"ca", "root.pem"}));
    EXPECT_EQ(server.spec.admin_secret_ref.name, "admin");
    EXPECT_EQ(server.spec.allowed_namespaces.names, std::vector<std::string>{"shop"});
    EXPECT_EQ(server.spec.allowed_namespaces.match_labels.at("team"), "web");
    EXPECT_EQ(encode_status(server.status)["version"], "15.18");
}

TEST(Codec, RefusesAnUnknownWordInTheSpec) {
    const auto object = json::parse(R"({"metadata": {"name": "main"}, "spec": {"host": "h",
        "tls": {"mode": "Prefer", "caSecretRef": {"name": "ca"}}, "adminSecretRef": {"name": "a"}}})"
    );
    EXPECT_EQ(
        decode_postgres_server(object).undecodable,
        "spec.tls.mode: expected VerifyFull or VerifyCA or Require"
    );
}

TEST(Codec, StatusSurvivesTheRoundTrip) {
    DjangoDatabaseStatus status;
    status.observed_generation = 3;
    status.phase = "Ready";
    status.release.current = "shop:v1";
    status.workloads = {{"web", "shop:v1", "RolledOut", "5ca1ab1e"}};
    for (const auto& row : reason_table()) {
        status.conditions.push_back(
            {*std::ranges::find_if(
                 condition_types(),
                 [&](ConditionType type) { return row.conditions.contains(type); }
             ),
             ConditionStatus::Unknown,
             row.reason,
             "m",
             3,
             TimePoint{std::chrono::seconds{1700000000}}}
        );
    }
    auto object = a_database();
    object["status"] = encode_status(status);
    EXPECT_EQ(decode_django_database(object).status, status);
}

TEST(Codec, AnUnreadableStatusCountsAsNone) {
    auto object = a_database();
    object["status"] = {{"conditions", "yes"}};
    EXPECT_EQ(decode_django_database(object).status, DjangoDatabaseStatus{});
}

TEST(Codec, AConditionOfALaterVersionIsLeftOutAndTheRestKept) {
    const auto object =
        json::parse(R"({"metadata": {"name": "shop", "namespace": "apps"}, "status": {
        "databaseOid": "16400", "conditions": [
            {"type": "Ready", "status": "False", "reason": "NotInventedYet", "message": "m",
             "observedGeneration": 1, "lastTransitionTime": "2026-01-31T12:00:00Z"},
            {"type": "InSync", "status": "True", "reason": "Succeeded", "message": "m",
             "observedGeneration": 1, "lastTransitionTime": "2026-01-31T12:00:00Z"}]}})");
    const auto status = decode_django_database(object).status;
    EXPECT_EQ(status.database_oid, "16400");
    ASSERT_EQ(status.conditions.size(), 1U);
    EXPECT_EQ(status.conditions.front().type, ConditionType::InSync);
}

TEST(Conditions, EveryReasonStandsAtItsPlaceAndHasItsOwnWord) {
    std::set<std::string_view> words;
    for (std::size_t i = 0; i < reason_table().size(); ++i) {
        const auto& row = reason_table()[i];
        EXPECT_EQ(static_cast<std::size_t>(row.reason), i) << row.wire;
        EXPECT_TRUE(words.insert(row.wire).second) << row.wire;
        EXPECT_EQ(parse_reason(row.wire), row.reason);
        EXPECT_FALSE(row.meaning.empty()) << row.wire;
        EXPECT_TRUE(std::ranges::any_of(condition_types(), [&](ConditionType type) {
            return appears_in(row.reason, type);
        })) << row.wire;
    }
    // In the enum's order and as long as it: a word that is missing would show here.
    EXPECT_EQ(reason_table().back().reason, Reason::PlanChanged);
}

TEST(Conditions, EveryTypeAndStatusHasItsWord) {
    std::set<std::string_view> words;
    for (const auto type : condition_types()) {
        EXPECT_EQ(parse_condition_type(to_string(type)), type);
        EXPECT_FALSE(meaning(type).empty()) << to_string(type);
        EXPECT_TRUE(words.insert(to_string(type)).second) << to_string(type);
    }
    EXPECT_EQ(condition_types().size(), static_cast<std::size_t>(ConditionType::Verified) + 1);
    for (const auto status :
         {ConditionStatus::True, ConditionStatus::False, ConditionStatus::Unknown}) {
        EXPECT_EQ(parse_condition_status(to_string(status)), status);
    }
    EXPECT_FALSE(parse_condition_type("ready"));
    EXPECT_FALSE(parse_reason("Whatever"));
}

TEST(Conditions, TheTransitionTimeMovesOnlyWithTheStatus) {
    const TimePoint early{std::chrono::seconds{10}};
    const TimePoint late{std::chrono::seconds{20}};
    const Condition before{
        ConditionType::Ready, ConditionStatus::True, Reason::Ready, "a", 1, early};
    auto same = before;
    same.message = "b";
    EXPECT_EQ(merge({before}, {same}, late).front().last_transition, early);
    auto flipped = before;
    flipped.status = ConditionStatus::False;
    EXPECT_EQ(merge({before}, {flipped}, late).front().last_transition, late);
    const auto once = merge({before}, {flipped}, late);
    EXPECT_EQ(merge(once, once, TimePoint{std::chrono::seconds{30}}), once);
}

TEST(Text, DurationsAreGoDurations) {
    for (const auto* text : {"0s", "5s", "1h", "1h30m", "2m5s", "1h1m1s"}) {
        const auto span = parse_duration(text);
        ASSERT_TRUE(span) << text;
        EXPECT_EQ(format_duration(*span), text);
    }
    for (const auto* text :
         {"", "5", "s", "-5s", "5s1h", "1h1h", "5ms", "1e3s", "99999999999999999999s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Text, IsNeverCutWithinACharacter) {
    const std::string text = "a\u00e4\u20ac\U0001F418";  // of 1, 2, 3 and 4 bytes
    const std::array<std::size_t, 12> lengths{0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (std::size_t most = 0; most < lengths.size(); ++most) {
        EXPECT_EQ(beginning_of(text, most), text.substr(0, lengths.at(most))) << most;
    }
}

TEST(Text, TimesAreRfc3339) {
    const TimePoint time{std::chrono::seconds{1764000000}};
    EXPECT_EQ(parse_time(format_time(time)), time);
    EXPECT_EQ(format_time(TimePoint{}), "1970-01-01T00:00:00Z");
    EXPECT_EQ(parse_time("1970-01-01T00:00:01.123456Z"), TimePoint{std::chrono::seconds{1}});
    for (const auto* text :
         {"",
          "2026-13-01T00:00:00Z",
          "2026-02-30T00:00:00Z",
          "2026-01-01 00:00:00Z",
          "yesterday",
          "2026-01-01T00:00:00?Z",
          "2026-01-01T00:00:00.Z",
          "2026-01-01T24:00:00Z"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
}

using ordered = nlohmann::ordered_json;

/// Text and collections without a limit make the API server refuse CEL rules for their cost, some
/// day.
void expect_described_and_bounded(const ordered& schema, const std::string& path) {
    EXPECT_GT(schema.value("description", "").size(), 10U) << path;
    const auto type = schema.value("type", "");
    if (type == "string") {
        EXPECT_TRUE(
            schema.contains("maxLength") || schema.contains("enum") || schema.contains("format")
        ) << path;
    } else if (type == "array") {
        EXPECT_GT(schema.value("maxItems", 0), 0) << path;
        const auto& items = schema.at("items");
        EXPECT_TRUE(items.value("type", "") == "object" || items.contains("maxLength")) << path;
        if (items.value("type", "") == "object") {
            expect_described_and_bounded(items, path + "[]");
        }
    } else if (schema.contains("additionalProperties")) {
        EXPECT_GT(schema.value("maxProperties", 0), 0) << path;
        EXPECT_TRUE(schema.at("additionalProperties").contains("maxLength")) << path;
    } else if (type == "object") {
        for (const auto& [name, field] : schema.at("properties").items()) {
            expect_described_and_bounded(field, path + "." + name);
        }
    }
}

TEST(Schema, EveryFieldIsDescribedAndBounded) {
    ASSERT_EQ(custom_resources().size(), 3U);
    for (const auto& resource : custom_resources()) {
        const auto& version = resource.definition["spec"]["versions"][0];
        const auto& root = version["schema"]["openAPIV3Schema"]["properties"];
        EXPECT_EQ(root["status"]["default"]["observedGeneration"], -1) << resource.plural;
        expect_described_and_bounded(root["spec"], resource.plural + ".spec");
        expect_described_and_bounded(root["status"], resource.plural + ".status");
        // kubectl's client-side apply keeps a copy in an annotation of 256 KiB at most.
        EXPECT_LT(resource.definition.dump().size(), 200'000U);
    }
}

TEST(Rbac, AsksForNothingBroad) {
    for (const auto& rule : rbac_table()) {
        EXPECT_EQ(rule.verbs.find('*'), std::string_view::npos) << rule.resource;
        EXPECT_EQ(rule.resource.find('*'), std::string_view::npos);
        if (rule.scope == RbacScope::Cluster && rule.resource == "secrets") {
            EXPECT_EQ(rule.verbs.find("list"), std::string_view::npos);
            EXPECT_EQ(rule.verbs.find("watch"), std::string_view::npos);
        }
        for (const auto* never : {"escalate", "bind", "impersonate", "deletecollection"}) {
            EXPECT_EQ(rule.verbs.find(never), std::string_view::npos) << rule.resource;
        }
    }
}

TEST(Codec, AReleaseIsReadAsItWasWritten) {
    DjangoReleaseStatus status;
    status.outcome = ReleaseOutcome::Stalled;
    status.applied = {"orders.0001_initial"};
    auto& step = status.steps.emplace_back();
    step.name = "job/shop-migrate-1";
    step.kind = ReleaseStepKind::Migration;
    step.state = ReleaseStepState::Failed;
    step.start_time = parse_time("2026-11-24T02:17:41Z");
    step.reason = "MigrationFailed";
    status.steps.push_back(
        {.name = "deployment/web",
         .kind = ReleaseStepKind::Rollout,
         .state = ReleaseStepState::Pending}
    );
    const auto encoded = encode_status(status);
    EXPECT_FALSE(encoded.contains("completionTime"));
    EXPECT_EQ(encoded["steps"][0]["startTime"], "2026-11-24T02:17:41Z");
    EXPECT_EQ(
        encoded["steps"][1],
        json({{"name", "deployment/web"}, {"kind", "Rollout"}, {"state", "Pending"}})
    ) << "what is empty is left out";
    const json object{{"metadata", {{"name", "shop-1"}}}, {"status", encoded}};
    EXPECT_EQ(decode_django_release(object).status, status);
}

}  // namespace
}  // namespace djdb
