#include "reconcilers/server/identity.hpp"

#include <gtest/gtest.h>

namespace djdb {
namespace {

TEST(ServerIdentity, IsTheSameByIdentifierAndNeverYounger) {
    struct Row {
        const char* name;
        ServerIdentity found;
        ServerIdentity expected;
        ServerIdentity accepted;
        IdentityMatch sameness;
    };
    static const std::vector<Row> kRows{
        {"never seen before", {"1", 1, 5}, {}, {}, IdentityMatch::Same},
        {"unchanged", {"1", 1, 5}, {"1", 1, 5}, {}, IdentityMatch::Same},
        {"claims were made", {"1", 1, 6}, {"1", 1, 5}, {}, IdentityMatch::Same},
        {"failover", {"1", 2, 5}, {"1", 1, 5}, {}, IdentityMatch::Same},
        {"another server", {"2", 1, 9}, {"1", 1, 5}, {}, IdentityMatch::AnotherServer},
        {"an older ledger", {"1", 1, 4}, {"1", 1, 5}, {}, IdentityMatch::RolledBack},
        {"no ledger any more", {"1", 1, 0}, {"1", 1, 5}, {}, IdentityMatch::RolledBack},
        {"an older timeline", {"1", 1, 5}, {"1", 2, 5}, {}, IdentityMatch::RolledBack},
        {"does not tell", {"", 0, 5}, {"1", 2, 5}, {}, IdentityMatch::Same},
        {"does not tell, older ledger", {"", 0, 4}, {"1", 2, 5}, {}, IdentityMatch::RolledBack},
        {"another one, accepted", {"2", 1, 3}, {"1", 1, 5}, {"2", 0, 3}, IdentityMatch::Same},
        {"an older one, accepted", {"1", 1, 3}, {"1", 2, 5}, {"1", 0, 3}, IdentityMatch::Same},
        {"another than accepted",
         {"3", 1, 3},
         {"1", 1, 5},
         {"2", 0, 3},
         IdentityMatch::AnotherServer},
        {"moved on since accepted",
         {"2", 1, 4},
         {"1", 1, 5},
         {"2", 0, 3},
         IdentityMatch::AnotherServer},
        {"accepted long ago, then older",
         {"1", 1, 3},
         {"1", 1, 5},
         {"1", 0, 4},
         IdentityMatch::RolledBack},
        {"nothing is no leave", {"", 0, 0}, {"1", 1, 5}, {"", 0, 0}, IdentityMatch::RolledBack},
    };
    for (const auto& row : kRows) {
        EXPECT_EQ(compare_server(row.found, row.expected, row.accepted), row.sameness) << row.name;
    }
}

TEST(ServerIdentity, AcknowledgementIsReadBackAndNothingElseIs) {
    const ServerIdentity found{"7712296863778725964", 3, 42};
    EXPECT_EQ(acknowledgement_of(found), "7712296863778725964:42");
    EXPECT_EQ(
        read_acknowledgement("7712296863778725964:42"),
        (ServerIdentity{"7712296863778725964", 0, 42})
    );
    for (const auto* wrong : {"", ":", ":5", "7", "7:", "7:x", "7:-1", "7:5x", "7:5:6", "7: 5"}) {
        EXPECT_EQ(read_acknowledgement(wrong), ServerIdentity{}) << wrong;
    }
}

}  // namespace
}  // namespace djdb
