// The rights that the chart grants are the table's, no more and no less, read back from the chart's
// YAML.
#include "crds/rbac.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

namespace djdb {
namespace {

/// scope, group, resource, verb
using Right = std::tuple<RbacScope, std::string, std::string, std::string>;

std::set<Right> rights_of_the_table() {
    std::set<Right> rights;
    for (const auto& rule : rbac_table()) {
        std::istringstream verbs{std::string(rule.verbs)};
        for (std::string verb; verbs >> verb;) {
            rights.insert({rule.scope, std::string(rule.group), std::string(rule.resource), verb});
        }
    }
    return rights;
}

void add_rules(const YAML::Node& role, RbacScope scope, std::set<Right>& rights) {
    for (const auto& rule : role["rules"]) {
        for (const auto& group : rule["apiGroups"]) {
            for (const auto& resource : rule["resources"]) {
                for (const auto& verb : rule["verbs"]) {
                    rights.insert(
                        {scope,
                         group.as<std::string>(),
                         resource.as<std::string>(),
                         verb.as<std::string>()}
                    );
                }
            }
        }
    }
}

std::set<Right> rights_of_the_chart() {
    std::ifstream file(DJDB_CHART "/templates/rbac.yaml");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::set<Right> rights;
    for (const auto& document :
         YAML::LoadAll(std::regex_replace(text, std::regex(R"(\{\{[^\n]*\}\})"), "x"))) {
        const auto kind = document["kind"].as<std::string>();
        if (kind == "ClusterRole" || kind == "Role") {
            add_rules(
                document, kind == "Role" ? RbacScope::OperatorNamespace : RbacScope::Cluster, rights
            );
        }
    }
    return rights;
}

TEST(Rbac, TheChartGrantsWhatTheTableSays) {
    EXPECT_GT(rights_of_the_chart().size(), 20U);
    EXPECT_THAT(rights_of_the_chart(), testing::ContainerEq(rights_of_the_table()));
}

TEST(Rbac, SecretsOfTenantsAreNeverListed) {
    const auto rights = rights_of_the_chart();
    for (const auto* verb : {"list", "watch"}) {
        EXPECT_FALSE(rights.contains({RbacScope::Cluster, "", "secrets", verb})) << verb;
    }
}

}  // namespace
}  // namespace djdb
