// What of a Pod template is part of a release, and which container is the app.
#include "reconcilers/app_template.hpp"

#include "reconcilers/ports/content_name.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace djdb {
namespace {

using nlohmann::json;

const json kTemplate = json::parse(R"({
    "metadata": {"labels": {"app": "web"}},
    "spec": {
        "containers": [
            {"name": "proxy", "image": "envoy:1"},
            {"name": "app", "image": "shop:v2", "args": ["serve"], "workingDir": "/srv",
             "env": [
                {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "web-key", "key": "key"}}},
                {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "mode", "key": "mode"}}},
                {"name": "HOST", "valueFrom": {"secretKeyRef": {"name": "shop-database", "key": "DB_HOST"}}}],
             "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "tokens"}}],
             "volumeMounts": [{"name": "all", "mountPath": "/etc/all"}, {"name": "ca", "mountPath": "/etc/djangodb"}],
             "resources": {"limits": {"memory": "1Gi"}},
             "readinessProbe": {"httpGet": {"path": "/", "port": 8000}}}],
        "volumes": [
            {"name": "all", "projected": {"sources": [
                {"secret": {"name": "certificate"}}, {"configMap": {"name": "theme"}}]}},
            {"name": "ca", "configMap": {"name": "shop-database-ca"}},
            {"name": "proxy", "secret": {"secretName": "proxy"}}]}})");

Workload with(const json& pod_template) {
    Workload workload;
    workload.app_container = "app";
    workload.pod_template = PodTemplate(pod_template);
    return workload;
}

std::string hash_after(const std::string& path, const json& value) {
    auto changed = kTemplate;
    changed[json::json_pointer(path)] = value;
    return app_template_hash(with(changed), {});
}

TEST(AppTemplate, WhatTheAppIsStartedWithIsOfTheRelease) {
    const auto before = app_template_hash(with(kTemplate), {});
    EXPECT_EQ(before.size(), 11U);
    for (const auto* field : {"image", "command", "args", "workingDir", "env", "envFrom"}) {
        EXPECT_NE(hash_after("/spec/containers/1/" + std::string(field), "another"), before)
            << field;
    }
    EXPECT_NE(hash_after("/spec/containers/1/volumeMounts/0/mountPath", "/etc/some"), before);
    EXPECT_NE(hash_after("/spec/volumes/0/projected/sources/1/configMap/name", "light"), before);
}

TEST(AppTemplate, ACommandIsNotOfItsEnvironment) {
    const auto environment = [](const json& pod_template) {
        return app_environment_hash(with(pod_template), {});
    };
    const auto before = environment(kTemplate);
    EXPECT_EQ(before.size(), 11U);
    for (const auto* field : {"command", "args"}) {
        auto worker = kTemplate;
        worker["spec"]["containers"][1][field] = {"celery"};
        EXPECT_EQ(environment(worker), before) << field;
    }
    for (const auto* field : {"image", "workingDir", "env", "envFrom"}) {
        auto another = kTemplate;
        another["spec"]["containers"][1][field] = "another";
        EXPECT_NE(environment(another), before) << field;
    }
}

TEST(AppTemplate, ATagThatIsPulledAnewMayBeAnotherBuild) {
    struct Case {
        const char* image;
        const char* policy;
        bool is_told;
    };
    for (const auto& [image, policy, is_told] : {
             Case{"shop:v2", "IfNotPresent", false},
             Case{"shop:v2", "Always", true},
             Case{"shop:latest", "IfNotPresent", true},
             Case{"shop", "Never", true},
             Case{"shop:v2@sha256:a", "Always", false},
             Case{"shop@sha256:a", "Always", false},
         }) {
        auto changed = kTemplate;
        changed["spec"]["containers"][1]["image"] = image;
        changed["spec"]["containers"][1]["imagePullPolicy"] = policy;
        EXPECT_EQ(may_be_pushed_anew(with(changed), {}), is_told) << image << " " << policy;
    }
}

