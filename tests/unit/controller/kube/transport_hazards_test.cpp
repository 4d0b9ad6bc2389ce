// The hazards of cpprestsdk (controller/kube/transport/README.md has the table), asked of both transports.
#include "tests/unit/controller/kube/both_transports.hpp"

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

namespace djdb::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::Handshake;
using support::http_answer;
using support::PeerConnection;
using support::TlsPeer;

constexpr int kCallers = 16;  // four times the pool's threads

#ifdef __SANITIZE_THREAD__
constexpr std::size_t kThreadsOfSanitizer = 1;
#else
constexpr std::size_t kThreadsOfSanitizer = 0;
#endif

class TransportHazards : public BothTransports {
  protected:
    /// Runs `work` in many threads together; returns when all have ended.
    template <class Work>
    static void in_parallel(const Work& work) {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kCallers; ++i) {
            threads.emplace_back(work);
        }
    }
    static std::size_t threads_of_this_process() {
        const std::filesystem::directory_iterator tasks("/proc/self/task");
        return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
    }
    /// False when that does not come about in ten seconds.
    template <class Condition>
    static bool eventually(const Condition& condition) {
        const auto deadline = Deadline::in(seconds{10});
        while (!condition() && !deadline.has_passed()) {
            std::this_thread::sleep_for(milliseconds{5});
        }
        return condition();
    }
};

TEST_P(TransportHazards, H1_DeadlinesFireAndOthersGoOnWhileMoreCallsWaitThanThePoolHasThreads) {
    const TlsPeer peer({}, [](PeerConnection& connection) {
        for (auto sent = connection.read_request(); !sent.empty();
             sent = connection.read_request()) {
            if (sent.starts_with("GET /slow")) {
                connection.wait_for_close();
                return;
            }
            connection.write(http_answer("200 OK", "fine"));
        }
    });
    const auto transport = connect(config_for(peer));
    std::atomic<int> timeouts = 0;
    std::jthread slow([&] {
        in_parallel([&] {
            const HttpRequest sent{.method = "GET", .target = "/slow", .headers = {}, .body = {}};
            timeouts += failure_of(*transport, sent, call(seconds{4})) == "Timeout" ? 1 : 0;
        });
    });
    ASSERT_TRUE(eventually([&] { return peer.requests().size() >= kCallers; }));
    EXPECT_EQ(transport->send(request("GET"), call()).status, 200);
    slow.join();
    EXPECT_EQ(timeouts, kCallers);
    EXPECT_EQ(transport->send(request("GET"), call()).status, 200);
}

TEST_P(TransportHazards, H2_ManyCallsLeaveFewThreads) {
    const TlsPeer peer({}, [](PeerConnection& connection) {
        connection.read_request();
        connection.write(http_answer("200 OK", "fine", "Connection: close\r\n"));
    });
    const auto transport = connect(config_for(peer));
    in_parallel([&] {
        for (int i = 0; i < 4; ++i) {
            EXPECT_EQ(failure_of(*transport, request("GET"), call()), "none");
        }
    });
    // This one, the peer's, Asio's resolver, and cpprestsdk's four in place of forty.
    EXPECT_TRUE(eventually([] { return threads_of_this_process() <= 7 + kThreadsOfSanitizer; }))
        << threads_of_this_process();
}

TEST_P(TransportHazards, H3_TheSystemsRootsAreNotTrusted) {
    const TlsPeer peer({}, answer_all);
    const TlsPeer other({}, answer_all);
    auto config = config_for(peer);
    config.ca_pem = other.ca_pem();
    const auto roots = write("roots.crt", peer.ca_pem());
    ASSERT_EQ(setenv("SSL_CERT_FILE", roots.c_str(), 1), 0);
    EXPECT_EQ(failure_of(*connect(config), request("GET"), call()), "Tls");
    ASSERT_EQ(setenv("SSL_CERT_FILE", "/dev/null", 1), 0);
    EXPECT_TRUE(peer.requests().empty());
}

TEST_P(TransportHazards, H5_AnIPv6AddressIsReachedOrRefusedAtOnce) {
    const TlsPeer peer({.ipv6 = true}, answer_all);
    if (GetParam() == Library::Beast) {
        EXPECT_EQ(connect(config_for(peer, "::1"))->send(request("GET"), call()).status, 200);
        return;
    }
    try {
        connect(config_for(peer, "::1"));
        ADD_FAILURE() << "accepted";
    } catch (const ConfigError& error) {
        EXPECT_NE(std::string(error.what()).find("beast"), std::string::npos) << error.what();
    }
}

