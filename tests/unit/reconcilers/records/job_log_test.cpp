// What a record keeps of a Job's log, and that nothing in it looks like a password.
#include "reconcilers/records/job_log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace djdb {
namespace {

const std::vector<Sensitive>& secrets() {
    static const std::vector<Sensitive> kSecrets{
        Sensitive("s3cr3t"), Sensitive("s3cr3t-longer"), Sensitive("abc"), Sensitive("")};
    return kSecrets;
}

TEST(JobLog, TheAnswerIsTakenOutOfTheLines) {
    const auto log = read_job_log(
        "migrate: applying\ndjangodb-migrate {\"ok\":false}\n\ndjangodb-migrate {\"ok\":true}\nend",
        {}
    );
    EXPECT_EQ(log.answer, "{\"ok\":true}");
    EXPECT_EQ(log.lines, "migrate: applying\nend\n");
}

TEST(JobLog, AnAnswerThatIsCutIsNone) {
    EXPECT_EQ(read_job_log("djangodb-probe {\"ok\":tr", {}).answer, "");
    EXPECT_EQ(read_job_log("", {}).lines, "");
}

TEST(JobLog, TheLastLinesStay) {
    std::string text;
    for (int i = 0; i < 1000; ++i) {
        text += "line " + std::to_string(i) + "\n";
    }
    const auto log = read_job_log(text, {});
    EXPECT_LE(log.lines.size(), kLongestLog);
    EXPECT_TRUE(log.lines.starts_with("line "));
    EXPECT_TRUE(log.lines.ends_with("line 999\n"));
    EXPECT_LE(read_job_log(std::string(100'000, 'x'), {}).lines.size(), kLongestLine + 1);
}

TEST(JobLog, WhatIsNoTextBecomesText) {
    const auto log = read_job_log("\x1b[31mred\x07 \xff\xfe \xc3\xbc\r\n", {});
    EXPECT_NO_THROW(static_cast<void>(nlohmann::json(log.lines).dump()));
    EXPECT_EQ(log.lines.find('\x1b'), std::string::npos);
    EXPECT_NE(log.lines.find("\xc3\xbc"), std::string::npos);
}

TEST(JobLog, SecretsAreHidden) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"login with s3cr3t", "login with ***"},
        {"s3cr3t-longer", "***"},
        {"abc is too short to be hidden", "abc is too short to be hidden"},
        {"postgres://shop:pa@ss/word@db:5432/shop?x=1", "postgres://shop:***@db:5432/shop?x=1"},
        {"redis://:hunter2@cache/0 and http://a:b@c", "redis://:***@cache/0 and http://a:***@c"},
        {"http://db:8000/path", "http://db:8000/path"},
        {"DB_PASSWORD=hunter2 DB_HOST=db", "DB_PASSWORD=*** DB_HOST=db"},
        {"{'PASSWORD': 'hunter 2', 'HOST': 'db'}", "{'PASSWORD': '***', 'HOST': 'db'}"},
        {"SECRET_KEY = \"django-insecure\"", "SECRET_KEY = \"***\""},
        {"api_key: xyz, token=t1;", "api_key: ***, token=***;"},
        {"password authentication failed for user \"shop\"",
         "password authentication failed for user \"shop\""},
        {"password=", "password="},
        {"token", "token"},
    };
    for (const auto& [said, shown] : cases) {
        EXPECT_EQ(scrub(said, secrets()), shown);
    }
    EXPECT_EQ(
        read_job_log("djangodb-probe {\"message\":\"s3cr3t\"}", secrets()).answer,
        "{\"message\":\"***\"}"
    );
}

}  // namespace
}  // namespace djdb
