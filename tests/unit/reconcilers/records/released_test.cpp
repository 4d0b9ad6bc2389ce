// What makes another release, and what does not.
#include "reconcilers/records/released.hpp"

#include "reconcilers/app_template.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>

namespace djdb {
namespace {

using nlohmann::json;

struct World {
    Desired desired = a_desired();
    Observed observed = a_settled_world();

    Workload& web() { return observed.release.workloads.front(); }
    void edit(const std::string& pointer, json value) {
        auto changed = json::parse(web().pod_template.text());
        changed[json::json_pointer(pointer)] = std::move(value);
        web().pod_template = PodTemplate(changed);
    }
    [[nodiscard]] std::string revision() const {
        return released_now(desired, observed).value_or(DjangoReleaseSpec{}).revision;
    }
};

TEST(Released, NamesEachDeploymentWithItsImage) {
    const World world;
    const auto spec = released_now(world.desired, world.observed);
    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->database_ref.name, "shop");
    EXPECT_EQ(spec->image, "shop:v2");
    ASSERT_EQ(spec->templates.size(), 2U);
    EXPECT_EQ(spec->templates.front().deployment, "web");
    EXPECT_EQ(spec->templates.front().image, "shop:v2");
}

TEST(Released, AnotherReleaseIsWhatTheAppIsStartedWith) {
    const auto before = World{}.revision();
    for (const auto& [pointer, value] : std::vector<std::pair<std::string, json>>{
             {"/spec/containers/0/image", "shop:v3"},
             {"/spec/containers/0/command", json::array({"run"})},
             {"/spec/containers/0/env", {{{"name", "A"}, {"value", "B"}}}}}) {
        World world;
        world.edit(pointer, value);
        EXPECT_NE(world.revision(), before) << pointer;
    }
    for (const auto& pointer :
         {"/metadata/annotations/restartedAt", "/spec/nodeName", "/spec/containers/0/tty"}) {
        World world;
        world.edit(pointer, "x");
        EXPECT_EQ(world.revision(), before) << pointer;
    }
}

TEST(Released, AConfigMapThatChangesAloneMakesNone) {
    World world;
    world.edit("/spec/containers/0/envFrom", {{{"configMapRef", {{"name", "web"}}}}});
    world.web().hold = Hold::Paused;
    const Published config{PublishedKind::ConfigMap, ObjectName("web")};
    world.observed.release.configs[config] = "1";
    const auto held = world.revision();
    world.observed.tenant->passed_templates.push_back(
        {app_template_hash(world.web(), world.desired.object.spec.app),
         "ConfigMap \"web\" 1;",
         ImageRef("shop:v2"),
         "",
         "",
         ResourceUid("job")}
    );
    world.web().hold = std::nullopt;
    EXPECT_EQ(world.revision(), held);
    world.observed.release.configs[config] = "2";
    EXPECT_EQ(world.revision(), held) << "what runs is no other release";
    world.web().hold = Hold::Paused;
    EXPECT_NE(world.revision(), held) << "the next template is";
}

TEST(Released, NothingWithoutAnApp) {
    World world;
    world.desired.object.spec.app.container = "missing";
    EXPECT_FALSE(released_now(world.desired, world.observed));
    world.observed.release.workloads.clear();
    EXPECT_FALSE(released_now(world.desired, world.observed));
}

}  // namespace
}  // namespace djdb
