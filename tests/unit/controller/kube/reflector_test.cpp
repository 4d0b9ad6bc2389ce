// What a reflector makes of lists and watches that are broken, through the real transports: the
// store stays right, and nothing ends the process.
#include "controller/kube/watch/reflector.hpp"

#include "tests/unit/controller/kube/scripted_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <stdexcept>

namespace djdb::kube {
namespace {

using std::chrono::seconds;
using support::http_answer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

/// A reflector over a scripted API, and what it told.
class Seen {
  public:
    explicit Seen(Play play)
        : api(std::move(play)),
          client_(api.client()),
          reflector_(
              *client_,
              {kPods, {}},
              [this](const nlohmann::json& object, bool deleted) { note(object, deleted); },
              [this](const std::string& line) { add(troubles_, line); }
          ) {}

    /// False when the store does not come to hold exactly these in 30 seconds.
    bool comes_to_hold(const Names& names) const {
        const auto deadline = Deadline::in(seconds{30});
        while (stored() != names && !deadline.has_passed()) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        EXPECT_THAT(stored(), ::testing::ElementsAreArray(names));
        return stored() == names;
    }
    /// The store has it first, so that who is told finds it there.
    bool comes_to_tell_of_deletion(const Names& names) {
        const auto deadline = Deadline::in(seconds{30});
        while (deleted() != names && !deadline.has_passed()) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        EXPECT_THAT(deleted(), ::testing::ElementsAreArray(names));
        return deleted() == names;
    }
    [[nodiscard]] Names stored() const {
        Names names;
        for (const auto& object : reflector_.store().list()) {
            names.push_back(object->at("metadata").at("name").get<std::string>());
        }
        return names;
    }
    Names deleted() {
        const std::scoped_lock lock(mutex_);
        return deleted_;
    }
    Names troubles() {
        const std::scoped_lock lock(mutex_);
        return troubles_;
    }

    ScriptedApi api;

  private:
    void note(const nlohmann::json& object, bool deleted) {
        const auto name = object.at("metadata").at("name").get<std::string>();
        if (name == "poison") {
            throw std::runtime_error("can't be decoded");
        }
        if (deleted) {
            add(deleted_, name);
        }
    }
    void add(Names& to, const std::string& what) {
        const std::scoped_lock lock(mutex_);
        to.push_back(what);
    }

