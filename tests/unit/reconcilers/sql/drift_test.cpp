// find_drift: what the catalogs may show, and nothing else, is told.
#include "reconcilers/sql/inspect/server_drift.hpp"
#include "reconcilers/sql/provision/role_model.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>

namespace djdb::sql {
namespace {

using nlohmann::json;

const std::string kMark = "mark";

struct Choice {
    Ownership ownership;
    RuntimeAccess runtime;
    bool reader;
};

TenantNames names_of(const Choice& is) {
    return tenant_names(
        DatabaseName("shop"),
        is.reader ? std::vector<ReaderSpec>{{"bi", ""}} : std::vector<ReaderSpec>{}
    );
}
TenantSetup setup_of(const Choice& is) {
    TenantSetup setup;
    setup.ownership = is.ownership;
    setup.runtime = is.runtime;
    setup.schemas = {"reports"};
    setup.extensions = {"citext"};
    setup.connection_limit = 9;
    return setup;
}

/// The facts of a tenant that is as asked for.
json good_facts(const TenantNames& names, const TenantSetup& setup) {
    json facts{
        {"admin", "admin"},
        {"version", 180000},
        {"oid", 5},
        {"owner", setup.ownership == Ownership::Schema ? "admin" : "shop_owner"},
        {"open", true},
        {"limit", 9},
        {"strays", nullptr},
        {"edges", json::array()}};
    for (const auto& name : all_names(names)) {
        facts["names"].push_back(name.str());
    }
    for (const auto& role : tenant_roles(names, setup)) {
        const auto& name = role.name.str();
        facts["roles"][name] = {
            {"super", false},
            {"createdb", false},
            {"createrole", false},
            {"replication", false},
            {"bypassrls", false},
            {"inherit", true},
            {"login", role.logs_in},
            {"limit", -1},
            {"until", nullptr},
            {"settings", nullptr},
            {"mark", kMark}};
        const auto edge = [&](const std::string& group, const std::string& member) {
            facts["edges"].push_back(
                {{"group", group},
                 {"member", member},
                 {"admin", false},
                 {"inherit", true},
                 {"set", true},
                 {"administers", member == "admin"}}
            );
        };
        edge(name, "admin");
        if (role.member_of) {
            edge(role.member_of->str(), name);
        }
        for (const auto& privilege : role.database_privileges) {
            facts["acl"][name].push_back(privilege);
        }
        for (const auto& [setting, value, since] : role.settings) {
            facts["settings"][name].push_back(setting + "=" + value);
        }
    }
    return facts;
}

void for_every_setting(const std::function<void(const Choice&)>& check) {
    for (const auto ownership : {Ownership::Schema, Ownership::Database}) {
        for (const auto runtime : {RuntimeAccess::Owner, RuntimeAccess::ReadWrite}) {
            for (const bool reader : {false, true}) {
                check({ownership, runtime, reader});
            }
        }
    }
}

TEST(Drift, NoneWhereAllIsAsAskedFor) {
    for_every_setting([](const Choice& is) {
        const auto names = names_of(is);
        const auto setup = setup_of(is);
        const auto drift = find_drift(names, setup, kMark, good_facts(names, setup));
        EXPECT_TRUE(drift.empty()) << drift.front().sentence();
    });
}

TEST(Drift, EveryPartThatIsMissingIsToldOfEveryRole) {
    for_every_setting([](const Choice& is) {
        const auto names = names_of(is);
        const auto setup = setup_of(is);
        const auto good = good_facts(names, setup);
        for (const auto& role : tenant_roles(names, setup)) {
            const auto& name = role.name.str();
            for (const auto* attribute :
                 {"super",
                  "createdb",
                  "createrole",
                  "replication",
                  "bypassrls",
                  "inherit",
                  "login"}) {
                auto facts = good;
                facts["roles"][name][attribute] = !facts["roles"][name][attribute].get<bool>();
                const auto drift = find_drift(names, setup, kMark, facts);
                ASSERT_EQ(drift.size(), 1U) << name << " " << attribute;
                EXPECT_EQ(drift[0].repair(), Repair::Roles);
                EXPECT_NE(drift[0].sentence().find(name), std::string::npos);
            }
            for (const auto& [setting, value, since] : role.settings) {
                auto facts = good;
                auto& list = facts["settings"][name];
                list.erase(std::ranges::find(list, json(setting + "=" + value)));
                const auto drift = find_drift(names, setup, kMark, facts);
                ASSERT_EQ(drift.size(), 1U) << name << " " << setting;
                EXPECT_EQ(drift[0].repair(), Repair::Database);
            }
            for (const auto& privilege : role.database_privileges) {
                auto facts = good;
                auto& list = facts["acl"][name];
                list.erase(std::ranges::find(list, json(privilege)));
                const auto drift = find_drift(names, setup, kMark, facts);
                ASSERT_EQ(drift.size(), 1U) << name << " " << privilege;
                EXPECT_EQ(drift[0].repair(), Repair::Database);
            }
            auto facts = good;
            facts["roles"].erase(name);
            EXPECT_TRUE(is_to_be_repaired(find_drift(names, setup, kMark, facts), Repair::Roles));
        }
        for (std::size_t i = 0; i < good.at("edges").size(); ++i) {
            for (const auto* part : {"inherit", "set"}) {
                auto facts = good;
                facts["edges"][i][part] = false;
                const auto drift = find_drift(names, setup, kMark, facts);
                ASSERT_EQ(drift.size(), 1U) << facts["edges"][i];
                EXPECT_EQ(drift[0].repair(), Repair::Roles);
            }
        }
    });
}

TEST(Drift, SettingThatTheServerDoesNotKnowIsNotMissed) {
    const Choice is{Ownership::Schema, RuntimeAccess::Owner, false};
    const auto names = names_of(is);
    const auto setup = setup_of(is);
    auto facts = good_facts(names, setup);
    std::erase(
        facts["settings"]["shop_migrate"].get_ref<json::array_t&>(),
        json("client_connection_check_interval=10s")
    );
    for (const auto& [version, missed] : {std::pair{130023, 0U}, std::pair{140023, 1U}}) {
        facts["version"] = version;
        EXPECT_EQ(find_drift(names, setup, kMark, facts).size(), missed);
    }
}

TEST(Drift, WhoElseIsAMemberIsTakenOutUnlessItAdministersRoles) {
    const Choice is{Ownership::Schema, RuntimeAccess::Owner, false};
    const auto names = names_of(is);
    const auto setup = setup_of(is);
    for (const bool administers : {false, true}) {
        auto facts = good_facts(names, setup);
        facts["edges"].push_back(
            {{"group", "shop_owner"},
             {"member", "bob"},
             {"admin", false},
             {"inherit", true},
             {"set", true},
             {"administers", administers}}
        );
        const auto drift = find_drift(names, setup, kMark, facts);
        ASSERT_EQ(drift.size(), 1U);
        EXPECT_EQ(drift[0].repair(), administers ? Repair::Nobody : Repair::Roles);
    }
}

TEST(Drift, PublicIsTakenOutAndOthersAreLeft) {
    const Choice is{Ownership::Schema, RuntimeAccess::Owner, false};
    const auto names = names_of(is);
    const auto setup = setup_of(is);
    for (const auto& [grantee, repair] :
         {std::pair{"", Repair::Database}, std::pair{"bob", Repair::Nobody}}) {
        auto facts = good_facts(names, setup);
        facts["acl"][grantee] = {"CONNECT"};
        const auto drift = find_drift(names, setup, kMark, facts);
        ASSERT_EQ(drift.size(), 1U);
        EXPECT_EQ(drift[0].repair(), repair);
    }
}

TEST(Drift, EveryKindHasASentenceOfItsOwnWords) {
    for (int kind = 0; kind <= static_cast<int>(DriftKind::ExtensionMissing); ++kind) {
        const Drift drift{static_cast<DriftKind>(kind), "{0}", {"one", "two", "three"}};
        const auto sentence = drift.sentence();
        EXPECT_NE(sentence.find("{0}"), std::string::npos) << "the subject, as it is: " << sentence;
        EXPECT_TRUE(sentence.ends_with('.')) << sentence;
        EXPECT_EQ(sentence.find("{1}"), std::string::npos) << sentence;
    }
}

TEST(Drift, ReaderThatLeavesIsNoDrift) {
    const Choice with{Ownership::Schema, RuntimeAccess::Owner, true};
    auto facts = good_facts(names_of(with), setup_of(with));
    const auto names = names_of({Ownership::Schema, RuntimeAccess::Owner, false});
    const auto drift = find_drift(names, setup_of(with), kMark, facts);
    EXPECT_TRUE(drift.empty()) << drift.front().sentence();
}

TEST(Drift, OfContentsThatNobodyHasArrangedIsToldInFull) {
    for_every_setting([](const Choice& is) {
        const auto names = names_of(is);
        const auto setup = setup_of(is);
        const json bare{
            {"schemas",
             {{"public",
               {{"owner", "shop_owner"}, {"acl", {{"shop_owner", {"CREATE", "USAGE"}}}}}}}},
            {"defaults", nullptr},
            {"extensions", {"plpgsql"}},
            {"ungranted", json::object()},
            {"writable_records", json::object()}};
        const auto drift = find_contents_drift(names, setup, false, bare);
        const auto groups = row_groups(names, setup).size();
        // Schema, extension; for each group USAGE, tables and sequences of public, the one schema that is there.
        EXPECT_EQ(drift.size(), 2 + groups * 3);
        EXPECT_TRUE(std::ranges::all_of(drift, [](const Drift& one) {
            return one.repair() == Repair::Database;
        }));
    });
}

}  // namespace
}  // namespace djdb::sql
