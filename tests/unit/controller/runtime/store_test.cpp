#include "controller/runtime/store.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <stdexcept>
#include <vector>

namespace djdb::runtime {
namespace {

ObjectPointer object(const std::string& name) {
    return std::make_shared<const nlohmann::json>(nlohmann::json{{"metadata", {{"name", name}}}});
}

TEST(Store, IsSyncedByTheFirstReplaceAlone) {
    Store store;
    store.upsert("a", object("a"));
    EXPECT_FALSE(store.is_synced());
    EXPECT_FALSE(store.wait_until_synced(std::chrono::steady_clock::now(), {}));
    store.replace({});
    EXPECT_TRUE(store.is_synced());
    EXPECT_EQ(store.size(), 0U);
}

TEST(Store, ReplaceSwapsEverythingAndReturnsWhatWasThere) {
    Store store;
    store.replace({{"a", object("a")}, {"b", object("b")}});
    const auto kept = store.find("a");
    const auto before = store.replace({{"b", object("b")}, {"c", object("c")}});
    EXPECT_EQ(before.size(), 2U);
    EXPECT_EQ(store.find("a"), nullptr);
    EXPECT_NE(store.find("c"), nullptr);
    EXPECT_EQ(kept->at("metadata").at("name"), "a");
    store.erase("b");
    EXPECT_EQ(store.list().size(), 1U);
}

ObjectPointer coloured(const std::string& colour) {
    return std::make_shared<const nlohmann::json>(nlohmann::json{{"colour", colour}});
}

Store::IndexBy by_colour() {
    return [](const nlohmann::json& object) { return object.at("colour").get<std::string>(); };
}

TEST(StoreIndex, FollowsAnObjectThatChangesItsWord) {
    Store store(by_colour());
    store.upsert("b", coloured("red"));
    store.upsert("a", coloured("red"));
    store.upsert("c", coloured(""));
    EXPECT_EQ(store.list_indexed("red"), (std::vector{store.find("a"), store.find("b")}));
    EXPECT_TRUE(store.list_indexed("").empty()) << "no word, no place";
    store.upsert("a", coloured("blue"));
    EXPECT_EQ(store.list_indexed("red"), std::vector{store.find("b")});
    EXPECT_EQ(store.list_indexed("blue"), std::vector{store.find("a")});
    store.upsert("a", coloured(""));
    EXPECT_TRUE(store.list_indexed("blue").empty());
    EXPECT_EQ(store.size(), 3U);
}

TEST(StoreIndex, ForgetsWhatIsErasedAndHoldsTheLastVersion) {
    Store store(by_colour());
    store.upsert("a", coloured("red"));
    store.upsert("a", coloured("red"));
    EXPECT_EQ(store.list_indexed("red"), std::vector{store.find("a")});
    store.erase("a");
    store.erase("a");
    EXPECT_TRUE(store.list_indexed("red").empty());
}

TEST(StoreIndex, IsReplacedWithTheContent) {
    Store store(by_colour());
    store.upsert("a", coloured("red"));
    store.upsert("b", coloured("red"));
    store.replace({{"b", coloured("blue")}, {"c", coloured("red")}});
    EXPECT_EQ(store.list_indexed("red"), std::vector{store.find("c")});
    EXPECT_EQ(store.list_indexed("blue"), std::vector{store.find("b")});
    store.erase("c");
    EXPECT_TRUE(store.list_indexed("red").empty());
}

TEST(StoreIndex, AStoreWithoutOneSaysSo) {
    const Store store;
    EXPECT_THROW((void)store.list_indexed("red"), std::logic_error);
}

TEST(Store, KeysCarryTheNamespaceIfThereIsOne) {
    EXPECT_EQ(store_key({{"metadata", {{"name", "n"}, {"namespace", "s"}}}}), "s/n");
    EXPECT_EQ(store_key({{"metadata", {{"name", "n"}}}}), "n");
}

}  // namespace
}  // namespace djdb::runtime