    std::mutex mutex_;
    Names deleted_;
    Names troubles_;
    std::unique_ptr<Client> client_;
    Reflector reflector_;
};

/// Starts a reflector for each case and looks at them when all run: most of their time is waiting.
template <class Case, class Look>
void for_each_case(
    const std::vector<Case>& cases, const std::function<Play(const Case&)>& play, const Look& look
) {
    std::vector<std::unique_ptr<Seen>> all;
    for (const auto& one : cases) {
        all.push_back(std::make_unique<Seen>(play(one)));
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE("case " + std::to_string(i));
        look(*all[i]);
    }
}

std::string list_of(const std::string& version, const std::string& items) {
    return http_answer("200 OK", pod_list(version, items));
}

TEST(Reflector, AppliesManyEventsOfOneChunk) {
    std::string events;
    Names names{"a"};
    for (int i = 100; i < 600; ++i) {
        names.push_back("p" + std::to_string(i));
        events += event("ADDED", pod(names.back(), std::to_string(i)));
    }
    const Seen seen({{list_of("5", pod("a", "1"))}, {{watch_head(), chunk(events)}}});
    EXPECT_TRUE(seen.comes_to_hold(names));
    EXPECT_EQ(seen.api.lists(), 1U);
}

TEST(Reflector, ACutStreamGoesOnFromTheLastEventWithoutAList) {
    const auto half = event("ADDED", pod("half", "7")).substr(0, 30);
    const Seen seen(
        {{list_of("5", pod("a", "1"))},
         {{watch_head(), chunk(event("ADDED", pod("b", "6"))), chunk(half)},
          {watch_head(), chunk(event("ADDED", pod("c", "8")))}}}
    );
    EXPECT_TRUE(seen.comes_to_hold({"a", "b", "c"}));
    EXPECT_EQ(seen.api.lists(), 1U);
    ASSERT_EQ(seen.api.watches().size(), 2U);
    EXPECT_THAT(seen.api.watches()[0], HasSubstr("&resourceVersion=5&"));
    EXPECT_THAT(seen.api.watches()[1], HasSubstr("&resourceVersion=6&"));
}

TEST(Reflector, ABookmarkIsWhereTheNextWatchStarts) {
    const auto bookmark = event("BOOKMARK", R"({"metadata":{"resourceVersion":"9"}})");
    const Seen seen(
        {{list_of("5", "")},
         {{watch_head(), chunk(bookmark)}, {watch_head(), chunk(event("ADDED", pod("b", "10")))}}}
    );
    EXPECT_TRUE(seen.comes_to_hold({"b"}));
    EXPECT_EQ(seen.api.lists(), 1U);
    EXPECT_THAT(seen.api.watches().back(), HasSubstr("&resourceVersion=9&"));
}

TEST(Reflector, UnknownEventsAreSkippedAndNullMembersCountAsAbsent) {
    const auto nulls = std::string(
        R"({"metadata":{"name":"b","resourceVersion":"8","namespace":null,"labels":null,)"
        R"("annotations":null,"managedFields":null},"spec":null})"
    );
    const auto unknown = event("TRANSMOGRIFIED", pod("x", "6")) + "{\"type\":5,\"object\":{}}\n";
    Seen seen({{list_of("5", "")}, {{watch_head(), chunk(unknown + event("ADDED", nulls))}}});
    EXPECT_TRUE(seen.comes_to_hold({"b"}));
    EXPECT_EQ(seen.api.lists(), 1U);
    EXPECT_THAT(seen.troubles(), IsEmpty());
}

/// Lines after which the stream is not to be trusted any more.
std::vector<std::string> unusable_lines() {
    const auto added = [](const std::string& object) { return event("ADDED", object); };
    const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    return {
        "good day\n",
        "\n",
        "[]\n",
        "null\n",
        "{\"type\":\"ADDED\"}\n",
        added("null"),
        added("[]"),
        added("{}"),
        added(R"({"metadata":null})"),
        added(R"({"metadata":["name"]})"),
        added(R"({"metadata":{"resourceVersion":"6"}})"),
        added(R"({"metadata":{"name":5,"resourceVersion":"6"}})"),
        added(R"({"metadata":{"name":"","resourceVersion":"6"}})"),
        added(R"({"metadata":{"name":"x"}})"),
        added(R"({"metadata":{"name":"x","resourceVersion":6}})"),
        added(R"({"metadata":{"name":"x","resourceVersion":"6","namespace":{}}})"),
        added(R"({"metadata":{"name":"x","resourceVersion":"6","labels":["a"]}})"),
        added(R"({"metadata":{"name":"x","resourceVersion":"6","labels":{"a":5}}})"),
        event("DELETED", R"({"metadata":{"name":null,"resourceVersion":"6"}})"),
        event("BOOKMARK", R"({"metadata":{}})"),
        event("BOOKMARK", "null"),
        added(R"({"metadata":{"name":"x","resourceVersion":"6"},"spec":)" + deep + "}"),
        added(R"({"metadata":{"name":"x","resourceVersion":"6"},"spec":1e400})"),
        added("{\"metadata\":{\"name\":\"\xff\",\"resourceVersion\":\"6\"}}"),
        // Another past: the version goes backwards.
        added(pod("old", "4")),
        added(pod("large", "6") + std::string(5ULL * 1024 * 1024, ' ')),
    };
}

TEST(Reflector, AfterAnUnusableEventItListsAgainAndGoesOn) {
    for_each_case<std::string>(
        unusable_lines(),
        [](const std::string& line) {
            return Play{
                {list_of("5", pod("a", "1")), list_of("7", pod("b", "7"))},
                {{watch_head(), chunk(line)},
                 {watch_head(), chunk(event("ADDED", pod("c", "8")))}}};
        },
        [](Seen& seen) {
            EXPECT_TRUE(seen.comes_to_hold({"b", "c"}));
            EXPECT_EQ(seen.api.lists(), 2U);
            EXPECT_TRUE(seen.comes_to_tell_of_deletion({"a"}));
            EXPECT_THAT(seen.api.watches().back(), HasSubstr("&resourceVersion=7&"));
        }
    );
}

TEST(Reflector, ALostVersionIsListedAgainInWhateverWayItIsSaid) {
    using Way = std::vector<std::string>;
    const std::string too_large =
        R"({"code":504,"reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}})";
    for_each_case<Way>(
        {{status_answer(410, "Expired")},
         {http_answer("504 Gateway Timeout", too_large)},
         {watch_head(), chunk(event("ERROR", R"({"code":410,"reason":"Expired"})"))},
         {watch_head(), chunk(event("ERROR", too_large))}},
        [](const Way& way) {
            return Play{
                {list_of("5", pod("a", "1")), list_of("7", pod("b", "7"))}, {way, {watch_head()}}};
        },
        [](Seen& seen) {
            EXPECT_TRUE(seen.comes_to_hold({"b"}));
            EXPECT_EQ(seen.api.lists(), 2U);
            EXPECT_TRUE(seen.comes_to_tell_of_deletion({"a"}));
        }
    );
}

