// What a record keeps of a Job's log.
#include "reconcilers/records/job_log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace djdb {
namespace {

TEST(JobLog, TheAnswerIsTakenOutOfTheLines) {
    const auto log = read_job_log(
        "migrate: applying\ndjangodb-migrate {\"ok\":false}\n\nno end of line: djangodb-migrate "
        "{\"ok\":true}\nend",
        "{}",
        {}
    );
    EXPECT_EQ(log.answer, "{\"ok\":true}");
    EXPECT_EQ(log.lines, "migrate: applying\nno end of line: \nend\n");
}

TEST(JobLog, AnAnswerThatIsCutIsWhatKubernetesKept) {
    EXPECT_EQ(
        read_job_log("djangodb-probe {\"ok\":tr", "{\"ok\":true}", {}).answer, "{\"ok\":true}"
    );
    EXPECT_EQ(read_job_log("", "no JSON", {}).answer, "");
    EXPECT_EQ(
        read_job_log(
            "djangodb-probe {\"x\":\"" + std::string(kLongestAnswer, 'x') + "\"}", "{}", {}
        )
            .answer,
        "{}"
    );
}

/// A call for each level would end the operator: the log is the tenant's.
TEST(JobLog, AnAnswerThatIsNestedWithoutEndIsNone) {
    constexpr std::size_t kDeep = 30'000;
    const auto deep = R"({"x":)" + std::string(kDeep, '[') + std::string(kDeep, ']') + "}";
    EXPECT_EQ(read_job_log("djangodb-probe " + deep, "{}", {}).answer, "{}");
    EXPECT_EQ(read_job_log("", deep, {}).answer, "");
}

TEST(JobLog, OfALongPlanTheFirstMigrationsStay) {
    auto answer = nlohmann::json{{"ok", true}, {"plan_digest", "4fde2fb8321362f4"}};
    for (int number = 0; number < 1000; ++number) {
        answer["plan"].push_back(
            {{"migration", "orders." + std::to_string(number)}, {"why", std::string(200, 'x')}}
        );
    }
    const auto log = read_job_log("djangodb-probe " + answer.dump(), "{}", {});
    EXPECT_LE(log.answer.size(), kLongestAnswer);
    const auto kept = nlohmann::json::parse(log.answer);
    EXPECT_EQ(kept.at("plan_digest"), "4fde2fb8321362f4");
    EXPECT_GT(kept.at("plan").size(), 200U);
    EXPECT_EQ(kept.at("plan").size() + kept.at("plan_left_out").get<std::size_t>(), 1000U);
}

TEST(JobLog, TheLastLinesStay) {
    std::string text;
    for (int i = 0; i < 1000; ++i) {
        text += "line " + std::to_string(i) + "\n";
    }
    const auto log = read_job_log(text, "", {});
    EXPECT_LE(log.lines.size(), kLongestLog);
    EXPECT_TRUE(log.lines.starts_with("line "));
    EXPECT_TRUE(log.lines.ends_with("line 999\n"));
    EXPECT_LE(read_job_log(std::string(1'000'000, 'x'), "", {}).lines.size(), kLongestLine + 1);
    EXPECT_EQ(read_job_log(" \n", "", {}).lines, "The Job has written nothing.\n");
}

TEST(JobLog, WhatIsNoTextBecomesText) {
    const auto log = read_job_log("\x1b[31mred\x07 \xff\xfe \xc3\xbc\r\n", "", {});
    EXPECT_NO_THROW(static_cast<void>(nlohmann::json(log.lines).dump()));
    EXPECT_EQ(log.lines.find('\x1b'), std::string::npos);
    EXPECT_NE(log.lines.find("\xc3\xbc"), std::string::npos);
}

TEST(JobLog, SecretsAreHidden) {
    const std::vector<Sensitive> secrets{Sensitive("s3cr3t")};
    const auto log = read_job_log(
        "login with s3cr3t\n"
        R"(djangodb-probe {"message":"s3cr3t"})",
        "",
        secrets
    );
    EXPECT_EQ(log.answer, R"({"message":"***"})");
    EXPECT_EQ(log.lines, "login with ***\n");
    const auto none = without_log("s3cr3t\n", R"({"a":"s3cr3t"})", secrets);
    EXPECT_EQ(none.answer, R"({"a":"***"})");
    EXPECT_EQ(none.lines, "The log can't be read: *** \n");
    EXPECT_EQ(
        read_job_log("", R"({"ok":true,"of":["true"]})", {Sensitive("true")}).answer,
        R"({"of":["***"],"ok":true})"
    ) << "it stays JSON";
}

}  // namespace
}  // namespace djdb