TEST_P(TransportHazards, H6_AFailureNamesItsPhase) {
    const auto against = [](support::PeerSetup setup, const TlsPeer::Script& script) {
        const TlsPeer peer(std::move(setup), script);
        return failure_of(*connect(config_for(peer)), request("POST", "x"), call());
    };
    // Longer than any label of DNS, so nobody is asked.
    const TlsPeer peer({}, answer_all);
    EXPECT_EQ(
        failure_of(*connect(config_for(peer, std::string(70, 'a'))), request("GET"), call()),
        "Connect"
    );
    EXPECT_EQ(against({.handshake = Handshake::Plain}, answer_all), "Tls");
    EXPECT_EQ(against({}, [](PeerConnection& connection) { connection.read_request(); }), "Read");
    EXPECT_EQ(
        against(
            {},
            [](PeerConnection& connection) {
                connection.read_request();
                connection.reset();
            }
        ),
        "Read"
    );
    EXPECT_EQ(
        against(
            {},
            [](PeerConnection& connection) {
                connection.read_request();
                connection.write("good day\r\n\r\n");
            }
        ),
        "Read"
    );
}

TEST_P(TransportHazards, H6_ABodyThatCanNotBeWrittenFailsInThatPhase) {
    const TlsPeer peer({}, [](PeerConnection& connection) { connection.reset(); });
    const auto sent = request("POST", std::string(32ULL * 1024 * 1024, 'x'));
    EXPECT_EQ(failure_of(*connect(config_for(peer)), sent, call()), "Write");
}

TEST_P(TransportHazards, H7_APostThatMayHaveBeenReadIsNotSentAgain) {
    const TlsPeer peer({}, [](PeerConnection& connection) {
        connection.read_request();
        connection.write(http_answer("200 OK", "fine"));
        connection.read_request();  // the second one is read, and then there is no answer
    });
    const auto transport = connect(config_for(peer));
    std::size_t calls = 0;
    std::string code;
    // A connection that was just used may not be back in the pool yet; then a new one answers.
    while (code != "Read" && calls < 50) {
        EXPECT_EQ(failure_of(*transport, request("GET"), call()), "none");
        code = failure_of(*transport, request("POST", "once"), call());
        ++calls;
        std::size_t posts = 0;
        for (const auto& sent : peer.requests()) {
            posts += sent.starts_with("POST") ? 1U : 0U;
        }
        ASSERT_EQ(posts, calls);
    }
    EXPECT_EQ(code, "Read");
}

TEST_P(TransportHazards, H9_APeerThatNeverShakesHandsDoesNotHoldACall) {
    const TlsPeer peer({.handshake = Handshake::Silent}, answer_all);
    EXPECT_EQ(failure_of(*connect(config_for(peer)), request("GET"), call(seconds{1})), "Timeout");
}

TEST_P(TransportHazards, H9_APeerThatDripsDoesNotHoldACall) {
    const TlsPeer peer({}, [](PeerConnection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (connection.write("x")) {
            std::this_thread::sleep_for(milliseconds{50});
        }
    });
    EXPECT_EQ(failure_of(*connect(config_for(peer)), request("GET"), call(seconds{1})), "Timeout");
}

TEST_P(TransportHazards, H12_ATransportMayDieAsSoonAsItsCallsWereGivenUp) {
    const TlsPeer peer({}, stay_silent);
    for (int round = 0; round < 5; ++round) {
        const auto before = peer.requests().size();
        std::stop_source stop;
        auto transport = connect(config_for(peer));
        std::atomic<int> stopped = 0;
        std::jthread callers([&] {
            in_parallel([&] {
                const auto code = failure_of(
                    *transport, request("POST", "x"), call(seconds{60}, stop.get_token())
                );
                stopped += code == "Stopped" ? 1 : 0;
            });
        });
        // Some calls wait for the answer, others still connect.
        ASSERT_TRUE(eventually([&] { return peer.requests().size() > before; }));
        stop.request_stop();
        callers.join();
        transport.reset();
        EXPECT_EQ(stopped, kCallers);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Both, TransportHazards, ::testing::Values(Library::Cpprest, Library::Beast), name_of
);

}  // namespace
}  // namespace djdb::kube
