#include "controller/postgres/session/scram_limit.hpp"

#include <gtest/gtest.h>

namespace djdb::postgres {
namespace {

using namespace std::string_literals;

std::string message(char type, const std::string& body) {
    const auto size = static_cast<unsigned>(body.size()) + 4;
    return std::string{type, '\0', '\0', static_cast<char>(size >> 8U), static_cast<char>(size)} +
           body;
}

std::string challenge(const std::string& iterations) {
    return message('R', "\0\0\0\x0B"s + "r=nonce,s=c2FsdA==,i=" + iterations);
}

std::string excess_of(const std::string& stream, std::size_t piece) {
    ScramLimit limit(4096);
    for (std::size_t at = 0; at < stream.size(); at += piece) {
        limit.note(std::string_view(stream).substr(at, piece));
    }
    return limit.excess().value_or("none");
}

TEST(ScramLimit, FindsTheIterationsWhereverTheStreamIsCut) {
    const auto mechanisms = message('R', "\0\0\0\x0A"s + "SCRAM-SHA-256\0\0"s);
    for (std::size_t piece = 1; piece < 100; ++piece) {
        EXPECT_EQ(excess_of(mechanisms + challenge("4096"), piece), "none") << piece;
        EXPECT_EQ(excess_of(mechanisms + challenge("4097"), piece), "4097") << piece;
    }
}

TEST(ScramLimit, WhatIsNoPlainNumberIsTooMuch) {
    for (const std::string iterations :
         {"2147483647", "4294967297", "99999999999999999999", "+5", " 5", "5 ", "0x5", "5,x=1"}) {
        EXPECT_EQ(excess_of(challenge(iterations), 4096), iterations);
    }
    EXPECT_EQ(excess_of(challenge("1"), 4096), "none");
}

TEST(ScramLimit, OtherMessagesSayNothing) {
    EXPECT_EQ(excess_of(message('E', "\0\0\0\x0B"s + ",i=9999999"), 4096), "none");
    EXPECT_EQ(excess_of(message('R', "\0\0\0\x0C"s + "v=,i=9999999"), 4096), "none");
    EXPECT_EQ(excess_of("HTTP/1.1 400 Bad Request\r\n\r\n", 7), "none");
}

}  // namespace
}  // namespace djdb::postgres