TEST(AppTemplate, NothingElseIs) {
    const auto before = app_template_hash(with(kTemplate), {});
    for (const auto* path :
         {"/metadata/labels/app",
          "/metadata/annotations",
          "/spec/containers/0/image",
          "/spec/containers/1/name",
          "/spec/containers/1/resources",
          "/spec/containers/1/readinessProbe",
          "/spec/containers/1/imagePullPolicy",
          "/spec/nodeSelector",
          "/spec/volumes/2/secret/secretName"}) {
        auto changed = kTemplate;
        changed[json::json_pointer(path)] = "another";
        auto workload = with(changed);
        workload.app_container = changed["spec"]["containers"][1].value("name", "");
        EXPECT_EQ(app_template_hash(workload, {}), before) << path;
    }
}

TEST(AppTemplate, NamesWhatOthersWrite) {
    const auto desired = a_desired();
    const auto config_map = [](const char* name) {
        return Published{PublishedKind::ConfigMap, ObjectName(name)};
    };
    const auto secret = [](const char* name) {
        return Published{PublishedKind::Secret, ObjectName(name)};
    };
    EXPECT_EQ(
        configs_of(with(kTemplate), desired),
        (std::vector<Published>{
            secret("certificate"),
            secret("tokens"),
            secret("web-key"),
            config_map("mode"),
            config_map("settings"),
            config_map("theme")})
    );
    EXPECT_TRUE(configs_of(a_workload("web", "shop:v2"), desired).empty());
}

// The same as in tests/support/python/passed.py: another name would be another release.
TEST(AppTemplate, HasTheNameOfTheVersionBefore) {
    EXPECT_EQ(name_by_content(""), "cbf29ce4842");
    EXPECT_EQ(name_by_content("a"), "af63dc4c860");
}

TEST(AppContainer, IsTheOneThatIsNamed) {
    auto workload = with(kTemplate);
    workload.app_container.clear();
    AppSpec app;
    EXPECT_EQ(app_container(workload, app), "proxy") << "the first";
    auto annotated = kTemplate;
    annotated["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] = "app";
    workload.pod_template = PodTemplate(annotated);
    EXPECT_EQ(app_container(workload, app), "app");
    annotated["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] = "gone";
    workload.pod_template = PodTemplate(annotated);
    EXPECT_EQ(app_container(workload, app), "proxy") << "kubectl too takes the first then";
    app.container = "web";
    EXPECT_EQ(app_container(workload, app), "web");
    EXPECT_FALSE(app_image(workload, app)) << "and says that it is not there";
    workload.app_container = "app";
    EXPECT_EQ(app_container(workload, app), "app");
    EXPECT_EQ(app_image(workload, app), ImageRef("shop:v2"));
    workload.pod_template = PodTemplate(json::parse(R"({"spec": {}})"));
    EXPECT_EQ(app_template_hash(workload, app), "");
}

TEST(AppTemplate, InitContainersThatAreKeptAreOfTheRelease) {
    auto changed = kTemplate;
    changed["spec"]["initContainers"] = json::parse(R"([
        {"name": "settings", "image": "fetch:1", "envFrom": [{"configMapRef": {"name": "where"}}]},
        {"name": "other", "image": "other:1"}])");
    const auto before = app_template_hash(with(kTemplate), {});
    EXPECT_EQ(app_template_hash(with(changed), {}), before) << "none is kept";
    AppSpec app;
    app.keep_containers = {"settings", "missing"};
    EXPECT_EQ(app_template_hash(with(kTemplate), app), before) << "there is none of these names";
    const auto kept = app_template_hash(with(changed), app);
    EXPECT_NE(kept, before);
    EXPECT_NE(app_environment_hash(with(changed), app), app_environment_hash(with(changed), {}));
    changed["spec"]["initContainers"][1]["image"] = "other:2";
    EXPECT_EQ(app_template_hash(with(changed), app), kept);
    changed["spec"]["initContainers"][0]["image"] = "fetch:2";
    EXPECT_NE(app_template_hash(with(changed), app), kept);
    auto desired = a_desired();
    desired.object.spec.app = app;
    const Published where{PublishedKind::ConfigMap, ObjectName("where")};
    const auto configs = configs_of(with(changed), desired);
    EXPECT_EQ(std::ranges::count(configs, where), 1);
}

}  // namespace
}  // namespace djdb
