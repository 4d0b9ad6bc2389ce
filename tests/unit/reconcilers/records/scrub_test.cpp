// That nothing in what apps print looks like a password, and that what people look for stays.
#include "reconcilers/records/scrub.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace djdb {
namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

const std::vector<Sensitive>& secrets() {
    static const std::vector<Sensitive> kSecrets{
        Sensitive("s3cr3t"), Sensitive("s3cr3t-longer"), Sensitive("abc"), Sensitive("")};
    return kSecrets;
}

TEST(Scrub, WhatLooksLikeASecretIsHidden) {
    const Cases cases{
        {"login with s3cr3t", "login with ***"},
        {"s3cr3t-longer", "***"},
        {"postgres://shop:pa@ss/word@db:5432/shop?x=1", "postgres://shop:***@db:5432/shop?x=1"},
        {"redis://:hunter2@cache/0 and http://a:b@c", "redis://:***@cache/0 and http://a:***@c"},
        {"https://ghp_token@host/x", "https://***@host/x"},
        {"DB_PASSWORD=hunter2 DB_HOST=db", "DB_PASSWORD=*** DB_HOST=db"},
        {"{'PASSWORD': 'hunter 2', 'HOST': 'db'}", "{'PASSWORD': '***', 'HOST': 'db'}"},
        {R"({"msg": "{\"password\": \"hunter2\", \"a\": 1}"})",
         R"({"msg": "{\"password\": \"***\", \"a\": 1}"})"},
        {"SECRET_KEY = \"django-insecure\"", "SECRET_KEY = \"***\""},
        {"AWS_SECRET_ACCESS_KEY=abcd AWS_ACCESS_KEY_ID=efgh",
         "AWS_SECRET_ACCESS_KEY=*** AWS_ACCESS_KEY_ID=***"},
        {"X-Api-Key: abcd", "X-Api-Key: ***"},
        {R"({"password": "ab\"cd", "a": 1})", R"({"password": "***", "a": 1})"},
        {"private_key: xyz", "private_key: ***"},
        {"SENTRY_DSN=https://a", "SENTRY_DSN=***"},
        {"api_key: xyz, x-auth-token=t1;", "api_key: *** x-auth-token=***"},
        {"ALTER ROLE shop PASSWORD 'hunter2' LOGIN", "ALTER ROLE shop PASSWORD '***' LOGIN"},
        {"Authorization: Basic abc def", "Authorization: ***"},
        {"with Bearer eyJhbGci.x and more", "with Bearer *** and more"},
        {"password='never ends", "password='***"},
    };
    for (const auto& [said, shown] : cases) {
        EXPECT_EQ(scrub(said, secrets()), shown);
    }
}

TEST(Scrub, WhatPeopleLookForStays) {
    for (const std::string said :
         {"abc is too short to be hidden",
          "http://db:8000/path",
          "password authentication failed for user \"shop\"",
          "KeyError: 'DJANGO_ALLOWED_HOSTS'",
          "Secret \"shop-database\" was not found",
          "duplicate key value violates unique constraint \"orders_pkey\"",
          "Key (id)=(5) already exists.",
          "  Applying orders.0001_initial... OK",
          "password=",
          "token",
          "Bearer",
          "://",
          "a://b c@d"}) {
        EXPECT_EQ(scrub(said, secrets()), said);
    }
}

TEST(Scrub, AnyBytesComeToAnEnd) {
    for (const std::string part :
         {"://", "password=", "\\", "'", "\"", "token:'", "Bearer ", "@", "://@"}) {
        std::string text;
        for (int i = 0; i < 3000; ++i) {
            text += part;
        }
        EXPECT_LE(scrub(text, secrets()).size(), text.size() + 16);
    }
}

TEST(Scrub, HideKeepsTheRest) {
    EXPECT_EQ(hide("{\"password\": \"s3cr3t\"}", secrets()), "{\"password\": \"***\"}");
    EXPECT_EQ(hide("password=x", secrets()), "password=x");
}

}  // namespace
}  // namespace djdb
