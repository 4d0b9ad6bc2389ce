// Where a CA is published, and who mounts it.
#include "reconcilers/manifests/ca_bundle.hpp"

#include "reconcilers/manifests/migration_job.hpp"
#include "reconcilers/manifests/secret.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace djdb {
namespace {

using nlohmann::json;

SecretData render(const std::string& ca, const std::string& held, TlsMode mode) {
    const ServerAccess access{
        {"db.example", 5432, {mode, ca}}, {"admin", Sensitive("x")}, "postgres"};
    return render_secret_data(a_desired(), access, RoleName("shop_a"), Sensitive("p"), held);
}

TEST(CaBundle, ALongOneIsNoVariable) {
    const std::string shortest("CA");
    const std::string longest(32768, 'a');
    const std::string too_long(32769, 'a');
    struct Row {
        std::string ca;
        std::string held;
        std::string in_secret;
    };
    for (const auto& [ca, held, in_secret] : {
             Row{shortest, "", shortest},
             Row{longest, "", longest},
             Row{longest, shortest, longest},
             Row{too_long, "", ""},
             Row{too_long, shortest, shortest},
             Row{too_long, longest, longest},
             Row{shortest, too_long, shortest},
             Row{"", "", ""},
             Row{"", shortest, shortest},
         }) {
        const auto mode = ca.empty() ? TlsMode::Require : TlsMode::VerifyFull;
        const auto data = render(ca, held, mode);
        const auto found = data.find(kCaKey);
        EXPECT_EQ(found == data.end() ? "" : found->second.reveal(), in_secret)
            << ca.size() << " " << held.size();
        EXPECT_EQ(data.contains("DB_SSLROOTCERT"), !ca.empty()) << "the file is the ConfigMap's";
        EXPECT_EQ(data.size(), 8U + (ca.empty() ? 0U : 1U) + (in_secret.empty() ? 0U : 1U));
    }
}

TEST(CaBundle, StandsBesideTheAppsSecretAndGoesWithTheResource) {
    const auto map = render_ca_bundle(a_desired(), "PEM");
    EXPECT_EQ(map["kind"], "ConfigMap");
    EXPECT_EQ(map["metadata"]["name"], "shop-database-ca");
    EXPECT_EQ(map["metadata"]["namespace"], "apps");
    EXPECT_EQ(map["metadata"]["ownerReferences"][0]["uid"], "uid-1");
    EXPECT_EQ(map["data"], (json{{"ca.crt", "PEM"}}));
}

TEST(CaBundle, ItsNameIsAlwaysOne) {
    auto object = a_desired().object;
    for (const auto& secret :
         {std::string(253, 's'), std::string(249, 's') + ".s.s", std::string("a")}) {
        object.spec.credentials.secret_name = secret;
        const auto name = derive_desired(object, "cluster").ca_name.str();
        EXPECT_LE(name.size(), 253U);
        EXPECT_TRUE(name.ends_with("-ca"));
        EXPECT_EQ(name.find(".-"), std::string::npos);
    }
}

PodTemplate a_template(const char* volume) {
    return PodTemplate(json{
        {"spec",
         {{"containers", {{{"name", "app"}, {"image", "shop:v1"}}}},
          {"volumes", json::array({{{"name", "tmp"}, {"emptyDir", {}}}, json::parse(volume)})}}}});
}

TEST(CaBundle, WhoMountsItFromTheSecret) {
    struct Row {
        const char* volume;
        bool mounts;
    };
    for (const auto& row : {
             Row{R"({"name": "ca", "secret": {"secretName": "shop-database"}})", true},
             Row{R"({"name": "ca", "secret": {"secretName": "shop-database",
                     "items": [{"key": "ca.crt", "path": "ca.crt"}]}})",
                 true},
             Row{R"({"name": "ca", "secret": {"secretName": "shop-database",
                     "items": [{"key": "DB_PASSWORD", "path": "p"}]}})",
                 false},
             Row{R"({"name": "ca", "secret": {"secretName": "other"}})", false},
             Row{R"({"name": "ca", "configMap": {"name": "shop-database-ca"}})", false},
             Row{R"({"name": "ca", "configMap": {"name": "shop-database"}})", false},
             Row{R"({"name": "p", "projected": {"sources": [
                     {"configMap": {"name": "x"}}, {"secret": {"name": "shop-database"}}]}})",
                 true},
             Row{R"({"name": "p", "projected": {"sources": [{"secret": {"name": "other"}}]}})",
                 false},
         }) {
        EXPECT_EQ(mounts_ca_of(a_template(row.volume), ObjectName("shop-database")), row.mounts)
            << row.volume;
    }
    EXPECT_FALSE(mounts_ca_of(a_workload("web", "shop:v1").pod_template, ObjectName("x")));
}

TEST(CaBundle, TheMigrationJobMountsWhatTheAppMounts) {
    auto workload = a_workload("web", "shop:v1");
    workload.pod_template =
        a_template(R"({"name": "ca", "configMap": {"name": "shop-database-ca"}})");
    const std::string bundle(220'163, 'x');
    const ServerAccess access{
        {"db.example", 5432, {TlsMode::VerifyFull, bundle}}, {"admin", Sensitive("x")}, "postgres"};
    const auto job = render_migration_job(
        a_desired(), {workload, Revision("0123456789a"), ImageRef("shop:v1"), 1}, access
    );
    const auto& volumes = job["spec"]["template"]["spec"]["volumes"];
    EXPECT_EQ(volumes[1]["configMap"]["name"], "shop-database-ca");
    EXPECT_EQ(job.dump().find("xxxxxxxx"), std::string::npos) << "as a file alone";
}

}  // namespace
}  // namespace djdb
