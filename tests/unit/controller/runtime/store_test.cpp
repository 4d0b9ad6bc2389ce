#include "controller/runtime/store.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

TEST(Store, KeysCarryTheNamespaceIfThereIsOne) {
    EXPECT_EQ(store_key({{"metadata", {{"name", "n"}, {"namespace", "s"}}}}), "s/n");
    EXPECT_EQ(store_key({{"metadata", {{"name", "n"}}}}), "n");
}

}  // namespace
}  // namespace djdb::runtime
