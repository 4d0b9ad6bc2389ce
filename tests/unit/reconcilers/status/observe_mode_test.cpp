// Mode Observe: everything is looked at and told, and nothing is done; and what drift makes of a
// status.
#include "reconcilers/status/requeue.hpp"
#include "reconcilers/status/status.hpp"
#include "reconcilers/workflow.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace djdb {
namespace {

const Condition& condition_of(const DjangoDatabaseStatus& status, ConditionType type) {
    return *std::ranges::find(status.conditions, type, &Condition::type);
}

DjangoDatabaseStatus look(const Desired& desired, const Observed& observed) {
    return derive_status(desired, observed, assess(desired, observed), {});
}

Drift a_drift(Repair repair) {
    switch (repair) {
        case Repair::Roles:
            return {DriftKind::RoleAttribute, "shop_a", {"CREATEDB"}};
        case Repair::Database:
            return {DriftKind::DatabaseClosed, "shop"};
        case Repair::Nobody:
            break;
    }
    return {DriftKind::RoleSettingEverywhere, "shop_a", {"work_mem"}};
}

Observed a_drifted_world(Repair repair) {
    auto observed = a_settled_world();
    observed.tenant->was_configured = true;
    observed.tenant->drift = {a_drift(repair)};
    if (repair == Repair::Roles) {
        observed.tenant->roles = RolesState::Incomplete;
    }
    observed.tenant->database_is_configured = repair != Repair::Database;
    return observed;
}

TEST(ObserveMode, TellsWhatIsToBeDone) {
    auto desired = a_desired();
    desired.object.spec.mode = Mode::Observe;
    const auto observed = a_drifted_world(Repair::Roles);
    const auto status = look(desired, observed);
    const auto& ready = condition_of(status, ConditionType::Ready);
    EXPECT_EQ(ready.status, ConditionStatus::False);
    EXPECT_EQ(ready.reason, Reason::ObserveOnly);
    EXPECT_NE(ready.message.find("CreateRoles"), std::string::npos) << ready.message;
    EXPECT_EQ(condition_of(status, ConditionType::InSync).reason, Reason::Drifted);
    EXPECT_EQ(status.drift, std::vector<std::string>{"Role shop_a has CREATEDB."});
    EXPECT_EQ(status.phase, "Observing");
    for (const auto type : {ConditionType::Reconciling, ConditionType::Stalled}) {
        EXPECT_EQ(
            std::ranges::find(status.conditions, type, &Condition::type), status.conditions.end()
        );
    }
    EXPECT_TRUE(is_settled(assess(desired, observed))) << "it is not looked at again and again";
}

TEST(ObserveMode, IsNotReadyEvenIfNothingIsToBeDone) {
    auto desired = a_desired();
    desired.object.spec.mode = Mode::Observe;
    const auto status = look(desired, a_settled_world());
    const auto& ready = condition_of(status, ConditionType::Ready);
    EXPECT_EQ(ready.status, ConditionStatus::False);
    EXPECT_EQ(ready.reason, Reason::ObserveOnly);
}

TEST(DriftStage, DoubtsAndLetsTheRestGoOn) {
    const auto desired = a_desired();
    const auto status = look(desired, a_drifted_world(Repair::Nobody));
    EXPECT_EQ(condition_of(status, ConditionType::InSync).status, ConditionStatus::False);
    EXPECT_EQ(condition_of(status, ConditionType::Ready).status, ConditionStatus::True);
    EXPECT_EQ(status.drift.size(), 1U);
}

TEST(DriftStage, EveryDifferenceThatCanBeRepairedIs) {
    const auto desired = a_desired();
    const auto has = [&](const Observed& observed, auto wanted) {
        return std::ranges::any_of(assess(desired, observed).steps(), [](const Step& step) {
            return std::holds_alternative<decltype(wanted)>(step);
        });
    };
    EXPECT_TRUE(has(a_drifted_world(Repair::Roles), CreateRoles{}));
    EXPECT_TRUE(has(a_drifted_world(Repair::Database), ConfigureDatabase{}));
    EXPECT_TRUE(assess(desired, a_drifted_world(Repair::Nobody)).steps().empty());
    auto observed = a_settled_world();
    observed.inspection.rejected_logins = {desired.names.login_a};
    EXPECT_TRUE(has(observed, CreateRoles{}));
}

TEST(DriftStage, ListFitsTheSchema) {
    auto observed = a_drifted_world(Repair::Nobody);
    observed.tenant->drift.assign(100, {DriftKind::RoleMissing, std::string(1000, 'x')});
    const auto status = look(a_desired(), observed);
    EXPECT_EQ(status.drift.size(), 64U);
    EXPECT_EQ(status.drift.front().size(), 512U);
}

struct Extension {
    bool exists;
    bool trusted;
    bool allowed;
    bool installed;
};

TEST(Extensions, AreInstalledOnlyWithLeave) {
    for (int bits = 0; bits < 16; ++bits) {
        const Extension is{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
        auto observed = a_settled_world();
        observed.tenant->was_configured = true;
        observed.tenant->database_is_configured = false;
        observed.tenant->extensions = {{"x", is.exists, is.trusted}};
        observed.server.access->allowed_extensions =
            is.allowed ? std::vector<std::string>{"x"} : std::vector<std::string>{};
        if (!is.installed) {
            observed.tenant->drift = {{DriftKind::ExtensionMissing, "x"}};
        }
        const auto verdict = assess_grants(a_desired(), observed);
        const auto* blocked = std::get_if<Blocked>(&verdict);
        const bool may = is.installed || (is.exists && (is.trusted || is.allowed));
        EXPECT_EQ(blocked == nullptr, may) << bits;
        if (blocked != nullptr) {
            EXPECT_EQ(
                blocked->finding.reason,
                is.exists ? Reason::ExtensionNotAllowed : Reason::ExtensionMissing
            );
        }
    }
}

TEST(Readers, NamesThatMeetAreRefused) {
    DjangoDatabase object = a_desired().object;
    const auto error_of = [&](std::vector<ReaderSpec> readers) {
        object.spec.access.readers = std::move(readers);
        return derive_desired(object, "cluster").name_error;
    };
    EXPECT_FALSE(error_of({{"bi", ""}, {"a_b", ""}}));
    EXPECT_TRUE(error_of({{"bi", ""}, {"bi", "other"}}));
    EXPECT_TRUE(error_of({{"database", ""}})) << "the app's own Secret";
    EXPECT_TRUE(error_of({{"migrate", ""}})) << "the migration Job's";
    EXPECT_TRUE(error_of({{"a_b", ""}, {"x", "shop-a-b"}}));
    EXPECT_TRUE(error_of({{"b_", ""}}));
    object.spec.database.name = std::string(50, 'd');
    EXPECT_FALSE(error_of({{std::string(9, 'r'), ""}}));
    EXPECT_TRUE(error_of({{std::string(10, 'r'), ""}})) << "64 bytes";
}

TEST(Readers, EachIsProvenBeforeItsSecretIsPublished) {
    auto object = a_desired().object;
    object.spec.access.readers = {{"bi", ""}, {"audit", ""}};
    const auto desired = derive_desired(object, "cluster");
    auto observed = a_settled_world();
    observed.secrets.readers = {PublishedState::UpToDate, PublishedState::Absent};
    observed.secrets.leftovers = {ObjectName("shop-old")};
    const auto verdict = assess_secret(desired, observed);
    std::string steps;
    for (const auto& step : std::get<Act>(verdict).steps) {
        steps += std::string(to_string(step)) + " ";
    }
    EXPECT_EQ(steps, "ProveReader PublishReaderSecret RemoveReaderSecret ForgetReaders ");
    observed.secrets.readers[0] = PublishedState::Foreign;
    EXPECT_TRUE(std::holds_alternative<Blocked>(assess_secret(desired, observed)));
}

}  // namespace
}  // namespace djdb
