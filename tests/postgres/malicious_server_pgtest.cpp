// A server that wants the password, or that never ends: it gets nothing and is left.
#include "controller/postgres/session/receive_limit.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/support/tls_peer.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <sys/resource.h>
#include <thread>

namespace djdb::postgres {
namespace {

using support::Handshake;
using support::PeerConnection;
using support::TlsPeer;
using testing::HasSubstr;
using testing::Not;
using namespace std::string_literals;

std::string number(std::uint32_t value, int bytes = 4) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        text += static_cast<char>((value >> shift) & 0xFFU);
    }
    return text;
}

/// As PostgreSQL's protocol has it.
std::string message(char type, const std::string& body) {
    return type + number(static_cast<std::uint32_t>(body.size()) + 4) + body;
}

std::string authentication(std::uint32_t kind, const std::string& rest = {}) {
    return message('R', number(kind) + rest);
}

const std::string kWelcome = authentication(0);
const std::string kReady = message('Z', "I");

class MaliciousServer : public LiveServer {
  protected:
    /// Serves with the script once TLS stands and the client has said who it is.
    Failure look(TlsPeer::Script script, std::chrono::seconds within = std::chrono::seconds{60}) {
        TlsPeer peer({.handshake = Handshake::OnRequest}, [&](PeerConnection& client) {
            client.read_some();
            script(client);
        });
        access_.address.host = "127.0.0.1";
        access_.address.port = peer.port();
        access_.address.tls.ca_pem = peer.ca_pem();
        PostgresDatabase fresh;
        const auto failure = failure_of([&] { fresh.inspect_server(access_, call_for(within)); });
        received_ = peer.requests();
        EXPECT_THAT(failure.message, Not(HasSubstr(access_.administrator.password.reveal())));
        return failure;
    }
    /// Asks in this way and hears the answer out.
    Failure look_when_asked(const std::string& question) {
        return look([&](PeerConnection& client) {
            client.write(question);
            client.read_some();
        });
    }
    void expect_no_answer(const std::string& question) {
        const auto failure = look_when_asked(question);
        EXPECT_EQ(failure.code, "Login") << failure.message;
        ASSERT_EQ(received_.size(), 1U) << "nothing follows who it is";
        EXPECT_THAT(received_.front(), HasSubstr(access_.administrator.user));
    }
    /// Lets the client in, and begins to answer its first question.
    static void begin_answer(PeerConnection& client) {
        client.write(kWelcome + message('S', "server_version\00015.8\0"s) + kReady);
        client.read_some();
        client.write(message('1', "") + message('2', ""));
    }
    /// As the answer to a question: rows of text under as many columns as the first has.
    static std::string answer_of(const std::vector<std::vector<std::string>>& rows) {
        const auto width = rows.empty() ? 0U : static_cast<std::uint32_t>(rows.front().size());
        std::string columns = number(width, 2);
        for (std::uint32_t i = 0; i < width; ++i) {
            columns += "c\0"s + number(0) + number(0, 2) + number(25) + number(0xFFFF, 2) +
                       number(0xFFFFFFFF) + number(0, 2);
        }
        auto text = message('T', columns);
        for (const auto& row : rows) {
            auto body = number(static_cast<std::uint32_t>(row.size()), 2);
            for (const auto& value : row) {
                body += number(static_cast<std::uint32_t>(value.size())) + value;
            }
            text += message('D', body);
        }
        return text + message('C', "SELECT\0"s) + kReady;
    }

    /// Sends without end, after this; the client gives up before it has taken much more than it may.
    Failure look_when_flooded(
        const TlsPeer::Script& before, const std::function<std::string(int)>& next
    ) {
        std::atomic<std::uint64_t> sent = 0;
        const auto failure = look([&](PeerConnection& client) {
            before(client);
            for (int i = 0;; ++i) {
                const auto text = next(i);
                if (!client.write(text)) {
                    return;
                }
                sent += text.size();
            }
        });
        // What is under way in the kernel's buffers comes on top.
        EXPECT_LT(sent, 4 * ReceiveLimit::kMost);
        return failure;
    }

    /// What the last peer read.
    std::vector<std::string> received_;
};

TEST_F(MaliciousServer, ThatAsksForThePasswordGetsNothing) {
    expect_no_answer(authentication(3));
    expect_no_answer(authentication(5, "salt"));
    // Nor one that proves nothing of itself: another may be at its end of the TLS session.
    expect_no_answer(authentication(10, "SCRAM-SHA-256\0\0"s));
    expect_no_answer(kWelcome + kReady);
    // The trap does snap, where a person lets passwords go out.
    access_.password_mode = PasswordMode::Plaintext;
    look_when_asked(authentication(3));
    ASSERT_EQ(received_.size(), 2U);
    EXPECT_THAT(received_.back(), HasSubstr(access_.administrator.password.reveal()));
}

TEST_F(MaliciousServer, ThatDripsIsLeftInTime) {
    const auto failure = look(
        [](PeerConnection& client) {
            for (const char c : authentication(10, std::string(1000, 'x'))) {
                if (!client.write({c})) {
                    return;
                }
                std::this_thread::sleep_for(std::chrono::seconds{1});
            }
        },
        std::chrono::seconds{3}
    );
    EXPECT_EQ(failure.reason, Reason::TCPUnreachable);
    EXPECT_THAT(failure.message, HasSubstr("nobody answers in time"));
}

