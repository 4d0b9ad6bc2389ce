#include "controller/postgres/session/scram.hpp"

#include "reconcilers/ports/failure.hpp"

#include <gtest/gtest.h>

#include <string>

namespace djdb::postgres {
namespace {

TEST(Scram, HasTheServersForm) {
    const auto verifier = scram_verifier(Sensitive("pencil")).reveal();
    // 16 bytes of salt, 32 of each key.
    EXPECT_EQ(verifier.size(), std::string("SCRAM-SHA-256$4096:$:").size() + 24 + 44 + 44);
    EXPECT_TRUE(verifier.starts_with("SCRAM-SHA-256$4096:"));
    EXPECT_EQ(verifier.find("pencil"), std::string::npos);
}

TEST(Scram, SaltIsFresh) {
    EXPECT_NE(scram_verifier(Sensitive("pencil")), scram_verifier(Sensitive("pencil")));
    EXPECT_EQ(
        scram_verifier(Sensitive("pencil"), "0123456789abcdef", 4096),
        scram_verifier(Sensitive("pencil"), "0123456789abcdef", 4096)
    );
}

TEST(Scram, RefusesWhatWouldNeedSaslprep) {
    for (const auto* password : {"", "p\xc3\xa4ss", "a\tb"}) {
        EXPECT_THROW(scram_verifier(Sensitive(password)), Error);
    }
}

}  // namespace
}  // namespace djdb::postgres
