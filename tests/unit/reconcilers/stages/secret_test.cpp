// What is published when, over every state of the app's Secret, the ConfigMap with the CA, and the
// length of the CA.
#include "reconcilers/manifests/ca_bundle.hpp"
#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace djdb {
namespace {

using enum PublishedState;

Observed a_world(PublishedState app, PublishedState ca, bool is_long) {
    auto observed = a_settled_world();
    observed.secrets.app = app;
    observed.secrets.ca = ca;
    observed.server.access->address.tls.ca_pem = std::string(is_long ? 220'163 : 2'000, 'x');
    return observed;
}

std::string steps_in(const Verdict& verdict) {
    std::string names;
    for (const auto& step : steps_of(verdict)) {
        names += (names.empty() ? "" : " ") + std::string(to_string(step));
    }
    return names;
}

constexpr auto kAll = "ProveLogins PublishSecret PublishCa";
constexpr auto kSecret = "ProveLogins PublishSecret";
enum class Kind { Satisfied, Doubted, Act, Blocked };

Kind kind_of(const Verdict& verdict) {
    if (const auto* satisfied = std::get_if<Satisfied>(&verdict)) {
        return satisfied->confidence == Confidence::Holds ? Kind::Satisfied : Kind::Doubted;
    }
    return std::holds_alternative<Act>(verdict) ? Kind::Act : Kind::Blocked;
}

struct Row {
    PublishedState app;
    PublishedState ca;
    Kind when_short;
    const char* steps_when_short;
    Kind when_long;
    const char* steps_when_long;
};

constexpr std::array kRows{
    Row{Foreign, Absent, Kind::Blocked, "", Kind::Blocked, ""},
    Row{Foreign, OutOfDate, Kind::Blocked, "", Kind::Blocked, ""},
    Row{Foreign, UpToDate, Kind::Blocked, "", Kind::Blocked, ""},
    Row{Foreign, Foreign, Kind::Blocked, "", Kind::Blocked, ""},
    Row{Absent, Absent, Kind::Act, kAll, Kind::Act, kAll},
    Row{Absent, OutOfDate, Kind::Act, kAll, Kind::Act, kAll},
    Row{Absent, UpToDate, Kind::Act, kSecret, Kind::Act, kSecret},
    Row{Absent, Foreign, Kind::Act, kSecret, Kind::Blocked, ""},
    Row{OutOfDate, Absent, Kind::Act, kAll, Kind::Act, kAll},
    Row{OutOfDate, OutOfDate, Kind::Act, kAll, Kind::Act, kAll},
    Row{OutOfDate, UpToDate, Kind::Act, kSecret, Kind::Act, kSecret},
    Row{OutOfDate, Foreign, Kind::Act, kSecret, Kind::Blocked, ""},
    Row{UpToDate, Absent, Kind::Satisfied, "PublishCa", Kind::Act, "PublishCa"},
    Row{UpToDate, OutOfDate, Kind::Satisfied, "PublishCa", Kind::Act, "PublishCa"},
    Row{UpToDate, UpToDate, Kind::Satisfied, "", Kind::Satisfied, ""},
    Row{UpToDate, Foreign, Kind::Doubted, "", Kind::Blocked, ""},
};

TEST(SecretStage, IsItsTruthTable) {
    static_assert(kRows.size() == 16, "every pair of states");
    for (const auto& row : kRows) {
        for (const bool is_long : {false, true}) {
            const auto verdict = assess_secret(a_desired(), a_world(row.app, row.ca, is_long));
            const auto where = std::to_string(static_cast<int>(row.app)) + " " +
                               std::to_string(static_cast<int>(row.ca)) +
                               (is_long ? " long" : " short");
            EXPECT_EQ(kind_of(verdict), is_long ? row.when_long : row.when_short) << where;
            EXPECT_EQ(steps_in(verdict), is_long ? row.steps_when_long : row.steps_when_short)
                << where;
        }
    }
}

Condition shown(ConditionType type, const Observed& observed) {
    const auto desired = a_desired();
    const auto status = derive_status(desired, observed, assess(desired, observed), {});
    const auto found = std::ranges::find(status.conditions, type, &Condition::type);
    return found == status.conditions.end() ? Condition{} : *found;
}

std::string said(const Observed& observed) {
    return shown(ConditionType::CredentialsSynced, observed).message;
}

TEST(SecretStage, WhatIsMadeBesideLeavesEveryConditionAsItWas) {
    const auto before = a_world(UpToDate, UpToDate, false);
    const auto upgraded = a_world(UpToDate, Absent, false);
    for (const auto type : {ConditionType::CredentialsSynced, ConditionType::Ready}) {
        EXPECT_EQ(shown(type, upgraded).status, ConditionStatus::True);
        EXPECT_EQ(shown(type, upgraded), shown(type, before));
    }
}

TEST(SecretStage, AForeignConfigMapStopsNoReleaseWhileTheSecretHasTheCa) {
    const auto observed = a_world(UpToDate, Foreign, false);
    const auto synced = shown(ConditionType::CredentialsSynced, observed);
    EXPECT_EQ(synced.status, ConditionStatus::False);
    EXPECT_EQ(synced.reason, Reason::SecretConflict);
    EXPECT_NE(synced.message.find("ConfigMap \"shop-database-ca\""), std::string::npos);
    EXPECT_EQ(shown(ConditionType::Ready, observed).status, ConditionStatus::True);
    const auto with_long = a_world(UpToDate, Foreign, true);
    EXPECT_EQ(shown(ConditionType::Ready, with_long).reason, Reason::SecretConflict);
}

TEST(SecretStage, SaysWhichMountToChangeForALongCa) {
    auto observed = a_world(UpToDate, UpToDate, true);
    EXPECT_EQ(shown(ConditionType::CredentialsSynced, observed).status, ConditionStatus::True);
    const auto has = [&](const char* words) {
        return said(observed).find(words) != std::string::npos;
    };
    EXPECT_TRUE(has("220163 bytes"));
    EXPECT_TRUE(has("configMap: {name: shop-database-ca}"));
    EXPECT_FALSE(has("stays there as it was before"));
    EXPECT_FALSE(has("Deployment"));
    auto& web = observed.release.workloads.front();
    web.pod_template = PodTemplate(nlohmann::json::parse(
        R"({"spec": {"containers": [{"name": "app", "image": "shop:v2"}],
            "volumes": [{"name": "ca", "secret": {"secretName": "shop-database"}}]}})"
    ));
    EXPECT_TRUE(has("can't start with the mount of Deployment \"web\".")) << said(observed);
    observed.secrets.held_ca[ObjectName("shop-database")] = "CA";
    EXPECT_TRUE(has("stays there as it was before, with 2 bytes")) << said(observed);
    EXPECT_TRUE(has("kubectl -n apps patch secret shop-database"));
    EXPECT_TRUE(has("is mounted by Deployment \"web\".")) << said(observed);
    EXPECT_EQ(
        said(a_world(UpToDate, UpToDate, false)),
        "Secret \"shop-database\" is published; a login with it was proven."
    );
}

}  // namespace
}  // namespace djdb
