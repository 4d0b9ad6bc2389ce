// What a cache that lags shows of what was just written.
#include "reconcilers/records/own_writes.hpp"

#include "reconcilers/ports/failure.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace djdb {
namespace {

const ObjectKey kShop{Namespace("apps"), ObjectName("shop")};

/// An API server, and a cache of it that shows what catch_up() brings.
class LaggingRecords final : public ReleaseRecords {
  public:
    std::vector<DjangoRelease> server;
    std::vector<DjangoRelease> cache;
    bool is_synced = true;
    bool refuses = false;

    void catch_up() { cache = server; }

    std::optional<std::vector<DjangoRelease>> list(const ObjectKey&) override {
        return is_synced ? std::optional(cache) : std::nullopt;
    }
    DjangoRelease create(const nlohmann::json&, const CallContext&) override {
        DjangoRelease record;
        record.meta.key = {kShop.ns, ObjectName("shop-1")};
        record.meta.uid = ResourceUid("uid-" + std::to_string(++version_));
        record.meta.resource_version = std::to_string(version_);
        record.spec.database_ref.name = "shop";
        server = {record};
        return record;
    }
    DjangoRelease
    patch_status(const DjangoRelease& record, const DjangoReleaseStatus& status, const CallContext&)
        override {
        if (refuses || record.meta.resource_version != server.front().meta.resource_version) {
            throw Error({.kind = FailureClass::Conflict, .code = "409 Conflict"});
        }
        server.front().status = status;
        server.front().meta.resource_version = std::to_string(++version_);
        return server.front();
    }
    void remove(const DjangoRelease&, const CallContext&) override { server.clear(); }
    std::string read_log(const ObjectKey&, const std::string&, const CallContext&) override {
        return {};
    }

  private:
    int version_ = 0;
};

struct World {
    LaggingRecords records;
    OwnWrites own{records};
    CallContext call{{}, Deadline(Deadline::Clock::time_point::max()), "test"};

    DjangoRelease only() {
        const auto listed = own.list(kShop);
        EXPECT_TRUE(listed && listed->size() == 1U);
        return listed.value_or(std::vector<DjangoRelease>{}).at(0);
    }
    DjangoRelease write(const DjangoRelease& record, ReleaseOutcome outcome) {
        DjangoReleaseStatus status;
        status.outcome = outcome;
        return own.patch_status(record, status, call);
    }
};

TEST(OwnWrites, AreSeenBeforeTheCacheHasThem) {
    World world;
    world.own.create({}, world.call);
    EXPECT_EQ(world.only().meta.uid.str(), "uid-1");
    world.write(world.only(), ReleaseOutcome::Stalled);
    EXPECT_EQ(world.only().status.outcome, ReleaseOutcome::Stalled);
    world.records.cache = world.records.server;
    world.records.cache.front().status = {};
    world.records.cache.front().meta.resource_version = "1";
    EXPECT_EQ(world.only().status.outcome, ReleaseOutcome::Stalled) << "the cache is behind";
    world.write(world.only(), ReleaseOutcome::Succeeded);
    EXPECT_EQ(world.only().status.outcome, ReleaseOutcome::Succeeded);
    world.records.catch_up();
    EXPECT_EQ(world.only().status.outcome, ReleaseOutcome::Succeeded);
}

TEST(OwnWrites, GiveWayToWhatSomebodyElseWrote) {
    World world;
    world.own.create({}, world.call);
    world.records.catch_up();
    world.write(world.only(), ReleaseOutcome::Stalled);
    world.records.server.front().status.outcome = ReleaseOutcome::Superseded;
    world.records.server.front().meta.resource_version = "another";
    world.records.catch_up();
    EXPECT_EQ(world.only().status.outcome, ReleaseOutcome::Superseded);
}

TEST(OwnWrites, WhatIsDeletedIsGone) {
    World world;
    world.own.create({}, world.call);
    world.records.catch_up();
    world.write(world.only(), ReleaseOutcome::Stalled);
    EXPECT_EQ(world.only().status.outcome, ReleaseOutcome::Stalled);
    world.records.cache.clear();
    EXPECT_TRUE(world.own.list(kShop).value_or(std::vector<DjangoRelease>(1)).empty());
}

TEST(OwnWrites, WhatWasRefusedIsNotWritten) {
    World world;
    world.own.create({}, world.call);
    world.records.catch_up();
    const auto record = world.only();
    world.records.refuses = true;
    EXPECT_THROW(world.write(record, ReleaseOutcome::Stalled), Error);
    EXPECT_EQ(world.only().status.outcome, ReleaseOutcome::InProgress);
}

TEST(OwnWrites, WhatIsNotKnownYetIsNothing) {
    World world;
    world.own.create({}, world.call);
    world.records.is_synced = false;
    EXPECT_FALSE(world.own.list(kShop));
}

}  // namespace
}  // namespace djdb