TEST(Reflector, OtherRefusalsAreNoReasonToList) {
    using WriteBackoff = std::vector<std::string>;
    for_each_case<WriteBackoff>(
        {{status_answer(429, "TooManyRequests")},
         {status_answer(503, "ServiceUnavailable")},
         {http_answer("404 Not Found", "404 page not found")},
         {http_answer("200 OK", "<html>")},
         {watch_head(), chunk(event("ERROR", R"({"code":"x","details":5})"))},
         {"good day\r\n\r\n"}},
        [](const WriteBackoff& backoff) {
            return Play{
                {list_of("5", pod("a", "1"))},
                {backoff, {watch_head(), chunk(event("ADDED", pod("b", "6")))}}};
        },
        [](Seen& seen) {
            EXPECT_TRUE(seen.comes_to_hold({"a", "b"}));
            EXPECT_EQ(seen.api.lists(), 1U);
            EXPECT_THAT(seen.deleted(), IsEmpty());
        }
    );
}

TEST(Reflector, WhatIsNoListLeavesTheStoreAlone) {
    for_each_case<std::string>(
        {
            http_answer("404 Not Found", "404 page not found"),
            http_answer("200 OK", "<html>"),
            http_answer("200 OK", ""),
            http_answer("200 OK", "[]"),
            http_answer("200 OK", "{}"),
            http_answer("200 OK", R"({"kind":"Status","metadata":{},"status":"Success"})"),
            http_answer("200 OK", R"({"kind":"PodList","metadata":{"resourceVersion":"6"}})"),
            http_answer("200 OK", R"({"kind":"PodList","metadata":{},"items":[]})"),
            http_answer("200 OK", R"({"kind":"PodList","metadata":null,"items":[]})"),
            http_answer("200 OK", pod_list("6", pod("c", "6")).substr(0, 60)),
            list_of("6", "5"),
            list_of("6", "null"),
            list_of("6", R"({"metadata":{"resourceVersion":"6"}})"),
            list_of("6", pod("c", "6") + R"(,{"metadata":{"name":"d"}})"),
            list_of("6", std::string(100'000, '[') + std::string(100'000, ']')),
            status_answer(500, "InternalError"),
        },
        [](const std::string& answer) {
            return Play{
                {list_of("5", pod("a", "1")),
                 answer,
                 list_of("7", pod("a", "1") + "," + pod("b", "7"))},
                {{status_answer(410, "Expired")}, {watch_head()}}};
        },
        [](Seen& seen) {
            EXPECT_TRUE(seen.comes_to_hold({"a", "b"}));
            EXPECT_THAT(seen.deleted(), IsEmpty());
            EXPECT_EQ(seen.api.lists(), 3U);
        }
    );
}

TEST(Reflector, AnObjectThatTheCallbackCanNotTakeIsReportedAndTheOthersGoOn) {
    Seen seen(
        {{list_of("5", pod("a", "1") + "," + pod("poison", "2"))},
         {{watch_head(),
           chunk(
               event("MODIFIED", pod("poison", "6")) + event("DELETED", pod("a", "7")) +
               event("ADDED", pod("b", "8"))
           )}}}
    );
    EXPECT_TRUE(seen.comes_to_hold({"b", "poison"}));
    EXPECT_TRUE(seen.comes_to_tell_of_deletion({"a"}));
    EXPECT_THAT(seen.troubles().front(), HasSubstr("s/poison: can't be decoded"));
}

}  // namespace
}  // namespace djdb::kube