/// Asks for so much hashing that this thread would be gone for minutes, in one of the ways in which the
/// question can arrive.
TEST_F(MaliciousServer, ThatAsksForHashingWithoutEndIsLeftBeforeAnyIsDone) {
    const auto mechanisms = authentication(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"s);
    const auto challenge = [&](const std::string& client_first, const std::string& iterations) {
        const auto nonce = client_first.substr(client_first.find(",r=") + 3);
        return authentication(
            11, "r=" + nonce + "server,s=c2FsdHNhbHRzYWx0c2FsdA==,i=" + iterations
        );
    };
    struct Way {
        std::string iterations;
        std::size_t early;  ///< bytes of the challenge that come before the client has said a word
        std::size_t piece;  ///< bytes at a time
    };
    const std::vector<Way> ways{
        {"20000000", 0, 4096},
        {"20000000", 0, 1},
        {"20000000", 9, 7},
        {" +20000000", 0, 4096},
        {"4314967296", 0, 4096},  // 20,000,000 in 32 bits
    };
    for (const auto& way : ways) {
        rusage before{};
        ::getrusage(RUSAGE_THREAD, &before);
        const auto failure = look([&](PeerConnection& client) {
            // The first bytes of a challenge are known before the nonce is, but for its length.
            const auto head = challenge(",r=" + std::string(24, 'x'), way.iterations);
            client.write(mechanisms + head.substr(0, way.early));
            const auto text = challenge(client.read_some(), way.iterations);
            for (auto at = way.early; at < text.size(); at += way.piece) {
                client.write(text.substr(at, way.piece));
            }
            client.wait_for_close();
        });
        rusage after{};
        ::getrusage(RUSAGE_THREAD, &after);
        EXPECT_EQ(failure.reason, Reason::AuthRejected) << failure.message;
        ASSERT_LT(after.ru_utime.tv_sec - before.ru_utime.tv_sec, 2) << way.iterations;
    }
}

TEST_F(MaliciousServer, ThatNeverEndsToTalkDuringTheLogin) {
    access_.password_mode = PasswordMode::Plaintext;  // so that it gets that far
    const std::string words(20000, 'x');
    const auto let_in = [](PeerConnection& client) { client.write(kWelcome); };
    testing::internal::CaptureStderr();
    const auto noticed = look_when_flooded(let_in, [&](int) {
        return message('N', "SNOTICE\0C00000\0M"s + words + "\0\0"s);
    });
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "nor does it write our log";
    const auto told = look_when_flooded(let_in, [&](int i) {
        return message('S', "p" + std::to_string(i) + '\0' + words + '\0');
    });
    for (const auto& failure : {noticed, told}) {
        EXPECT_EQ(failure.code, "Login") << failure.message;
        EXPECT_THAT(failure.message, HasSubstr("2 MiB"));
    }
}

TEST_F(MaliciousServer, ThatAnswersSomethingElse) {
    access_.password_mode = PasswordMode::Plaintext;
    const std::string standing = answer_of({{"7", "00000001", "f", "3"}});
    const auto no_columns =
        message('D', number(1, 2) + number(1) + "x") + message('C', "SELECT\0"s) + kReady;
    const std::vector<std::string> strange{
        answer_of({}),
        answer_of({{}}),
        answer_of({{"7"}}),
        answer_of({{"7", "no timeline", "f", "3"}}),
        answer_of({{"7", "00000001", "f", "no revision"}}),
        answer_of({{"7", "00000001", "f", "99999999999999999999"}}),
        no_columns};
    const auto bound = message('1', "") + message('2', "");
    for (const auto& text : strange) {
        const auto first = look([&](PeerConnection& client) {
            begin_answer(client);
            client.write(text);
            client.wait_for_close();
        });
        EXPECT_EQ(first.code, "UnexpectedAnswer") << first.message;
        EXPECT_EQ(first.kind, FailureClass::Transient);
        EXPECT_THAT(first.message, HasSubstr(std::to_string(access_.address.port)));
        const auto second = look([&](PeerConnection& client) {
            begin_answer(client);
            client.write(standing);
            client.read_some();
            client.write(bound + text);
            client.wait_for_close();
        });
        EXPECT_EQ(second.code, "UnexpectedAnswer") << second.message;
    }
}

TEST_F(MaliciousServer, ThatAnswersWithoutEndOrWithACopy) {
    access_.password_mode = PasswordMode::Plaintext;
    const auto column = "c\0"s + number(0) + number(0, 2) + number(25) + number(0xFFFF, 2) +
                        number(0xFFFFFFFF) + number(0, 2);
    const auto row = message('D', number(1, 2) + number(1000) + std::string(1000, 'x'));
    const auto failure = look_when_flooded(
        [&](PeerConnection& client) {
            begin_answer(client);
            client.write(message('T', number(1, 2) + column));
        },
        [&](int) { return row; }
    );
    EXPECT_EQ(failure.code, "UnexpectedAnswer") << failure.message;
    EXPECT_THAT(failure.message, HasSubstr("16 MiB"));
    EXPECT_EQ(failure.kind, FailureClass::Transient);

    for (const char copy : {'G', 'H'}) {
        const auto copied = look([&](PeerConnection& client) {
            begin_answer(client);
            client.write(message(copy, number(0, 1) + number(0, 2)));
            client.wait_for_close();
        });
        EXPECT_EQ(copied.code, "UnexpectedAnswer") << copied.message;
    }
}

}  // namespace
}  // namespace djdb::postgres
