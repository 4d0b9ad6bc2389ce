// The walk round what settled tenants' apps read: its interval, its order, and what it makes of an answer.
#include "reconcilers/resync/published_poller.hpp"

#include <gtest/gtest.h>

#include <set>

namespace djdb {
namespace {

using namespace std::chrono_literals;

TEST(PublishedPoller, OneTakesTwentyFiveSecondsButForTenInASecond) {
    EXPECT_EQ(pace_of_round(0), 25s);
    EXPECT_EQ(pace_of_round(1), 25s);
    EXPECT_EQ(pace_of_round(5), 5s);
    EXPECT_EQ(pace_of_round(250), 100ms);
    EXPECT_EQ(pace_of_round(10'000), 100ms);
}

TEST(PublishedPoller, AnErrorSaysNothingOfASecret) {
    const std::optional<std::string> unknown;
    const std::string none;
    EXPECT_FALSE(has_changed("u/1", unknown));
    EXPECT_FALSE(has_changed(none, unknown));
    EXPECT_FALSE(has_changed("u/1", "u/1"));
    EXPECT_TRUE(has_changed("u/1", "u/2")) << "edited";
    EXPECT_TRUE(has_changed("u/1", "v/1")) << "made anew";
    EXPECT_TRUE(has_changed("u/1", none)) << "deleted";
    EXPECT_FALSE(has_changed(none, none));
    EXPECT_TRUE(has_changed(none, "u/1"));
}

class Walk : public testing::Test {
  protected:
    static ObjectKey key(const char* name) { return {Namespace("apps"), ObjectName(name)}; }
    /// A name that ends in -ca is a ConfigMap's.
    void keep(const char* name, bool is_settled, const std::vector<std::string>& objects) {
        TenantRecord record;
        record.is_settled = is_settled;
        for (const auto& object : objects) {
            const auto kind =
                object.ends_with("-ca") ? PublishedKind::ConfigMap : PublishedKind::Secret;
            record.published_versions[{kind, ObjectName(object)}] = std::string(name) + "/1";
        }
        cache_.keep(key(name), record);
    }
    std::string next() {
        const auto found = cache_.next_published(last_);
        if (!found) {
            return "";
        }
        last_ = found->first;
        EXPECT_EQ(found->second, last_->tenant.name.str() + "/1");
        const bool is_ca = last_->object.name.str().ends_with("-ca");
        EXPECT_EQ(last_->object.kind == PublishedKind::ConfigMap, is_ca);
        return last_->tenant.name.str() + "." + last_->object.name.str();
    }

    TenantCache cache_;
    std::optional<PublishedPlace> last_;
};

TEST_F(Walk, MeetsAllOfASettledTenantOnceInARound) {
    EXPECT_EQ(next(), "");
    keep("a", true, {"app", "app-ca", "reader"});
    keep("b", false, {"app"});
    keep("c", true, {});
    keep("d", true, {"app"});
    EXPECT_EQ(cache_.count_settled().tenants, 3U);
    EXPECT_EQ(cache_.count_settled().published, 4U);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(next(), "a.app");
        EXPECT_EQ(next(), "a.reader");
        EXPECT_EQ(next(), "a.app-ca");
        EXPECT_EQ(next(), "d.app");
    }
}

TEST_F(Walk, GoesOnWhereTenantsComeAndGo) {
    keep("b", true, {"app"});
    keep("d", true, {"app"});
    EXPECT_EQ(next(), "b.app");
    cache_.forget(key("b"));
    keep("c", true, {"app"});
    EXPECT_EQ(next(), "c.app");
    EXPECT_EQ(next(), "d.app");
    cache_.forget(key("c"));
    cache_.forget(key("d"));
    EXPECT_EQ(next(), "");
    keep("a", true, {"app"});
    EXPECT_EQ(next(), "a.app");
    EXPECT_EQ(next(), "a.app") << "the only one is the next of itself";
}

}  // namespace
}  // namespace djdb
